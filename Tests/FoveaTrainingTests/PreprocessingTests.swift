// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import Foundation
import Testing

@testable import FoveaTraining

/// Pictures become what torchvision makes of them, on every way to a network.
@Suite struct PreprocessingTests {
    struct Fixtures: Decodable {
        let stride: Int
        let cases: [Case]

        static let all = Result {
            let bytes = try AtomicFile.read(fixture("preprocessing/cases.json"))
            return try #require(
                JSON.value(Fixtures.self, from: String(decoding: bytes, as: UTF8.self)))
        }
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name, picture, bytes: String
        let image: [Int]
        let numbers: [UInt32]
        let shorterSide: Int?
        let mean, deviation: [Float]?
        var testDescription: String { name }

        var preprocessing: Preprocessing {
            Preprocessing(shorterSide: shorterSide, mean: mean, deviation: deviation)
        }

        func read() throws -> Image {
            try Image(contentsOf: fixture("preprocessing/\(picture)"))
        }
    }

    static let cases = (try? Fixtures.all.get().cases) ?? []

    @Test("The fixtures are there")
    func fixtures() throws {
        #expect(try Fixtures.all.get().cases.count == 13)
    }

    @Test("Numbers are those of torchvision", arguments: cases)
    func numbers(_ one: Case) throws {
        let stride = try Fixtures.all.get().stride
        let numbers = try one.preprocessing.numbers(of: one.read(), for: Shape(one.image))
        #expect(numbers.count == one.image.reduce(1, *))
        let sampled = Swift.stride(from: 0, to: numbers.count, by: stride).map { numbers[$0] }
        let expected = one.numbers.map(Float.init(bitPattern:))
        if one.name == "googlenet" {
            // There torchvision normalizes and takes that back, which rounds twice.
            #expect(zip(sampled, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
            #expect(sampled.count == expected.count)
        } else {
            #expect(sampled == expected)
        }
    }

    @Test("The bytes before are those of Pillow", arguments: cases)
    func bytes(_ one: Case) throws {
        var plain = one.preprocessing
        plain.mean = nil
        plain.deviation = nil
        let numbers = try plain.numbers(of: one.read(), for: Shape(one.image))
        let digest = numbers.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { value, number in
            (value ^ UInt64((number * 255).rounded())) &* 0x100_0000_01B3
        }
        let text = String(digest, radix: 16)
        #expect(String(repeating: "0", count: 16 - text.count) + text == one.bytes)
    }

    @Test("Networks with torchvision's weights are prepared as there", arguments: cases.prefix(5))
    func published(_ one: Case) {
        #expect(Preprocessing.published(for: one.name) == one.preprocessing)
    }

    @Test(
        "All other networks are not",
        arguments: [
            ("lenet", 1000, 3), ("nin-imagenet", 1000, 3), ("alexnet-2012", 1000, 3),
            ("vgg11-d2l", 1000, 3), ("resnet18-cifar", 1000, 3), ("googlenet-2014", 1000, 3),
            ("resnet18", 10, 3), ("resnet18", 1000, 1), ("googlenet", 10, 3),
        ])
    func plain(_ network: String, _ classes: Int, _ channels: Int) {
        let found = Preprocessing.published(for: network, classes: classes, channels: channels)
        #expect(found == .plain)
    }

    @Test("A loader and a predictor see the same", arguments: cases)
    func loader(_ one: Case) throws {
        let picture = try one.read()
        // Loaders take grey images for colours, but no colours for grey.
        let stored = one.image[0] == 1 ? picture.grayscale() : picture
        let data = InMemoryImages(
            name: "one", classes: ["a"],
            imageShape: [stored.channels, stored.height, stored.width], pixels: stored.pixels,
            labels: [0])
        let network = try PreparedNetwork(
            image: Shape(one.image), batch: 1, mode: .inference, optimizer: nil,
            on: try Device.cpu.makeBackend()
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            do throws(ModelError) {
                return try TracedNetwork(Brightness(), images: images, mode: mode)
            } catch {
                throw FoveaError(.model, error.description)
            }
        }
        network.preprocessing = one.preprocessing
        let loader = try network.loader(for: data, batch: 1, .sequential)
        let batch = try #require(loader.next())
        let expected = try one.preprocessing.numbers(of: picture, for: Shape(one.image))
        #expect(Array(batch.images) == expected)
        loader.recycle(batch)
        let logits = try expected.withUnsafeBufferPointer { try network.logits($0, count: 1) }
        let predictor = try Predictor(network, network.weights, name: "brightness")
        #expect(try predictor.classify(picture).probabilities == softmax(logits[...]))
    }

    /// A network of no weights, whose logits are the means of its channels.
    struct Brightness: Layer, Network {
        func callAsFunction(_ x: Tensor) -> Tensor { GlobalAveragePool()(x).flattened() }
    }

    // MARK: - In files

    static let description = ModelDescription(
        network: "resnet18", classes: ["a", "b"], image: [3, 224, 224], data: "",
        preprocessing: .imageNet)

    @Test("A description keeps it, and one without it is plain")
    func description() throws {
        let text = try #require(try Self.description.metadata()["fovea.model"])
        #expect(
            text.contains(
                #""preprocessing":{"deviation":[0.229,0.224,0.225],"mean":[0.485,0.456,0.406],"#
                    + #""shorter_side":256}"#))
        let read = ModelDescription(of: Weights([], metadata: ["fovea.model": text]))
        #expect(read == Self.description)
        let old =
            #"{"network":"lenet","classes":["a"],"image":[1,28,28],"data":"fashion-mnist"}"#
        let found = try #require(
            ModelDescription(of: Weights([], metadata: ["fovea.model": old])))
        #expect(found.preprocessing == nil)
    }

    @Test(
        "One that makes no sense is none",
        arguments: [
            #"{"shorter_side":0}"#, #"{"shorter_side":-256}"#, #"{"shorter_side":1000000}"#,
            #"{"mean":[]}"#, #"{"mean":[0.5,0.5]}"#, #"{"deviation":[0]}"#,
            #"{"deviation":[-1]}"#, #"{"deviation":[1,1]}"#, #"{"mean":["a"]}"#,
            #"{"mean":[1e99]}"#,
            "256",
        ])
    func damaged(_ text: String) {
        let model =
            #"{"network":"lenet","classes":["a"],"image":[3,28,28],"data":"","#
            + #""preprocessing":\#(text)}"#
        #expect(ModelDescription(of: Weights([], metadata: ["fovea.model": model])) == nil)
        #expect(
            ModelDescription(
                of: Weights([], metadata: ["fovea.model": model.replacing(text, with: "{}")]))
                != nil)
    }

    @Test("Another size keeps the part that is cut out", arguments: [(112, 128), (299, 342)])
    func resized(_ side: Int, _ shorter: Int) {
        var description = Self.description
        description.resize(to: side)
        #expect(description.image == [3, side, side])
        #expect(description.preprocessing?.shorterSide == shorter)
        #expect(description.preprocessing?.mean == Preprocessing.imageNet.mean)
    }

    @Test("A file that says nothing is read as published")
    func publishing() throws {
        let entry = try Catalog.entry(named: "lenet")
        let description = ModelDescription(publishing: entry, classes: 3)
        #expect(description.classes == ["class 0", "class 1", "class 2"])
        #expect(description.image == [1, 28, 28])
        #expect(description.preprocessing == .plain)
    }

    // MARK: - In training

    @Test("A run prepares its images so, keeps it with the weights, and goes on only with the same")
    func run() throws {
        let folder = try TemporaryFolder()
        let data = barData(40, 20)
        let preprocessing = Preprocessing(shorterSide: 32, mean: [0.25], deviation: [0.5])
        var configuration = try settings("lenet") {
            $0.epochs = 1
            $0.batch = 20
            $0.classes = 12
            $0.preprocessing = preprocessing
        }
        #expect(
            try TrainingRun(
                configuration, data: data, folder: RunFolder(folder), resumes: false
            ).run() == .finished)
        let path = RunFolder(folder).lastWeights
        let description = try #require(ModelDescription(of: try Weights(safetensors: path)))
        #expect(description.preprocessing == preprocessing)
        // The network has two classes more than the data have names for.
        #expect(description.classes.count == 12)
        #expect(description.classes.suffix(3) == ["bar 9", "class 10", "class 11"])

        let predictor = try Predictor(
            LeNet(classes: 12), images: [1, 28, 28], weights: Weights(safetensors: path))
        let plain = try Predictor(
            LeNet(classes: 12), images: [1, 28, 28], weights: Weights(safetensors: path),
            preprocessing: .plain)
        let guesses = try (0..<20).map { try predictor.classify(data.test.image(at: $0)) }
        let loss = -guesses.enumerated().reduce(0.0) {
            $0 + log(Double($1.element.probabilities[$1.offset % 10]))
        }
        let logged = try #require(RunFolder(folder).points().last { $0.split == "test" })
        #expect(abs(logged.loss - loss / 20) < 1e-5)
        #expect(try plain.classify(data.test.image(at: 0)) != guesses[0])

        configuration.preprocessing?.shorterSide = 28
        let error = #expect(throws: FoveaError.self) {
            try TrainingRun(configuration, data: data, folder: RunFolder(folder), resumes: true)
        }
        #expect(
            error?.message
                == "the run in \(folder.path) was begun with pictures prepared by a shorter side of "
                + "32, a mean of 0.25, a deviation of 0.5, not a shorter side of 28, a mean of 0.25, "
                + "a deviation of 0.5.")
    }

    @Test("Numbers for other channels are refused")
    func channels() throws {
        let trainer = try Trainer(LeNet(), images: [1, 28, 28], batch: 4)
        trainer.preprocessing = .imageNet
        let error = #expect(throws: FoveaError.self) {
            try trainer.train(on: bars(4), epoch: 0, rate: 0.1)
        }
        #expect(
            error?.message
                == "pictures of 1 channels cannot be prepared with a shorter side of 256, a mean of "
                + "0.485 0.456 0.406, a deviation of 0.229 0.224 0.225.")
        #expect(error?.remedy == "Give one mean and one positive deviation, or 1 of each.")
        trainer.preprocessing = .plain
        #expect(try trainer.train(on: bars(4), epoch: 0, rate: 0.1).count == 4)
    }

    @Test("Data of more classes than the network has are refused in training and evaluation")
    func classes() throws {
        let trainer = try Trainer(LeNet(classes: 5), images: [1, 28, 28], batch: 4)
        for work in [
            { _ = try trainer.evaluate(on: bars(4)) },
            { _ = try trainer.train(on: bars(4), epoch: 0, rate: 0.1) },
            { _ = try Evaluation(trainer.network, on: bars(4), batch: 4) },
        ] {
            let error = #expect(throws: FoveaError.self) { try work() }
            #expect(error?.message == "bars/train has 10 classes, but the network names 5.")
            #expect(
                error?.remedy
                    == "Choose the data the network was trained for, or make it with 10 classes.")
        }
    }
}
