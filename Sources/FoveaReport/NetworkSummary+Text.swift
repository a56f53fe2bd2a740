// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension NetworkSummary {
    /// The summary as a tree of layers for the terminal, with totals and the forecast.
    ///
    /// - Parameters:
    ///   - depth: Layers inside of more layers than this are counted with those around them.
    ///   - style: What the terminal can show.
    /// - Returns: The table, the totals and the forecast.
    package func text(depth: Int, style: TerminalStyle) -> String {
        // Whole paths can be copied, but a tree of names says the same where there is no room.
        let withPaths = table(depth: depth, showsPaths: true).text()
        let fits = withPaths.split(separator: "\n").allSatisfy {
            String($0).terminalColumns <= style.width
        }
        let table = table(depth: depth, showsPaths: fits)
        return style.spelled(
            [table.text(style: style), remarks(depth: depth), totals, memoryText(style)]
                .joined(separator: "\n"))
    }

    /// How the sizes and counts come about, followed by the totals.
    ///
    /// - Parameter style: What the terminal can show.
    /// - Returns: One paragraph a layer, and the totals.
    package func explanationText(style: TerminalStyle) -> String {
        let paragraphs = explanations.map { $0.text(style: style) }
        return style.spelled(
            (["images of \(Self.shape(input))\n"] + paragraphs + [totals]).joined(separator: "\n"))
    }

    // MARK: - The table

    private func table(depth: Int, showsPaths: Bool) -> TextTable {
        var table = TextTable(columns: [
            .init("layer (type)", .left), .init("output", .right), .init("parameters", .right),
            .init("multiply-adds", .right),
        ])
        table.add(["images", Self.shape(input), "", ""])
        let rows = calls.filter { $0.depth <= depth }
        for (row, branches) in zip(rows, Self.branches(rows.map(\.depth))) {
            let isOpen = !row.isLeaf && row.depth < depth
            let name = showsPaths && row.depth > 0 ? row.path : row.name
            table.add(
                [
                    branches + name + (["", name].contains(row.type) ? "" : " (\(row.type))"),
                    Self.shape(row.output), parameterText(row, isOpen: isOpen),
                    Self.count(isOpen ? row.ownMultiplyAdds : row.multiplyAdds),
                ], row.isLeaf ? nil : .accent)
        }
        table.addRule()
        table.add([
            "total", "", DecimalText.grouped(parameters), DecimalText.grouped(multiplyAdds),
        ])
        return table
    }

    private func parameterText(_ row: Row, isOpen: Bool) -> String {
        if isOpen { return Self.count(row.ownParameters) }
        return row.parameters == 0 && row.sharesParameters ? "shared" : Self.count(row.parameters)
    }

    /// What stands before the names to draw a tree, for rows that are so many layers deep.
    private static func branches(_ depths: [Int]) -> [String] {
        var goesOn: [Bool] = []
        var result: [String] = []
        for depth in depths.reversed() {
            let lines = (1..<max(depth, 1)).map { level in
                goesOn.indices.contains(level) && goesOn[level] ? "│  " : "   "
            }
            let isLast = !(goesOn.indices.contains(depth) && goesOn[depth])
            result.append(depth == 0 ? "" : lines.joined() + (isLast ? "└─ " : "├─ "))
            goesOn.removeLast(max(goesOn.count - depth - 1, 0))
            goesOn += Array(repeating: false, count: max(depth + 1 - goesOn.count, 0))
            goesOn[depth] = true
        }
        return result.reversed()
    }

    private static func count(_ count: Int) -> String {
        count == 0 ? "–" : DecimalText.grouped(count)
    }

    // MARK: - What stands below it

    private func remarks(depth: Int) -> String {
        var lines = ["Outputs and multiply-adds are those of one image."]
        let rows = calls.filter { $0.depth <= depth }
        if rows.contains(where: { $0.parameters == 0 && $0.sharesParameters }) {
            lines.append("Shared: the parameters count where the layer was called first.")
        }
        if rows.contains(where: { $0.depth == depth && !$0.isLeaf }) {
            lines.append(
                "Layers deeper than \(depth) are counted with those around them; see --depth.")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var totals: String {
        let grouped = DecimalText.grouped
        let frozen = parameters - trainableParameters
        var lines = [
            "parameters     \(grouped(parameters)): \(grouped(trainableParameters)) trainable, "
                + "\(grouped(frozen)) non-trainable",
            "multiply-adds  \(grouped(multiplyAdds)) for one image, "
                + "\(grouped(multiplyAdds * batch)) for a batch of \(batch);",
            "               of convolutions and linear layers, forward only",
        ]
        if headParameters > 0 {
            lines.insert(
                "               and \(grouped(headParameters)) of the heads, which serve training only",
                at: 1)
        }
        if statistics > 0 {
            lines.insert(
                "statistics     \(grouped(statistics)) running means and variances, "
                    + "which are no parameters",
                at: lines.count - 2)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func memoryText(_ style: TerminalStyle) -> String {
        let isTraining = mode == "train"
        var table = TextTable(columns: [
            .init("memory to \(mode) with a batch of \(batch)", .left), .init("size", .right),
        ])
        let parts = [
            ("input", inputByteCount),
            (isTraining ? "activations, forward and backward" : "activations", memory.activations),
            ("parameters", memory.parameters), ("gradients", memory.gradients),
            ("optimizer", memory.optimizer), ("workspace of the kernels", memory.workspace),
            ("program and libraries", memory.program),
        ]
        for (name, size) in parts where size > 0 { table.add([name, Self.bytes(size)]) }
        table.addRule()
        table.add(["estimated total", Self.bytes(memory.total)])
        return table.text(style: style)
            + "Activations that are not needed at the same time share memory.\n"
            + "The images of a data set come on top."
    }

    /// A shape as the tables show it.
    static func shape(_ dimensions: [Int]) -> String {
        dimensions.map(String.init).joined(separator: "×")
    }

    /// A size in the unit that suits it.
    package static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let decimals = unit == 0 || value >= 100 ? 0 : 1
        return "\(DecimalText.fixed(value, decimals: decimals)) \(units[unit])"
    }
}
