// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea train`: trains a network and leaves a folder with weights, figures and pictures.
struct TrainCommand: ParsableCommand, Exemplified {
    static let example = "fovea train nin --data fashion-mnist --recipe fast"

    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network and leave a folder with weights, figures and pictures.")

    @Argument(help: ArgumentHelp("The network; `fovea models` lists them.", valueName: "network"))
    var network: String

    @OptionGroup(title: "Data") var dataOptions: DataOptions
    @OptionGroup(title: "Network") var networkOptions: NetworkOptions
    @OptionGroup(title: "Settings") var settings: TrainSettings
    @OptionGroup(title: "Run") var runOptions: TrainRunOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        try networkOptions.check()
        let entry = try Catalog.entry(named: network)
        _ = try Recipe.named(settings.recipe, for: entry.name)
        guard !runOptions.resume || runOptions.out != nil else {
            throw FoveaError(
                .usage, "--resume does not say which run to go on with.",
                remedy: "Name the run's folder with --out.")
        }
        let style = TerminalStyle.standardError(plain: output.plain)
        let data = try dataOptions.load("fashion-mnist", style: style)
            .limited(training: settings.limitTrain, test: settings.limitTest)
        let configuration = try settings.configuration(
            entry, data: data, options: networkOptions)
        let folder =
            try runOptions.out.map { RunFolder($0) }
            ?? .unused(named: "\(entry.name)-\(data.name)")
        defer { if runOptions.out == nil { folder.discardIfEmpty() } }
        Interruption.observe()
        let display = TrainingDisplay(style: style, folder: folder)
        let run = try TrainingRun(
            configuration, data: data, folder: folder, resumes: runOptions.resume,
            cadence: TrainingRun.Cadence(
                saveEvery: runOptions.saveEvery, logEvery: runOptions.logEvery,
                maximumSteps: runOptions.maxSteps),
            shouldStop: { Interruption.isRequested }, report: display.show)
        display.begin(configuration, data: data)
        let ending = try display.closing { () throws(FoveaError) in try run.run() }
        guard ending == .finished else {
            Console.error("Saved. To go on:\n  \(resumeCommand(folder))")
            // Who stops a run wants it to end; pictures that cannot be drawn are no reason to say more.
            try? drawPictures(configuration, data: data, folder: folder)
            throw Ending(code: Interruption.exitCode)
        }
        try drawPictures(configuration, data: data, folder: folder)
        guard let result = run.result else { return }
        if output.json {
            try Console.printJSON(TrainOutput(result: result))
        } else {
            try Console.print(Self.closingLines(result))
        }
        if !output.json {
            Console.error(
                "Waiting for images took \(DecimalText.fixed(result.waiting * 100, decimals: 1)) % "
                    + "of the time. Weights, curves and predictions are in \(folder.path). Next:\n"
                    + "  fovea evaluate \(folder.path)\n"
                    + "  fovea predict \(folder.path) --index 0-8")
        }
    }

    /// The last lines, as the book prints them.
    static func closingLines(_ result: RunRecord.Result) -> String {
        func three(_ value: Double) -> String { DecimalText.fixed(value, decimals: 3) }
        func one(_ value: Double) -> String { DecimalText.fixed(value, decimals: 1) }
        return "loss \(three(result.loss)), train acc \(three(result.trainAccuracy)), "
            + "test acc \(three(result.testAccuracy))\n"
            + "\(one(result.imagesPerSecond)) examples/sec on \(result.device), "
            + "\(one(result.imagesPerSecondWithLoading)) with loading"
    }

    private func drawPictures(
        _ configuration: TrainingConfiguration, data: ClassificationData, folder: RunFolder
    ) throws(FoveaError) {
        let report = RunReport(folder)
        try report.writeCurves()
        guard let file = try? ModelFile(run: folder.path) else { return }
        let model = try LoadedModel(
            file, batch: 1,
            on: try Device.cpu.makeBackend(threads: configuration.threads, kernels: .looksUp))
        let indices = Array(0..<min(18, data.test.count))
        try report.writePredictions(
            indices, of: data.test,
            guesses: try model.predictor.classify(indices, of: data.test))
        try report.writeFilters(of: try file.fittedWeights())
    }

    /// The command line that was given, with what makes it go on.
    private func resumeCommand(_ folder: RunFolder) -> String {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if !arguments.contains(where: { $0 == "--out" || $0.hasPrefix("--out=") }) {
            arguments += ["--out", folder.path]
        }
        if !arguments.contains("--resume") { arguments.append("--resume") }
        let quoted = arguments.map { argument in
            let isPlain = argument.allSatisfy {
                $0.isLetter || $0.isNumber || "-_./=,:".contains($0)
            }
            return isPlain && !argument.isEmpty
                ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
        }
        return (["fovea"] + quoted).joined(separator: " ")
    }
}

/// What `train --json` prints.
struct TrainOutput: Encodable {
    let result: RunRecord.Result

    private enum CodingKeys: String, CodingKey { case schema }

    func encode(to encoder: any Encoder) throws {
        try result.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(1, forKey: .schema)
    }
}
