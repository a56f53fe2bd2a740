// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import FoveaModels
import Testing

@testable import FoveaTraining

/// Runs that go wrong, and runs that learn nothing.
@Suite(.serialized) struct DivergenceTests {
    /// Whether every weights file and checkpoint of a folder holds finite numbers only.
    static func expectFinite(_ folder: TemporaryFolder) throws {
        for name in folder.names where name.hasSuffix(".safetensors") {
            let file = try Safetensors(contentsOf: "\(folder.path)/\(name)")
            #expect(file.tensors.allSatisfy { $0.array.isFinite }, "\(name)")
        }
    }

    /// The rate grows by a factor of about 25 over the first quarter of a one-cycle run.
    static func runaway(_ rate: Float) throws -> TrainingConfiguration {
        try settings("nin", recipe: "fast") {
            $0.epochs = 8
            $0.batch = 8
            $0.rate = rate
        }
    }

    @Test("Nothing is saved of a step whose numbers are not finite", arguments: [1e6, 1e10, 3e38])
    func notFinite(_ rate: Float) throws {
        let folder = try TemporaryFolder()
        var last = 0
        let error = #expect(throws: FoveaError.self) {
            try TrainingRunTests.train(
                Self.runaway(rate), in: folder, cadence: .init(saveEvery: 1),
                report: { event in
                    if case .progress(let progress) = event {
                        last = (progress.epoch - 1) * 3 + progress.step
                    }
                })
        }
        #expect(error?.code == .stopped)
        let message = try #require(error?.message)
        let step = try #require(
            Int(message.split(separator: " ").last?.dropLast() ?? ""), "\(message)")
        #expect(step == last || step == last + 1, "\(message) after step \(last)")
        #expect(message.hasSuffix("is not finite at step \(step)."))
        #expect(error?.remedy == "Try a smaller --lr; nothing was saved from this step.")
        let record = try RunFolder(folder).readRecord()
        #expect(record.status == "failed")
        #expect(record.reason == message)
        #expect(!folder.names.contains("last.safetensors"))
        #expect(folder.names.allSatisfy { !$0.contains(".tmp-") })
        try Self.expectFinite(folder)
    }

    @Test("The best weights stay when a later epoch goes wrong")
    func bestStays() throws {
        let folder = try TemporaryFolder()
        // Weights that end at zero keep the loss finite in the first epoch, whatever the rate.
        let configuration = try settings("lenet") {
            $0.epochs = 50
            $0.batch = 20
            $0.rate = 3e37
        }
        let error = #expect(throws: FoveaError.self) {
            try TrainingRunTests.train(configuration, in: folder)
        }
        #expect(error?.code == .stopped)
        #expect(folder.names.contains("best.safetensors"))
        #expect(folder.names.contains { $0.hasPrefix("checkpoint-") })
        try Self.expectFinite(folder)
    }

    @Test("A network that guesses for long is told of once")
    func guessing() throws {
        let folder = try TemporaryFolder()
        let configuration = try settings("lenet") {
            $0.epochs = 1
            $0.batch = 10
            $0.isShuffled = false
            $0.rate = 1e-6
            $0.initializer = "zeros"
        }
        var remarks: [String] = []
        try TrainingRunTests.train(
            configuration, in: folder, data: barData(11_000, 10),
            report: { if case .remark(let text) = $0 { remarks.append(text) } })
        #expect(
            remarks == [
                "The loss has stayed at ln(10) for 500 steps: the network is guessing. Try a "
                    + "smaller --lr, --init kaiming-normal --init-head even, or another "
                    + "--seed."
            ])
    }

    @Test("A class that is never named is told of at the end", arguments: [nil, 3] as [Int32?])
    func neverNamed(_ missing: Int32?) throws {
        let folder = try TemporaryFolder()
        let configuration = try settings("lenet") {
            $0.epochs = 12
            $0.batch = 20
            $0.optimizer = .adamw
            $0.rate = 0.01
            $0.initializer = "kaiming-normal"
        }
        let data = ClassificationData(
            name: "bars", training: bars(400, missing: missing),
            test: bars(100, name: "bars/test", seed: 2), origin: "memory")
        var remarks: [String] = []
        try TrainingRunTests.train(
            configuration, in: folder, data: data,
            report: { if case .remark(let text) = $0 { remarks.append(text) } })
        #expect(
            remarks
                == (missing == nil
                    ? []
                    : [
                        "No test image is taken for bar 3. Try --init-head even, a smaller --lr, or "
                            + "another --seed."
                    ]))
    }

    @Test("Where half of the classes or more are never named the accuracy says enough")
    func halfNeverNamed() {
        #expect(TrainingRun.neverNamed([], of: 4, hasEvenHead: false) == nil)
        #expect(TrainingRun.neverNamed(["a", "b"], of: 4, hasEvenHead: false) == nil)
        #expect(
            TrainingRun.neverNamed(["a", "b", "c"], of: 7, hasEvenHead: true)
                == "No test image is taken for a, b or c. Try a smaller --lr, or another --seed.")
    }

    @Test("A network that learns is not told so")
    func learning() throws {
        let folder = try TemporaryFolder()
        var remarks = 0
        try TrainingRunTests.train(
            TrainingRunTests.lenet(), in: folder, data: barData(2000, 10),
            report: { if case .remark = $0 { remarks += 1 } })
        #expect(remarks == 0)
    }
}
