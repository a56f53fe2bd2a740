// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

/// Makes a new graph from an old one, node by node.
///
/// For each node of the old graph, in order, a pass says what stands in its place: a copy, another
/// op, nothing, or a value that the new graph has already.
public struct GraphRewriter {
    /// The graph that is read.
    public let source: Graph
    /// The graph that is made.
    public private(set) var builder = GraphBuilder()
    private var places: [Graph.Value: Graph.Value] = [:]

    /// Rewrites a graph.
    ///
    /// - Parameters:
    ///   - source: The graph to be read.
    ///   - order: Its nodes in the order of the new graph, each after those it reads; as they are
    ///     if nil.
    ///   - body: Says for each node what stands in its place, by calling the rewriter.
    /// - Returns: The new graph, with the same results.
    public static func rewrite(
        _ source: Graph, inOrder order: [Graph.Node]? = nil,
        _ body: (Graph.Node, inout GraphRewriter) -> Void
    ) -> Graph {
        var rewriter = GraphRewriter(source: source)
        for node in order ?? source.nodes { body(node, &rewriter) }
        for (result, value) in source.results {
            rewriter.builder.setResult(result, to: rewriter.place(of: value))
        }
        return rewriter.builder.graph
    }

    /// Where a value of the old graph is in the new one.
    ///
    /// - Parameter value: A value whose node has been visited.
    /// - Returns: The value in the new graph.
    public func place(of value: Graph.Value) -> Graph.Value {
        guard let place = places[value] else {
            preconditionFailure("a pass dropped \(source.name(of: value)), which is still read")
        }
        return place
    }

    /// Takes a node over as it is.
    ///
    /// - Parameter node: The node of the old graph.
    public mutating func copy(_ node: Graph.Node) {
        replace(node, with: node.op, reading: node.inputs)
    }

    /// Records another op in the place of a node; its first outputs take the place of the node's.
    ///
    /// - Parameters:
    ///   - node: The node of the old graph.
    ///   - op: What is computed instead.
    ///   - inputs: What it reads, as values of the old graph.
    ///   - added: What it reads after that, as values of the new graph.
    ///   - path: The layer that it belongs to; the node's if nil.
    public mutating func replace(
        _ node: Graph.Node, with op: Op, reading inputs: [Graph.Value],
        then added: [Graph.Value] = [], path: String? = nil
    ) {
        let first = builder.derive(op, inputs.map(place) + added, path: path ?? node.path)
        let count = builder.graph.nodes[first.node].outputs.count
        for output in 0..<min(count, node.outputs.count) {
            places[node.value(output)] = Graph.Value(node: first.node, output: output)
        }
    }

    /// Records an op that the old graph has nothing like.
    ///
    /// - Parameters:
    ///   - op: What is computed.
    ///   - inputs: What it reads, as values of the old graph.
    ///   - path: The layer it belongs to.
    /// - Returns: Its first output in the new graph.
    public mutating func derive(
        _ op: Op, reading inputs: [Graph.Value], path: String
    ) -> Graph.Value {
        builder.derive(op, inputs.map(place), path: path)
    }

    /// Leaves a node out that nothing reads, or whose value something else is yet to stand for.
    ///
    /// - Parameter node: The node of the old graph.
    public mutating func omit(_ node: Graph.Node) {}

    /// Lets a value of the new graph stand in the place of a value of the old one.
    ///
    /// - Parameters:
    ///   - value: The value of the old graph.
    ///   - place: The value of the new graph.
    public mutating func redirect(_ value: Graph.Value, to place: Graph.Value) {
        places[value] = place
    }
}
