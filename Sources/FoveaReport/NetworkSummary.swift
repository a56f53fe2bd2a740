// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
public import FoveaGraph
public import FoveaLayers
public import FoveaModels
public import FoveaRuntime
public import FoveaTraining

/// A network layer by layer: output shapes, parameters, multiply-adds, and the memory it needs.
public struct NetworkSummary: Sendable, Codable {
    /// One layer.
    public struct Row: Sendable, Codable {
        /// The path, such as `features.0`; empty for the network itself.
        public let path: String
        /// The name of its type.
        public let type: String
        /// The shape of its output for one image.
        public let output: [Int]
        /// The number of its parameters, those of inner layers included.
        ///
        /// Parameters that an earlier call has used count there.
        public let parameters: Int
        /// Its multiply-adds for one image, those of inner layers included.
        public let multiplyAdds: Int
        /// The path without that of the layer around it.
        let name: String
        /// How many layers it is inside of, the network counted.
        let depth: Int
        /// Whether no layer is inside of it.
        let isLeaf: Bool
        /// The parameters and multiply-adds that are none of an inner layer's.
        let ownParameters, ownMultiplyAdds: Int
        /// Whether it uses parameters of an earlier call.
        let sharesParameters: Bool
    }

    /// The bytes a process needs for one batch, as the plan lays them out.
    public struct Memory: Sendable, Codable {
        /// The weights, biases and statistics, each begun at a line of the cache.
        public let parameters: Int
        /// Their gradients.
        public let gradients: Int
        /// The optimizer's state.
        public let optimizer: Int
        /// Everything that lies between the steps.
        public let activations: Int
        /// What kernels use while they run, and weights in the forms in which they are read outside
        /// training: with normalizations folded in, in other layouts, transformed.
        public let workspace: Int
        /// The program: its code and libraries, and the code and tables of the kernels.
        public let program: Int
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
    /// The numbers gathered from the data, such as running means, which are no parameters.
    public let statistics: Int
    /// The number of parameters that serve training only, those of auxiliary heads, and do not count.
    public let headParameters: Int
    /// The multiply-adds of convolutions and linear layers for one image.
    public let multiplyAdds: Int
    /// The number of images the memory is forecast for.
    public let batch: Int
    /// Whether the memory is forecast for `train` or `infer`.
    public let mode: String
    /// The layers, each before those inside it; the first is the network itself.
    public let calls: [Row]
    /// How sizes, parameters and multiply-adds come about, layer by layer.
    public let explanations: [LayerExplanation]
    /// The forecast.
    public let memory: Memory

    /// The innermost layers.
    public var layers: [Row] { calls.filter { $0.isLeaf && $0.depth > 0 } }

    /// The bytes of one batch of images.
    var inputByteCount: Int { TensorType(Shape(input).batched(batch)).byteCount }

    /// Summarises a network of the catalog.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - options: What is chosen about it.
    ///   - image: The shape of one image.
    ///   - batch: The number of images the memory is forecast for.
    ///   - mode: What the memory is forecast for.
    ///   - precision: The numbers that it computes with.
    ///   - optimizer: What updates the weights in training.
    /// - Throws: An error if the network does not fit its images.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, batch: Int, mode: Mode,
        precision: Precision = .f32, optimizer: Optimizer
    ) throws(FoveaError) {
        try self.init(
            entry.network(options), named: entry.name, image: image, batch: batch, mode: mode,
            precision: precision, optimizer: optimizer
        ) { (images, mode, smoothing) throws(FoveaError) -> TracedNetwork in
            try entry.traced(
                images: images, mode: mode, options: options, lossSmoothing: smoothing)
        }
    }

