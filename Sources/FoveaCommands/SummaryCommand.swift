// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea summary`: a network layer by layer.
struct SummaryCommand: ParsableCommand, Exemplified {
    static let example = "fovea summary nin --batch 128"

    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Show a network layer by layer: shapes, parameters, multiply-adds, memory.")

    @Argument(help: ArgumentHelp("The network.", valueName: "network"))
    var network: String

    @Option(help: ArgumentHelp("Show layers down to this depth.", valueName: "n"))
    var depth = 9

    @Option(help: ArgumentHelp("The batch that the memory is forecast for.", valueName: "n"))
    var batch = 64

    @Option(help: ArgumentHelp("Forecast for train or infer.", valueName: "mode"))
    var mode = "train"

    @Option(help: ArgumentHelp("The side of the images.", valueName: "pixels"))
    var resize: Int?

    @OptionGroup(title: "Network") var networkOptions: NetworkOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        try networkOptions.check()
        let entry = try Catalog.entry(named: network)
        guard ["train", "infer"].contains(mode) else {
            throw FoveaError(.usage, "--mode must be train or infer, not \(mode).")
        }
        guard (1...65536).contains(batch) else {
            throw FoveaError(.usage, "--batch must be from 1 to 65536.")
        }
        let summary = try NetworkSummary(
            entry, options: networkOptions.catalogOptions,
            image: try networkOptions.image(entry, resize: resize), batch: batch,
            mode: mode == "train" ? .training : .inference, optimizer: .sgd())
        if output.json {
            try Console.printJSON(SummaryOutput(summary))
        } else {
            Console.print(
                summary.text(depth: depth, style: .standardOutput(plain: output.plain)))
        }
    }
}

/// What `summary --json` prints.
struct SummaryOutput: Encodable {
    struct Layer: Encodable {
        let path, type: String
        let output: [Int]
        let parameters, multiplyAdds: Int
    }

    let schema = 1
    let network: String
    let input: [Int]
    let classes, parameters, trainableParameters, multiplyAdds, batch: Int
    let mode: String
    let layers: [Layer]
    let memory: NetworkSummary.Memory

    init(_ summary: NetworkSummary) {
        network = summary.network
        input = summary.input
        classes = summary.classes
        parameters = summary.parameters
        trainableParameters = summary.trainableParameters
        multiplyAdds = summary.multiplyAdds
        batch = summary.batch
        mode = summary.mode
        layers = summary.layers.map { row in
            Layer(
                path: row.path, type: row.type, output: row.output, parameters: row.parameters,
                multiplyAdds: row.multiplyAdds)
        }
        memory = summary.memory
    }
}
