// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets batch normalizations move their running statistics themselves.
///
/// Two steps for each normalization that hardly compute anything become part of one that does.
package struct FuseStatistics: Pass {
    package let name = "fuse-statistics"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        var fused: [Int: (mean: Graph.Node, variance: Graph.Node, op: Op.MovingAverage)] = [:]
        for node in graph.nodes {
            guard case .batchNormalization(let op) = node.op, op.running == nil else { continue }
            /// The only average that a statistic of the batch moves.
            func average(_ output: Int) -> (node: Graph.Node, op: Op.MovingAverage)? {
                let found = readers[node.value(output)].compactMap {
                    index -> (Graph.Node, Op.MovingAverage)? in
                    let reader = graph.nodes[index]
                    guard case .movingAverage(let average) = reader.op,
                        reader.inputs[0].node < node.index,
                        reader.inputs[1] == node.value(output)
                    else { return nil }
                    return (reader, average)
                }
                return found.count == 1 ? found[0] : nil
            }
            guard let mean = average(1), let variance = average(2), mean.op.factor == 1,
                mean.op.momentum == variance.op.momentum
            else { continue }
            fused[node.index] = (mean.node, variance.node, variance.op)
        }
        let averages = Set(fused.values.flatMap { [$0.mean.index, $0.variance.index] })
        return GraphRewriter.rewrite(graph) { node, rewriter in
            if averages.contains(node.index) {
                rewriter.omit(node)
            } else if let (mean, variance, running) = fused[node.index],
                case .batchNormalization(var op) = node.op
            {
                op.running = running
                rewriter.replace(
                    node, with: .batchNormalization(op),
                    reading: node.inputs + [mean.inputs[0], variance.inputs[0]])
                let place = rewriter.place(of: node.value())
                for (output, average) in [(3, mean), (4, variance)] {
                    rewriter.redirect(
                        average.value(), to: Graph.Value(node: place.node, output: output))
                }
            } else {
                rewriter.copy(node)
            }
        }
    }
}
