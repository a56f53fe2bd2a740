// SPDX-License-Identifier: Apache-2.0
import Testing

/// What kernels took, from one process to the next.
@Suite struct KernelCacheTests {
    @Test("Kernels are tried once, and a run goes on with those it began with")
    func keeps() throws {
        let data = try TrainedRun.shared.get().data
        let folder = try TemporaryFolder()
        func run(_ arguments: [String], cache: String) throws -> Program.Outcome {
            let environment = [
                "FOVEA_KERNELS": "measured", "FOVEA_CACHE": "\(folder.path)/\(cache)",
            ]
            return try Program.run(arguments, in: folder.path, environment: environment)
        }
        let train =
            ["train", "lenet", "--batch", "20", "--data-dir", data, "--out", "run", "--resume"]
        let begun = try run(train + ["--max-steps", "3"], cache: "first")
        #expect(begun.code == 0, "\(begun.remarks)")
        let tried = try lines("first/kernels.tsv", in: folder)
        #expect(tried.count >= 5, "LeNet's convolutions have five directions")
        for line in tried {
            let parts = line.split(separator: "\t")
            #expect(parts.count == 2)
            #expect(try #require(Double(parts[0])) > 0)
            #expect(parts[1].hasPrefix("oneDNN "))
        }
        let own = try lines("run/kernels.tsv", in: folder)
        #expect(!own.isEmpty && own.isSubset(of: tried))

        // With another cache, which is empty, the run's own timings count, and stay with the run.
        let resumed = try run(train + ["--max-steps", "6"], cache: "second")
        #expect(resumed.code == 0, "\(resumed.remarks)")
        #expect(try own.isSubset(of: lines("run/kernels.tsv", in: folder)))
        #expect(!folder.names.contains("second/kernels.tsv"))

        // Without timings at all, others may be chosen.
        let estimated = try Program.run(
            train + ["--max-steps", "9"], in: folder.path,
            environment: ["FOVEA_KERNELS": "estimated"])
        #expect(estimated.code == 0, "\(estimated.remarks)")
        #expect(estimated.remarks.contains("with estimated kernels does; the bits may differ"))

        let doctor = try run(["doctor", "--json"], cache: "first").json()
        #expect(doctor["kernels"] as? Int == tried.count)
        #expect(doctor["cache"] as? String == "\(folder.path)/first/kernels.tsv")
    }

    @Test("For what is left at the end of an epoch nothing is tried")
    func rests() throws {
        let data = try TrainedRun.shared.get().data
        let folder = try TemporaryFolder()
        let outcome = try Program.run(
            [
                "train", "lenet", "--batch", "20", "--limit-train", "47", "--limit-test", "33",
                "--epochs", "1", "--data-dir", data, "--out", "run",
            ],
            in: folder.path,
            environment: ["FOVEA_KERNELS": "measured", "FOVEA_CACHE": folder.path])
        #expect(outcome.code == 0, "\(outcome.remarks)")
        let tried = try lines("kernels.tsv", in: folder)
        #expect(tried.contains { $0.contains("; 20×1×28×28 ") })
        #expect(!tried.contains { $0.contains("; 7×1×28×28 ") || $0.contains("; 13×1×28×28 ") })
    }

    private func lines(_ name: String, in folder: TemporaryFolder) throws -> Set<Substring> {
        Set(String(decoding: try folder.read(name), as: UTF8.self).split(separator: "\n"))
    }

    @Test("A cache that cannot be written, or holds nonsense, stops nothing")
    func forgives() throws {
        let folder = try TemporaryFolder()
        try folder.write("cache/kernels.tsv", Array("nonsense\n\u{0}\t\t\n-1\tx".utf8))
        try folder.write("file", [])
        for cache in ["cache", "file", "/proc/none"] {
            let outcome = try Program.run(
                ["bench", "lenet", "--batch", "2", "--seconds", "0.01", "--json"],
                in: folder.path,
                environment: [
                    "FOVEA_KERNELS": "measured",
                    "FOVEA_CACHE": cache.hasPrefix("/") ? cache : "\(folder.path)/\(cache)",
                ])
            #expect(outcome.code == 0, "\(outcome.remarks)")
            #expect(outcome.remarks == "" || !outcome.remarks.contains("kernels.tsv"))
        }
    }
}
