// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// Sets elements, or whole channels, to zero at random and scales the rest by 1 / (1 − rate).
    ///
    /// Which elements is a pure function of the run's seed, the step, the site and the element's
    /// position in [N, C, H, W] order, so the mask is stored nowhere: the gradient is the same op
    /// on dy, and every device draws the same mask.
    ///
    /// - Shape: any → the same
    public struct Dropout: OpDefinition {
        /// The probability of zero, in [0, 1).
        public var rate: Float
        /// Whether whole channels are dropped.
        public var perChannel: Bool
        /// The path of the layer, which tells its mask from others'.
        public var site: String

        /// Makes a dropout.
        public init(rate: Float, perChannel: Bool = false, site: String) {
            self.rate = rate
            self.perChannel = perChannel
            self.site = site
        }

        package var name: String { "dropout" }
        package var attributes: String {
            "\(rate)\(perChannel ? ", per channel" : ""), site \(site)"
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard rate >= 0, rate < 1 else {
                throw Diagnostic("dropout needs a rate from 0 to below 1, but has \(rate).")
            }
            return try expectAlike(inputs, count: 1)
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            gradients.map { dy in dy.map { graph.derive(.dropout(self), [$0]) } }
        }
    }
}
