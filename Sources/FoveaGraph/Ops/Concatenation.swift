// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// The channels of several tensors, one after the other.
    ///
    /// - Shape: two or more [N, Cᵢ, …] that differ in their channels only → [N, Σ Cᵢ, …]
    public struct Concatenation: OpDefinition {
        /// Makes a concatenation.
        public init() {}

        package var name: String { "concatenation" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard let first = inputs.first, first.shape.rank >= 2,
                inputs.allSatisfy({ $0.withChannels(1) == first.withChannels(1) })
            else {
                throw Diagnostic(
                    "tensors to be joined along their channels must be alike otherwise, but are "
                        + "\(inputs.listed).")
            }
            return [first.withChannels(inputs.reduce(0) { $0 + $1.shape.channels })]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return node.inputs.map { _ in nil } }
            var start = 0
            return node.inputs.map { input in
                let end = start + graph.graph[input].shape.channels
                defer { start = end }
                return graph.derive(.channelSlice(ChannelSlice(start..<end)), [dy])
            }
        }
    }

    /// Some of a tensor's channels.
    ///
    /// - Shape: [N, C, …] → [N, as many as the range has, …]
    public struct ChannelSlice: OpDefinition {
        /// Which channels.
        public var channels: Range<Int>

        /// Makes a slice.
        public init(_ channels: Range<Int>) { self.channels = channels }

        package var name: String { "channelSlice" }
        package var attributes: String { "\(channels.lowerBound)..<\(channels.upperBound)" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard inputs.count == 1, inputs[0].shape.rank >= 2, !channels.isEmpty,
                channels.lowerBound >= 0, channels.upperBound <= inputs[0].shape.channels
            else { throw Diagnostic("\(name) \(attributes) does not fit \(inputs.listed).") }
            return [inputs[0].withChannels(channels.count)]
        }
    }
}

extension TensorType {
    /// The same type with another number of channels.
    fileprivate func withChannels(_ count: Int) -> TensorType {
        var dimensions = shape.dimensions
        guard dimensions.count > 1 else { return self }
        dimensions[1] = count
        return TensorType(Shape(dimensions), dtype)
    }
}
