// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What may be written to one stream: colors, redrawn lines, and how wide they may be.
///
/// Standard output and standard error are decided apart, for one may be a terminal and the other a
/// file.
package struct TerminalStyle: Equatable, Sendable {
    /// What the user asked for on the command line.
    package enum ColorChoice: String, CaseIterable, Sendable {
        case automatic = "auto"
        case always
        case never
    }

    /// How many colors may be used.
    package enum ColorDepth: Int, Comparable, Sendable {
        case none = 0
        case basic = 16
        case indexed = 256
        case full = 16_777_216

        package static func < (left: ColorDepth, right: ColorDepth) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// A role of text, which has a color or a weight.
    package enum Ink: String, Sendable {
        case heading = "1"
        case accent = "36"
        case good = "32"
        case bad = "31"
        case faint = "2"
    }

    /// The colors that may be used.
    package var colorDepth: ColorDepth
    /// Whether a line may be drawn again in place.
    package var isLive: Bool
    /// The number of columns of a line.
    package var width: Int
    /// Whether characters beyond ASCII may be used.
    package var isUnicode: Bool

    package init(colorDepth: ColorDepth, isLive: Bool, width: Int, isUnicode: Bool = true) {
        self.colorDepth = colorDepth
        self.isLive = isLive
        self.width = max(width, 20)
        self.isUnicode = isUnicode
    }

    /// No colors, nothing redrawn: fit for a file.
    package static let plain = TerminalStyle(colorDepth: .none, isLive: false, width: 80)

    /// Decides from what is known about a stream.
    ///
    /// The first that speaks decides about colors: the choice on the command line, `FORCE_COLOR`
    /// and `CLICOLOR_FORCE`, `NO_COLOR` unless empty, and at last whether the stream is a terminal
    /// that is not dumb. A forced color never makes a file live.
    package init(
        choice: ColorChoice = .automatic, plain: Bool = false, environment: [String: String],
        isTerminal: Bool, columns: Int? = nil
    ) {
        let terminal = environment["TERM"] ?? ""
        let isSmart = isTerminal && terminal != "dumb"
        let isColored: Bool
        switch choice {
        case .always: isColored = true
        case .never: isColored = false
        case .automatic:
            if let forced = Self.forced(environment) {
                isColored = forced
            } else if let refusal = environment["NO_COLOR"], !refusal.isEmpty {
                isColored = false
            } else {
                isColored = isSmart && !plain
            }
        }
        let stated = environment["COLUMNS"].flatMap { Int($0) }
        let width = [columns, stated].compactMap { $0 }.first { $0 > 0 } ?? 80
        self.init(
            colorDepth: isColored ? Self.depth(environment, terminal) : .none,
            isLive: isSmart && !plain, width: min(width, 10_000),
            isUnicode: Self.isUnicode(environment))
    }

    /// Decides about standard output.
    package static func standardOutput(
        choice: ColorChoice = .automatic, plain: Bool = false
    ) -> TerminalStyle {
        TerminalStyle(file: STDOUT_FILENO, choice: choice, plain: plain)
    }

    /// Decides about standard error.
    package static func standardError(
        choice: ColorChoice = .automatic, plain: Bool = false
    ) -> TerminalStyle {
        TerminalStyle(file: STDERR_FILENO, choice: choice, plain: plain)
    }

    private init(file: Int32, choice: ColorChoice, plain: Bool) {
        var environment: [String: String] = [:]
        let names = [
            "FORCE_COLOR", "CLICOLOR_FORCE", "NO_COLOR", "TERM", "COLORTERM", "COLUMNS", "LC_ALL",
            "LC_CTYPE", "LANG",
        ]
        for name in names {
            environment[name] = getenv(name).map { String(cString: $0) }
        }
        self.init(
            choice: choice, plain: plain, environment: environment, isTerminal: isatty(file) == 1,
            columns: Self.columns(of: file))
    }

    /// The width of the terminal behind a file, or nil when there is none.
    package static func columns(of file: Int32) -> Int? {
        var size = winsize()
        guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// What the locale says about characters; where it says nothing, terminals of today have them.
    private static func isUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
            .first { !$0.isEmpty }
        guard let locale = locale?.lowercased() else { return true }
        return locale.contains("utf-8") || locale.contains("utf8")
    }

    /// What `FORCE_COLOR` and `CLICOLOR_FORCE` say; nil when they say nothing.
    private static func forced(_ environment: [String: String]) -> Bool? {
        if let force = environment["FORCE_COLOR"], !force.isEmpty {
            return force != "0" && force != "false"
        }
        if let force = environment["CLICOLOR_FORCE"], !force.isEmpty, force != "0" { return true }
        return nil
    }

    private static func depth(_ environment: [String: String], _ terminal: String) -> ColorDepth {
        switch environment["FORCE_COLOR"] {
        case "1": return .basic
        case "2": return .indexed
        case "3": return .full
        default: break
        }
        let color = environment["COLORTERM"] ?? ""
        if color == "truecolor" || color == "24bit" || terminal.hasSuffix("-direct") {
            return .full
        }
        return terminal.contains("256color") ? .indexed : .basic
    }

    /// The text in the color of a role, or the text alone where colors are not allowed.
    package func paint(_ text: String, _ ink: Ink) -> String {
        colorDepth == .none || text.isEmpty ? text : "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
    }

    /// The text as it is, or in ASCII where a stream takes no other characters.
    package func spelled(_ text: String) -> String {
        guard !isUnicode else { return text }
        return text.reduce(into: "") { $0 += Self.spellings[$1] ?? String($1) }
    }

    /// How characters of tables and formulas are written in ASCII; those of tables keep their width.
    private static let spellings: [Character: String] = [
        "─": "-", "│": "|", "├": "|", "└": "`", "×": "x", "·": "*", "–": "-", "−": "-", "≥": ">=",
        "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "→": "->", "…": "...", "∂": "d",
        "━": "=", "✓": "+", "✗": "x", "ε": "e",
    ]
}
