// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
public import FoveaGraph
public import FoveaLayers
public import FoveaModels
public import FoveaRuntime
import FoveaTraining

/// A network layer by layer: output shapes, parameters, multiply-adds, and the memory it needs.
public struct NetworkSummary: Sendable, Codable {
    /// One layer.
    public struct Row: Sendable, Codable {
        /// The path, such as `features.0`.
        public let path: String
        /// The name of its type.
        public let type: String
        /// The shape of its output for one image.
        public let output: [Int]
        /// The number of its parameters.
        public let parameters: Int
        /// Its multiply-adds for one image.
        public let multiplyAdds: Int
        /// How many layers it is inside of.
        let depth: Int
        /// Whether no layer is inside of it.
        let isLeaf: Bool
    }

    /// The bytes a process needs for one batch, as the plan lays them out.
    public struct Memory: Sendable, Codable {
        /// The weights and biases.
        public let parameters: Int
        /// Their gradients.
        public let gradients: Int
        /// The optimiser's state.
        public let optimizer: Int
        /// Everything that lies between the steps.
        public let activations: Int
        /// What kernels use while they run.
        public let workspace: Int
        /// All of it, with the batch itself.
        public let total: Int
    }

    /// The network's name.
    public let network: String
    /// The shape of one image.
    public let input: [Int]
    /// The number of classes.
    public let classes: Int
    /// The number of parameters.
    public let parameters: Int
    /// The number of parameters that are learnt.
    public let trainableParameters: Int
    /// The multiply-adds of convolutions and linear layers for one image.
    public let multiplyAdds: Int
    /// The number of images the memory is forecast for.
    public let batch: Int
    /// Whether the memory is forecast for `train` or `infer`.
    public let mode: String
    /// The layers, each before those inside it.
    public let calls: [Row]
    /// The forecast.
    public let memory: Memory

    /// The innermost layers.
    public var layers: [Row] { calls.filter(\.isLeaf) }

    /// Summarises a network.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - options: What is chosen about it.
    ///   - image: The shape of one image.
    ///   - batch: The number of images the memory is forecast for.
    ///   - mode: What the memory is forecast for.
    ///   - optimizer: What updates the weights in training.
    /// - Throws: An error if the network does not fit its images.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, batch: Int, mode: Mode,
        optimizer: Optimizer
    ) throws(FoveaError) {
        let one = try entry.traced(
            images: image.batched(1), mode: .inference, options: options)
        network = entry.name
        input = image.dimensions
        classes = one.classes
        parameters = one.parameters.reduce(0) { $0 + $1.shape.count }
        trainableParameters = one.parameters.reduce(0) {
            $0 + ($1.role == .weight ? $1.shape.count : 0)
        }
        multiplyAdds = one.graph.multiplyAdds
        calls = one.calls.indices.map { Row(one, call: $0) }
        self.batch = batch
        self.mode = mode == .training ? "train" : "infer"
        memory = try Memory(
            entry, options: options, images: image.batched(batch), mode: mode,
            optimizer: optimizer)
    }
}

extension NetworkSummary.Row {
    init(_ network: TracedNetwork, call: Int) {
        let call = (network.calls[call], network.calls.dropFirst(call + 1).first)
        let nodes = network.graph.nodes[call.0.nodes]
        path = call.0.path
        type = call.0.type
        output = call.0.output.perImage.dimensions
        depth = call.0.depth
        isLeaf = (call.1?.depth ?? 0) <= call.0.depth
        parameters = nodes.reduce(0) { sum, node in
            if case .parameter(let parameter) = node.op { sum + parameter.shape.count } else { sum }
        }
        multiplyAdds = nodes.reduce(0) { sum, node in
            sum
                + node.op.definition.multiplyAdds(
                    inputs: node.inputs.map { network.graph[$0] }, outputs: node.outputs)
        }
    }
}

extension NetworkSummary.Memory {
    init(
        _ entry: Catalog.Entry, options: Catalog.Options, images: Shape, mode: Mode,
        optimizer: Optimizer
    ) throws(FoveaError) {
        let isTraining = mode == .training
        let prepared = try PreparedNetwork.planned(images: images, mode: mode) {
            (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(
                images: images, mode: mode, options: options,
                lossSmoothing: isTraining ? 0 : nil)
        }
        parameters = prepared.parameterByteCount
        gradients = isTraining ? parameters : 0
        self.optimizer = isTraining ? parameters * optimizer.stateNames.count : 0
        workspace = prepared.scratch.count
        activations = prepared.arenaByteCount - workspace
        let batch = TensorType(images).byteCount
        total = parameters + gradients + self.optimizer + workspace + activations + batch
    }
}
