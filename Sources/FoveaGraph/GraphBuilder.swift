// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

/// Records nodes one after the other, applying their shape rules.
public struct GraphBuilder: Sendable {
    /// What was recorded so far.
    public private(set) var graph: Graph
    /// The path given to nodes that are recorded without one.
    public var path = ""

    /// Starts from a graph, or from nothing.
    public init(_ graph: Graph = Graph()) {
        self.graph = graph
    }

    /// Records an operation after applying its shape rule.
    ///
    /// - Parameters:
    ///   - op: What is computed.
    ///   - inputs: The values it reads.
    ///   - path: The layer it belongs to; the builder's own path if nil.
    /// - Returns: The index of the new node.
    /// - Throws: A diagnostic with the path when the inputs do not fit.
    @discardableResult
    public mutating func record(
        _ op: Op, _ inputs: [Graph.Value], path: String? = nil
    ) throws(Diagnostic) -> Int {
        let place = path ?? self.path
        let outputs: [TensorType]
        do {
            outputs = try op.definition.outputs(for: inputs.map { graph[$0] })
        } catch {
            throw Diagnostic(error.message, path: place)
        }
        if let vast = outputs.first(where: \.shape.isTooLarge) {
            throw Diagnostic(
                "\(op.definition.name) would yield \(vast.shape), which is more than any machine holds.",
                path: place)
        }
        let index = graph.nodes.count
        graph.nodes.append(
            Graph.Node(op: op, inputs: inputs, outputs: outputs, path: place, index: index))
        return index
    }

    /// Records an operation that cannot fail, because its inputs' shapes follow from a valid graph.
    ///
    /// - Parameters:
    ///   - op: What is computed.
    ///   - inputs: The values it reads.
    ///   - path: The layer it belongs to; the builder's own path if nil.
    /// - Returns: The first output of the new node.
    @discardableResult
    public mutating func derive(
        _ op: Op, _ inputs: [Graph.Value], path: String? = nil
    ) -> Graph.Value {
        do {
            return Graph.Value(node: try record(op, inputs, path: path))
        } catch {
            preconditionFailure("a rule of the compiler made an invalid node: \(error)")
        }
    }

    /// Asks the graph for a value.
    ///
    /// - Parameters:
    ///   - result: Under which name.
    ///   - value: The value.
    public mutating func setResult(_ result: Graph.Result, to value: Graph.Value) {
        graph.results[result] = value
    }
}
