// SPDX-License-Identifier: Apache-2.0
public import OrderedCollections

/// A network as a list of operations in topological order, with static shapes.
public struct Graph: Sendable, Equatable {
    /// One operation, its inputs, and what it yields.
    public struct Node: Sendable, Equatable {
        /// What is computed.
        public var op: Op
        /// The values it reads, all from earlier nodes.
        public var inputs: [Value]
        /// The types of what it yields.
        public var outputs: [TensorType]
        /// The path of the layer that recorded it, such as `features.0`.
        public var path: String
        /// The position in the graph.
        public var index: Int

        /// One of the node's outputs as a value others can read.
        ///
        /// - Parameter output: Which output.
        /// - Returns: The value.
        public func value(_ output: Int = 0) -> Value { Value(node: index, output: output) }
    }

    /// One output of one node.
    public struct Value: Hashable, Sendable {
        /// The index of the node.
        public var node: Int
        /// Which of its outputs.
        public var output: Int

        /// Names an output of a node.
        public init(node: Int, output: Int = 0) {
            self.node = node
            self.output = output
        }
    }

    /// What a graph is asked for.
    public enum Result: Hashable, Sendable, CustomStringConvertible {
        /// A named output, such as `logits` or `loss`.
        case output(String)
        /// The gradient of the loss with respect to the parameter of this name.
        case gradient(String)
        /// What the statistic of this name is from the next step on.
        case update(String)

        /// The name of an output, "gradient of fc.weight", or "next bn1.running_mean".
        public var description: String {
            switch self {
            case .output(let name): name
            case .gradient(let name): "gradient of \(name)"
            case .update(let name): "next \(name)"
            }
        }
    }

    /// The operations, each after all it reads.
    public internal(set) var nodes: [Node] = []
    /// What the graph is asked for.
    public internal(set) var results: OrderedDictionary<Result, Value> = [:]

    /// Makes an empty graph.
    public init() {}

    /// Puts nodes together unchecked; for tests of what checks graphs.
    ///
    /// - Parameters:
    ///   - nodes: The operations.
    ///   - results: What the graph is asked for.
    package init(nodes: [Node], results: KeyValuePairs<Result, Value> = [:]) {
        self.nodes = nodes
        for (result, value) in results { self.results[result] = value }
    }

    /// The type of a value.
    public subscript(_ value: Value) -> TensorType { nodes[value.node].outputs[value.output] }

    /// The nodes that stand for parameters, in the order in which they were first read.
    public var parameters: [(name: String, role: ParameterRole, shape: Shape)] {
        nodes.compactMap { node in
            guard case .parameter(let parameter) = node.op else { return nil }
            return (parameter.key, parameter.role, parameter.shape)
        }
    }

    /// The value of the output of this name, if the graph is asked for it.
    ///
    /// - Parameter name: `logits`, `loss`, or an auxiliary head's name.
    /// - Returns: The value, or nil.
    public func output(named name: String) -> Value? { results[.output(name)] }

    /// The type of the input of this name, if there is one.
    ///
    /// - Parameter name: `images` or `labels`.
    /// - Returns: The type, or nil.
    public func input(named name: String) -> TensorType? {
        for node in nodes {
            if case .input(let input) = node.op, input.label == name { return node.outputs[0] }
        }
        return nil
    }

    /// The number of multiply-adds of one execution.
    public var multiplyAdds: Int {
        nodes.reduce(0) { total, node in
            total
                + node.op.definition.multiplyAdds(
                    inputs: node.inputs.map { self[$0] }, outputs: node.outputs)
        }
    }
}
