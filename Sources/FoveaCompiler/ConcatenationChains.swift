// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Concatenations that begin with what another one yields, and so on.
///
/// In a dense block every layer puts its channels behind all before. If the last tensor of such a
/// chain is given its memory at once, each of the others is its first channels.
struct ConcatenationChains {
    /// What the last of a chain yields, for each of its nodes.
    private var wholes: [Int: TensorType] = [:]
    /// The nodes that go on where another one ended; each is the only one that does so there.
    private var continuing: Set<Int> = []

    init(_ graph: Graph) {
        var next: [Int: Graph.Node] = [:]
        for node in graph.nodes where Self.joins(node) {
            let first = node.inputs[0]
            guard Self.joins(graph.nodes[first.node]), next[first.node] == nil,
                !node.inputs.dropFirst().contains(first)
            else { continue }
            next[first.node] = node
            continuing.insert(node.index)
        }
        for node in graph.nodes.reversed() {
            if let following = next[node.index] {
                wholes[node.index] = wholes[following.index] ?? following.outputs[0]
            } else if continuing.contains(node.index) {
                wholes[node.index] = node.outputs[0]
            }
        }
    }

    /// The tensor whose first channels a node yields, if it is part of a chain.
    func whole(of node: Graph.Node) -> TensorType? { wholes[node.index] }

    /// Whether a node goes on where its first input ends.
    func continues(_ node: Graph.Node) -> Bool { continuing.contains(node.index) }

    private static func joins(_ node: Graph.Node) -> Bool {
        if case .concatenation = node.op { node.outputs[0].shape.rank == 4 } else { false }
    }
}
