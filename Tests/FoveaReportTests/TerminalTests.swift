// SPDX-License-Identifier: Apache-2.0

import FoveaGraph
import FoveaReport
import Testing

@Suite struct TerminalStyleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var choice = TerminalStyle.ColorChoice.automatic
        var plain = false
        var environment: [String: String]
        var isTerminal: Bool
        var depth: TerminalStyle.ColorDepth
        var isLive: Bool

        var testDescription: String {
            "\(choice) plain=\(plain) \(environment.sorted { $0.key < $1.key }) tty=\(isTerminal)"
        }
    }

    static let rows: [Row] = [
        Row(environment: ["TERM": "xterm"], isTerminal: true, depth: .basic, isLive: true),
        Row(environment: ["TERM": "xterm"], isTerminal: false, depth: .none, isLive: false),
        Row(environment: [:], isTerminal: true, depth: .basic, isLive: true),
        Row(environment: ["TERM": "dumb"], isTerminal: true, depth: .none, isLive: false),
        Row(
            environment: ["TERM": "xterm-256color"], isTerminal: true, depth: .indexed, isLive: true
        ),
        Row(
            environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor"], isTerminal: true,
            depth: .full, isLive: true),
        Row(
            environment: ["TERM": "xterm", "NO_COLOR": "1"], isTerminal: true, depth: .none,
            isLive: true),
        Row(
            environment: ["TERM": "xterm", "NO_COLOR": ""], isTerminal: true, depth: .basic,
            isLive: true),
        Row(
            environment: ["FORCE_COLOR": "1", "NO_COLOR": "1"], isTerminal: false, depth: .basic,
            isLive: false),
        Row(environment: ["FORCE_COLOR": "3"], isTerminal: false, depth: .full, isLive: false),
        Row(environment: ["FORCE_COLOR": ""], isTerminal: false, depth: .none, isLive: false),
        Row(
            environment: ["FORCE_COLOR": "0", "TERM": "xterm"], isTerminal: true, depth: .none,
            isLive: true),
        Row(
            environment: ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], isTerminal: false, depth: .basic,
            isLive: false),
        Row(environment: ["CLICOLOR_FORCE": "0"], isTerminal: false, depth: .none, isLive: false),
        Row(
            environment: ["TERM": "dumb", "FORCE_COLOR": "1"], isTerminal: true, depth: .basic,
            isLive: false),
        Row(
            choice: .always, environment: ["NO_COLOR": "1"], isTerminal: false, depth: .basic,
            isLive: false),
        Row(
            choice: .never, environment: ["FORCE_COLOR": "1", "TERM": "xterm"], isTerminal: true,
            depth: .none, isLive: true),
        Row(
            plain: true, environment: ["TERM": "xterm"], isTerminal: true, depth: .none,
            isLive: false),
        Row(
            choice: .always, plain: true, environment: ["TERM": "xterm"], isTerminal: true,
            depth: .basic, isLive: false),
    ]

    @Test(arguments: rows) func decision(row: Row) {
        let style = TerminalStyle(
            choice: row.choice, plain: row.plain, environment: row.environment,
            isTerminal: row.isTerminal)
        #expect(style.colorDepth == row.depth)
        #expect(style.isLive == row.isLive)
    }

    @Test(
        arguments: [
            (132, "100", 132), (nil, "100", 100), (nil, "wide", 80), (nil, "-3", 80),
            (nil, nil, 80),
            (5, nil, 20), (nil, "99999999", 10_000),
        ] as [(Int?, String?, Int)])
    func width(columns: Int?, stated: String?, width: Int) {
        var environment = ["TERM": "xterm"]
        environment["COLUMNS"] = stated
        let style = TerminalStyle(environment: environment, isTerminal: true, columns: columns)
        #expect(style.width == width)
    }

    @Test func paintOnlyWithColor() {
        #expect(TerminalStyle.plain.paint("x", .bad) == "x")
        let style = TerminalStyle(colorDepth: .basic, isLive: false, width: 80)
        #expect(style.paint("x", .bad) == "\u{1B}[31mx\u{1B}[0m")
    }
}

