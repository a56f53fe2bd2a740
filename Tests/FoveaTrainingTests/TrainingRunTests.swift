// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import FoveaModels
import FoveaRuntime
import Foundation
import Testing

@testable import FoveaTraining

/// Runs with their folders: stopped, killed, damaged and resumed.
@Suite(.serialized) struct TrainingRunTests {
    /// Momentum, Nesterov's look ahead, decay, dropout, one cycle; 20 images in batches of 8.
    static func nin() throws -> TrainingConfiguration {
        try settings("nin", recipe: "fast") {
            $0.epochs = 3
            $0.batch = 8
            $0.seed = 5
        }
    }

    static func lenet(_ network: String = "lenet") throws -> TrainingConfiguration {
        try settings(network) {
            $0.epochs = 3
            $0.batch = 8
            $0.optimizer = .adamw
            $0.weightDecay = 0.01
            $0.rate = 0.01
            $0.schedule = .cosine
            $0.labelSmoothing = 0.1
            $0.augmentation = .cropFlipErase
        }
    }

    /// Trains in a folder until the end, or until so many steps of this start are done.
    @discardableResult
    static func train(
        _ configuration: TrainingConfiguration, in folder: TemporaryFolder,
        data: ClassificationData = barData(20, 10), stopAfter: Int? = nil,
        cadence: TrainingRun.Cadence = .init(), resumes: Bool = true,
        report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingRun.Ending {
        var steps = 0
        let run = try TrainingRun(
            configuration, data: data, folder: RunFolder(folder), resumes: resumes,
            cadence: cadence,
            shouldStop: {
                steps += 1
                return steps == stopAfter
            }, report: report)
        return try run.run()
    }

    /// What an uninterrupted run leaves.
    struct Outcome: Equatable {
        let last, best: String
        let points: [MetricPoint]
        let status: String

        init(_ folder: TemporaryFolder) throws {
            let run = RunFolder(folder)
            last = try run.digest("last.safetensors")
            best = try run.digest("best.safetensors")
            points = run.timelessPoints()
            status = try run.readRecord().status
        }
    }

    static func uninterrupted(_ configuration: TrainingConfiguration) throws -> Outcome {
        let folder = try TemporaryFolder()
        #expect(try train(configuration, in: folder, resumes: false) == .finished)
        return try Outcome(folder)
    }

    // MARK: - Resuming

    @Test("A stopped run goes on to the same bits", arguments: [1, 3, 5, 6, 8, 9])
    func stopped(at step: Int) throws {
        let folder = try TemporaryFolder()
        #expect(try Self.train(Self.nin(), in: folder, stopAfter: step) == .stopped)
        #expect(try RunFolder(folder).readRecord().status == "stopped")
        #expect(try Self.train(Self.nin(), in: folder) == .finished)
        #expect(try Outcome(folder) == Self.uninterruptedNiN.get())
    }

    /// One run that all cases are compared with.
    static let uninterruptedNiN = Result { try uninterrupted(nin()) }

    @Test(
        "A run that is stopped after every step does too, its running statistics as well",
        arguments: ["lenet", "lenet-bn"])
    func stoppedOften(_ network: String) throws {
        let settings = try Self.lenet(network)
        let expected = try Self.uninterrupted(settings)
        let folder = try TemporaryFolder()
        var starts = 1
        while try Self.train(settings, in: folder, stopAfter: 1) == .stopped { starts += 1 }
        #expect(starts == 10)
        #expect(try Outcome(folder) == expected)
    }

    @Test("So does one that was told to end within an epoch, and at its end", arguments: [5, 6])
    func maximumSteps(_ count: Int) throws {
        let folder = try TemporaryFolder()
        let ending = try Self.train(
            Self.nin(), in: folder, cadence: .init(maximumSteps: count))
        #expect(ending == .finished)
        let record = try RunFolder(folder).readRecord()
        #expect(record.status == "finished")
        #expect(record.result?.steps == count)
        #expect(folder.names.contains("last.safetensors"))
        #expect(folder.names.contains("best.safetensors"))
        #expect(try Self.train(Self.nin(), in: folder) == .finished)
        #expect(try Outcome(folder) == Self.uninterruptedNiN.get())
    }

    @Test(
        "So does one that was stopped after the step at which it was to end, an epoch's last",
        arguments: [3, 6])
    func stoppedAtItsEnd(_ count: Int) throws {
        let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
        let cadence = TrainingRun.Cadence(maximumSteps: count)
        #expect(try Self.train(Self.nin(), in: whole, cadence: cadence) == .finished)
        #expect(
            try Self.train(Self.nin(), in: folder, stopAfter: count, cadence: cadence) == .stopped)
        #expect(try Self.train(Self.nin(), in: folder, cadence: cadence) == .finished)
        #expect(try RunFolder(folder).readRecord().result?.epochs == count / 3)
        #expect(try Outcome(folder) == Outcome(whole))
    }

