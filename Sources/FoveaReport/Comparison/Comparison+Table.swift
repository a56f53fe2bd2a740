// SPDX-License-Identifier: Apache-2.0

extension Comparison {
    /// A column of the table.
    struct Column: Sendable {
        /// What a column is about.
        enum Kind: Sendable {
            /// What was chosen; it is told once where it is the same for all.
            case setting
            /// What came out.
            case result
            /// What it costs.
            case cost
        }

        /// The name in a CSV file.
        let key: String
        /// The name for people.
        let title: String
        let kind: Kind
        /// Where its cells stand.
        var alignment = TextTable.Alignment.right
        /// What people read; nil if there is nothing to say.
        let text: @Sendable (Entry) -> String?
        /// What programs read: a number without units, or a text.
        let value: @Sendable (Entry) -> String?
    }

    /// All columns.
    private static let allColumns: [Column] = {
        @Sendable func three(_ value: Double?) -> String? {
            value.map { DecimalText.fixed($0, decimals: 3) }
        }
        @Sendable func plain(_ value: Int?) -> String? { value.map { "\($0)" } }
        @Sendable func plain(_ value: Double?) -> String? { value.map { "\($0)" } }
        @Sendable func speed(_ value: Double?) -> String? { value.map { DecimalText.compact($0) } }
        func setting(_ key: String, _ value: @escaping @Sendable (Entry) -> String?) -> Column {
            Column(
                key: key, title: key, kind: .setting, alignment: .left, text: value, value: value)
        }
        return [
            setting("network") { $0.network }, setting("input") { NetworkSummary.shape($0.input) },
            setting("data") { $0.run?.data }, setting("recipe") { $0.run?.recipe },
            setting("status") { $0.run?.status },
            Column(
                key: "best_test_accuracy", title: "best acc", kind: .result,
                text: { three($0.run?.bestTestAccuracy) },
                value: { plain($0.run?.bestTestAccuracy) }),
            Column(
                key: "best_epoch", title: "in epoch", kind: .result,
                text: { plain($0.run?.bestEpoch) }, value: { plain($0.run?.bestEpoch) }),
            Column(
                key: "test_accuracy", title: "last acc", kind: .result,
                text: { three($0.run?.testAccuracy) }, value: { plain($0.run?.testAccuracy) }),
            Column(
                key: "loss", title: "loss", kind: .result, text: { three($0.run?.loss) },
                value: { plain($0.run?.loss) }),
            Column(
                key: "epochs", title: "epochs", kind: .result,
                text: { $0.run.map { DecimalText.trimmed($0.epochs, decimals: 1) } },
                value: { plain($0.run?.epochs) }),
            Column(
                key: "seconds", title: "time", kind: .result,
                text: { $0.run?.seconds.map { DecimalText.duration(seconds: $0) } },
                value: { plain($0.run?.seconds) }),
            Column(
                key: "parameters", title: "parameters", kind: .cost,
                text: { $0.parameters.map { DecimalText.grouped($0) } },
                value: { plain($0.parameters) }),
            Column(
                key: "multiply_adds", title: "multiply-adds", kind: .cost,
                text: { $0.multiplyAdds.map { DecimalText.grouped($0) } },
                value: { plain($0.multiplyAdds) }),
            setting("batch") { "\($0.batch)" },
            Column(
                key: "memory_bytes", title: "memory", kind: .cost,
                text: { $0.memory.map { NetworkSummary.bytes($0.total) } },
                value: { plain($0.memory?.total) }),
            Column(
                key: "train_images_per_second", title: "train images/s", kind: .cost,
                text: { speed($0.trainingSpeed) }, value: { plain($0.trainingSpeed) }),
            Column(
                key: "infer_images_per_second", title: "infer images/s", kind: .cost,
                text: { speed($0.inferenceSpeed) }, value: { plain($0.inferenceSpeed) }),
            Column(
                key: "published_accuracy", title: "published accuracy", kind: .cost,
                alignment: .left, text: { $0.publishedAccuracy }, value: { $0.publishedAccuracy }),
        ]
    }()

