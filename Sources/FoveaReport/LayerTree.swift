// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
package import FoveaLayers

/// The layers of a recorded network as a tree, with what each of them costs.
///
/// Layers whose calls nobody recorded, such as a block in a property that calls its parts, are found
/// again by the paths of what they called.
package struct LayerTree: Sendable {
    /// One layer at one of its calls.
    package struct Entry: Sendable {
        /// The path, such as `features.0`.
        package var path: String
        /// The path without that of the layer around it.
        package var name: String
        /// The name of its type; empty for an array of layers.
        package var type: String
        /// The shape of its output.
        package var output: Shape
        /// The nodes of the graph it recorded, those of inner layers included.
        package var nodes: Range<Int>
        /// How many layers it is inside of, the network counted.
        package var depth: Int
        /// The layers inside it, in the order of their calls.
        package var children: [Int]
        /// The number of its parameters that no earlier call has used.
        package var parameters = 0
        /// The number of its running statistics that no earlier call has used.
        package var statistics = 0
        /// Whether it uses parameters of an earlier call.
        package var sharesParameters = false
        /// The multiply-adds, for the batch it was recorded with.
        package var multiplyAdds = 0

        /// Whether no layer is inside of it.
        package var isLeaf: Bool { children.isEmpty }
    }

    /// What was recorded.
    package let graph: Graph
    /// The network and its layers, each before those inside it.
    package private(set) var entries: [Entry]

    /// The network itself.
    package var root: Entry { entries[0] }

    /// Arranges the layers of a recorded network.
    ///
    /// - Parameters:
    ///   - traced: The recorded network.
    ///   - network: The network, whose properties tell the types of layers that were not recorded.
    ///   - name: What the network is called.
    package init(_ traced: TracedNetwork, of network: any Network, named name: String) {
        let graph = traced.graph
        self.graph = graph
        let logits = graph.output(named: "logits").map { graph[$0].shape } ?? []
        entries = [
            Entry(
                path: "", name: name, type: "\(Swift.type(of: network))", output: logits,
                nodes: 0..<graph.nodes.count, depth: 0, children: [])
        ]
        var position = traced.calls.startIndex
        let calls = Self.nested(traced.calls, depth: 0, from: &position)
        var types: [String: String] = [:]
        Self.gatherTypes(of: network, at: "", into: &types)
        entries[0].children = add(calls, under: "", depth: 1, types)
        for index in entries.indices { count(index) }
    }

    /// The nodes that a layer recorded itself, outside of the layers inside it.
    ///
    /// - Parameter index: The layer.
    /// - Returns: The nodes in their order.
    package func ownNodes(of index: Int) -> [Graph.Node] {
        var inner = entries[index].children.map { entries[$0].nodes }[...]
        return graph.nodes[entries[index].nodes].filter { node in
            while let first = inner.first, first.upperBound <= node.index { inner.removeFirst() }
            return inner.first.map { node.index < $0.lowerBound } ?? true
        }
    }

    private mutating func count(_ index: Int) {
        let range = entries[index].nodes
        for node in graph.nodes[range] {
            if case .parameter(let parameter) = node.op {
                switch parameter.role {
                case .weight: entries[index].parameters += parameter.shape.count
                case .statistic: entries[index].statistics += parameter.shape.count
                }
            }
            entries[index].multiplyAdds += node.op.definition.multiplyAdds(
                inputs: node.inputs.map { graph[$0] }, outputs: node.outputs)
            if node.inputs.contains(where: { $0.node < range.lowerBound && isParameter($0) }) {
                entries[index].sharesParameters = true
            }
        }
    }

    private func isParameter(_ value: Graph.Value) -> Bool {
        if case .parameter = graph.nodes[value.node].op { true } else { false }
    }

    // MARK: - Finding the layers

    private struct Call {
        var path: String
        /// Nil for a layer that was not recorded.
        var type: String?
        var output: Shape
        var nodes: Range<Int>
        var inner: [Call]
    }

    private static func nested(
        _ calls: [LayerCall], depth: Int, from position: inout Int
    ) -> [Call] {
        var result: [Call] = []
        while position < calls.endIndex, calls[position].depth >= depth {
            let call = calls[position]
            position += 1
            let inner = nested(calls, depth: depth + 1, from: &position)
            result.append(
                Call(
                    path: call.path, type: call.type, output: call.output, nodes: call.nodes,
                    inner: inner))
        }
        return result
    }

    private mutating func add(
        _ calls: [Call], under owner: String, depth: Int, _ types: [String: String]
    ) -> [Int] {
        Self.grouped(calls, under: owner).map { call in
            let index = entries.count
            entries.append(
                Entry(
                    path: call.path, name: Self.name(call.path, under: owner),
                    type: call.type ?? types[call.path] ?? "", output: call.output,
                    nodes: call.nodes, depth: depth, children: []))
            entries[index].children = add(call.inner, under: call.path, depth: depth + 1, types)
            return index
        }
    }

    /// Puts neighbours that are parts of one layer into that layer.
    private static func grouped(_ calls: [Call], under owner: String) -> [Call] {
        var result: [Call] = []
        var rest = calls[...]
        while let first = rest.first {
            let part = part(of: first.path, under: owner)
            let neighbours = rest.prefix {
                part != nil && Self.part(of: $0.path, under: owner) == part
            }
            if let part, let last = neighbours.last, neighbours.count > 1 {
                result.append(
                    Call(
                        path: part, type: nil, output: last.output,
                        nodes: first.nodes.lowerBound..<last.nodes.upperBound,
                        inner: Array(neighbours)))
                rest = rest.dropFirst(neighbours.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// The path of the part of `owner` that `path` lies inside of; nil if it lies there itself.
    private static func part(of path: String, under owner: String) -> String? {
        let name = name(path, under: owner)
        guard name != path || owner.isEmpty, let dot = name.firstIndex(of: ".") else { return nil }
        return (owner.isEmpty ? "" : owner + ".") + name[..<dot]
    }

    private static func name(_ path: String, under owner: String) -> String {
        guard !owner.isEmpty, path.hasPrefix(owner + ".") else { return path }
        return String(path.dropFirst(owner.count + 1))
    }

    private static func gatherTypes(
        of owner: any Parameterized, at path: String, into types: inout [String: String]
    ) {
        for part in owner.parts {
            guard case .parameterized(let inner) = part.content else { continue }
            let place = path.isEmpty ? part.name : "\(path).\(part.name)"
            types[place] = "\(Swift.type(of: (inner as? NamedLayer)?.base ?? inner))"
            gatherTypes(of: inner, at: place, into: &types)
        }
    }
}
