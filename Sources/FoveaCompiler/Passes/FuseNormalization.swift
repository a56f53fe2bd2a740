// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets batch normalizations apply the ReLU that follows them, and its gradient.
///
/// Where the ReLU was open follows from the batch normalization's input, which its gradient reads
/// anyway, so that neither what lies between the two nor a mask is stored.
package struct FuseNormalization: Pass {
    package let name = "fuse-normalization"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let pairs = Self.pairs(in: graph)
        let activations = Dictionary(
            uniqueKeysWithValues: pairs.map { ($0.activation, $0.normalization) })
        let gradients = Dictionary(
            uniqueKeysWithValues: pairs.compactMap { pair in
                pair.gradients.map { ($0.normalization, (pair.normalization, $0.activation)) }
            })
        let omitted = Set(pairs.compactMap { $0.gradients?.activation })
        let normalizations = Set(pairs.map(\.normalization))

        return GraphRewriter.rewrite(graph) { node, rewriter in
            if let normalization = activations[node.index] {
                rewriter.redirect(
                    node.value(), to: rewriter.place(of: Graph.Value(node: normalization)))
            } else if omitted.contains(node.index) {
                rewriter.omit(node)
            } else if normalizations.contains(node.index),
                case .batchNormalization(var op) = node.op
            {
                op.activation = .relu
                rewriter.replace(node, with: .batchNormalization(op), reading: node.inputs)
            } else if let (normalization, activation) = gradients[node.index],
                case .batchNormalizationGradient(var op) = node.op
            {
                op.activation = .relu
                let shift = graph.nodes[normalization].inputs[2]
                rewriter.replace(
                    node, with: .batchNormalizationGradient(op),
                    reading: [graph.nodes[activation].inputs[0]] + node.inputs.dropFirst()
                        + [shift])
            } else {
                rewriter.copy(node)
            }
        }
    }

    /// A batch normalization and its ReLU, and the nodes that compute their gradients.
    private struct Pair {
        let normalization: Int
        let activation: Int
        let gradients: (normalization: Int, activation: Int)?
    }

    private static func pairs(in graph: Graph) -> [Pair] {
        let readers = graph.readers()
        return graph.nodes.compactMap { node in
            guard case .activation(let activation) = node.op, activation.kind == .relu else {
                return nil
            }
            let source = graph.nodes[node.inputs[0].node]
            guard case .batchNormalization(let op) = source.op, op.activation == nil,
                node.inputs[0] == source.value(),
                readers.only(of: source.value()) == node.index
            else { return nil }
            // The gradient reads the batch's mean; a graph without gradients has no such reader.
            let backward = readers[source.value(1)].first {
                graph.nodes[$0].op.isNormalizationGradient
            }
            guard let backward else {
                return Pair(normalization: source.index, activation: node.index, gradients: nil)
            }
            let arriving = graph.nodes[backward].inputs[0]
            let gradient = graph.nodes[arriving.node]
            guard case .activationGradient = gradient.op, gradient.inputs[1] == node.value(),
                readers.only(of: arriving) == backward
            else { return nil }
            return Pair(
                normalization: source.index, activation: node.index,
                gradients: (backward, gradient.index))
        }
    }
}
