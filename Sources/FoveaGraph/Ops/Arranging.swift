// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// The same elements under another shape, in row-major order.
    ///
    /// - Shape: any → another of the same count
    public struct Reshape: OpDefinition {
        /// The new extents.
        public var shape: Shape

        /// Makes a reshape.
        public init(to shape: Shape) { self.shape = shape }

        package var name: String { "reshape" }
        package var attributes: String { "to \(shape)" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            guard inputs.count == 1, inputs[0].shape.count == shape.count else {
                throw Diagnostic("cannot reshape \(inputs.listed) to \(shape).")
            }
            return [TensorType(shape, inputs[0].dtype)]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            let back = Reshape(to: graph.graph[node.inputs[0]].shape)
            return [graph.derive(.reshape(back), [dy])]
        }
    }
}
