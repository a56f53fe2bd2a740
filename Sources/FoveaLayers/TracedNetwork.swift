// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import OrderedCollections

/// A network as recorded for one batch: its graph, its parameters and its layers' calls.
public struct TracedNetwork: Sendable {
    /// The operations, with the outputs `logits`, any `aux1`, `aux2`, and `loss` if asked for.
    public let graph: Graph
    /// The parameters, in the order in which they are first used.
    public let parameters: [ParameterSpecification]
    /// The parameters that nothing asked for depends on: those of auxiliary heads, except in training.
    public let idleParameters: [ParameterSpecification]
    /// The layers in the order of their calls, each before those inside it.
    public let calls: [LayerCall]
    /// The number of classes.
    public let classes: Int
    /// What the network was recorded for.
    public let mode: Mode

    /// Records a network.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - images: The shape of a batch of images, [N, C, H, W].
    ///   - mode: Whether it is recorded for training or as it classifies.
    ///   - smoothing: The label smoothing of the loss; with nil no loss is recorded.
    /// - Throws: All the mistakes found, as a compiler would tell them.
    public init(
        _ network: some Network, images: Shape, mode: Mode, lossSmoothing smoothing: Float? = nil
    ) throws(ModelError) {
        let trace = Trace(network, mode: mode)
        let result = network.classify(trace.input("images", TensorType(images)))
        trace.setResult("logits", to: result.logits)
        // As it classifies, nobody asks for the heads, and the compiler drops them.
        if mode == .training {
            for head in result.auxiliary { trace.setResult(head.name, to: head.logits) }
        }
        // Logits without a value say themselves what is wrong.
        let isRow = result.logits.value == nil || result.logits.shape.rank == 2
        if let smoothing, isRow {
            let labels = trace.input("labels", TensorType([images.batch], .i32))
            var loss = result.logits.crossEntropy(against: labels, smoothing: smoothing)
            for head in result.auxiliary {
                loss =
                    loss
                    + head.logits.crossEntropy(against: labels, smoothing: smoothing)
                    .scaled(by: head.weight)
            }
            trace.setResult("loss", to: loss)
        }
        if smoothing != nil, !isRow { trace.refuse(Self.noRow(result.logits.shape)) }
        // A mistake on the way to the logits leaves them without a value. As the network classifies, others
        // are in heads, which are dropped.
        let isWhole = mode == .inference && result.logits.value != nil
        var diagnostics = trace.flaws + (isWhole ? [] : trace.misfits)
        if diagnostics.isEmpty {
            diagnostics = trace.unusedParameters.map {
                Diagnostic("is never used; call its layer or remove it.", path: $0)
            }
        }
        guard diagnostics.isEmpty else {
            throw ModelError(
                network: "\(type(of: network))", images: images.perImage, diagnostics: diagnostics)
        }
        let recorded = trace.builder.graph
        let alive = recorded.livingNodes()
        graph = recorded.withoutDeadNodes()
        let used = Set(graph.parameters.map(\.name))
        parameters = trace.parameters.values.filter { used.contains($0.name) }
        idleParameters = trace.parameters.values.filter { !used.contains($0.name) }
        calls = Self.living(trace.calls, alive)
        classes = result.logits.shape.channels
        self.mode = mode
    }
}

extension TracedNetwork {
    /// What is wrong with logits that are no row of classes for each image.
    package static func noRow(_ logits: Shape) -> Diagnostic {
        Diagnostic(
            "the logits are \(logits), but a row of classes is needed for each image. Flatten what the last "
                + "layer reads or yields.")
    }

    /// The calls of which something is left, over the nodes that are left.
    private static func living(_ calls: [LayerCall], _ alive: [Bool]) -> [LayerCall] {
        let places = alive.reduce(into: [0]) { $0.append($0[$0.count - 1] + ($1 ? 1 : 0)) }
        var gone: String?
        return calls.compactMap { call in
            if let gone, call.path.hasPrefix(gone + ".") { return nil }
            let nodes = places[call.nodes.lowerBound]..<places[call.nodes.upperBound]
            // A dropout records nothing unless it trains, and is a layer all the same.
            guard call.nodes.isEmpty || !nodes.isEmpty else {
                gone = call.path
                return nil
            }
            var call = call
            call.nodes = nodes
            return call
        }
    }
}

/// All the mistakes found when a network was recorded for images of one size.
public struct ModelError: Error, Sendable, CustomStringConvertible {
    /// The name of the network or its type.
    public var network: String
    /// The shape of one image.
    public var images: Shape
    /// What is wrong, layer by layer.
    public var diagnostics: [Diagnostic]

    /// The mistakes, one a line.
    public var description: String {
        let lines = diagnostics.map { "  \($0)" }.joined(separator: "\n")
        return "\(network) cannot take images of \(images).\n\(lines)"
    }
}

/// What a parameter is called, how large it is, and how it begins.
public struct ParameterSpecification: Sendable, Hashable {
    /// The name in weights files.
    public let name: String
    /// The extents.
    public let shape: Shape
    /// What it is for.
    public let role: ParameterRole
    /// How its numbers are drawn.
    public let initializer: Initializer
    /// How many inputs each output reads.
    public let fanIn: Int
    /// How many outputs each input reaches.
    public let fanOut: Int

    /// The fans of a weight of shape [out, in, KH, KW] or [out, in].
    static func fans(of shape: Shape) -> (fanIn: Int, fanOut: Int) {
        guard shape.rank >= 2 else { return (shape.count, shape.count) }
        let area = shape.dimensions.dropFirst(2).reduce(1, *)
        return (shape[1] * area, shape[0] * area)
    }
}

/// One call of a layer while a network was recorded.
public struct LayerCall: Sendable, Hashable {
    /// The path of the layer, such as `features.0`.
    public var path: String
    /// The name of its type, such as `Conv2d`.
    public var type: String
    /// How many layers it is inside of.
    public var depth: Int
    /// The shape of its output.
    public var output: Shape
    /// The nodes of the graph it recorded, those of inner layers included.
    public var nodes: Range<Int>
}
