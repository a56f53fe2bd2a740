// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea filters`: what the first layer looks for.
struct FiltersCommand: ParsableCommand, Exemplified {
    static let example = "fovea filters runs/nin-fashion-mnist-1"

    static let configuration = CommandConfiguration(
        commandName: "filters", abstract: "Draw the filters of the first convolution.")

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("The picture; filters.png in the run's folder.", valueName: "png"))
    var out: String?

    func run() throws {
        let weights = try model.file().fittedWeights()
        let path = out ?? model.defaultPath(of: "filters.png")
        try RunReport(RunFolder(model.model)).writeFilters(of: weights, to: path)
        try Console.print(path)
    }
}
