// SPDX-License-Identifier: Apache-2.0
import FoveaArrays

/// A table of text in aligned columns, for a terminal or for Markdown.
package struct TextTable: Equatable, Sendable {
    /// On which side of a column its cells stand.
    package enum Alignment: Sendable {
        /// On the right when every filled cell begins like a number, else on the left.
        case automatic
        case left
        case right
    }

    /// A column's title and the side of its cells.
    package struct Column: Equatable, Sendable, ExpressibleByStringLiteral {
        package var title: String
        package var alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .automatic) {
            self.title = title
            self.alignment = alignment
        }

        package init(stringLiteral title: String) {
            self.init(title)
        }
    }

    private enum Row: Equatable, Sendable {
        case cells([String], TerminalStyle.Ink?)
        case rule
    }

    /// The columns, from the left.
    package let columns: [Column]
    private var rows: [Row] = []

    package init(columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; cells that are missing stay empty, cells beyond the last column are dropped.
    package mutating func add(_ cells: [String], _ ink: TerminalStyle.Ink? = nil) {
        let cells = cells.prefix(columns.count).map(\.printable)
        rows.append(
            .cells(cells + Array(repeating: "", count: columns.count - cells.count), ink))
    }

    /// Adds a line across the table, as before totals; Markdown has none and leaves it out.
    package mutating func addRule() {
        rows.append(.rule)
    }

    private var cells: [[String]] {
        rows.compactMap { if case .cells(let cells, _) = $0 { cells } else { nil } }
    }

    private func standsRight(_ column: Int) -> Bool {
        switch columns[column].alignment {
        case .left: return false
        case .right: return true
        case .automatic:
            let filled = cells.map { $0[column] }.filter { !$0.isEmpty && $0 != "–" }
            return !filled.isEmpty && filled.allSatisfy(Self.looksNumeric)
        }
    }

    /// Whether a cell is a number, perhaps with a sign, grouping and a short unit.
    private static func looksNumeric(_ cell: String) -> Bool {
        if ["nan", "inf", "-inf"].contains(cell) { return true }
        var rest = Substring(cell)
        if let sign = rest.first, "+-−±<>".contains(sign) { rest.removeFirst() }
        guard let digit = rest.first, digit.isASCII, digit.isNumber else { return false }
        let unit = rest.drop { $0.isASCII && $0.isNumber || ".,:e ".contains($0) }
        return unit.count <= 4 && !unit.contains { "×/".contains($0) || $0.isNumber }
    }

    /// The table with its titles underlined, and a line break after every row.
    package func text(style: TerminalStyle = .plain, indent: Int = 0) -> String {
        guard !columns.isEmpty else { return "" }
        let right = columns.indices.map(standsRight)
        let titles = columns.map(\.title.printable)
        let widths = columns.indices.map { column in
            cells.map { $0[column].terminalColumns }
                .reduce(titles[column].terminalColumns, max)
        }
        func line(_ cells: [String]) -> String {
            let fields = cells.indices.map { column in
                right[column]
                    ? cells[column].padded(left: widths[column])
                    : cells[column].padded(right: widths[column])
            }
            var text = fields.joined(separator: "  ")
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        let margin = String(repeating: " ", count: max(indent, 0))
        var lines = [style.paint(line(titles), .heading), style.paint(rule, .faint)]
        for row in rows {
            switch row {
            case .cells(let cells, let ink):
                lines.append(ink.map { style.paint(line(cells), $0) } ?? line(cells))
            case .rule: lines.append(style.paint(rule, .faint))
            }
        }
        return lines.map { margin + $0 + "\n" }.joined()
    }

    /// The table in GitHub's Markdown, padded so that its source reads well too.
    package var markdown: String {
        guard !columns.isEmpty else { return "" }
        func escaped(_ text: String) -> String {
            var result = ""
            for character in text {
                if character == "|" || character == "\\" { result.append("\\") }
                result.append(character)
            }
            return result
        }
        let titles = columns.map { escaped($0.title.printable) }
        let body = cells.map { $0.map(escaped) }
        let right = columns.indices.map(standsRight)
        let widths = columns.indices.map { column in
            body.map { $0[column].terminalColumns }
                .reduce(max(titles[column].terminalColumns, 3), max)
        }
        func line(_ cells: [String]) -> String {
            let fields = cells.indices.map { column in
                right[column]
                    ? cells[column].padded(left: widths[column])
                    : cells[column].padded(right: widths[column])
            }
            return "| " + fields.joined(separator: " | ") + " |\n"
        }
        let rule = columns.indices.map { column in
            String(repeating: "-", count: widths[column] - (right[column] ? 1 : 0))
                + (right[column] ? ":" : "")
        }
        return line(titles) + "| " + rule.joined(separator: " | ") + " |\n"
            + body.map(line).joined()
    }
}
