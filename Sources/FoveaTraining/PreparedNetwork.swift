// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
package import FoveaCompiler
package import FoveaData
package import FoveaGraph
package import FoveaLayers
import FoveaOneDNN
package import FoveaRuntime

/// A network on a device: its parameters, and a plan for each mode and batch size it was asked for.
///
/// All plans read the same parameters in the layouts that the first plan chose, and share one arena.
package final class PreparedNetwork {
    /// Records the network for a batch of images.
    package typealias Tracer = (Shape, Mode) throws(FoveaError) -> TracedNetwork

    /// The shape of one image.
    package let image: Shape
    /// How pictures become such images.
    package var preprocessing = Preprocessing.plain
    /// The parameters in the order of the network.
    package let specifications: [ParameterSpecification]
    /// The names of parameters that are not needed for what the network is prepared for.
    package let idleNames: Set<String>
    /// The number of classes.
    package let classes: Int
    /// The parameters on the device.
    package let parameters: any ParameterStore
    /// The device's code.
    package let backend: any Backend
    private let trace: Tracer
    private var executables: [Key: any Executable] = [:]

    private struct Key: Hashable {
        let mode: Mode
        let batch: Int
    }

    /// Brings a network to a device.
    ///
    /// - Parameters:
    ///   - image: The shape of one image.
    ///   - batch: The size of most batches.
    ///   - mode: What most batches are for.
    ///   - optimizer: What updates the parameters, if anything.
    ///   - backend: The device's code.
    ///   - trace: Records the network.
    /// - Throws: An error if the network does not fit its images or the device.
    package init(
        image: Shape, batch: Int, mode: Mode, optimizer: Optimizer?, on backend: any Backend,
        _ trace: @escaping Tracer
    ) throws(FoveaError) {
        guard batch > 0, image.dimensions.allSatisfy({ $0 > 0 }) else {
            throw FoveaError(.usage, "\(batch) images of \(image) cannot be computed with.")
        }
        self.image = image
        self.backend = backend
        self.trace = trace
        let traced = try trace(image.batched(batch), mode)
        if let logits = traced.graph.output(named: "logits") {
            let shape = traced.graph[logits].shape
            guard shape.rank == 2 else {
                throw FoveaError(.model, TracedNetwork.noRow(shape).message)
            }
        }
        specifications = traced.parameters
        idleNames = Set(traced.idleParameters.map(\.name))
        classes = traced.classes
        let plan = try backend.plan(try Self.graph(traced), sharing: nil)
        KernelCache.save()
        parameters = try backend.makeParameters(for: plan, optimizer: optimizer)
        executables[Key(mode: mode, batch: batch)] = try backend.prepare(
            plan, parameters: parameters)
    }

    /// The plan for a mode and a batch size, made when it is first asked for.
    ///
    /// A batch smaller than one before is what is left at the end of an epoch or a data set; to try
    /// kernels for it would take longer than it ever runs.
    ///
    /// - Parameters:
    ///   - mode: Training or inference.
    ///   - batch: The number of images.
    /// - Returns: What runs it.
    /// - Throws: An error if the device cannot.
    package func executable(_ mode: Mode, batch: Int) throws(FoveaError) -> any Executable {
        let key = Key(mode: mode, batch: batch)
        if let known = executables[key] { return known }
        let traced = try trace(image.batched(batch), mode)
        let isRest = executables.keys.contains { $0.mode == mode && $0.batch > batch }
        let plan = try backend.plan(
            try Self.graph(traced), sharing: parameters, runsSeldom: isRest)
        KernelCache.save()
        let made = try backend.prepare(plan, parameters: parameters)
        executables[key] = made
        return made
    }

    /// A copy of the parameters under the names of weights files.
    package var weights: Weights { read(.value) }

    /// A copy of one of the numbers kept for each weight.
    ///
    /// - Parameter part: Which number.
    /// - Returns: The numbers under the names of weights files.
    package func read(_ part: ParameterPart) -> Weights {
        Weights(
            specifications.compactMap { parameter in
                parameters.read(part, of: parameter.name).map { (parameter.name, $0) }
            })
    }

    /// Replaces one of the numbers kept for each weight.
    ///
    /// - Parameters:
    ///   - weights: Arrays that fit the network.
    ///   - part: Which number.
    package func write(_ weights: Weights, as part: ParameterPart = .value) {
        for (name, array) in weights.arrays { parameters.write(part, of: name, array) }
    }

    /// Plans a network for a batch without making memory for it.
    ///
    /// - Parameters:
    ///   - images: The shape of the batch.
    ///   - mode: Training or inference.
    ///   - precision: The numbers that it computes with.
    ///   - trace: Records the network.
    /// - Returns: The plan for the CPU.
    /// - Throws: An error if the network does not fit its images, or the processor lacks such numbers.
    package static func planned(
        images: Shape, mode: Mode, precision: Precision = .f32, _ trace: Tracer
    ) throws(FoveaError) -> Plan {
        try Device.cpu.makeBackend(kernels: .looksUp, precision: precision).plan(
            try graph(try trace(images, mode)), sharing: nil)
    }

    /// Starts to prepare the images of a data set for this network.
    ///
    /// - Parameters:
    ///   - data: The images and labels.
    ///   - batch: The number of images of a batch.
    ///   - order: The order of the images.
    ///   - variations: How images are varied in this epoch, if they are.
    ///   - firstBatch: The batch to begin with.
    /// - Returns: What hands over the batches.
    /// - Throws: An error if the images or their classes do not fit the network.
    package func loader(
        for data: any ImageDataset, batch: Int, _ order: BatchLoader.Order,
        varied variations: Augmentation.Epoch? = nil, firstBatch: Int = 0
    ) throws(FoveaError) -> BatchLoader {
        guard data.classes.count <= classes else {
            throw FoveaError(
                .dataset,
                "\(data.name) has \(data.classes.count) classes, but the network names \(classes).",
                remedy: "Choose the data the network was trained for, or make it with "
                    + "\(data.classes.count) classes.")
        }
        guard data.labels.allSatisfy({ data.classes.indices.contains(Int($0)) }) else {
            throw FoveaError(
                .dataset,
                "\(data.name) has labels that are not from 0 to \(data.classes.count - 1).")
        }
        try preprocessing.check(channels: image[0])
        let settings = BatchLoader.Settings(
            batch: batch, extent: image.perChannelExtent, channels: image[0],
            normalization: preprocessing.normalization, shorterSide: preprocessing.shorterSide)
        return try BatchLoader(
            data, settings, order: order, varied: variations, firstBatch: firstBatch)
    }

    /// The graph of a network as it is planned: in training with the gradients of its loss.
    ///
    /// - Parameter traced: The network as it was recorded.
    /// - Returns: The graph.
    /// - Throws: An error if the network cannot be differentiated.
    package static func graph(_ traced: TracedNetwork) throws(FoveaError) -> Graph {
        guard traced.mode == .training, traced.graph.output(named: "loss") != nil else {
            return traced.graph
        }
        do throws(Diagnostic) {
            return try traced.graph.differentiated()
        } catch {
            throw FoveaError(.model, error.description)
        }
    }
}

extension Shape {
    /// The shape of a batch of images of this shape.
    package func batched(_ count: Int) -> Shape { Shape([count] + dimensions) }
}

extension Device {
    /// The code of this device.
    ///
    /// - Parameters:
    ///   - threads: The number of threads of the CPU; if nil `OMP_NUM_THREADS`, else as many as there are cores.
    ///   - kernels: Whether kernels are tried before one is chosen.
    ///   - precision: The numbers that it computes with.
    /// - Returns: The backend.
    /// - Throws: An error of the code `.device` if it has no such numbers.
    package func makeBackend(
        threads: Int? = nil, kernels: KernelCache.Use = .tries, precision: Precision = .f32
    ) throws(FoveaError) -> any Backend {
        try precision.check()
        return try OneDNNBackend(
            threads: threads, selection: KernelCache.selection(kernels), precision: precision.dtype)
    }
}
