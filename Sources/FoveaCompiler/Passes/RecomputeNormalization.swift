// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
import OrderedCollections

/// Computes what batch normalizations yield once more where a gradient reads it, instead of keeping it.
///
/// A convolution behind a normalization reads the same numbers forward and, long after, for the gradient
/// of its weights. To the bit they follow from the normalization's input and the batch's mean and variance,
/// which its own gradient keeps anyway, in one pass over memory. So of each two tensors one is kept.
package struct RecomputeNormalization: Pass {
    package let name = "recompute-normalization"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        let results = Set(graph.results.values)
        /// The normalizations that are computed again, by the first gradient that reads them.
        var repeated: [Int: [Graph.Node]] = [:]
        for node in graph.nodes {
            guard case .batchNormalization(let op) = node.op, !op.addsShortcut,
                !results.contains(node.value())
            else { continue }
            let reading = readers[node.value(), default: []]
            let gradients = reading.filter { Self.isWeightGradient($0, of: node, in: graph) }
            guard let first = gradients.min(), reading.count > gradients.count,
                reading.allSatisfy({ $0 < first || gradients.contains($0) }),
                readers[node.value(1), default: []].contains(where: {
                    guard case .batchNormalizationGradient = graph.nodes[$0].op else {
                        return false
                    }
                    return $0 > first
                })
            else { continue }
            repeated[first, default: []].append(node)
        }
        return GraphRewriter.rewrite(graph) { node, rewriter in
            for source in repeated[node.index, default: []] {
                guard case .batchNormalization(let batch) = source.op else { continue }
                var op = Op.Normalization(epsilon: batch.epsilon)
                op.activation = batch.activation
                // All that still read it come after this node.
                rewriter.redirect(
                    source.value(),
                    to: rewriter.derive(
                        .normalization(op),
                        reading: [
                            source.inputs[0], source.value(1), source.value(2), source.inputs[1],
                            source.inputs[2],
                        ], path: source.path))
            }
            rewriter.copy(node)
        }
    }

    /// Whether a node computes a weights' gradient from what a normalization yields.
    private static func isWeightGradient(
        _ index: Int, of normalization: Graph.Node, in graph: Graph
    ) -> Bool {
        guard case .convolutionWeightGradient = graph.nodes[index].op else { return false }
        return graph.nodes[index].inputs[0] == normalization.value()
    }
}
