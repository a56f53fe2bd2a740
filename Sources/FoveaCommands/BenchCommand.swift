// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea bench`: how fast a network trains and classifies here.
struct BenchCommand: ParsableCommand, Exemplified {
    static let example = "fovea bench nin --batch 64"

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure images per second of training steps and inference, on random data.")

    @Argument(help: ArgumentHelp("The network.", valueName: "network"))
    var network: String

    @Option(help: ArgumentHelp("Batch sizes, such as 1,64.", valueName: "list"))
    var batch = "64"

    @Option(help: ArgumentHelp("Element types: f32,bf16.", valueName: "list"))
    var precision = "f32"

    @Option(help: ArgumentHelp("train, infer, or both.", valueName: "list"))
    var mode = "train,infer"

    @Option(help: ArgumentHelp("The side of the images.", valueName: "pixels"))
    var resize: Int?

    @Option(help: ArgumentHelp("The number of threads. (default: one per core)", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("What it runs on: cpu.", valueName: "name"))
    var device = "cpu"

    @Option(help: ArgumentHelp("How long each measurement lasts.", valueName: "s"))
    var seconds = 5.0

    @OptionGroup(title: "Network") var networkOptions: NetworkOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        try networkOptions.check()
        let entry = try Catalog.entry(named: network)
        let image = try networkOptions.image(entry, resize: resize)
        let batches = batch.split(separator: ",").compactMap { Int($0) }
        guard batches.count == batch.split(separator: ",", omittingEmptySubsequences: false).count,
            batches.allSatisfy({ (1...65536).contains($0) })
        else {
            throw FoveaError(.usage, "--batch \(batch) is not a list of sizes such as 1,64.")
        }
        let modes = try mode.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard name == "train" || name == "infer" else {
                throw FoveaError(.usage, "--mode must be train, infer, or both, not \(mode).")
            }
            return name == "train" ? Mode.training : .inference
        }
        let precisions = try precision.split(separator: ",", omittingEmptySubsequences: false).map {
            try Precision(named: String($0))
        }
        try Checked.seconds(seconds)
        var results: [Benchmark] = []
        for batch in batches {
            for mode in modes {
                for precision in precisions {
                    results.append(
                        try Benchmark(
                            entry, options: networkOptions.catalogOptions, image: image,
                            mode: mode, batch: batch, device: try Device(named: device),
                            precision: precision, threads: threads, seconds: seconds))
                }
            }
        }
        if output.json {
            try Console.printJSON(
                BenchOutput(network: entry.name, input: image.dimensions, results: results))
        } else {
            try Console.print({ table(results).text(style: $0) }, plain: output.plain)
        }
    }

    private func table(_ results: [Benchmark]) -> TextTable {
        var table = TextTable(columns: [
            "mode", "precision", .init("batch", .right), .init("threads", .right),
            .init("images/s", .right), .init("ms/step", .right), .init("from", .right),
            .init("to", .right), .init("peak memory", .right),
        ])
        for result in results {
            let times = result.millisecondsPerStep
            table.add([
                result.mode, result.precision, "\(result.batch)", "\(result.threads)",
                DecimalText.fixed(result.imagesPerSecond, decimals: 1),
                DecimalText.fixed(times.median, decimals: 1),
                DecimalText.fixed(times.min, decimals: 1),
                DecimalText.fixed(times.max, decimals: 1),
                NetworkSummary.bytes(result.peakMemoryBytes),
            ])
        }
        return table
    }
}

/// What `bench --json` prints.
struct BenchOutput: Encodable {
    let schema = 1
    let network: String
    let input: [Int]
    let machine = RunRecord.Machine.current
    let results: [Benchmark]
}
