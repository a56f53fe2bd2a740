// SPDX-License-Identifier: Apache-2.0
import FoveaTestSupport
import Testing

/// The help of each verb: it begins with an example, and its text changes on purpose only.
@Suite struct HelpTests {
    static let verbs = [
        "train", "evaluate", "predict", "forward", "summary", "models", "compare", "bench",
        "graph", "filters", "export", "doctor",
    ]

    @Test(arguments: verbs) func verb(_ verb: String) throws {
        let outcome = try Program.run([verb, "--help"])
        #expect(outcome.code == 0)
        #expect(outcome.remarks == "")
        #expect(outcome.output.hasPrefix("EXAMPLE: fovea \(verb)"))
        try expectGolden(outcome.output, "help-\(verb).txt")
        #expect(try Program.run(["help", verb]).output == outcome.output)
        // No line is longer than a window is wide, but for those that may be copied.
        for line in outcome.output.split(separator: "\n")
        where !line.hasPrefix("EXAMPLE:") && !line.hasPrefix("USAGE:") {
            #expect(line.count <= 80, "\(line)")
        }
    }

    @Test("The command alone shows its verbs", arguments: [[], ["--help"], ["help"]])
    func root(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.code == 0)
        #expect(outcome.remarks == "")
        #expect(outcome.output.hasPrefix("EXAMPLE: fovea train"))
        try expectGolden(outcome.output, "help.txt")
        for verb in Self.verbs { #expect(outcome.output.contains("\n  \(verb) ")) }
    }

    @Test func version() throws {
        let outcome = try Program.run(["--version"])
        #expect(outcome.code == 0)
        #expect(outcome.output.wholeMatch(of: #/\d+\.\d+\.\d+\n/#) != nil)
    }

    /// The examples that need no training, and how they end where nothing was trained yet.
    static let examples: [(verb: String, code: Int32)] = [
        ("summary", 0), ("models", 0), ("compare", 0), ("doctor", 0), ("evaluate", 66),
        ("predict", 66), ("forward", 66), ("filters", 66), ("export", 66),
    ]

    @Test("The examples are command lines", arguments: examples)
    func example(_ verb: String, _ code: Int32) throws {
        let help = try Program.run([verb, "--help"]).output
        let line = try #require(help.split(separator: "\n").first)
        let words = line.split(separator: " ").dropFirst(2).map(String.init)
        #expect(words.first == verb)
        let outcome = try Program.run(words)
        #expect(outcome.code == code, "\(outcome.remarks)")
    }
}