    /// Whether all entries say the same in a column.
    private func isCommon(_ column: Column) -> Bool {
        column.kind == .setting && Set(entries.map(column.value)).count == 1
    }

    /// The columns in which somebody has something, less what is common to all.
    var columns: [Column] {
        Self.allColumns.filter { column in
            // The name of a network that is no run is in the first column.
            guard column.key != "network" || hasRuns else { return false }
            if column.key == "status", areFinished { return false }
            return !isCommon(column) && entries.contains { column.text($0) != nil }
        }
    }

    private var areFinished: Bool {
        entries.allSatisfy { $0.run.map(\.status) ?? "finished" == "finished" }
    }

    /// What the first column holds.
    var nameTitle: String {
        !hasRuns ? "network" : entries.allSatisfy { $0.run != nil } ? "run" : "name"
    }

    /// The rows as they are shown, each with the name before the columns' texts.
    func rows(_ columns: [Column]) -> [[String]] {
        zip(shortNames, entries).map { name, entry in
            [name] + columns.map { $0.text(entry) ?? "–" }
        }
    }

    private func table(_ columns: [Column], onlyRuns: Bool = false) -> TextTable {
        var table = TextTable(
            columns: [.init(onlyRuns ? "run" : nameTitle, .left)]
                + columns.map { .init($0.title, $0.alignment) })
        for (row, entry) in zip(rows(columns), entries) where !onlyRuns || entry.run != nil {
            table.add(row)
        }
        return table
    }

    /// What has to be known about the numbers, a sentence a line.
    package var notes: [String] {
        let common = Self.allColumns.filter { column in
            guard column.key != "network" || hasRuns else { return false }
            return isCommon(column) && (column.key != "status" || !areFinished)
        }
        .compactMap { column in
            entries.first.flatMap(column.text).map { "\(column.title) \($0)" }
        }
        let results =
            "Accuracies are those on test images, the loss that of training in the last epoch."
        return [
            common.isEmpty ? nil : "For all: " + common.joined(separator: ", ") + ".",
            hasRuns ? results : nil,
            "Multiply-adds are those of convolutions and linear layers for one image; memory is "
                + "forecast for training.",
            measuredOn.map { "Speeds of networks on random data: \($0)." },
            verdict,
        ].compactMap { $0 }
    }

    /// The table for a terminal, with notes; what came out of runs has a table of its own.
    ///
    /// - Parameter style: What the terminal can show.
    /// - Returns: The text.
    package func text(style: TerminalStyle) -> String {
        let resultKeys: Set = ["data", "recipe", "status"]
        let results = columns.filter { $0.kind == .result || resultKeys.contains($0.key) }
        let costs = columns.filter { $0.kind != .result && !resultKeys.contains($0.key) }
        let tables = [(results, true), (costs, false)].filter { !$0.0.isEmpty }.map {
            table($0.0, onlyRuns: $0.1).text(style: style)
        }
        return (tables + [notes.joined(separator: "\n")]).joined(separator: "\n")
    }

    /// The table in GitHub's Markdown, with notes.
    ///
    /// - Returns: The text.
    public func markdown() -> String {
        ([table(columns).markdown] + notes.map { "- " + $0 }).joined(separator: "\n")
    }

    /// All columns, empty ones too, with plain numbers, as comma-separated values.
    ///
    /// - Returns: The text, one line for the names of the columns and one for each entry.
    public func csv() -> String {
        func field(_ text: String?) -> String {
            guard let text else { return "" }
            guard text.contains(where: { ",\"".contains($0) || $0.isNewline }) else { return text }
            return "\"" + text.replacing("\"", with: "\"\"") + "\""
        }
        let lines = entries.map { entry in
            ([entry.name] + Self.allColumns.map { $0.value(entry) }).map(field)
                .joined(separator: ",")
        }
        let header = (["name"] + Self.allColumns.map(\.key)).joined(separator: ",")
        return ([header] + lines).joined(separator: "\n")
    }
}
