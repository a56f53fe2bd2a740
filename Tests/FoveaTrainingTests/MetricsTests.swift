// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaTraining
import Testing

/// What is counted, and when it is logged.
@Suite struct MetricsTests {
    @Test("Losses are weighted by the size of their batch")
    func weighted() {
        var metrics = Metrics()
        #expect(metrics.loss == 0 && metrics.accuracy == 0)
        metrics.add(loss: 2, correct: 3, count: 6)
        metrics.add(loss: 5, correct: 0, count: 2)
        #expect(metrics.loss == 2.75)
        #expect(metrics.accuracy == 0.375)
        #expect(metrics.count == 8)
    }

    static let rows: [(logits: [Float], label: Int32, isRight: Bool)] = [
        ([0, 1, 2], 2, true),
        ([0, 1, 2], 1, false),
        ([1, 1, 0], 0, true),
        ([1, 1, 0], 1, false),
        ([-1, -1, -1], 0, true),
        ([-1, -1, -1], 2, false),
        ([0, .infinity, 2], 1, true),
        ([-.infinity, -.infinity, -3], 2, true),
    ]

    @Test("Of equal logits the first counts", arguments: rows)
    func ties(_ logits: [Float], _ label: Int32, _ isRight: Bool) {
        let count = [label].withUnsafeBufferPointer { correctCount(logits, $0) }
        #expect(count == (isRight ? 1 : 0))
    }

    @Test("Rows are counted together, and none is no row")
    func several() {
        let labels: [Int32] = [1, 0, 1]
        #expect(labels.withUnsafeBufferPointer { correctCount([0, 1, 0, 1, 0, 1], $0) } == 2)
        #expect([Int32]().withUnsafeBufferPointer { correctCount([], $0) } == 0)
    }

    @Test("Cross-entropy is that of large logits too")
    func crossEntropy() {
        func loss(_ logits: [Float], _ labels: [Int32]) -> Double {
            labels.withUnsafeBufferPointer { meanCrossEntropy(logits, $0) }
        }
        #expect(abs(loss([0, 0, 0, 0], [3]) - 1.386_294_361_119_890_6) < 1e-12)
        #expect(abs(loss([1000, 0], [1]) - 1000) < 1e-9)
        #expect(abs(loss([-1000, -1000, 3, 3], [0, 1]) - 0.693_147_180_559_945_3) < 1e-12)
    }

    @Test("Probabilities are those of large logits too")
    func probabilities() {
        #expect(softmax([1000, 1000][...]) == [0.5, 0.5])
        #expect(softmax([0, 1, 1000, 1000][2...]) == [0.5, 0.5])
        #expect(abs(softmax([1, 0][...])[0] - 0.731_058_6) < 1e-6)
    }

    /// The steps of an epoch and how many points it shall have: five, or as many as it has steps.
    static let epochs: [(steps: Int, points: Int)] = [
        (1, 1), (3, 3), (5, 5), (7, 5), (9, 5), (12, 5), (24, 5), (26, 5),
    ]

    @Test("An epoch has five training points", arguments: epochs)
    func logging(_ steps: Int, _ points: Int) throws {
        let folder = try TemporaryFolder()
        let configuration = try settings("lenet") {
            $0.epochs = 2
            $0.batch = 2
        }
        try TrainingRunTests.train(
            configuration, in: folder, data: barData(2 * steps - 1, 5))
        let logged = RunFolder(folder).points()
        for epoch in 1...2 {
            let range = Double(epoch - 1)..<Double(epoch)
            let own = logged.filter {
                $0.split == "train"
                    && (range.contains($0.epoch) && $0.epoch > range.lowerBound
                        || $0.epoch == range.upperBound)
            }
            #expect(own.count == points)
            #expect(own.last?.step == epoch * steps)
            let distances = zip(own.dropFirst(), own).map { $0.step - $1.step }
            #expect((distances.max() ?? 0) - (distances.min() ?? 0) <= 1)
        }
        #expect(logged.filter { $0.split == "test" }.map(\.epoch) == [1, 2])
    }

    @Test("A point after every so many steps if that is asked for")
    func loggingEvery() throws {
        let folder = try TemporaryFolder()
        let configuration = try settings("lenet") {
            $0.epochs = 2
            $0.batch = 2
        }
        try TrainingRunTests.train(
            configuration, in: folder, data: barData(14, 5), cadence: .init(logEvery: 3))
        let steps = RunFolder(folder).points().filter { $0.split == "train" }.map(\.step)
        #expect(steps == [3, 6, 9, 12])
    }
}
