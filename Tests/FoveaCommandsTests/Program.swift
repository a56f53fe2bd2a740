// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization
import Testing

/// The command as it was built beside these tests, run as a process of its own.
struct Program {
    /// What a run of the command left.
    struct Outcome {
        let code: Int32
        /// Standard output.
        let output: String
        /// Standard error.
        let remarks: String

        /// Standard output as the one JSON object that it must be.
        func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
            let value = try? JSONSerialization.jsonObject(with: Data(output.utf8))
            return try #require(
                value as? [String: Any], "\(output)\n\(remarks)", sourceLocation: sourceLocation)
        }
    }

    /// One thread, so that several tests at a time do not wait for each other's threads.
    static let threads = ["OMP_NUM_THREADS": "1"]

    /// The executable in the folder of the tests' own, or above.
    static let path: String? = {
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        while folder.path != "/" {
            folder = folder.deletingLastPathComponent()
            let program = folder.appendingPathComponent("fovea").path
            var status = stat()
            if access(program, X_OK) == 0, stat(program, &status) == 0,
                status.st_mode & S_IFMT == S_IFREG
            {
                return program
            }
        }
        return nil
    }()

    /// A run of the command that goes on.
    final class Running {
        let process = Process()
        private let folder: TemporaryFolder

        init(
            _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
            input: String = "", shell: String? = nil
        ) throws {
            self.folder = try TemporaryFolder()
            let program = try #require(Program.path, "the command was not built beside the tests")
            if let shell {
                process.executableURL = URL(fileURLWithPath: "/bin/sh")
                process.arguments = ["-c", shell + " exec \"$0\" \"$@\"", program] + arguments
            } else {
                process.executableURL = URL(fileURLWithPath: program)
                process.arguments = arguments
            }
            process.currentDirectoryURL = URL(fileURLWithPath: folder ?? self.folder.path)
            var variables = ProcessInfo.processInfo.environment
            for name in ["FORCE_COLOR", "CLICOLOR_FORCE", "NO_COLOR", "FOVEA_CACHE"] {
                variables[name] = nil
            }
            variables["COLUMNS"] = "80"
            variables.merge(Program.threads) { $1 }
            variables.merge(environment) { $1 }
            process.environment = variables
            let (output, remarks) = (self.folder.path + "/.out", self.folder.path + "/.err")
            for path in [output, remarks] {
                _ = FileManager.default.createFile(atPath: path, contents: nil)
            }
            process.standardOutput = FileHandle(forWritingAtPath: output)
            process.standardError = FileHandle(forWritingAtPath: remarks)
            _ = FileManager.default.createFile(
                atPath: self.folder.path + "/.in", contents: Data(input.utf8))
            process.standardInput = FileHandle(forReadingAtPath: self.folder.path + "/.in")
            try process.run()
        }

        /// What it said so far.
        var remarks: String { text(".err") }

        /// Waits for its end.
        func finish() -> Outcome {
            process.waitUntilExit()
            return Outcome(
                code: process.terminationStatus, output: text(".out"), remarks: remarks)
        }

        private func text(_ name: String) -> String {
            let bytes = FileManager.default.contents(atPath: "\(folder.path)/\(name)") ?? Data()
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Runs the command to its end.
    static func run(
        _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
        input: String = "", shell: String? = nil
    ) throws -> Outcome {
        try Running(
            arguments, in: folder, environment: environment, input: input, shell: shell
        ).finish()
    }
}

/// A folder that is removed with all it holds at the end of a test.
final class TemporaryFolder: Sendable {
    let path: String
    private let isKept: Bool

    /// Makes a folder.
    ///
    /// - Parameter isKept: Whether it is to stay until the last test has ended.
    /// - Throws: An error if it cannot be made.
    init(isKept: Bool = false) throws {
        path = FileManager.default.temporaryDirectory.path + "/fovea-command-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.isKept = isKept
        guard isKept else { return }
        Self.kept.withLock { kept in
            if kept.isEmpty { atexit { TemporaryFolder.removeKept() } }
            kept.append(path)
        }
    }

    private static let kept = Mutex<[String]>([])

    private static func removeKept() {
        for path in kept.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
    }

    deinit {
        if !isKept { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Writes a file into the folder, and into a folder below it if the name says so.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    /// The bytes of a file in the folder.
    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    /// The paths of all files and folders in it, in order.
    var names: [String] {
        (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted()
    }
}
