// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea export`: writes weights in a form that other tools open.
struct ExportCommand: ParsableCommand, Exemplified {
    static let example =
        "fovea export nin --weights nin.pth --format safetensors --out nin.safetensors"

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract:
            "Write the weights of a run, or of a PyTorch file, in a form that other tools open.")

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("The form of the file: safetensors.", valueName: "format"))
    var format = "safetensors"

    @Option(
        help: ArgumentHelp(
            "The file; NETWORK.safetensors if left out, for a run in its folder.",
            valueName: "file"))
    var out: String?

    func run() throws {
        guard format == "safetensors" else {
            throw FoveaError(
                .usage, "there is no --format \(format).", remedy: "Choose --format safetensors.")
        }
        let file = try model.file()
        var weights = try file.fittedWeights()
        weights.metadata.merge(try file.description.metadata()) { $1 }
        let path = out ?? model.defaultPath(of: "\(file.entry.name).safetensors")
        try weights.write(to: path)
        try Console.print(path)
    }
}
