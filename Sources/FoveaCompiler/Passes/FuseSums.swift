// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets sums of several tensors be computed in one pass over memory, in the same order.
///
/// Gradients that arrive from several readers are recorded as sums of two, one after the other.
package struct FuseSums: Pass {
    package let name = "fuse-sums"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        var terms: [Int: [Graph.Value]] = [:]
        var absorbed: Set<Int> = []
        for node in graph.nodes {
            guard case .add = node.op else { continue }
            let first = graph.nodes[node.inputs[0].node]
            if case .add(let add) = first.op, add.activation == nil,
                readers.only(of: first.value()) == node.index
            {
                terms[node.index] = (terms[first.index] ?? first.inputs) + node.inputs.dropFirst()
                absorbed.insert(first.index)
            }
        }
        return GraphRewriter.rewrite(graph) { node, rewriter in
            if absorbed.contains(node.index) {
                rewriter.omit(node)
            } else {
                rewriter.replace(node, with: node.op, reading: terms[node.index] ?? node.inputs)
            }
        }
    }
}
