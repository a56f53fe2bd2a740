// SPDX-License-Identifier: Apache-2.0

extension NetworkSummary {
    /// The summary as a table for the terminal.
    ///
    /// - Parameters:
    ///   - depth: Layers inside of more layers than this are counted with those around them.
    ///   - style: What the terminal can show.
    /// - Returns: The table, the totals and the forecast.
    package func text(depth: Int, style: TerminalStyle) -> String {
        var table = TextTable(columns: [
            "layer", "type", .init("output", .right), .init("parameters", .right),
            .init("multiply-adds", .right),
        ])
        table.add(["input", "", Self.shape(input), "", ""])
        for row in calls where row.depth == depth || row.isLeaf && row.depth < depth {
            table.add([
                row.path, row.type, Self.shape(row.output),
                row.parameters == 0 ? "" : DecimalText.grouped(row.parameters),
                row.multiplyAdds == 0 ? "" : DecimalText.grouped(row.multiplyAdds),
            ])
        }
        table.addRule()
        table.add([
            network, "", "\(classes)", DecimalText.grouped(parameters),
            DecimalText.grouped(multiplyAdds),
        ])
        let lines = [
            table.text(style: style),
            "Multiply-adds of convolutions and linear layers, for one image.",
            "Memory to \(mode) with batches of \(batch): \(Self.bytes(memory.total)) = "
                + [
                    ("parameters", memory.parameters), ("gradients", memory.gradients),
                    ("optimizer", memory.optimizer), ("activations", memory.activations),
                    ("workspace", memory.workspace),
                ].filter { $0.1 > 0 }.map { "\($0.0) \(Self.bytes($0.1))" }
                .joined(separator: " + ") + " + the batch.",
        ]
        return lines.joined(separator: "\n")
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
