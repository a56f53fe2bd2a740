// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea
import FoveaArrays

/// `fovea compare`: networks and runs side by side.
struct CompareCommand: ParsableCommand, Exemplified {
    static let example = "fovea compare --models lenet,alexnet-d2l,nin --no-speed --out nets.png"

    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Put networks and runs side by side, in one table and one picture.")

    @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run"))
    var runs: [String] = []

    @Option(help: ArgumentHelp("Networks, such as lenet,nin, or all.", valueName: "list"))
    var models: String?

    @Option(help: ArgumentHelp("table, md, csv, json, or html with --out.", valueName: "form"))
    var format: String?

    @Option(help: ArgumentHelp("Draw the picture, or write the page.", valueName: "svg|png|html"))
    var out: String?

    @Option(help: ArgumentHelp("The batch of networks, for speed and memory.", valueName: "n"))
    var batch = 64

    @Option(help: ArgumentHelp("One side for the images of all networks.", valueName: "pixels"))
    var resize: Int?

    @Flag(help: "Do not measure the networks' speeds.")
    var noSpeed = false

    @Option(help: ArgumentHelp("How long each measurement lasts.", valueName: "s"))
    var seconds = 1.0

    @Option(help: ArgumentHelp("The number of threads.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("What speeds are measured on: cpu.", valueName: "name"))
    var device = "cpu"

    @OptionGroup(title: "Network") var networkOptions: NetworkOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        let form = try chosenForm()
        try networkOptions.check()
        try Checked.batch(batch)
        try Checked.seconds(seconds)
        let device = try Device(named: device)
        let networks = try namedNetworks()
        guard !runs.isEmpty || !networks.isEmpty else {
            throw FoveaError(
                .usage, "there is nothing to compare.",
                remedy: "Name folders of runs, or networks with --models lenet,nin.")
        }
        var entries: [Comparison.Entry] = []
        for run in runs { entries.append(try Self.entry(run: run)) }
        for network in networks {
            entries.append(
                try Comparison.Entry(
                    network, options: networkOptions.catalogOptions,
                    image: try networkOptions.image(network, resize: resize), batch: batch))
        }
        var comparison = Comparison(entries)
        if !noSpeed { try measure(networks, into: &comparison, on: device) }
        try write(comparison, form)
    }

    /// The networks that `--models` names, each once.
    private func namedNetworks() throws(FoveaError) -> [Catalog.Entry] {
        guard let models else { return [] }
        if models == "all" { return Catalog.all }
        var entries: [Catalog.Entry] = []
        for name in models.split(separator: ",", omittingEmptySubsequences: false) {
            guard !name.isEmpty else {
                throw FoveaError(
                    .usage, "--models \(models) is not a list of networks such as lenet,nin.")
            }
            let entry = try Catalog.entry(named: String(name))
            if !entries.contains(where: { $0.name == entry.name }) { entries.append(entry) }
        }
        return entries
    }

    private static func entry(run path: String) throws(FoveaError) -> Comparison.Entry {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard RunFolder(path).hasRun else {
            if (try? Catalog.entry(named: path)) != nil {
                throw FoveaError(
                    .usage, "\(path) is a network, not a run's folder.",
                    remedy: "Compare networks with --models \(path).")
            }
            throw FoveaError(
                .missing, "is not a run's folder.",
                remedy: RunFolder.nearest(to: path).map { "Did you mean \($0)?" }
                    ?? "`fovea train` makes a run's folder.", path: path)
        }
        return try Comparison.Entry(RunFolder(path))
    }

    // MARK: - Speed

    private func measure(
        _ networks: [Catalog.Entry], into comparison: inout Comparison, on device: Device
    ) throws(FoveaError) {
        var results: [Benchmark] = []
        for (index, network) in networks.enumerated() {
            Console.error("Measuring \(network.name), \(index + 1) of \(networks.count).")
            let place = runs.count + index
            let needed = comparison.entries[place].memory?.total ?? 0
            for mode in [Mode.training, .inference] {
                do throws(FoveaError) {
                    try Self.check(needed)
                    let result = try Benchmark(
                        network, options: networkOptions.catalogOptions,
                        image: Shape(comparison.entries[place].input), mode: mode, batch: batch,
                        device: device, threads: threads, seconds: seconds)
                    results.append(result)
                    if mode == .training {
                        comparison.entries[place].trainingSpeed = result.imagesPerSecond
                    } else {
                        comparison.entries[place].inferenceSpeed = result.imagesPerSecond
                    }
                } catch  where error.code == .device {
                    // One network that is too large leaves a gap, and the others are compared.
                    Console.error("\(network.name) is not measured: \(error.message)")
                    break
                }
            }
        }
        guard let first = results.first else { return }
        let machine = RunRecord.Machine.current
        comparison.measuredOn =
            "\(machine.processor), \(first.threads) thread\(first.threads == 1 ? "" : "s"), "
            + "\(first.precision), batch \(batch)"
    }

    /// Refuses what would fill the memory: the system may end a process that tries.
    private static func check(_ needed: Int) throws(FoveaError) {
        let available = RunRecord.Machine.current.memoryBytes
        guard needed <= available / 10 * 9 else {
            throw FoveaError(
                .device,
                "it needs \(NetworkSummary.bytes(needed)) to train with --batch, and this machine has "
                    + "\(NetworkSummary.bytes(available)).")
        }
    }

    // MARK: - Output

    private enum Form: String, CaseIterable {
        case table, md, csv, json, html
    }

    /// What is printed, after checking that it and the file go together.
    private func chosenForm() throws(FoveaError) -> Form {
        let name = format ?? (output.json ? "json" : "table")
        guard let form = Form(rawValue: name) else {
            let names = Form.allCases.map(\.rawValue)
            throw FoveaError(
                .usage, "there is no --format \(name).",
                remedy: nearestName(to: name, among: names).map { "Did you mean \($0)?" }
                    ?? "Choose one of \(names.joined(separator: ", ")).")
        }
        guard !output.json || form == .json else {
            throw FoveaError(.usage, "--json and --format \(name) exclude each other.")
        }
        let ending = out.map(PictureFiles.ending) ?? ""
        if form == .html {
            guard out != nil else {
                throw FoveaError(
                    .usage, "--format html does not say where the page goes.",
                    remedy: "Add --out compare.html.")
            }
            guard ["html", "htm"].contains(ending) else {
                throw FoveaError(
                    .usage,
                    "--format html writes a page, but --out \(out ?? "") is no name for one.",
                    remedy: "Let the name end in .html.")
            }
        } else if let out, !["svg", "png"].contains(ending) {
            throw FoveaError(
                .usage, "--out \(out) is no name for a picture.",
                remedy: ["html", "htm"].contains(ending)
                    ? "Add --format html for a page, or let the name end in .svg or .png."
                    : "Let the name end in .svg or .png.")
        }
        return form
    }

    private func write(_ comparison: Comparison, _ form: Form) throws(FoveaError) {
        if let out {
            if form == .html {
                try comparison.writeHTML(to: out)
            } else if PictureFiles.ending(of: out) == "svg" {
                try comparison.drawing().writeSVG(to: out)
            } else {
                try comparison.drawing().writePNG(to: out)
            }
        }
        switch form {
        case .table:
            try Console.print({ comparison.text(style: $0) }, plain: output.plain)
        case .md: try Console.print(comparison.markdown())
        case .csv: try Console.print(comparison.csv())
        case .json: try Console.printJSON(CompareOutput(comparison))
        case .html: try Console.print(out ?? "")
        }
    }
}

extension RunFolder {
    /// The run in the same folder whose name is most like a mistyped one.
    fileprivate static func nearest(to path: String) -> String? {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let parent = String(path.dropLast(name.count))
        let names = Folders.names(in: parent.isEmpty ? "." : parent).sorted().filter {
            $0 != "." && $0 != ".." && RunFolder(parent + $0).hasRun
        }
        return nearestName(to: name, among: names).map { parent + $0 }
    }
}
