// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Foundation
import Testing

@testable import FoveaReport

@Suite struct SummaryTableTests {
    private static let wide = TerminalStyle(colorDepth: .none, isLive: false, width: 120)

    private func nested() throws -> NetworkSummary {
        try NetworkSummary(
            NestedNetwork(), named: "nested", image: [3, 45, 38], batch: 8, mode: .inference)
    }

    private func sharing() throws -> NetworkSummary {
        try NetworkSummary(SharingNetwork(), image: [1, 11, 11], batch: 2, mode: .inference)
    }

    /// The text down to the forecast, whose sizes differ between machines.
    private func table(
        _ summary: NetworkSummary, depth: Int, _ style: TerminalStyle = .plain
    ) throws -> String {
        let text = summary.text(depth: depth, style: style)
        let end = try #require(text.range(of: "memory to ")).lowerBound
        return String(text[..<end])
    }

    @Test func aTreeOfLayers() throws {
        try expectGolden(table(nested(), depth: 9, Self.wide), "nested.txt")
    }

    @Test func aTreeFolded() throws {
        try expectGolden(table(nested(), depth: 2), "nested-2.txt")
        try expectGolden(table(nested(), depth: 1), "nested-1.txt")
    }

    @Test func sharedLayersAndStatistics() throws {
        let summary = try sharing()
        try expectGolden(table(summary, depth: 3), "sharing.txt")
        // 6·9 + 6 once, 6·3·9 + 6 once, two of 6·6·9, 6, and 3·54 + 3.
        #expect(summary.parameters == 60 + 168 + 648 + 6 + 165)
        #expect(summary.trainableParameters == summary.parameters)
        #expect(summary.statistics == 6)
        // The second call computes as much as the first.
        let again = summary.layers.filter { $0.path == "again" }
        #expect(again.map(\.parameters) == [168, 0])
        #expect(again.map(\.multiplyAdds) == [121 * 162, 121 * 162])
    }

    @Test(arguments: [("googlenet", 6_379_984, 14_560), ("resnet18", 0, 9600), ("nin", 0, 0)])
    func whatDoesNotCount(_ name: String, _ heads: Int, _ statistics: Int) throws {
        let entry = try Catalog.entry(named: name)
        let summary = try NetworkSummary(
            entry, options: Catalog.Options(), image: entry.input, batch: 1, mode: .inference,
            optimizer: .sgd())
        #expect(summary.parameters == entry.parameters)
        #expect(summary.headParameters == heads)
        #expect(summary.statistics == statistics)
        let text = summary.text(depth: 1, style: .plain)
        #expect(text.contains("of the heads, which serve training only") == (heads > 0))
        #expect(text.contains("running means and variances") == (statistics > 0))
    }

    @Test func asciiWhereNothingElseIsShown() throws {
        let ascii = TerminalStyle(colorDepth: .none, isLive: false, width: 80, isUnicode: false)
        let text = try nested().text(depth: 3, style: ascii)
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.contains("|  |- stages.0 (ResidualBlock)"))
        let columns = text.split(separator: "\n").map(\.count)
        let wide = try nested().text(depth: 3, style: .plain).split(separator: "\n").map(\.count)
        #expect(columns == wide, "the table keeps its columns")
        let formula = try nested().explanationText(style: ascii)
        #expect(formula.contains("floor((45 - 5 + 2*2)/2) + 1 = 23"))
        #expect(formula.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func colorsAreOnlyAdded() throws {
        let colored = TerminalStyle(colorDepth: .basic, isLive: false, width: 80)
        for (painted, plain) in [
            (
                try nested().text(depth: 3, style: colored),
                try nested().text(depth: 3, style: .plain)
            ),
            (
                try nested().explanationText(style: colored),
                try nested().explanationText(style: .plain)
            ),
        ] {
            #expect(painted != plain)
            #expect(painted.replacing(#/\u{1B}\[[0-9;]*m/#, with: "") == plain)
        }
    }

    /// The figures of a column as the table shows them, without those of the totals.
    private func column(_ text: String, _ place: Int) -> Int {
        text.split(separator: "\n").drop { !$0.contains("─  ─") }.dropFirst()
            .prefix { !$0.contains("─  ─") }
            .reduce(0) { sum, line in
                let cells = line.split(separator: "  ", omittingEmptySubsequences: true)
                guard cells.count >= 4 else { return sum }
                let cell = cells[cells.count - place].filter { $0.isNumber }
                return sum + (Int(cell) ?? 0)
            }
    }

    @Test(arguments: Catalog.all) func theRowsAddUpAtEveryDepth(_ entry: Catalog.Entry) throws {
        let summary = try NetworkSummary(
            entry, options: Catalog.Options(), image: entry.input, batch: 2, mode: .inference,
            optimizer: .sgd())
        for depth in 1...4 {
            let text = summary.text(depth: depth, style: .plain)
            #expect(column(text, 2) == entry.parameters, "at depth \(depth)")
            #expect(column(text, 1) == entry.multiplyAdds, "at depth \(depth)")
            for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        }
    }

    @Test func theRowsOfBlocksAddUp() throws {
        for (summary, depths) in [(try nested(), 1...5), (try sharing(), 1...4)] {
            for depth in depths {
                let text = summary.text(depth: depth, style: Self.wide)
                #expect(column(text, 2) == summary.parameters, "at depth \(depth)")
                #expect(column(text, 1) == summary.multiplyAdds, "at depth \(depth)")
            }
        }
    }

    @Test func theForecastNamesItsParts() throws {
        let train = try NetworkSummary(NestedNetwork(), image: [3, 45, 38], batch: 8)
        let text = train.text(depth: 1, style: .plain)
        #expect(text.contains("memory to train with a batch of 8"))
        for part in [
            "input", "activations, forward and backward", "parameters", "gradients",
            "program and libraries", "estimated total",
        ] {
            #expect(text.contains("\n\(part)  "), "\(part)")
        }
        let infer = try nested().text(depth: 1, style: .plain)
        #expect(infer.contains("memory to infer with a batch of 8"))
        #expect(!infer.contains("gradients"))
        #expect(
            text.contains("input                               160 KiB"), "8·3·45·38 numbers")
    }

    @Test(
        arguments: [
            ([:], true), (["LANG": "C"], false), (["LANG": "POSIX"], false),
            (["LANG": "en_US.UTF-8"], true), (["LANG": "de_DE.utf8", "LC_ALL": ""], true),
            (["LANG": "en_US.UTF-8", "LC_ALL": "C"], false),
            (["LANG": "C", "LC_CTYPE": "C.UTF-8"], true), (["LANG": "de_DE.ISO-8859-1"], false),
        ] as [([String: String], Bool)])
    func theLocaleDecidesAboutCharacters(_ environment: [String: String], _ isUnicode: Bool) {
        let style = TerminalStyle(environment: environment, isTerminal: true)
        #expect(style.isUnicode == isUnicode)
    }
}
