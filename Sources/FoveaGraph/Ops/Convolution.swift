// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// A 2-D convolution (cross-correlation), with an optional bias and a fused activation.
    ///
    /// y[n, o, i, j] = f(b[o] + Σ x[n, c, i·s − p + u·d, j·s − p + v·d] · w[o, c, u, v])
    ///
    /// - Shape: x [N, C, H, W], w [O, C/groups, KH, KW], b [O] → y [N, O, H′, W′]
    public struct Convolution: OpDefinition {
        /// How the kernel slides.
        public var window: Window
        /// Into how many independent parts the channels are split.
        public var groups: Int
        /// Whether a third input is added, one number for each output channel.
        public var hasBias: Bool
        /// What is applied to the sum, if anything.
        public var activation: Activation.Kind?

        /// Makes a convolution.
        public init(
            _ window: Window, groups: Int = 1, hasBias: Bool = false,
            activation: Activation.Kind? = nil
        ) {
            self.window = window
            self.groups = groups
            self.hasBias = hasBias
            self.activation = activation
        }

        package var name: String { "convolution" }
        package var attributes: String {
            window.description + (groups == 1 ? "" : ", \(groups) groups")
                + (hasBias ? ", bias" : "") + (activation.map { ", \($0.rawValue)" } ?? "")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: hasBias ? [4, 4, 1] : [4, 4])
            try expectSound(window, "convolution")
            let x = inputs[0].shape, w = inputs[1].shape
            guard groups > 0, w.extent == window.kernel, w.channels * groups == x.channels,
                w[0] % groups == 0, !hasBias || inputs[2].shape == [w[0]]
            else {
                throw Diagnostic(
                    "convolution \(window) with weights \(w) does not fit \(x.channels) channels.")
            }
            guard let extent = window.output(of: x.extent) else {
                throw tooSmall("convolution", window, x)
            }
            return [TensorType([x.batch, w[0], extent.height, extent.width], inputs[0].dtype)]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            precondition(!hasBias && activation == nil, "fused convolutions are not differentiated")
            guard let dy = gradients[0] else { return [nil, nil] }
            let x = node.inputs[0], w = node.inputs[1]
            let data = ConvolutionDataGradient(
                window, groups: groups, inputShape: graph.graph[x].shape)
            let weights = ConvolutionWeightGradient(window, groups: groups)
            return [
                graph.derive(.convolutionDataGradient(data), [dy, w]),
                graph.derive(.convolutionWeightGradient(weights), [x, dy]),
            ]
        }

        package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
            outputs[0].shape.count * inputs[1].shape.perImage.count
        }
    }

    /// The gradient of a convolution with respect to its input.
    ///
    /// - Shape: dy [N, O, H′, W′], w [O, C/groups, KH, KW] → dx [N, C, H, W]
    public struct ConvolutionDataGradient: OpDefinition {
        /// How the kernel slides.
        public var window: Window
        /// Into how many independent parts the channels are split.
        public var groups: Int
        /// The shape of the convolution's input.
        public var inputShape: Shape

        /// Makes the gradient op of a convolution.
        public init(_ window: Window, groups: Int, inputShape: Shape) {
            self.window = window
            self.groups = groups
            self.inputShape = inputShape
        }

        package var name: String { "convolutionDataGradient" }
        package var attributes: String {
            window.description + (groups == 1 ? "" : ", \(groups) groups")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4, 4])
            guard window.output(of: inputShape.extent) == inputs[0].shape.extent,
                inputs[1].shape[0] == inputs[0].shape.channels,
                inputs[1].shape.channels * groups == inputShape.channels,
                inputs[0].shape.batch == inputShape.batch
            else { throw Diagnostic("\(name) \(window) does not lead to \(inputShape).") }
            return [TensorType(inputShape, inputs[0].dtype)]
        }

        package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
            inputs[0].shape.count * inputs[1].shape.perImage.count
        }
    }

    /// The gradient of a convolution with respect to its weights and, on request, its bias.
    ///
    /// - Shape: x [N, C, H, W], dy [N, O, H′, W′] → dw [O, C/groups, KH, KW], db [O]
    public struct ConvolutionWeightGradient: OpDefinition {
        /// How the kernel slides.
        public var window: Window
        /// Into how many independent parts the channels are split.
        public var groups: Int
        /// Whether the bias's gradient is a second output.
        public var hasBias: Bool

        /// Makes the gradient op of a convolution.
        public init(_ window: Window, groups: Int, hasBias: Bool = false) {
            self.window = window
            self.groups = groups
            self.hasBias = hasBias
        }

        package var name: String { "convolutionWeightGradient" }
        package var attributes: String {
            window.description + (groups == 1 ? "" : ", \(groups) groups")
                + (hasBias ? ", bias" : "")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4, 4])
            let x = inputs[0].shape, dy = inputs[1].shape
            guard window.output(of: x.extent) == dy.extent, x.channels % groups == 0,
                dy.channels % groups == 0, x.batch == dy.batch
            else { throw Diagnostic("\(name) \(window) does not lead from \(x) to \(dy).") }
            let kernel = window.kernel
            let weights: Shape = [dy.channels, x.channels / groups, kernel.height, kernel.width]
            return [TensorType(weights)] + (hasBias ? [TensorType([dy.channels])] : [])
        }

        package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
            inputs[1].shape.count * outputs[0].shape.perImage.count
        }
    }
}

/// Checks the number and ranks of an op's inputs.
func expect(_ inputs: [TensorType], ranks: [Int]) throws(Diagnostic) {
    guard inputs.map(\.shape.rank) == ranks else {
        throw Diagnostic(
            "needs inputs of the ranks \(ranks), but has \(inputs.listed).")
    }
}

/// Checks that a window makes sense, whatever its input.
func expectSound(_ window: Window, _ what: String) throws(Diagnostic) {
    if let defect = window.defect {
        throw Diagnostic("\(what) \(window) needs \(defect).")
    }
}

/// The diagnostic of a window that does not fit into its input.
func tooSmall(_ what: String, _ window: Window, _ input: Shape) -> Diagnostic {
    Diagnostic(
        "\(what) \(window) needs at least \(window.smallestInput), "
            + "but its input is \(input.perImage).")
}