    /// Summarises any network.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - name: What it is called; by its type if nil.
    ///   - image: The shape of one image.
    ///   - batch: The number of images the memory is forecast for.
    ///   - mode: What the memory is forecast for.
    ///   - precision: The numbers that it computes with.
    ///   - optimizer: What updates the weights in training.
    /// - Throws: An error if the network does not fit its images.
    public init(
        _ network: some Network, named name: String? = nil, image: Shape, batch: Int = 64,
        mode: Mode = .training, precision: Precision = .f32, optimizer: Optimizer = .sgd()
    ) throws(FoveaError) {
        try self.init(
            network, named: name ?? "\(type(of: network))", image: image, batch: batch, mode: mode,
            precision: precision, optimizer: optimizer
        ) { (images, mode, smoothing) throws(FoveaError) -> TracedNetwork in
            try .recording(network, images: images, mode: mode, lossSmoothing: smoothing)
        }
    }

    /// Records a network for a batch of images, with a loss if there is a smoothing.
    private typealias Tracer = (Shape, Mode, Float?) throws(FoveaError) -> TracedNetwork

    private init(
        _ network: any Network, named name: String, image: Shape, batch: Int, mode: Mode,
        precision: Precision, optimizer: Optimizer, _ trace: Tracer
    ) throws(FoveaError) {
        let one = try trace(image.batched(1), .inference, nil)
        let tree = LayerTree(one, of: network, named: name)
        self.network = name
        input = image.dimensions
        classes = one.classes
        parameters = tree.root.parameters
        trainableParameters = tree.root.parameters
        statistics = tree.root.statistics
        headParameters = one.idleParameters.reduce(0) {
            $0 + ($1.role == .weight ? $1.shape.count : 0)
        }
        multiplyAdds = tree.root.multiplyAdds
        calls = tree.entries.map { Row($0, in: tree) }
        explanations = LayerExplanation.all(of: tree)
        self.batch = batch
        self.mode = mode == .training ? "train" : "infer"
        memory = try Memory(
            mode, precision, optimizer: optimizer, images: image.batched(batch), trace)
    }
}

extension NetworkSummary.Row {
    init(_ entry: LayerTree.Entry, in tree: LayerTree) {
        let inner = entry.children.map { tree.entries[$0] }
        path = entry.path
        name = entry.name
        type = entry.type
        output = entry.output.perImage.dimensions
        depth = entry.depth
        isLeaf = entry.isLeaf
        parameters = entry.parameters
        multiplyAdds = entry.multiplyAdds
        ownParameters = inner.reduce(entry.parameters) { $0 - $1.parameters }
        ownMultiplyAdds = inner.reduce(entry.multiplyAdds) { $0 - $1.multiplyAdds }
        sharesParameters = entry.sharesParameters
    }
}

extension NetworkSummary.Memory {
    init(
        _ mode: Mode, _ precision: Precision, optimizer: Optimizer, images: Shape,
        _ trace: (Shape, Mode, Float?) throws(FoveaError) -> TracedNetwork
    ) throws(FoveaError) {
        let isTraining = mode == .training
        let prepared = try PreparedNetwork.planned(
            images: images, mode: mode, precision: precision
        ) {
            (images, mode) throws(FoveaError) -> TracedNetwork in
            try trace(images, mode, isTraining ? 0 : nil)
        }
        parameters = prepared.parameterByteCount
        gradients = isTraining ? parameters : 0
        self.optimizer = isTraining ? parameters * optimizer.stateNames.count : 0
        activations = prepared.arenaByteCount - prepared.scratchByteCount
        workspace = prepared.scratchByteCount + prepared.derivedByteCount
        program = Self.program(of: prepared)
        let batch = TensorType(images).byteCount
        total =
            parameters + gradients + self.optimizer + workspace + activations + program + batch
    }

    /// What a process has that runs a plan and nothing else, beside the plan's own memory.
    ///
    /// Measured over seven networks on one machine: code and libraries that were touched and what
    /// they keep are 42 MiB, and each step's generated code and tables some 27 KiB.
    private static func program(of plan: Plan) -> Int {
        (42 << 20) + (plan.steps.count + plan.preparation.count) * (27 << 10)
    }
}
