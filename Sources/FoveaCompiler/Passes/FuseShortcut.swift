// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets batch normalizations add the shortcut of a residual block and apply the ReLU behind it.
///
/// Forward, what is normalized is written once, as the block's output. Backward, the pass that gathers
/// the sums for the gradient reads dy where the block's output is above zero, and leaves that as
/// the shortcut's gradient. It stands where the sum was recorded, by when the shortcut is there.
package struct FuseShortcut: Pass {
    package let name = "fuse-shortcut"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let blocks = Self.blocks(in: graph)
        let sums = Dictionary(uniqueKeysWithValues: blocks.map { ($0.sum, $0) })
        let arriving = Dictionary(
            uniqueKeysWithValues: blocks.compactMap { block in
                block.gradients.map { ($0.activation, ($0.normalization, block.sum)) }
            })
        let omitted = Set(
            blocks.flatMap { [$0.normalization] + ($0.gradients.map { [$0.normalization] } ?? []) })

        return GraphRewriter.rewrite(graph) { node, rewriter in
            if omitted.contains(node.index) {
                rewriter.omit(node)
            } else if let block = sums[node.index] {
                let normalization = graph.nodes[block.normalization]
                guard case .batchNormalization(var op) = normalization.op else { return }
                op.addsShortcut = true
                op.activation = .relu
                rewriter.replace(
                    normalization, with: .batchNormalization(op),
                    reading: normalization.inputs.prefix(3) + [block.shortcut]
                        + normalization.inputs.dropFirst(3))
                rewriter.redirect(node.value(), to: rewriter.place(of: normalization.value()))
            } else if let (index, sum) = arriving[node.index] {
                let gradient = graph.nodes[index]
                guard case .batchNormalizationGradient(var op) = gradient.op else { return }
                op.addsShortcut = true
                op.activation = .relu
                rewriter.replace(
                    gradient, with: .batchNormalizationGradient(op),
                    reading: [node.inputs[0]] + gradient.inputs.dropFirst()
                        + [graph.nodes[sum].value()])
                let place = rewriter.place(of: gradient.value())
                rewriter.redirect(node.value(), to: Graph.Value(node: place.node, output: 3))
            } else {
                rewriter.copy(node)
            }
        }
    }

    /// The nodes of a block's end, and those that compute their gradients.
    private struct Block {
        let normalization: Int
        let sum: Int
        let shortcut: Graph.Value
        let gradients: (normalization: Int, activation: Int)?
    }

    private static func blocks(in graph: Graph) -> [Block] {
        let readers = graph.readers()
        var taken: Set<Int> = []
        return graph.nodes.compactMap { node in
            guard case .add(let add) = node.op, add.activation == .relu, node.inputs.count == 2
            else { return nil }
            for (own, shortcut) in [(0, 1), (1, 0)] {
                let source = graph.nodes[node.inputs[own].node]
                guard case .batchNormalization(let op) = source.op, op.activation == nil,
                    !op.addsShortcut, node.inputs[own] == source.value(),
                    node.inputs[shortcut].node != source.index,
                    readers.only(of: source.value()) == node.index,
                    // What else it yields must not be read before it is computed.
                    source.outputs.indices.dropFirst().allSatisfy({
                        readers[source.value($0)].allSatisfy { $0 > node.index }
                    }), !taken.contains(source.index)
                else { continue }
                let backward = readers[source.value(1)].first {
                    graph.nodes[$0].op.isNormalizationGradient
                }
                if let backward {
                    let gradient = graph.nodes[graph.nodes[backward].inputs[0].node]
                    guard case .activationGradient = gradient.op,
                        gradient.inputs[1] == node.value(), gradient.index > node.index,
                        graph.nodes[backward].inputs[0] == gradient.value(),
                        !readers.isResult(gradient.value())
                    else { continue }
                    taken.insert(source.index)
                    return Block(
                        normalization: source.index, sum: node.index,
                        shortcut: node.inputs[shortcut], gradients: (backward, gradient.index))
                }
                taken.insert(source.index)
                return Block(
                    normalization: source.index, sum: node.index,
                    shortcut: node.inputs[shortcut], gradients: nil)
            }
            return nil
        }
    }
}
