// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Computes cheap activations once more where a gradient reads them, instead of keeping them.
///
/// Two kinds are cheap. What a batch normalization yields follows in one pass over memory from its input
/// and the batch's mean and variance, which its own gradient keeps anyway; the gradient of the weights
/// behind it reads it long after the forward pass. And what a 1×1 convolution yields that widens its
/// input, as a bottleneck's last one does, follows from an input of a quarter of the size, which the
/// gradient of its own weights keeps anyway, or has computed again.
package struct RecomputeActivations: Pass {
    package let name = "recompute-activations"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let repeated = repetitions(in: graph)
        return GraphRewriter.rewrite(graph) { node, rewriter in
            for source in repeated[node.index, default: []] {
                // All that still read it come after this node.
                let (op, inputs) = Self.repetition(of: source)
                rewriter.redirect(
                    source.value(), to: rewriter.derive(op, reading: inputs, path: source.path))
            }
            rewriter.copy(node)
        }
    }

    /// What yields a node's first output once more.
    private static func repetition(of node: Graph.Node) -> (op: Op, inputs: [Graph.Value]) {
        guard case .batchNormalization(let batch) = node.op else { return (node.op, node.inputs) }
        var op = Op.Normalization(epsilon: batch.epsilon)
        op.activation = batch.activation
        return (
            .normalization(op),
            [node.inputs[0], node.value(1), node.value(2), node.inputs[1], node.inputs[2]]
        )
    }

    /// The nodes that are computed again, in order, by the node before which that happens.
    private func repetitions(in graph: Graph) -> [Int: [Graph.Node]] {
        let readers = graph.readers()
        var repeated: [Int: [Graph.Node]] = [:]
        /// Where values are read by what is computed again.
        var readAgain: [Graph.Value: [Int]] = [:]

        /// The first gradient that reads a node's first output, if it comes after all that read it
        /// otherwise.
        func firstGradient(reading node: Graph.Node, _ isGradient: (Op) -> Bool) -> Int? {
            let value = node.value()
            var late = readers[value]
            let firstLate = late.partition { isGradient(graph.nodes[$0].op) }
            let early = late[..<firstLate]
            guard let first = (late[firstLate...] + readAgain[value, default: []]).min(),
                let last = early.max(), last < first, !readers.isResult(value)
            else { return nil }
            return first
        }

        // Backwards, as what is computed again reads what may be computed again too.
        for node in graph.nodes.reversed() {
            switch node.op {
            case .batchNormalization(let op) where !op.addsShortcut:
                guard let first = firstGradient(reading: node, \.isConvolutionWeightGradient),
                    readers[node.value(1)].contains(where: {
                        $0 > first && graph.nodes[$0].op.isNormalizationGradient
                    })
                else { continue }
                repeated[first, default: []].insert(node, at: 0)
                readAgain[node.inputs[0], default: []].append(first)
            case .convolution(let op)
            where op.window.kernel == 1
                && graph[node.value()].shape.count >= 4 * graph[node.inputs[0]].shape.count:
                guard let first = firstGradient(reading: node, \.isNormalizationGradient) else {
                    continue
                }
                repeated[first, default: []].insert(node, at: 0)
                readAgain[node.inputs[0], default: []].append(first)
            default: continue
            }
        }
        return repeated
    }
}
