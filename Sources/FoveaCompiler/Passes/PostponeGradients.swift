// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets gradients that are far larger than what they follow from be computed last.
///
/// The gradient of a linear layer's weights is a product of two small tensors. Until it is there its
/// memory is lent to others, as the activations of all layers before; by the end these are gone.
package struct PostponeGradients: Pass {
    package let name = "postpone-gradients"

    /// How many times as large as what it follows from a gradient must be, as that is kept longer.
    private static let factor = 8

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        func isLate(_ node: Graph.Node) -> Bool {
            let values = node.outputs.indices.map { node.value($0) }
            let read = node.inputs.reduce(0) { $0 + graph[$1].byteCount }
            return !node.inputs.isEmpty
                && values.allSatisfy { readers.isResult($0) && readers[$0].isEmpty }
                && node.outputs.reduce(0) { $0 + $1.byteCount } >= Self.factor * read
        }
        let order = graph.nodes.filter { !isLate($0) } + graph.nodes.filter(isLate)
        return GraphRewriter.rewrite(graph, inOrder: order) { $1.copy($0) }
    }
}
