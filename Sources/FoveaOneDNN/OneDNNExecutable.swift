// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaRuntime
import Glibc
import OrderedCollections

/// A plan with its kernels generated and bound to memory; running it makes no memory for tensors.
final class OneDNNExecutable: Executable, @unchecked Sendable {
    let plan: Plan
    private let kernels: [any OneDNNKernel]
    private let preparation: [any OneDNNKernel]
    private let derived: DeviceMemory
    private let parameters: OneDNNParameters
    let arena: DeviceMemory
    private let threads: Int
    /// The steps that read the images or the labels, whose address may change with every run.
    private let readers: [(step: Int, input: Int, isImages: Bool)]
    private var boundGeneration = -1
    /// Of the parameters that the preparation was last run with.
    private var preparedVersion = -1
    private var boundImages: UnsafeRawPointer?
    private var boundLabels: UnsafeRawPointer?
    private var isProfiling = false
    private var profile: [Double]
    /// Is told after each step of a measured run, so that tests may look at memory.
    var observer: ((_ step: Int) -> Void)?

    var stepSeconds: [Double] { profile }

    init(
        _ plan: Plan, _ parameters: OneDNNParameters, _ arena: DeviceMemory, threads: Int
    ) throws(FoveaError) {
        self.plan = plan
        self.parameters = parameters
        self.arena = arena
        self.threads = threads
        kernels = plan.steps.map(Self.kernel)
        preparation = plan.preparation.map(Self.kernel)
        derived = try DeviceMemory(byteCount: plan.derivedByteCount)
        var readers: [(step: Int, input: Int, isImages: Bool)] = []
        for (index, step) in plan.steps.enumerated() {
            for (position, buffer) in step.inputs.enumerated() {
                if case .input(let name) = plan.buffers[buffer].place {
                    readers.append((index, position, name == "images"))
                }
            }
        }
        self.readers = readers
        precondition(plan.parameters == parameters.slots, "parameters lie where no plan expects")
        precondition(!plan.isTraining || parameters.optimizer != nil, "gradients have no memory")
        profile = [Double](repeating: 0, count: plan.steps.count)
        try arena.reserve(plan.arenaByteCount)
        try Team.perform(threads: threads) { () throws(FoveaError) in
            for kernel in preparation + kernels { try kernel.prepare() }
        }
    }

    private static func kernel(of step: Plan.Step) -> any OneDNNKernel {
        guard let kernel = step.kernel as? any OneDNNKernel else {
            preconditionFailure("\(step.kernel.name) is another device's kernel")
        }
        return kernel
    }

    func run(
        images: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>?, draw: RandomDraw
    ) throws(FoveaError) {
        try Team.perform(threads: threads) { () throws(FoveaError) in
            if boundGeneration != arena.generation { try bind() }
            try rebind(UnsafeRawPointer(images.baseAddress), UnsafeRawPointer(labels?.baseAddress))
            writeConstants()
            if preparedVersion != parameters.version {
                for kernel in preparation { try kernel.execute(draw) }
                preparedVersion = parameters.version
            }
            if isProfiling {
                try runMeasured(draw)
            } else {
                for kernel in kernels { try kernel.execute(draw) }
            }
        }
    }

    func output(_ name: String) -> NDArray? {
        guard let number = plan.outputs[name], boundGeneration == arena.generation else {
            return nil
        }
        let shape = plan.buffers[number].type.shape
        let source = address(of: number).assumingMemoryBound(to: Float.self)
        return NDArray(shape) { $0.baseAddress?.update(from: source, count: shape.count) }
    }

    func setProfiling(_ isOn: Bool) {
        isProfiling = isOn
        profile = [Double](repeating: 0, count: kernels.count)
    }

    // MARK: - Memory

    private func bind() throws(FoveaError) {
        for (step, kernel) in zip(plan.preparation + plan.steps, preparation + kernels) {
            try kernel.bind(
                inputs: step.inputs.map(address), outputs: step.outputs.map(address),
                scratch: address(of: step.scratch))
        }
        boundGeneration = arena.generation
        boundImages = nil
        boundLabels = nil
    }

    /// Other plans have the same arena and may have run since the last time.
    private func writeConstants() {
        for constant in plan.constants {
            address(of: constant.buffer).storeBytes(of: constant.value, as: Float.self)
        }
    }

    private func rebind(_ images: UnsafeRawPointer?, _ labels: UnsafeRawPointer?) throws(FoveaError)
    {
        guard images != boundImages || labels != boundLabels else { return }
        for reader in readers {
            guard let address = reader.isImages ? images : labels else { continue }
            try kernels[reader.step].rebind(
                input: reader.input, to: UnsafeMutableRawPointer(mutating: address))
        }
        boundImages = images
        boundLabels = labels
    }

    private func address(of buffer: Int) -> UnsafeMutableRawPointer {
        address(of: plan.buffers[buffer].place)
    }

    private func address(of place: Plan.Place) -> UnsafeMutableRawPointer {
        switch place {
        case .arena(let offset): arena.base + offset
        case .parameter(let offset): parameters.values + offset
        case .gradient(let offset): parameters.gradients + offset
        case .derived(let offset): derived.base + offset
        // Bound at every run; until then any address will do.
        case .input: arena.base
        }
    }

    private func runMeasured(_ draw: RandomDraw) throws(FoveaError) {
        for (index, kernel) in kernels.enumerated() {
            let start = monotonicSeconds()
            try kernel.execute(draw)
            profile[index] += monotonicSeconds() - start
            observer?(index)
        }
    }
}

/// The time since some fixed moment, in seconds.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
