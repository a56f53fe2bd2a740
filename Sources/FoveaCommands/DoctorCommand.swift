// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea doctor`: what this machine offers.
struct DoctorCommand: ParsableCommand, Exemplified {
    static let example = "fovea doctor"

    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this machine offers: processor, library, threads, data.")

    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        let backend = try Device.cpu.makeBackend(kernels: .looksUp)
        let machine = RunRecord.Machine.current
        let sets = DatasetSource.all.map { source in
            do throws(FoveaError) {
                return DoctorOutput.DataSet(
                    name: source.name, origin: try source.load(download: false).origin, flaw: nil)
            } catch {
                let isMissing = error.code == .missing
                return DoctorOutput.DataSet(
                    name: source.name, origin: nil, flaw: isMissing ? nil : error.description)
            }
        }
        let result = DoctorOutput(
            version: foveaVersion, machine: machine, library: backend.libraryName,
            threads: backend.threadCount, precisions: Precision.available,
            kernels: KernelCache.count, cache: KernelCache.path,
            data: sets)
        if output.json {
            try Console.printJSON(result)
        } else {
            try Console.print(result.text, plain: output.plain)
        }
    }
}

/// What `doctor` prints.
struct DoctorOutput: Encodable {
    struct DataSet: Encodable {
        let name: String
        let origin: String?
        let flaw: String?
    }

    let schema = 1
    let version: String
    let machine: RunRecord.Machine
    let library: String
    let threads: Int
    /// What `--precision` may be here.
    let precisions: [Precision]
    /// The timings of kernels that are known, and the file they are kept in.
    let kernels: Int
    let cache: String?
    let data: [DataSet]

    func text(style: TerminalStyle) -> String {
        let good = style.paint("✓", .good)
        var lines = [
            "\(good) fovea \(version) on \(machine.system)",
            "\(good) \(machine.processor), \(machine.cores) cores, "
                + NetworkSummary.bytes(machine.memoryBytes),
            "\(good) \(library), \(threads) thread\(threads == 1 ? "" : "s")",
        ]
        lines.append(
            precisions.contains(.bf16)
                ? "\(good) instructions for bf16: --precision bf16 is quicker for most networks"
                : "\(style.paint("·", .faint)) no instructions for bf16, only f32")
        if let cache {
            lines.append(
                KernelCache.isOff
                    ? "\(style.paint("·", .faint)) kernels are chosen by estimates, as FOVEA_KERNELS says"
                    : kernels == 0
                        ? "\(style.paint("·", .faint)) no kernels were timed yet; the first plan of a "
                            + "network tries them"
                        : "\(good) timings of \(kernels) kernels in \(cache)")
        }
        for set in data {
            if let origin = set.origin {
                lines.append("\(good) \(set.name) in \(origin)")
            } else if let flaw = set.flaw {
                lines.append("\(style.paint("✗", .bad)) \(set.name): \(flaw)")
            } else {
                lines.append(
                    "\(style.paint("·", .faint)) \(set.name) is not here; "
                        + "training on it downloads it")
            }
        }
        return lines.joined(separator: "\n")
    }
}
