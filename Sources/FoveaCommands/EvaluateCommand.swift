// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea evaluate`: measures a trained network on labelled images.
struct EvaluateCommand: ParsableCommand, Exemplified {
    static let example = "fovea evaluate runs/nin-fashion-mnist-1"

    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract:
            "Measure a trained network: accuracy, each class, and which are mistaken for which.")

    @OptionGroup var model: ModelOptions
    @OptionGroup(title: "Data") var dataOptions: DataOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    @Option(help: ArgumentHelp("Images classified at once.", valueName: "n"))
    var batch = 128

    @Option(help: ArgumentHelp("Use the first n test images.", valueName: "n"))
    var limitTest: Int?

    @Option(help: ArgumentHelp("The element type of activations: f32 or bf16.", valueName: "type"))
    var precision = "f32"

    @OptionGroup var classNames: ClassNameOptions

    func run() throws {
        try Checked.batch(batch)
        try Checked.limit(limitTest, "limit-test")
        let model = try model.load(
            batch: batch, precision: try Precision(named: precision))
        let names = try classNames.names(for: model)
        let data = try dataOptions.load(
            of: model.description, style: .standardError(plain: output.plain)
        ).limited(test: limitTest)
        let evaluation = try Evaluation(model.network, on: data.test, batch: batch)
        let result = EvaluationOutput(
            evaluation, network: model.entry.name, data: data.name,
            classes: names.map { Array($0.prefix(data.classes.count)) } ?? data.classes)
        if output.json {
            try Console.printJSON(result)
        } else {
            try Console.print(result.text, plain: output.plain)
        }
    }
}

/// What `evaluate` prints.
struct EvaluationOutput: Encodable {
    struct ClassRow: Encodable {
        let name: String
        let images: Int
        let precision, recall, f1: Double
    }

    let schema = 1
    let network, data: String
    let images: Int
    let loss, top1, top5: Double
    let classes: [ClassRow]
    let confusion: [[Int]]

    init(_ evaluation: Evaluation, network: String, data: String, classes: [String]) {
        self.network = network
        self.data = data
        images = evaluation.count
        loss = evaluation.loss
        top1 = evaluation.accuracy
        top5 = evaluation.top5
        confusion = evaluation.confusion
        self.classes = classes.enumerated().map { label, name in
            ClassRow(
                name: name, images: evaluation.confusion[label].reduce(0, +),
                precision: evaluation.precision(label), recall: evaluation.recall(label),
                f1: evaluation.f1(label))
        }
    }

    func text(style: TerminalStyle) -> String {
        func three(_ value: Double) -> String { DecimalText.fixed(value, decimals: 3) }
        var table = TextTable(columns: [
            "class", .init("images", .right), .init("precision", .right), .init("recall", .right),
            .init("F1", .right), "most often taken for",
        ])
        for (label, row) in classes.enumerated() {
            let wrong = confusion[label].enumerated().filter { $0.offset != label }
            let worst = wrong.max { ($0.element, $1.offset) < ($1.element, $0.offset) }
            let confused = worst.flatMap { worst in
                worst.element > 0 && worst.offset < classes.count
                    ? "\(classes[worst.offset].name) \(worst.element)×" : nil
            }
            table.add([
                row.name, "\(row.images)", three(row.precision), three(row.recall), three(row.f1),
                confused ?? "",
            ])
        }
        var matrix = TextTable(
            columns: ["true \\ named"] + classes.map { .init(String($0.name.prefix(8)), .right) })
        for (label, row) in classes.enumerated() {
            matrix.add([row.name] + confusion[label].prefix(classes.count).map(String.init))
        }
        return [
            "\(network) on \(images) test images of \(data)",
            "top-1 \(three(top1))   top-5 \(three(top5))   loss \(three(loss))", "",
            table.text(style: style), "", matrix.text(style: style),
        ].joined(separator: "\n")
    }
}