    @Test("So does one that was killed between two saves", arguments: [5, 7])
    func killed(at step: Int) throws {
        let (folder, snapshot) = (try TemporaryFolder(), try TemporaryFolder())
        try Self.train(
            Self.nin(), in: folder, cadence: .init(saveEvery: 4),
            report: { event in
                guard case .progress(let progress) = event,
                    (progress.epoch - 1) * 3 + progress.step == step
                else { return }
                try? FileManager.default.removeItem(atPath: snapshot.path)
                try? FileManager.default.copyItem(atPath: folder.path, toPath: snapshot.path)
            })
        #expect(!snapshot.names.contains("last.safetensors"))
        #expect(try RunFolder(snapshot).readRecord().status == "running")
        try Self.train(Self.nin(), in: snapshot)
        #expect(try Outcome(snapshot) == Self.uninterruptedNiN.get())
    }

    @Test("A finished run is left as it is")
    func finished() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder)
        let outcome = try Outcome(folder)
        let names = folder.names
        var steps = 0
        let ending = try Self.train(
            Self.lenet(), in: folder,
            report: { if case .progress = $0 { steps += 1 } })
        #expect(ending == .finished && steps == 0)
        #expect(try Outcome(folder) == outcome)
        #expect(folder.names == names)
        #expect(names.filter { $0.hasPrefix("checkpoint-") }.count == 2)
    }

    // MARK: - Damage

    enum Damage: String, CaseIterable {
        case flippedTensor, flippedState, shortened, emptied
    }

    static func damage(_ path: String, _ how: Damage) throws {
        var bytes = try AtomicFile.read(path)
        switch how {
        case .flippedTensor: bytes[bytes.count - 100] ^= 4
        case .flippedState:
            let digit = try #require(
                bytes.firstRange(of: Array("\\\"images\\\":".utf8))?.upperBound)
            bytes[digit] ^= 1
        case .shortened: bytes.removeLast(1000)
        case .emptied: bytes = []
        }
        try AtomicFile.write(path, [bytes])
    }

    @Test("A damaged checkpoint gives way to the one before", arguments: Damage.allCases)
    func damaged(_ how: Damage) throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.nin(), in: folder, stopAfter: 5, cadence: .init(saveEvery: 4))
        let (older, newer) = ("checkpoint-00000004.safetensors", "checkpoint-00000005.safetensors")
        #expect(folder.names.filter { $0.hasPrefix("checkpoint-") } == [older, newer])
        try Self.damage("\(folder.path)/\(newer)", how)
        var remarks: [String] = []
        var start: Int?
        try Self.train(
            Self.nin(), in: folder,
            report: { event in
                if case .remark(let text) = event { remarks.append(text) }
                if case .began(_, let from) = event { start = from }
            })
        #expect(start == 4)
        #expect(remarks == ["\(newer) is damaged and was removed; the run goes on after step 4."])
        #expect(try Outcome(folder) == Self.uninterruptedNiN.get())
    }

    @Test("Without a checkpoint that is whole the run begins anew and says so")
    func allDamaged() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.nin(), in: folder, stopAfter: 2)
        try Self.damage("\(folder.path)/checkpoint-00000002.safetensors", .shortened)
        var remarks: [String] = []
        try Self.train(
            Self.nin(), in: folder,
            report: { if case .remark(let text) = $0 { remarks.append(text) } })
        #expect(
            remarks == [
                "checkpoint-00000002.safetensors is damaged and was removed; the run begins anew."
            ])
        #expect(try Outcome(folder) == Self.uninterruptedNiN.get())
    }

    @Test("A checkpoint that is whole but says what this version does not know is kept")
    func otherVersion() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.nin(), in: folder, stopAfter: 4)
        let path = "\(folder.path)/checkpoint-00000004.safetensors"
        let file = try Safetensors(contentsOf: path)
        let text = try #require(file.metadata["fovea.checkpoint"])
            .replacingOccurrences(of: "waiting_seconds", with: "patience")
        let digest = Checkpoint.digest(text, file.tensors)
        try Safetensors(file.tensors, metadata: ["fovea.checkpoint": text, "sha256": digest])
            .write(to: path)
        let names = folder.names
        let metrics = try RunFolder(folder).digest("metrics.jsonl")
        let error = #expect(throws: FoveaError.self) { try Self.train(Self.nin(), in: folder) }
        #expect(error?.message == "was written by another version of Fovea.")
        #expect(error?.path == path)
        #expect(folder.names == names)
        #expect(try RunFolder(folder).digest("metrics.jsonl") == metrics)
    }

    @Test("What killed writers left is removed, and nothing else")
    func leftovers() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder, stopAfter: 2)
        // No process has so high a number; the first one is always there, and may be writing.
        let left = ".checkpoint-00000003.safetensors.tmp-99999999"
        let kept = [".last.safetensors.tmp-1", ".notes", ".notes.tmp-old", "notes.tmp-1"]
        for name in [left] + kept {
            try AtomicFile.write("\(folder.path)/\(name)", text: "half")
        }
        try Self.train(Self.lenet(), in: folder, stopAfter: 2)
        #expect(
            folder.names.filter { $0.contains("tmp") || $0.contains("notes") } == kept)
    }

    @Test("A metrics file that lost lines is not filled up with zeros")
    func metricsLost() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder, stopAfter: 5)
        let metrics = RunFolder(folder).metrics
        try FileManager.default.removeItem(atPath: metrics)
        try Self.train(Self.lenet(), in: folder)
        #expect(try !AtomicFile.read(metrics).contains(0))
        #expect(RunFolder(folder).points().map(\.step) == [6, 6, 7, 8, 9, 9])
    }

    // MARK: - Refusals

    @Test("A last batch that is too small is told before the first step")
    func restTooSmall() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: FoveaError.self) {
            try Self.train(Self.lenet("lenet-bn"), in: folder, data: barData(17, 10))
        }
        #expect(error?.code == .usage)
        #expect(
            error?.message
                == "the last batch of an epoch has 1 of 17 images, which is too few for this network."
        )
        #expect(folder.names.isEmpty)
    }

    @Test("Saving and logging after every zeroth step is refused")
    func cadence() throws {
        let folder = try TemporaryFolder()
        for cadence in [TrainingRun.Cadence(saveEvery: 0), .init(logEvery: 0)] {
            let error = #expect(throws: FoveaError.self) {
                try Self.train(Self.lenet(), in: folder, cadence: cadence)
            }
            #expect(error?.code == .usage)
        }
        #expect(folder.names.isEmpty)
    }

    @Test("A folder with a run is not written to unless asked")
    func occupied() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder, stopAfter: 2)
        let names = folder.names
        let error = #expect(throws: FoveaError.self) {
            try Self.train(Self.lenet(), in: folder, resumes: false)
        }
        #expect(error?.code == .usage)
        #expect(error?.message == "there is a run in \(folder.path) already.")
        #expect(
            error?.remedy == "Add --resume to go on with it, or choose another folder with --out.")
        #expect(folder.names == names)
    }

    @Test("One folder is trained in by one run at a time")
    func locked() throws {
        let folder = try TemporaryFolder()
        let first = try TrainingRun(
            Self.lenet(), data: barData(20, 10), folder: RunFolder(folder), resumes: false)
        try AtomicFile.write("\(folder.path)/.last.safetensors.tmp-1", text: "half")
        let names = folder.names
        let error = #expect(throws: FoveaError.self) {
            try Self.train(Self.lenet(), in: folder)
        }
        #expect(error?.code == .usage)
        #expect(error?.message == "another process is training here.")
        #expect(error?.remedy == "Wait for its end, or choose another folder with --out.")
        #expect(folder.names == names)
        #expect(try first.run() == .finished)
    }

    typealias Change = @Sendable (inout TrainingConfiguration) -> Void

    static let changes: [(sentence: String, change: Change)] = [
        ("--lr 0.01, not 0.02", { $0.rate = 0.02 }),
        ("--batch 8, not 16", { $0.batch = 16 }),
        ("--seed 0, not 1", { $0.seed = 1 }),
        ("--epochs 3, not 4", { $0.epochs = 4 }),
        ("--optimizer adamw, not sgd", { $0.optimizer = .sgd }),
        ("--schedule cosine, not one-cycle", { $0.schedule = .oneCycle }),
        ("--label-smoothing 0.1, not 0.0", { $0.labelSmoothing = 0 }),
        ("--augment crop-flip-erase, not flip", { $0.augmentation = .flip }),
        ("--augment crop-flip-erase, not unset", { $0.augmentation = nil }),
        ("--init xavier-uniform, not unset", { $0.initializer = nil }),
        ("--init-head unset, not even", { $0.headInitializer = .even }),
        ("--dropout unset, not 0.5", { $0.dropout = 0.5 }),
        ("images of 1×28×28, not 1×32×32", { $0.image = [1, 32, 32] }),
        ("a shuffled --order true, not false", { $0.isShuffled = false }),
    ]

    @Test("Other settings are named", arguments: changes.indices)
    func mismatch(_ index: Int) throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder, stopAfter: 2)
        let checkpoint = try RunFolder(folder).digest("checkpoint-00000002.safetensors")
        var configuration = try Self.lenet()
        Self.changes[index].change(&configuration)
        let error = #expect(throws: FoveaError.self) {
            try Self.train(configuration, in: folder)
        }
        #expect(error?.code == .usage)
        #expect(
            error?.message
                == "the run in \(folder.path) was begun with \(Self.changes[index].sentence).")
        #expect(
            error?.remedy
                == "Give the settings it was begun with, or choose another folder with --out.")
        #expect(try RunFolder(folder).digest("checkpoint-00000002.safetensors") == checkpoint)
    }

    @Test("Other images are refused")
    func otherData() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder, stopAfter: 2)
        let error = #expect(throws: FoveaError.self) {
            try Self.train(Self.lenet(), in: folder, data: barData(28, 20, seed: 2))
        }
        #expect(error?.code == .dataset)
        #expect(error?.message == "the run in \(folder.path) was trained on other images.")
    }

    @Test("So many threads as there are may be stated when a run goes on")
    func threadsStated() throws {
        let folder = try TemporaryFolder()
        try Self.train(Self.lenet(), in: folder, stopAfter: 2)
        var configuration = try Self.lenet()
        configuration.threads = try Device.cpu.makeBackend().threadCount
        #expect(try Self.train(configuration, in: folder) == .finished)
    }
}
