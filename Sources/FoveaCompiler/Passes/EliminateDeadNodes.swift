// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Removes nodes that no result depends on, and outputs that are recorded for nobody.
///
/// Auxiliary heads leave evaluation plans here, and max poolings that no gradient follows stop
/// recording their winners.
package struct EliminateDeadNodes: Pass {
    package let name = "eliminate-dead-nodes"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let alive = graph.withoutDeadNodes()
        let readers = alive.readers()
        return GraphRewriter.rewrite(alive) { node, rewriter in
            if case .maxPool(var pool) = node.op, pool.recordsWinners,
                readers[node.value(1)] == nil
            {
                pool.recordsWinners = false
                rewriter.replace(node, with: .maxPool(pool), reading: node.inputs)
            } else {
                rewriter.copy(node)
            }
        }
    }
}
