// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTraining
import Foundation
import Testing

@Suite(.serialized) struct TrainerTests {
    @Test("Sixteen images are learnt by heart")
    func overfits() throws {
        let data = bars(16)
        let trainer = try Trainer(
            LeNet(), images: [1, 28, 28], batch: 16, optimizer: .adamW(weightDecay: 0), seed: 3)
        var fit = Metrics()
        for epoch in 0..<250 { fit = try trainer.train(on: data, epoch: epoch, rate: 0.01) }
        #expect(fit.accuracy == 1)
        #expect(fit.loss < 0.01)
        #expect(trainer.step == 250)
        // What it learnt is of use for pictures of the same kind with other noise.
        let score = try trainer.evaluate(on: bars(40, name: "others", seed: 9))
        #expect(score.accuracy > 0.5)
        #expect(score.count == 40)
    }

    @Test("Weights that yield no numbers are told, and not taken for a class")
    func scoresThatAreNotFinite() throws {
        let trainer = try Trainer(LeNet(), images: [1, 28, 28], batch: 4)
        let arrays = trainer.weights.arrays.map { name, array in
            (name, NDArray(array.type.shape, repeating: .nan))
        }
        let predictor = try Predictor(LeNet(), images: [1, 28, 28], weights: Weights(arrays))
        let message = "the network's scores are not finite numbers."
        let error = #expect(throws: FoveaError.self) {
            try predictor.classify(bars(1).image(at: 0))
        }
        #expect(error?.code == .weights && error?.message == message)
        try trainer.load(Weights(arrays))
        let other = #expect(throws: FoveaError.self) { try trainer.evaluate(on: bars(4)) }
        #expect(other?.code == .weights && other?.message == message)
    }

    /// Images of which one is of a class that there is not.
    struct Mislabelled: ImageDataset {
        let images = bars(8)
        let label: Int32
        var name: String { "mislabelled" }
        var classes: [String] { images.classes }
        var imageShape: Shape { images.imageShape }
        var count: Int { images.count }
        var labels: [Int32] { images.labels.dropLast() + [label] }

        func copyPixels(of index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) {
            images.copyPixels(of: index, into: pixels)
        }
    }

    @Test("Labels of classes that there are not are refused", arguments: [-1, 10])
    func mislabelled(_ label: Int32) throws {
        let trainer = try Trainer(LeNet(), images: [1, 28, 28], batch: 4)
        let data = Mislabelled(label: label)
        for work in [
            { _ = try trainer.train(on: data, epoch: 0, rate: 0.1) },
            { _ = try trainer.evaluate(on: data) },
        ] {
            let error = #expect(throws: FoveaError.self) { try work() }
            #expect(error?.message == "mislabelled has labels that are not from 0 to 9.")
        }
    }

    @Test("A batch of no images is refused")
    func emptyBatch() {
        let error = #expect(throws: FoveaError.self) {
            try Trainer(LeNet(), images: [1, 28, 28], batch: 0)
        }
        #expect(error?.code == .usage)
    }

    static func weights(seed: UInt64, _ precision: Precision = .f32) throws -> String {
        let trainer = try Trainer(
            NiN.d2l(dropout: Dropout(0.5)) as NiN, images: [1, 67, 67], batch: 8,
            optimizer: .sgd(momentum: 0.9, nesterov: true, weightDecay: 1e-3),
            precision: precision, seed: seed, initializer: .kaimingNormal(.fanIn))
        // Twenty images leave a batch of four at the end of each epoch.
        for epoch in 0..<2 { _ = try trainer.train(on: bars(20), epoch: epoch, rate: 0.01) }
        return trainer.weights.digest
    }

    @Test("The same seed makes the same bits, another seed others")
    func reproducible() throws {
        let first = try Self.weights(seed: 1)
        #expect(try Self.weights(seed: 1) == first)
        #expect(try Self.weights(seed: 2) != first)
    }

    @Test(
        "So it does with numbers of 16 bits, which are others",
        .enabled(if: PrecisionTests.hasSixteenBits))
    func reproducibleInSixteenBits() throws {
        let first = try Self.weights(seed: 1, .bf16)
        #expect(try Self.weights(seed: 1, .bf16) == first)
        #expect(try Self.weights(seed: 1) != first)
    }

    @Test("With an even head all classes have one score at first, and all of them learn")
    func evenHead() throws {
        let trainer = try Trainer(
            NiN.d2l(), images: [1, 67, 67], batch: 20, seed: 1,
            initializer: .kaimingNormal(.fanIn), headInitializer: .even)
        let fit = try trainer.train(on: bars(20), epoch: 0, rate: 0.1)
        #expect(trainer.step == 1)
        #expect(abs(fit.loss - log(10.0)) < 1e-6)
        let weights = try #require(trainer.weights["features.7.0.weight"]).floats
        for channel in 0..<10 {
            let row = weights[channel * 3456..<(channel + 1) * 3456]
            #expect(row.contains { $0 != 0 }, "class \(channel)")
        }
    }

    @Test("A rate that is far too high stops with the step named")
    func notFinite() throws {
        let trainer = try Trainer(
            NiN.d2l() as NiN, images: [1, 67, 67], batch: 8, initializer: .kaimingNormal(.fanIn))
        let error = #expect(throws: FoveaError.self) {
            for epoch in 0..<3 {
                _ = try trainer.train(on: bars(16), epoch: epoch, rate: 1e30)
            }
        }
        #expect(error?.code == .stopped)
        #expect(error?.message.hasSuffix("is not finite at step \(trainer.step + 1).") == true)
        #expect(error?.remedy == "Try a smaller --lr; nothing was saved from this step.")
        #expect((1...5).contains(trainer.step))
    }

    @Test("A predictor names what a trainer has learnt")
    func predictor() throws {
        let trainer = try Trainer(
            LeNet(), images: [1, 28, 28], batch: 20, optimizer: .adamW(weightDecay: 0), seed: 3)
        let data = bars(20)
        for epoch in 0..<200 { _ = try trainer.train(on: data, epoch: epoch, rate: 0.01) }
        try #require(try trainer.evaluate(on: data).accuracy == 1)
        let predictor = try Predictor(LeNet(), images: [1, 28, 28], weights: trainer.weights)
        for index in 0..<10 {
            var pixels = [UInt8](repeating: 0, count: 784)
            pixels.withUnsafeMutableBufferPointer { data.copyPixels(of: index, into: $0) }
            let guess = try predictor.classify(
                Image(channels: 1, height: 28, width: 28, pixels: pixels))
            #expect(guess.top(1).first?.label == index)
            #expect(abs(guess.probabilities.reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test("Evaluation counts who is taken for whom")
    func evaluation() throws {
        // Of a network whose weights are zero the last bias decides: it always names class 3.
        let network = try PreparedNetwork(
            image: [1, 28, 28], batch: 8, mode: .inference, optimizer: nil,
            on: try Device.cpu.makeBackend()
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try Catalog.entry(named: "lenet").traced(images: images, mode: mode)
        }
        var bias = [Float](repeating: 0, count: 10)
        bias[3] = 2
        bias[4] = 1
        network.write(Weights([("classifier.4.bias", NDArray([10], bias))]))
        let result = try Evaluation(network, on: bars(25), batch: 8)
        #expect(result.count == 25)
        #expect(result.confusion.map { $0[3] } == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2])
        #expect(result.accuracy == 0.12)
        #expect(result.precision(3) == 0.12)
        #expect(result.recall(3) == 1)
        #expect(abs(result.f1(3) - 6.0 / 28) < 1e-12)
        #expect(result.precision(2) == 0 && result.recall(2) == 0 && result.f1(2) == 0)
        #expect(result.neverNamed.isEmpty, "two or three images of a class say little")
        let more = try Evaluation(network, on: bars(100), batch: 8)
        #expect(more.neverNamed == [0, 1, 2, 4, 5, 6, 7, 8, 9])
        // Three images are of class 3, whose bias is 2, and three of class 4, whose bias is 1.
        let total: Double = exp(2) + exp(1) + 8
        let expected = log(total) - 9.0 / 25
        #expect(abs(result.loss - expected) < 1e-6)
    }
}
