// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets the gradient of a ReLU under a max pooling come before that of the pooling.
///
/// A pooling hands its gradient to the elements that won, and the ReLU lets it pass where those are
/// positive. They are what the pooling yielded, so the gradient may as well be stopped by that, before it
/// is handed on: over a fraction of the elements, and without the larger tensor, which nothing else keeps.
/// Each product is the same and so is the order of the sums.
package struct SwapPoolingGradient: Pass {
    package let name = "swap-pooling-gradient"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let swaps = swaps(in: graph)
        let omitted = Set(swaps.values.map(\.gradient.index))
        return GraphRewriter.rewrite(graph) { node, rewriter in
            if omitted.contains(node.index) {
                rewriter.omit(node)
            } else if let swap = swaps[node.index] {
                // What the pooling's gradient handed on is read by nothing else any more.
                let arriving = node.inputs[0]
                rewriter.redirect(
                    arriving,
                    to: rewriter.derive(
                        node.op, reading: [swap.gradient.inputs[0], swap.pooled], path: node.path))
                rewriter.redirect(
                    node.value(),
                    to: rewriter.derive(
                        swap.gradient.op, reading: [arriving, swap.gradient.inputs[1]],
                        path: swap.gradient.path))
            } else {
                rewriter.copy(node)
            }
        }
    }

    /// What a ReLU's gradient becomes: the pooling's gradient that arrives, and what was pooled.
    private typealias Swap = (gradient: Graph.Node, pooled: Graph.Value)

    /// By the gradients of ReLUs.
    private func swaps(in graph: Graph) -> [Int: Swap] {
        let readers = graph.readers()
        var swaps: [Int: Swap] = [:]
        for node in graph.nodes {
            guard case .activationGradient(let op) = node.op, op.kind == .relu else { continue }
            let arriving = node.inputs[0], gradient = graph.nodes[arriving.node]
            guard case .maxPoolGradient = gradient.op, readers.only(of: arriving) == node.index
            else { continue }
            let pooling = graph.nodes[gradient.inputs[1].node]
            guard case .maxPool = pooling.op, pooling.inputs[0] == node.inputs[1] else { continue }
            swaps[node.index] = (gradient, pooling.value())
        }
        return swaps
    }
}
