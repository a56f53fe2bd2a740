// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea models`: the networks there are.
struct ModelsCommand: ParsableCommand, Exemplified {
    static let example = "fovea models"

    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the networks: parameters, multiply-adds, input, paper and accuracy.")

    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        if output.json {
            try Console.printJSON(ModelsOutput(models: Catalog.all.map(ModelsOutput.Model.init)))
            return
        }
        var table = TextTable(columns: [
            "network", .init("parameters", .right), .init("multiply-adds", .right),
            .init("input", .right), "paper", "published accuracy",
        ])
        for entry in Catalog.all {
            table.add([
                entry.name, DecimalText.grouped(entry.parameters),
                DecimalText.grouped(entry.multiplyAdds), "\(entry.input)", entry.paper,
                entry.accuracy,
            ])
        }
        try Console.print({ table.text(style: $0) }, plain: output.plain)
    }
}

/// What `models --json` prints.
struct ModelsOutput: Encodable {
    struct Model: Encodable {
        let name, summary: String
        let input: [Int]
        let classes, parameters, multiplyAdds: Int
        let paper, accuracy: String

        init(_ entry: Catalog.Entry) {
            name = entry.name
            summary = entry.summary
            input = entry.input.dimensions
            classes = entry.classes
            parameters = entry.parameters
            multiplyAdds = entry.multiplyAdds
            paper = entry.paper
            accuracy = entry.accuracy
        }
    }

    let schema = 1
    let models: [Model]
}
