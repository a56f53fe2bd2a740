// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
import Fovea

/// The command `fovea`.
public struct FoveaCommand: ParsableCommand {
    /// The verbs and what they do.
    public static let configuration = CommandConfiguration(
        commandName: "fovea",
        abstract: "Train, evaluate and look inside convolutional image classifiers.",
        version: foveaVersion,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ForwardCommand.self,
            SummaryCommand.self, ModelsCommand.self, CompareCommand.self, BenchCommand.self,
            GraphCommand.self, FiltersCommand.self, ExportCommand.self, DoctorCommand.self,
        ])

    /// Makes the command without a verb.
    public init() {}

    /// Runs what the arguments say and ends the process with the code that belongs to the outcome.
    public static func main() -> Never {
        // A reader that goes away while a run trains must not end it: writing fails, and that is all.
        ignoreBrokenPipes()
        endProcess(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs what the arguments say.
    ///
    /// - Parameter arguments: The arguments after the command's name.
    /// - Returns: The exit code.
    package static func run(_ arguments: [String]) -> Int32 {
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            return report(error, arguments)
        }
    }

    /// Prints what went wrong, or the help that was asked for, and chooses the exit code.
    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        if let ending = error as? Ending { return ending.code }
        if let error = error as? FoveaError {
            Console.error("fovea: \(error)")
            return error.code.exitCode
        }
        let code = exitCode(for: error).rawValue
        let message = fullMessage(for: error)
        guard code != 0 else {
            let example = message.hasPrefix("OVERVIEW") ? "EXAMPLE: \(example(arguments))\n\n" : ""
            do throws(FoveaError) {
                try Console.print(example + message)
                return 0
            } catch {
                return report(error, arguments)
            }
        }
        Console.error("fovea: " + withoutPrefix(message) + suggestion(arguments))
        return code == 1 ? 70 : code
    }

    /// The example that the help of a verb begins with.
    private static func example(_ arguments: [String]) -> String {
        let verb = arguments.first { !$0.hasPrefix("-") && $0 != "help" }
        let type = configuration.subcommands.first { $0.configuration.commandName == verb }
        return (type as? any Exemplified.Type)?.example ?? TrainCommand.example
    }

    private static func withoutPrefix(_ message: String) -> String {
        message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
    }

    /// The verb that a mistyped one most likely stands for.
    private static func suggestion(_ arguments: [String]) -> String {
        let verbs = configuration.subcommands.compactMap { $0.configuration.commandName }
        guard let verb = arguments.first, !verb.hasPrefix("-"), !verbs.contains(verb),
            let nearest = nearestName(to: verb, among: verbs)
        else { return "" }
        return "\nDid you mean `fovea \(nearest)`?"
    }
}

/// A verb whose help begins with an example.
protocol Exemplified {
    /// A command line that works as it is.
    static var example: String { get }
}

/// An ending that is no error and has an exit code of its own.
struct Ending: Error {
    let code: Int32
}

extension FoveaError.Code {
    /// The exit code, after the system's `sysexits.h`.
    var exitCode: Int32 {
        switch self {
        case .usage: 64
        case .model, .weights, .dataset: 65
        case .missing: 66
        case .device: 69
        case .cannotCreate: 73
        case .cannotWrite: 74
        case .stopped: 75
        default: 70
        }
    }
}