@Suite struct TextTableTests {
    private var table: TextTable {
        var table = TextTable(columns: ["layer", "output", "parameters", .init("share", .right)])
        table.add(["conv\u{1B}[2J1", "6×28×28", "156", "0.3%"])
        table.add(["a|b", "120", "48,120", ">99%", "dropped"])
        table.addRule()
        table.add(["全部", "", "48,276"])
        return table
    }

    @Test func textIsAlignedAndUnderlined() {
        #expect(
            table.text() == """
                layer      output   parameters  share
                ─────────  ───────  ──────────  ─────
                conv\u{FFFD}[2J1  6×28×28         156   0.3%
                a|b        120          48,120   >99%
                ─────────  ───────  ──────────  ─────
                全部                    48,276

                """)
    }

    @Test func titlesAreBoldWhereColorIsAllowed() {
        let style = TerminalStyle(colorDepth: .basic, isLive: false, width: 80)
        let lines = table.text(style: style, indent: 2).split(separator: "\n")
        #expect(lines[0] == "  \u{1B}[1mlayer      output   parameters  share\u{1B}[0m")
        #expect(lines[2] == "  conv\u{FFFD}[2J1  6×28×28         156   0.3%")
    }

    @Test func markdownEscapesBars() {
        #expect(
            table.markdown == """
                | layer     | output  | parameters | share |
                | --------- | ------- | ---------: | ----: |
                | conv\u{FFFD}[2J1 | 6×28×28 |        156 |  0.3% |
                | a\\|b      | 120     |     48,120 |  >99% |
                | 全部      |         |     48,276 |       |

                """)
    }

    @Test func emptyTables() {
        #expect(TextTable(columns: []).text().isEmpty)
        #expect(TextTable(columns: ["a"]).text() == "a\n─\n")
    }
}

@Suite struct TerminalPictureTests {
    private func style(_ depth: TerminalStyle.ColorDepth) -> TerminalStyle {
        TerminalStyle(colorDepth: depth, isLive: true, width: 80)
    }

    @Test func twoPixelRowsShareALine() throws {
        let raster = try Raster(
            interleaved: [255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 255, 0, 9, 9, 9, 9, 9, 9],
            extent: Extent(3, 2), channels: 3)
        #expect(
            TerminalPicture(raster).lines(style: style(.full), columns: 80) == [
                "\u{1B}[38;2;255;0;0;48;2;0;255;0m▀\u{1B}[38;2;0;0;255;48;2;0;255;0m▀\u{1B}[0m",
                "\u{1B}[38;2;9;9;9;49m▀▀\u{1B}[0m",
            ])
        #expect(
            TerminalPicture(raster).lines(style: style(.indexed), columns: 80)[0]
                == "\u{1B}[38;5;196;48;5;46m▀\u{1B}[38;5;21;48;5;46m▀\u{1B}[0m")
    }

    @Test(arguments: [TerminalStyle.ColorDepth.none, .basic])
    func shadesWithoutEnoughColors(depth: TerminalStyle.ColorDepth) throws {
        let raster = try Raster(
            planes: [0, 128, 255, 0, 128, 255, 255, 255, 0, 255, 255, 0], extent: Extent(4, 3),
            channels: 1)
        #expect(TerminalPicture(raster).lines(style: style(depth), columns: 80) == [" +@", "@@"])
    }

    @Test func wideImagesAreAveragedDown() throws {
        let bytes = (0..<100 * 100).map { UInt8($0 % 2 * 255) }
        let raster = try Raster(planes: bytes, extent: 100, channels: 1)
        let lines = TerminalPicture(raster).lines(style: style(.none), columns: 10)
        #expect(lines == Array(repeating: "++++++++++", count: 5))
    }

    @Test(arguments: [
        (Color(0, 0, 0), 16), (.white, 231), (Color(118, 118, 118), 243), (Color(95, 135, 255), 69),
    ])
    func nearestOf256(color: Color, index: Int) {
        #expect(TerminalPicture.index(of: color) == index)
    }
}
