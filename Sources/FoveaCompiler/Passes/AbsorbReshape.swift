// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets linear layers read images as they are, instead of a flattened copy.
///
/// A blocked layout cannot be flattened without moving every element; a matrix product that knows
/// its input as [N, C, H, W] needs no move, because its weights are laid out to match, once.
package struct AbsorbReshape: Pass {
    package let name = "absorb-reshape"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        func image(_ value: Graph.Value) -> Graph.Value? {
            guard case .reshape = graph.nodes[value.node].op else { return nil }
            let source = graph.nodes[value.node].inputs[0]
            return graph[source].shape.rank == 4
                && graph[source].shape.batch == graph[value].shape.batch ? source : nil
        }
        let readers = graph.readers()
        let rewritten = GraphRewriter.rewrite(graph) { node, rewriter in
            switch node.op {
            case .linear, .linearWeightGradient:
                if let source = image(node.inputs[0]) {
                    rewriter.replace(
                        node, with: node.op, reading: [source] + node.inputs.dropFirst())
                } else {
                    rewriter.copy(node)
                }
            case .reshape(let reshape):
                let source = graph.nodes[node.inputs[0].node]
                if reshape.shape.rank == 4, case .linearDataGradient = source.op,
                    reshape.shape.batch == graph[source.value()].shape.batch,
                    readers.only(of: source.value()) == node.index
                {
                    rewriter.replace(
                        node,
                        with: .linearDataGradient(Op.LinearDataGradient(inputShape: reshape.shape)),
                        reading: source.inputs)
                } else {
                    rewriter.copy(node)
                }
            default: rewriter.copy(node)
            }
        }
        return rewritten.withoutDeadNodes()
    }
}
