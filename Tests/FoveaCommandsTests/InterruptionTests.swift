// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Testing

/// Runs that are ended by signals, and go on to the same bits.
@Suite struct InterruptionTests {
    static let arguments = [
        "train", "lenet", "--epochs", "30", "--batch", "20", "--optimizer", "adamw", "--lr", "0.01",
    ]

    @Test(
        "A signal saves and says how to go on",
        arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func interrupted(_ signal: Int32, _ code: Int32) throws {
        let data = try TrainedRun.shared.get().data
        let folder = try TemporaryFolder()
        let arguments = Self.arguments + ["--data-dir", data]
        let running = try Program.Running(
            arguments + ["--json", "--out", "a folder"], in: folder.path)
        let end = Date(timeIntervalSinceNow: 60)
        while !running.remarks.contains("epoch  2/30"), Date() < end { usleep(5000) }
        #expect(kill(running.process.processIdentifier, signal) == 0)
        let outcome = running.finish()
        #expect(outcome.code == code)
        #expect(running.process.terminationReason == .exit)
        #expect(outcome.output == "")
        let lines = outcome.remarks.split(separator: "\n")
        #expect(lines.dropLast().last == "Saved. To go on:")
        let line = try #require(lines.last)
        #expect(
            line == "  fovea \(arguments.joined(separator: " ")) --json --out 'a folder' --resume")
        let names = folder.names
        #expect(names.allSatisfy { !$0.contains(".tmp-") })
        #expect(!names.contains("a folder/last.safetensors"))
        #expect(names.contains { $0.hasPrefix("a folder/checkpoint-") })

        // The line is one that a shell takes.
        let resumed = try Program.run(
            [], in: folder.path, shell: "fovea() { \"$0\" \"$@\"; };\(line); exit $?;")
        #expect(resumed.code == 0, "\(resumed.remarks)")
        #expect(resumed.remarks.contains("Going on after step "))
        #expect(try resumed.json()["epochs"] as? Int == 30)
        let whole = try Program.run(arguments + ["--out", "whole"], in: folder.path)
        #expect(whole.code == 0, "\(whole.remarks)")
        for name in ["last.safetensors", "best.safetensors", "predictions.png", "filters.png"] {
            let same = try folder.read("a folder/\(name)") == folder.read("whole/\(name)")
            #expect(same, "\(name)")
        }
    }

    @Test("A run goes on with as many threads as it was begun with")
    func threads() throws {
        let data = try TrainedRun.shared.get().data
        let folder = try TemporaryFolder()
        let arguments = Self.arguments + ["--data-dir", data, "--out", "run", "--resume"]
        let begun = try Program.run(arguments + ["--max-steps", "5"], in: folder.path)
        #expect(begun.code == 0, "\(begun.remarks)")
        let two = ["OMP_NUM_THREADS": "2"]
        let refused = try Program.run(arguments, in: folder.path, environment: two)
        #expect(refused.code == 64)
        #expect(
            refused.remarks
                == "fovea: the run in run was begun with 1 threads, not 2, and would not go on bit "
                + "for bit.\nAdd --threads 1.\n")
        let resumed = try Program.run(
            arguments + ["--threads", "1", "--max-steps", "10"], in: folder.path, environment: two)
        #expect(resumed.code == 0, "\(resumed.remarks)")
        #expect(resumed.remarks.contains("Going on after step 5 of 10."))
    }
}
