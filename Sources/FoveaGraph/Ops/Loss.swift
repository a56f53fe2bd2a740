// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// The exponentials of each row, scaled to sum to one.
    ///
    /// - Shape: [N, C] → the same
    public struct Softmax: OpDefinition {
        /// Makes the op.
        public init() {}

        package var name: String { "softmax" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [2])
            return [inputs[0]]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            return [graph.derive(.softmaxGradient(SoftmaxGradient()), [dy, node.value()])]
        }
    }

    /// The gradient of a softmax, from its output: dx = y · (dy − Σ dy · y).
    ///
    /// - Shape: dy [N, C], y [N, C] → dx [N, C]
    public struct SoftmaxGradient: OpDefinition {
        /// Makes the op.
        public init() {}

        package var name: String { "softmaxGradient" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [2, 2])
            return try expectAlike(inputs, count: 2)
        }
    }

    /// The mean cross-entropy of logits against labels, with label smoothing.
    ///
    /// loss = −1/N · Σₙ Σ꜀ t[n, c] · log softmax(x)[n, c], where t is (1 − ε) at the label plus ε/C
    /// everywhere, as PyTorch has it.
    ///
    /// - Shape: logits [N, C], labels [N] → a scalar
    public struct CrossEntropy: OpDefinition {
        /// ε: how much of the target is spread evenly over the classes.
        public var smoothing: Float

        /// Makes the loss.
        public init(smoothing: Float = 0) { self.smoothing = smoothing }

        package var name: String { "crossEntropy" }
        package var attributes: String { smoothing == 0 ? "" : "smoothing \(smoothing)" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [2, 1])
            guard inputs[1] == TensorType([inputs[0].shape.batch], .i32) else {
                throw Diagnostic("\(name) needs one label an image, but has \(inputs[1]).")
            }
            return [TensorType([])]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil, nil] }
            let op = CrossEntropyGradient(smoothing: smoothing)
            return [graph.derive(.crossEntropyGradient(op), node.inputs + [dy]), nil]
        }
    }

    /// The gradient of the cross-entropy: dx = dloss · (softmax(x) − t) / N.
    ///
    /// - Shape: logits [N, C], labels [N], dloss scalar → dx [N, C]
    public struct CrossEntropyGradient: OpDefinition {
        /// ε: how much of the target is spread evenly over the classes.
        public var smoothing: Float

        /// Makes the gradient op of the loss.
        public init(smoothing: Float) { self.smoothing = smoothing }

        package var name: String { "crossEntropyGradient" }
        package var attributes: String { smoothing == 0 ? "" : "smoothing \(smoothing)" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [2, 1, 0])
            return [inputs[0]]
        }
    }
}
