// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
@testable import FoveaCompiler
import FoveaGraph
import FoveaRuntime
import OrderedCollections

@testable import FoveaOneDNN

/// A graph that is ready to run on the CPU.
struct PreparedGraph {
    let graph: Graph
    let plan: Plan
    let backend: OneDNNBackend
    let parameters: any ParameterStore
    let executable: any Executable

    /// Plans a graph as it is.
    ///
    /// - Parameters:
    ///   - graph: The graph, with gradients or without.
    ///   - arrangement: How the images among its parameters shall lie.
    ///   - optimizer: What updates the parameters.
    ///   - other: Another graph whose arena and parameters it shares.
    ///   - threads: The number of threads; the standard one if nil.
    ///   - selection: How convolutions choose among their kernels.
    ///   - precision: The type in which images lie.
    /// - Throws: An error if the graph cannot be planned or prepared.
    init(
        _ graph: Graph, arrangement: Arrangement? = nil, optimizer: Optimizer = .sgd(),
        sharing other: PreparedGraph? = nil, threads: Int? = nil,
        selection: ConvolutionSelection = .estimated, precision: DType = .f32
    ) throws {
        self.graph = graph
        backend =
            try other?.backend
            ?? OneDNNBackend(
                threads: threads, selection: selection, precision: precision)
        if let arrangement {
            plan = try Team.perform(threads: backend.threadCount) {
                () throws(FoveaError) -> Plan in
                let library = ArrangedLibrary(
                    arrangement: arrangement, selection: selection, precision: precision)
                return try Compiler(for: library).plan(graph)
            }
        } else {
            plan = try backend.plan(graph, sharing: other?.parameters)
        }
        parameters =
            try other?.parameters ?? backend.makeParameters(for: plan, optimizer: optimizer)
        executable = try backend.prepare(plan, parameters: parameters)
    }

    /// Replaces the parameters.
    func write(_ values: [String: HostValue]) {
        for slot in parameters.slots {
            if let value = values[slot.name] {
                parameters.write(.value, of: slot.name, value.array)
            }
        }
    }

    /// Runs the plan once.
    func run(_ inputs: [String: HostValue] = [:], seed: UInt64 = 0, step: Int = 0) throws {
        let images = inputs["images"]?.array ?? NDArray([1], repeating: 0)
        let labels = (inputs["labels"]?.values ?? [0]).map { Int32($0) }
        let draw = RandomDraw(seed: seed, step: step)
        try images.withFloats { images in
            try labels.withUnsafeBufferPointer { labels in
                try executable.run(images: images, labels: labels, draw: draw)
            }
        }
    }

    /// What the last run yielded.
    var results: [Graph.Result: HostValue] {
        var results: [Graph.Result: HostValue] = [:]
        for result in graph.results.keys {
            switch result {
            case .output(let name): results[result] = executable.output(name).map { HostValue($0) }
            // Where a weight has its gradient, a statistic has its next value.
            case .gradient(let name), .update(let name):
                results[result] = parameters.read(.gradient, of: name).map { HostValue($0) }
            }
        }
        return results
    }

    /// The bits of what the last run yielded.
    var bits: [Graph.Result: [UInt32]] {
        results.mapValues { $0.values.map { Float($0).bitPattern } }
    }

    /// The names of the kernels.
    var kernels: [String] { plan.steps.map(\.kernel.name) }
}

/// The CPU's kernels, asked as if the images among the parameters lay in a certain way.
struct ArrangedLibrary: KernelLibrary {
    let arrangement: Arrangement
    private let library: OneDNNLibrary

    init(arrangement: Arrangement, selection: ConvolutionSelection, precision: DType) {
        self.arrangement = arrangement
        // Plans have blocks as the processor likes them, and those of eight can be had wherever there are any.
        let isUsual =
            arrangement == .channelsLast || arrangement == .blocked8 && Processor.hasAVX512
        library = OneDNNLibrary(
            selection, precision: precision,
            arrangement: isUsual ? arrangement : Processor.arrangement)
    }

    var name: String { library.name }
    func plainLayout(of type: TensorType) -> Layout { library.plainLayout(of: type) }
    func agree(_ first: Layout, _ second: Layout) -> Bool { library.agree(first, second) }

    func reshaped(_ layout: Layout, of type: TensorType, to shape: Shape) -> Layout? {
        library.reshaped(layout, of: type, to: shape)
    }

    func leading(_ type: TensorType, of whole: TensorType, lying layout: Layout) -> Layout? {
        library.leading(type, of: whole, lying: layout)
    }

    func reorder(
        _ type: TensorType, from: Layout, to: Layout
    ) throws(FoveaError) -> any Kernel {
        try library.reorder(type, from: from, to: to)
    }

    func kernel(for request: KernelRequest) throws(FoveaError) -> KernelChoice {
        var request = request
        if request.layouts[0] == nil, request.inputs[0].shape.rank == 4 {
            let images = TensorType(request.inputs[0].shape, library.precision)
            request.layouts[0] = Layout(images, arrangement)
        }
        return try library.kernel(for: request)
    }
}
