// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// Divides each element by what it and its neighbours among the channels amount to.
    ///
    /// y = x · s^−β with s = k + α / size · Σ x² over the `size` channels around it (Krizhevsky et
    /// al., 2012, section 3.3).
    ///
    /// α is divided by the size, as PyTorch, Caffe and oneDNN have it; the paper multiplies the
    /// plain sum by α.
    ///
    /// - Shape: x [N, C, H, W] → y like x and, when recorded, what the gradient needs, which only
    ///   the backend that wrote it understands
    public struct LocalResponseNormalization: OpDefinition {
        /// Over how many channels it reaches.
        public var reach: Reach
        /// Whether a second output keeps what the gradient needs.
        public var recordsScales: Bool

        /// The numbers of the formula.
        public struct Reach: Hashable, Sendable {
            /// The number of channels, itself and as many on either side; odd.
            public var size: Int
            /// The weight of the squares.
            public var alpha: Float
            /// The exponent.
            public var beta: Float
            /// What is added, which keeps the sum from zero.
            public var k: Float

            /// Chooses the numbers of the formula.
            public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, k: Float = 1) {
                self.size = size
                self.alpha = alpha
                self.beta = beta
                self.k = k
            }

            /// The channels around one that count for it.
            ///
            /// - Parameters:
            ///   - channel: The channel.
            ///   - count: The number of all channels.
            /// - Returns: A range that holds the channel.
            public func channels(around channel: Int, of count: Int) -> Range<Int> {
                max(channel - size / 2, 0)..<min(channel + size / 2 + 1, count)
            }

            /// "over 5 channels, α 0.0001, β 0.75, k 1".
            var text: String { "over \(size) channels, α \(alpha), β \(beta), k \(k)" }
        }

        /// Makes a local response normalization.
        public init(_ reach: Reach, recordsScales: Bool = false) {
            self.reach = reach
            self.recordsScales = recordsScales
        }

        package var name: String { "localResponseNormalization" }
        package var attributes: String { reach.text }
        package var isForInferenceOnly: Bool { !recordsScales }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4])
            guard reach.size >= 1, reach.size % 2 == 1 else {
                throw Diagnostic(
                    "local response normalization needs an odd size, but has \(reach.size).")
            }
            return recordsScales ? [inputs[0], inputs[0]] : [inputs[0]]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            let op = LocalResponseNormalizationGradient(reach)
            return [
                graph.derive(
                    .localResponseNormalizationGradient(op), [dy, node.inputs[0], node.value(1)])
            ]
        }
    }

    /// The gradient of a local response normalization.
    ///
    /// dx = dy · s^−β − 2 · α · β / size · x · Σ dy · x · s^(−β−1) over the channels around it
    ///
    /// - Shape: dy, x and the recorded scales [N, C, H, W] → dx like x
    public struct LocalResponseNormalizationGradient: OpDefinition {
        /// Over how many channels it reaches.
        public var reach: LocalResponseNormalization.Reach

        /// Makes the gradient op of a local response normalization.
        public init(_ reach: LocalResponseNormalization.Reach) { self.reach = reach }

        package var name: String { "localResponseNormalizationGradient" }
        package var attributes: String { reach.text }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expectAlike(inputs, count: 3)
        }
    }
}
