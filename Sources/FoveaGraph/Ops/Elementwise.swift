// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// A non-linear function of each element.
    ///
    /// relu(x) = max(x, 0); sigmoid(x) = 1 / (1 + e⁻ˣ)
    ///
    /// - Shape: any → the same
    public struct Activation: OpDefinition {
        /// The functions there are.
        public enum Kind: String, Hashable, Sendable {
            case relu, sigmoid
        }

        /// Which function.
        public var kind: Kind

        /// Makes an activation.
        public init(_ kind: Kind) { self.kind = kind }

        package var name: String { kind.rawValue }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectAlike(inputs, count: 1)
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            return [
                graph.derive(.activationGradient(ActivationGradient(kind)), [dy, node.value()])
            ]
        }
    }

    /// The gradient of an activation, from the activation's output.
    ///
    /// relu: dx = y > 0 ? dy : 0; sigmoid: dx = dy · y · (1 − y)
    ///
    /// - Shape: dy and y of any shape → the same
    public struct ActivationGradient: OpDefinition {
        /// Which function.
        public var kind: Activation.Kind

        /// Makes the gradient op of an activation.
        public init(_ kind: Activation.Kind) { self.kind = kind }

        package var name: String { kind.rawValue + "Gradient" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectAlike(inputs, count: 2)
        }
    }

    /// Adds one number to each channel.
    ///
    /// - Shape: x [N, C] or [N, C, H, W], b [C] → the same as x
    public struct AddBias: OpDefinition {
        /// Makes the op.
        public init() {}

        package var name: String { "addBias" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard inputs.count == 2, inputs[0].shape.rank >= 2,
                inputs[1].shape == [inputs[0].shape.channels]
            else { throw Diagnostic("addBias does not take \(inputs.listed).") }
            return [inputs[0]]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil, nil] }
            return [dy, graph.derive(.channelSum(ChannelSum()), [dy])]
        }
    }

    /// The sum over all axes but the channels.
    ///
    /// - Shape: [N, C] or [N, C, H, W] → [C]
    public struct ChannelSum: OpDefinition {
        /// Makes the op.
        public init() {}

        package var name: String { "channelSum" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard inputs.count == 1, inputs[0].shape.rank >= 2 else {
                throw Diagnostic("channelSum does not take \(inputs.listed).")
            }
            return [TensorType([inputs[0].shape.channels])]
        }
    }

    /// The sum of two tensors; the compiler makes sums of more than two.
    ///
    /// - Shape: two or more of any shape → the same
    public struct Add: OpDefinition {
        /// A function applied to the result, if any; set by the compiler.
        public var activation: Activation.Kind?

        /// Makes the op.
        public init() {}

        package var name: String { "add" }
        package var attributes: String { activation.map { "then \($0.rawValue)" } ?? "" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectAlike(inputs, count: max(inputs.count, 2))
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            precondition(activation == nil, "graphs are differentiated before they are fused")
            return node.inputs.map { _ in gradients[0] }
        }
    }

    /// Each element times one number.
    ///
    /// - Shape: any → the same
    public struct Scale: OpDefinition {
        /// The number.
        public var factor: Float

        /// Makes the op.
        public init(by factor: Float) { self.factor = factor }

        package var name: String { "scale" }
        package var attributes: String { "by \(factor)" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectAlike(inputs, count: 1)
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            gradients.map { dy in dy.map { graph.derive(.scale(self), [$0]) } }
        }
    }
}

/// Checks that an op's inputs are of one type, which is also its output's.
func expectAlike(_ inputs: [TensorType], count: Int) throws(Diagnostic) -> [TensorType] {
    guard inputs.count == count, Set(inputs).count == 1 else {
        throw Diagnostic("needs \(count) inputs of one type, but has \(inputs.listed).")
    }
    return [inputs[0]]
}
