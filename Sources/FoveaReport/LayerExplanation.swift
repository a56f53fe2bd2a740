// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// How a layer's output size, parameters and multiply-adds come about, as one would on paper.
public struct LayerExplanation: Sendable, Codable, Hashable {
    /// One figure and the terms it is made of.
    public struct Line: Sendable, Codable, Hashable {
        /// What is computed: `side`, `height`, `width`, `features`, `channels`, `parameters`,
        /// `statistics` or `multiply-adds`.
        public let quantity: String
        /// The terms, such as "⌊(224 − 11 + 2·0)/4⌋ + 1".
        public let terms: String
        /// What they come to.
        public let value: Int
        /// What the terms do not say; empty where they say all.
        public let remark: String

        init(_ quantity: String, _ terms: String, _ value: Int, _ remark: String = "") {
            self.quantity = quantity
            self.terms = terms
            self.value = value
            self.remark = remark
        }

        /// "⌊(224 − 11 + 2·0)/4⌋ + 1 = 54", with the remark behind it.
        public var text: String {
            let number = DecimalText.grouped(value)
            return (terms == number ? number : "\(terms) = \(number)")
                + (remark.isEmpty ? "" : ", \(remark)")
        }
    }

    /// The path of the layer; empty for the network itself.
    public let path: String
    /// The name of its type, or of an operation that stands outside of such layers.
    public let type: String
    /// How it is set: "11×11, stride 4", or nothing.
    public let settings: String
    /// The shape of its output for one image.
    public let output: [Int]
    /// The figures.
    public let lines: [Line]

    /// The paragraph for the terminal.
    func text(style: TerminalStyle) -> String {
        let what = settings.isEmpty ? type : "\(type) \(settings)"
        let title = style.paint(path.isEmpty ? what : "\(path) (\(what))", .heading)
        let width = "multiply-adds".count
        let figures = lines.map { "  \($0.quantity.padded(right: width))  \($0.text)\n" }
        return "\(title) → \(NetworkSummary.shape(output))\n" + figures.joined()
    }
}

extension LayerExplanation {
    /// Explains all layers that have parameters or change the size, in the order of their calls.
    ///
    /// - Parameter tree: The layers of a network that was recorded for one image.
    /// - Returns: One explanation a layer, and one for each such operation outside of them.
    static func all(of tree: LayerTree) -> [LayerExplanation] {
        var found: [(node: Int, explanation: LayerExplanation)] = []
        for (index, entry) in tree.entries.enumerated() {
            let nodes = tree.ownNodes(of: index)
            if entry.isLeaf, index > 0 {
                let explanation = LayerExplanation(entry, nodes, in: tree.graph)
                found.append((entry.nodes.lowerBound, explanation))
                continue
            }
            // A layer with others inside does things between them, and each has its own place.
            for node in nodes {
                guard let output = node.outputs.first else { continue }
                let lines = Arithmetic(graph: tree.graph, nodes: nodes, node: node).lines
                found.append(
                    (
                        node.index,
                        LayerExplanation(
                            path: entry.path, type: node.op.spokenName,
                            settings: node.op.isReshape ? "" : node.op.definition.attributes,
                            output: output.shape.perImage.dimensions, lines: lines)
                    ))
            }
        }
        return found.filter { !$0.explanation.lines.isEmpty }.sorted { $0.node < $1.node }
            .map(\.explanation)
    }

    private init(_ entry: LayerTree.Entry, _ nodes: [Graph.Node], in graph: Graph) {
        let works = nodes.map { Arithmetic(graph: graph, nodes: nodes, node: $0) }
        path = entry.path
        type = entry.type
        settings = works.first { $0.isSized }?.node.settings(within: entry.type) ?? ""
        output = entry.output.perImage.dimensions
        var lines = works.flatMap(\.sizes)
        let parameters = Arithmetic.sum("parameters", works.flatMap(\.parameters))
        if let parameters {
            lines.append(parameters)
        } else if entry.sharesParameters {
            lines.append(Line("parameters", "0", 0, "for they count where it was called first"))
        }
        if let sum = Arithmetic.sum("statistics", works.flatMap(\.statistics)) {
            lines.append(sum)
        }
        if let sum = Arithmetic.sum("multiply-adds", works.flatMap(\.multiplyAdds)) {
            lines.append(sum)
        }
        self.lines = lines
    }
}

extension Graph.Node {
    /// How the operation is set: "11×11, stride 4".
    ///
    /// - Parameter layer: The type of the layer that it belongs to; empty if it stands alone.
    /// - Returns: The settings as a reader of the layer knows them.
    func settings(within layer: String) -> String {
        // A layer that is told its output's size records a window where one leads there.
        if case .averagePool = op, layer.hasPrefix("Adaptive"), let output = outputs.first {
            return "to \(output.shape.extent)"
        }
        return op.definition.attributes
    }
}

extension Op {
    /// Whether only the shape changes.
    fileprivate var isReshape: Bool { if case .reshape = self { true } else { false } }

    /// The name as one says it: "average pool" for `averagePool`.
    var spokenName: String {
        if isReshape { return "flatten" }
        return definition.name.reduce(into: "") {
            $0 += $1.isUppercase ? " " + $1.lowercased() : String($1)
        }
    }
}
