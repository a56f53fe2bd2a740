// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Removes nodes that no result depends on, and outputs that are recorded for nobody.
///
/// Auxiliary heads leave evaluation plans here, and max poolings and local response normalizations
/// that no gradient follows stop recording what it would read.
package struct EliminateDeadNodes: Pass {
    package let name = "eliminate-dead-nodes"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let alive = graph.withoutDeadNodes()
        let readers = alive.readers()
        return GraphRewriter.rewrite(alive) { node, rewriter in
            guard readers[node.value(1)].isEmpty else { return rewriter.copy(node) }
            switch node.op {
            case .maxPool(var pool):
                pool.recordsWinners = false
                rewriter.replace(node, with: .maxPool(pool), reading: node.inputs)
            case .localResponseNormalization(var normalization):
                normalization.recordsScales = false
                rewriter.replace(
                    node, with: .localResponseNormalization(normalization), reading: node.inputs)
            default: rewriter.copy(node)
            }
        }
    }
}
