// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

extension Graph {
    /// Who reads the values of a graph: its nodes, and whoever asks for its results.
    public struct Readers: Sendable {
        private var nodes: [Value: [Int]] = [:]
        private let results: Set<Value>

        init(of graph: Graph) {
            results = Set(graph.results.values)
            for node in graph.nodes {
                for input in node.inputs { nodes[input, default: []].append(node.index) }
            }
        }

        /// The nodes that read a value, in order; twice if a node reads it twice.
        public subscript(value: Value) -> [Int] { nodes[value] ?? [] }

        /// Whether a value is a result.
        ///
        /// - Parameter value: The value.
        /// - Returns: True if it is.
        public func isResult(_ value: Value) -> Bool { results.contains(value) }

        /// The node for which alone a value is there.
        ///
        /// - Parameter value: The value.
        /// - Returns: The node, or nil if none reads it, or several, or if it is a result.
        public func only(of value: Value) -> Int? {
            let reading = self[value]
            return reading.count == 1 && !isResult(value) ? reading[0] : nil
        }
    }

    /// Who reads its values.
    public func readers() -> Readers { Readers(of: self) }
}
