// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Makes boxes and arrows of the layers of a network down to some depth.
struct DiagramBuilder {
    private let tree: LayerTree
    private let depth: Int
    private let readers: [Int: [Int]]
    private let results: [(name: String, node: Int)]

    init(_ tree: LayerTree, depth: Int) {
        self.tree = tree
        self.depth = depth
        var readers: [Int: [Int]] = [:]
        for node in tree.graph.nodes {
            for input in node.inputs { readers[input.node, default: []].append(node.index) }
        }
        self.readers = readers
        results = tree.graph.results.compactMap { result, value in
            if case .output(let name) = result { (name, value.node) } else { nil }
        }
    }

    /// The whole network, from its images to its outputs.
    func network() -> DiagramLevel {
        var level = level(of: 0)
        level.fold()
        level.gatherRepeats()
        return level
    }

    // MARK: - Levels

    /// What is drawn within one level.
    private enum Part {
        case layer(Int)
        case node(Graph.Node)
    }

    private func level(of index: Int) -> DiagramLevel {
        var level = DiagramLevel()
        var owners: [Int: Int] = [:]
        var groups: [(item: Int, nodes: [Graph.Node])] = []
        for part in parts(of: index, around: index) {
            let nodes: [Graph.Node]
            let item: DiagramItem?
            switch part {
            case .layer(let layer):
                nodes = tree.graph.nodes[tree.entries[layer].nodes].filter(\.holdsData)
                item = nodes.isEmpty ? nil : self.item(of: layer, nodes)
            case .node(let node):
                nodes = node.holdsData ? [node] : []
                item = nodes.isEmpty ? nil : self.item(of: node)
            }
            guard let item else { continue }
            let place = level.add(item)
            for node in nodes { owners[node.index] = place }
            groups.append((place, nodes))
        }
        for (item, nodes) in groups { link(item, nodes, in: index, owners, &level) }
        if index == 0 { addResults(owners, &level) }
        return level
    }

    private func link(
        _ item: Int, _ nodes: [Graph.Node], in container: Int, _ owners: [Int: Int],
        _ level: inout DiagramLevel
    ) {
        let range = tree.entries[container].nodes
        var reads = false
        for node in nodes {
            for input in node.inputs where tree.graph.nodes[input.node].holdsData {
                if let owner = owners[input.node] {
                    reads = reads || owner != item
                    level.link(owner, item)
                } else if input.node < range.lowerBound {
                    reads = true
                    level.link(DiagramLevel.entry, item)
                }
            }
            let leaves =
                readers[node.index]?.contains { !range.contains($0) } == true
                || container > 0 && results.contains { $0.node == node.index }
            if leaves { level.link(item, DiagramLevel.exit) }
        }
        if !reads { level.link(DiagramLevel.entry, item) }
    }

    /// The outputs of the network; training's extra heads lead nowhere else.
    private func addResults(_ owners: [Int: Int], _ level: inout DiagramLevel) {
        for (name, node) in results {
            guard let owner = owners[node] else { continue }
            let shape = tree.graph.nodes[node].outputs[0].shape.perImage
            let item = level.add(
                DiagramItem(kind: .terminal, title: name, shape: shape.description))
            level.link(owner, item)
            if name == "logits" { level.link(item, DiagramLevel.exit) }
        }
    }

    /// The layers and operations of one level; those inside of mere sequences stand for themselves.
    private func parts(of index: Int, around level: Int) -> [Part] {
        var parts: [(node: Int, part: Part)] = tree.ownNodes(of: index).map {
            ($0.index, .node($0))
        }
        for child in tree.entries[index].children {
            let start = tree.entries[child].nodes.lowerBound
            if isTransparent(child, in: index, around: level) {
                parts += self.parts(of: child, around: level).map { (start, $0) }
            } else {
                parts.append((start, .layer(child)))
            }
        }
        // The sort is stable in effect, for parts with the same start were in order before.
        return parts.enumerated().sorted { ($0.1.node, $0.0) < ($1.1.node, $1.0) }.map(\.1.part)
    }

    private func isTransparent(_ child: Int, in parent: Int, around level: Int) -> Bool {
        let entry = tree.entries[child]
        guard !entry.isLeaf, entry.depth < depth, entry.isSequence else { return false }
        // Stages of a network and of a sequence are worth a frame; branches of a block are not.
        guard level == 0 else { return !tree.entries[level].isSequence }
        return parent == 0 && tree.root.children.count == 1
    }

