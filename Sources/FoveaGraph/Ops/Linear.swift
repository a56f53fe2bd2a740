// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// A fully connected layer, with an optional bias and a fused activation.
    ///
    /// y[n, o] = f(b[o] + Σ x[n, k] · w[o, k]); an input of rank 4 is read as if flattened.
    ///
    /// - Shape: x [N, K] or [N, C, H, W], w [O, K], b [O] → y [N, O]
    public struct Linear: OpDefinition {
        /// Whether a third input is added, one number for each output.
        public var hasBias: Bool
        /// What is applied to the sum, if anything.
        public var activation: Activation.Kind?

        /// Makes a fully connected layer.
        public init(hasBias: Bool = false, activation: Activation.Kind? = nil) {
            self.hasBias = hasBias
            self.activation = activation
        }

        package var name: String { "linear" }
        package var attributes: String {
            [hasBias ? "bias" : nil, activation?.rawValue].compactMap(\.self)
                .joined(separator: ", ")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard inputs.count == (hasBias ? 3 : 2), inputs[1].shape.rank == 2,
                inputs[0].shape.rank == 2 || inputs[0].shape.rank == 4
            else { throw Diagnostic("linear does not take \(inputs.listed).") }
            let x = inputs[0].shape, w = inputs[1].shape
            guard x.perImage.count == w[1], !hasBias || inputs[2].shape == [w[0]] else {
                throw Diagnostic("linear with weights \(w) does not fit an input of \(x.perImage).")
            }
            return [TensorType([x.batch, w[0]], inputs[0].dtype)]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            precondition(!hasBias && activation == nil, "fused layers are not differentiated")
            guard let dy = gradients[0] else { return [nil, nil] }
            let x = node.inputs[0], w = node.inputs[1]
            let data = LinearDataGradient(inputShape: graph.graph[x].shape)
            return [
                graph.derive(.linearDataGradient(data), [dy, w]),
                graph.derive(.linearWeightGradient(LinearWeightGradient()), [x, dy]),
            ]
        }

        package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
            inputs[0].shape.batch * inputs[1].shape.count
        }
    }

    /// The gradient of a fully connected layer with respect to its input.
    ///
    /// dx[n, k] = Σ dy[n, o] · w[o, k]
    ///
    /// - Shape: dy [N, O], w [O, K] → dx [N, K] or [N, C, H, W]
    public struct LinearDataGradient: OpDefinition {
        /// The shape of the layer's input.
        public var inputShape: Shape

        /// Makes the gradient op of a fully connected layer.
        public init(inputShape: Shape) { self.inputShape = inputShape }

        package var name: String { "linearDataGradient" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [2, 2])
            guard inputs[1].shape == [inputs[0].shape[1], inputShape.perImage.count],
                inputs[0].shape.batch == inputShape.batch
            else {
                throw Diagnostic("\(name) does not lead to \(inputShape).")
            }
            return [TensorType(inputShape, inputs[0].dtype)]
        }

        package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
            inputs[0].shape.batch * inputs[1].shape.count
        }
    }

    /// The gradient of a fully connected layer with respect to its weights and bias.
    ///
    /// dw[o, k] = Σ dy[n, o] · x[n, k], db[o] = Σ dy[n, o]
    ///
    /// - Shape: x [N, K] or [N, C, H, W], dy [N, O] → dw [O, K], db [O]
    public struct LinearWeightGradient: OpDefinition {
        /// Whether the bias's gradient is a second output.
        public var hasBias: Bool

        /// Makes the gradient op of a fully connected layer.
        public init(hasBias: Bool = false) { self.hasBias = hasBias }

        package var name: String { "linearWeightGradient" }
        package var attributes: String { hasBias ? "bias" : "" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard inputs.count == 2, inputs[1].shape.rank == 2,
                inputs[0].shape.batch == inputs[1].shape.batch
            else { throw Diagnostic("\(name) does not take \(inputs.listed).") }
            let outputs = inputs[1].shape[1]
            return [TensorType([outputs, inputs[0].shape.perImage.count])]
                + (hasBias ? [TensorType([outputs])] : [])
        }

        package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
            inputs[0].shape.batch * outputs[0].shape.count
        }
    }
}
