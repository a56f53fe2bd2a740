// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// Brings each channel of a batch to the mean and deviation that are learned for it.
    ///
    /// y = scale · (x − mean) / √(variance + ε) + shift, where mean and variance are those of the
    /// channel over the whole batch, the variance divided by the number of elements (Ioffe and
    /// Szegedy, 2015, arXiv:1502.03167).
    ///
    /// The compiler lets it add a shortcut to the result, apply a function to that, and move running
    /// statistics by what `MovingAverage` says.
    ///
    /// - Shape: x [N, C] or [N, C, H, W], scale [C], shift [C], and if any a shortcut like x, and
    ///   running mean and variance [C] → the same as x, mean [C], variance [C], and if any the next
    ///   running mean and variance [C]
    public struct BatchNormalization: OpDefinition {
        /// What is added to the variance.
        public var epsilon: Float
        /// Whether a tensor is added to the result; set by the compiler.
        public var addsShortcut = false
        /// A function applied to the result, if any; set by the compiler.
        public var activation: Activation.Kind?
        /// How a running variance moves, and a running mean without the factor; set by the compiler.
        public var running: MovingAverage?

        /// Makes a batch normalization.
        public init(epsilon: Float) { self.epsilon = epsilon }

        package var name: String { "batchNormalization" }
        package var attributes: String {
            "ε \(epsilon)" + (addsShortcut ? ", plus a shortcut" : "") + activation.suffix
                + (running.map { ", running \($0.attributes)" } ?? "")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            var vectors = inputs
            if addsShortcut {
                guard inputs.count > 3, vectors.remove(at: 3) == inputs[0] else {
                    throw Diagnostic("\(name) does not take \(inputs.listed).")
                }
            }
            try expectChannels(name, vectors, vectors: running == nil ? 2 : 4)
            let x = inputs[0], channels = TensorType([x.shape.channels])
            guard x.shape.count > x.shape.channels else {
                throw Diagnostic(
                    "batch normalization needs more than one number for each channel, but its "
                        + "input is \(x.shape). Train with a larger batch or larger images.")
            }
            return [x] + Array(repeating: channels, count: running == nil ? 2 : 4)
        }

        /// Mean and variance are yielded for running statistics, which no loss depends on.
        package func hasGradient(ofOutput output: Int) -> Bool { output == 0 }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            precondition(
                activation == nil && !addsShortcut && running == nil,
                "graphs are differentiated before they are fused")
            guard let dy = gradients[0] else { return [nil, nil, nil] }
            let op = BatchNormalizationGradient(epsilon: epsilon)
            let dx = graph.derive(
                .batchNormalizationGradient(op),
                [dy, node.inputs[0], node.inputs[1], node.value(1), node.value(2)])
            return (0..<3).map { Graph.Value(node: dx.node, output: $0) }
        }
    }

    /// The gradient of a batch normalization, through mean and variance too.
    ///
    /// With x̂ = (x − mean) / √(variance + ε) and m elements in a channel: dshift = Σ dy,
    /// dscale = Σ dy · x̂, dx = scale / √(variance + ε) · (dy − dshift / m − x̂ · dscale / m)
    ///
    /// With a ReLU, dy counts only where the ReLU was open, which follows from x. Where a shortcut
    /// was added it follows from y, and that part of dy is the shortcut's gradient.
    ///
    /// - Shape: dy and x like x, scale, mean, variance and, with a ReLU, shift [C] or, with a
    ///   shortcut, y like x → dx like x, dscale [C], dshift [C] and, with a shortcut, its gradient
    ///   like x
    public struct BatchNormalizationGradient: OpDefinition {
        /// What is added to the variance.
        public var epsilon: Float
        /// Whether a tensor was added to the result; set by the compiler, with an activation.
        public var addsShortcut = false
        /// The function that was applied to the result; set by the compiler.
        public var activation: Activation.Kind?

        /// Makes the gradient op of a batch normalization.
        public init(epsilon: Float) { self.epsilon = epsilon }

        package var name: String { "batchNormalizationGradient" }
        package var attributes: String {
            "ε \(epsilon)" + (addsShortcut ? ", plus a shortcut" : "") + activation.suffix
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            let expected = activation == nil ? 5 : 6
            guard inputs.count == expected, inputs[0] == inputs[1],
                !addsShortcut || activation != nil && inputs[5] == inputs[1]
            else { throw Diagnostic("\(name) does not take \(inputs.listed).") }
            let vectors = expected - (addsShortcut ? 3 : 2)
            try expectChannels(name, Array(inputs[1...vectors + 1]), vectors: vectors)
            return [inputs[1], inputs[2], inputs[2]] + (addsShortcut ? [inputs[1]] : [])
        }
    }

    /// Brings each channel to a scale and an offset with statistics gathered before.
    ///
    /// y = scale · (x − mean) / √(variance + ε) + shift
    ///
    /// - Shape: x [N, C] or [N, C, H, W], mean, variance, scale and shift [C] → the same as x
    public struct Normalization: OpDefinition {
        /// What is added to the variance.
        public var epsilon: Float
        /// A function applied to the result, if any; set by the compiler.
        public var activation: Activation.Kind?

        /// Makes a normalization by given statistics.
        public init(epsilon: Float) { self.epsilon = epsilon }

        package var name: String { "normalization" }
        package var attributes: String { "ε \(epsilon)" + activation.suffix }
        package var isForInferenceOnly: Bool { true }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectChannels(name, inputs, vectors: 4)
            return [inputs[0]]
        }
    }

    /// Moves a running statistic towards that of a batch.
    ///
    /// y = (1 − momentum) · running + momentum · factor · batch
    ///
    /// - Shape: running and batch of any shape → the same
    public struct MovingAverage: OpDefinition {
        /// How far it moves, from 0 to 1, as PyTorch counts it.
        public var momentum: Float
        /// What the batch's value is multiplied by: m / (m − 1) makes a variance unbiased.
        public var factor: Float

        /// Makes a moving average.
        public init(momentum: Float, factor: Float = 1) {
            self.momentum = momentum
            self.factor = factor
        }

        package var name: String { "movingAverage" }
        package var attributes: String {
            "by \(momentum)" + (factor == 1 ? "" : ", batch times \(factor)")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectAlike(inputs, count: 2)
        }

        /// What is gathered beside training is no part of a loss.
        package func hasGradient(ofOutput output: Int) -> Bool { false }
    }

    /// Lets a convolution do what a normalization after it would; recorded by the compiler.
    ///
    /// With f = scale / √(variance + ε): w′ = f · w for each output channel,
    /// b′ = shift + f · (b − mean)
    ///
    /// - Shape: w [O, C, KH, KW], mean, variance, scale, shift and, if any, b [O] → w′ like w,
    ///   b′ [O]
    public struct FoldNormalization: OpDefinition {
        /// What is added to the variance.
        public var epsilon: Float

        /// Makes the op.
        public init(epsilon: Float) { self.epsilon = epsilon }

        package var name: String { "foldNormalization" }
        package var attributes: String { "ε \(epsilon)" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard [5, 6].contains(inputs.count), inputs[0].shape.rank == 4,
                inputs.dropFirst().allSatisfy({ $0 == TensorType([inputs[0].shape[0]]) })
            else { throw Diagnostic("\(name) does not take \(inputs.listed).") }
            return [inputs[0], inputs[1]]
        }
    }
}

/// Checks that a batch of features or images comes with vectors of one number for each channel.
private func expectChannels(
    _ name: String, _ inputs: [TensorType], vectors: Int
) throws(Diagnostic) {
    guard inputs.count == vectors + 1, [2, 4].contains(inputs[0].shape.rank),
        inputs.dropFirst().allSatisfy({ $0 == TensorType([inputs[0].shape.channels]) })
    else { throw Diagnostic("\(name) does not take \(inputs.listed).") }
}

extension Op.Activation.Kind? {
    /// How an op's text says that it applies a function to its result.
    var suffix: String { map { ", then \($0.rawValue)" } ?? "" }
}