    // MARK: - Items

    private func item(of layer: Int, _ nodes: [Graph.Node]) -> DiagramItem {
        let entry = tree.entries[layer]
        guard !entry.isLeaf else {
            var item = DiagramItem(nodes, in: tree.graph, title: entry.type)
            item.path = entry.path
            item.shape = entry.output.perImage.description
            item.parameters = entry.parameters
            item.multiplyAdds = entry.multiplyAdds
            return item
        }
        var inner = level(of: layer)
        inner.fold()
        inner.gatherRepeats()
        // A convolution with its normalization in a layer of their own is one box, not a frame.
        if var item = inner.single, item.count == 1 {
            item.path = entry.path
            return item
        }
        return DiagramItem(
            kind: .block, title: entry.type, path: entry.path,
            shape: entry.output.perImage.description, inner: entry.depth < depth ? inner : nil,
            isContainer: true, parameters: entry.parameters, multiplyAdds: entry.multiplyAdds)
    }

    private func item(of node: Graph.Node) -> DiagramItem {
        let shape = node.outputs.first.map { $0.shape.perImage.description } ?? ""
        if case .input(let input) = node.op {
            return DiagramItem(kind: .terminal, title: input.label, shape: shape)
        }
        var item = DiagramItem([node], in: tree.graph, title: nil)
        item.shape = shape
        return item
    }
}

extension LayerTree.Entry {
    /// Whether it only calls one layer after the other.
    fileprivate var isSequence: Bool { ["Sequential", ""].contains(type) }
}

extension Graph.Node {
    /// Whether what it yields follows from the images, unlike a parameter.
    fileprivate var holdsData: Bool {
        switch op {
        case .parameter, .constant: false
        default: true
        }
    }
}

extension DiagramItem {
    /// Describes operations that are drawn as one box, by the most important of them.
    ///
    /// - Parameters:
    ///   - nodes: The operations.
    ///   - graph: What they belong to.
    ///   - title: The name of the layer's type; nil for an operation that stands alone.
    fileprivate init(_ nodes: [Graph.Node], in graph: Graph, title: String?) {
        let described = nodes.map { ($0, Self.describe($0, graph, title ?? "")) }
        let weighted = described.filter { [.convolution, .linear].contains($0.1.kind) }
        guard weighted.count < 2 else {
            self.init(kind: .block, title: title ?? "")
            return
        }
        let order: [Kind] = [
            .convolution, .linear, .pooling, .normalization, .dropout, .sum, .concatenation,
            .activation,
        ]
        let main = order.lazy.compactMap { kind in described.first { $0.1.kind == kind } }.first
        guard let (node, (kind, detail)) = main ?? described.first else {
            self.init(kind: .other, title: title ?? "")
            return
        }
        self.init(kind: kind, title: title ?? Self.title(of: node.op), detail: detail)
        guard kind != .activation, isWeighted else { return }
        followers = described.filter { $0.1.kind == .activation }.map { Self.title(of: $0.0.op) }
    }

    /// An activation is called as the layer of its name, so that pictures speak one language.
    private static func title(of op: Op) -> String {
        if case .activation(let activation) = op, activation.kind == .relu { return "ReLU" }
        return op.spokenName
    }

    private static func describe(
        _ node: Graph.Node, _ graph: Graph, _ layer: String
    ) -> (kind: Kind, detail: String) {
        let settings = node.settings(within: layer)
        /// The settings of a pooling, of which one over the whole image needs none.
        func pooling(_ window: Window) -> (kind: Kind, detail: String) {
            let isWhole = node.inputs.first.map { graph[$0].shape.extent } == window.kernel
            return (.pooling, isWhole ? "" : settings)
        }
        switch node.op {
        case .convolution: return (.convolution, settings)
        case .linear: return (.linear, "")
        case .maxPool(let op): return pooling(op.window)
        case .averagePool(let op): return pooling(op.window)
        case .adaptiveAveragePool: return (.pooling, settings)
        case .activation: return (.activation, "")
        case .dropout(let op): return (.dropout, "\(op.rate)" + (op.perChannel ? ", channels" : ""))
        case .add: return (.sum, "")
        case .concatenation: return (.concatenation, "")
        case .batchNormalization, .normalization, .localResponseNormalization:
            return (.normalization, "")
        default: return (.other, "")
        }
    }
}
