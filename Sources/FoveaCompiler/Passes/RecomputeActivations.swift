// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
import OrderedCollections

/// Computes cheap activations once more where a gradient reads them, instead of keeping them.
///
/// Two kinds are cheap. What a batch normalization yields follows in one pass over memory from its input
/// and the batch's mean and variance, which its own gradient keeps anyway; the gradient of the weights
/// behind it reads it long after the forward pass. And what a 1×1 convolution yields that widens its
/// input, as a bottleneck's last one does, follows from an input of a quarter of the size.
/// The numbers are the same to the bit where both computations have the same kernel.
package struct RecomputeActivations: Pass {
    package let name = "recompute-activations"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let repeated = repetitions(in: graph)
        return GraphRewriter.rewrite(graph) { node, rewriter in
            for source in repeated[node.index, default: []] {
                // All that still read it come after this node.
                switch source.op {
                case .batchNormalization(let batch):
                    var op = Op.Normalization(epsilon: batch.epsilon)
                    op.activation = batch.activation
                    let inputs = [
                        source.inputs[0], source.value(1), source.value(2), source.inputs[1],
                        source.inputs[2],
                    ]
                    rewriter.redirect(
                        source.value(),
                        to: rewriter.derive(.normalization(op), reading: inputs, path: source.path))
                default:
                    rewriter.redirect(
                        source.value(),
                        to: rewriter.derive(source.op, reading: source.inputs, path: source.path))
                }
            }
            rewriter.copy(node)
        }
    }

    /// The nodes that are computed again, in order, by the node before which that happens.
    private func repetitions(in graph: Graph) -> [Int: [Graph.Node]] {
        let readers = graph.readers()
        let results = Set(graph.results.values)
        var repeated: [Int: [Graph.Node]] = [:]
        /// Where values are read by what is computed again.
        var readAgain: [Graph.Value: [Int]] = [:]

        /// The first node of the backward pass that reads a value, if those that are said to are
        /// the only ones, and come after all others.
        func firstReader(of value: Graph.Value, backward: (Op) -> Bool) -> Int? {
            let reading = readers[value, default: []]
            let late = reading.filter { backward(graph.nodes[$0].op) }
            let early = reading.filter { !backward(graph.nodes[$0].op) }
            guard let first = (late + readAgain[value, default: []]).min(), let last = early.max(),
                last < first, !results.contains(value)
            else { return nil }
            return first
        }

        // Backwards, as what is computed again reads what may be computed again too.
        for node in graph.nodes.reversed() {
            let value = node.value()
            switch node.op {
            case .batchNormalization(let op) where !op.addsShortcut:
                let first = firstReader(of: value) { op in
                    if case .convolutionWeightGradient = op { true } else { false }
                }
                let isKept = { (first: Int) in
                    readers[node.value(1), default: []].contains {
                        $0 > first && graph.nodes[$0].op.isNormalizationGradient
                    }
                }
                guard let first, isKept(first) else { continue }
                repeated[first, default: []].insert(node, at: 0)
            case .convolution(let op)
            where op.window.kernel == 1
                && graph[value].shape.count >= 4 * graph[node.inputs[0]].shape.count:
                let first = firstReader(of: value) { $0.isNormalizationGradient }
                // Its own weights' gradient keeps the input until then, or computes it again.
                guard let first else { continue }
                repeated[first, default: []].insert(node, at: 0)
                readAgain[node.inputs[0], default: []].append(first)
            default: continue
            }
        }
        return repeated
    }
}

extension Op {
    fileprivate var isNormalizationGradient: Bool {
        if case .batchNormalizationGradient = self { true } else { false }
    }
}
