// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets convolutions do what the normalization after them would, by other weights and biases.
///
/// The new weights follow from parameters alone, so that they are computed once and not at every
/// run. Graphs that train have no normalization by gathered statistics, and none is folded there.
package struct FoldNormalization: Pass {
    package let name = "fold-normalization"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        var folded: [Int: (convolution: Graph.Node, op: Op.Convolution)] = [:]
        for node in graph.nodes {
            guard case .normalization = node.op else { continue }
            let source = graph.nodes[node.inputs[0].node]
            if case .convolution(let op) = source.op, op.activation == nil,
                readers.only(of: source.value()) == node.index
            {
                folded[node.index] = (source, op)
            }
        }
        let convolutions = Set(folded.values.map(\.convolution.index))
        return GraphRewriter.rewrite(graph) { node, rewriter in
            if convolutions.contains(node.index) {
                rewriter.omit(node)
            } else if let (source, op) = folded[node.index],
                case .normalization(let normalization) = node.op
            {
                var fused = op
                fused.hasBias = true
                fused.activation = normalization.activation
                let weights = rewriter.derive(
                    .foldNormalization(Op.FoldNormalization(epsilon: normalization.epsilon)),
                    reading: [source.inputs[1]] + node.inputs.dropFirst()
                        + source.inputs.dropFirst(2), path: source.path)
                rewriter.replace(
                    node, with: .convolution(fused), reading: [source.inputs[0]],
                    then: [weights, Graph.Value(node: weights.node, output: 1)], path: source.path)
            } else {
                rewriter.copy(node)
            }
        }
    }
}
