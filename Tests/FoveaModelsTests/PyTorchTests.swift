// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Foundation
import Testing

/// The networks in the reference against PyTorch's own numbers, which were computed in 64 bits.
@Suite struct PyTorchTests {
    /// What `Scripts/fixtures/networks.py` says about a network.
    struct Facts: Decodable {
        struct Parameter: Decodable {
            let name: String
            let shape: [Int]
            let scale: Double
            let gradientNorm: Double?
        }
        let images: Int
        let batchSize: Int?
        let learningRate: Double?
        let steps: Int?
        let parameters: [Parameter]
    }

    static func fixture(
        _ entry: Catalog.Entry, testFile: StaticString = #filePath
    ) throws -> (file: Safetensors, facts: Facts) {
        let tests = URL(fileURLWithPath: "\(testFile)").deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try Safetensors(
            contentsOf: tests.appendingPathComponent(
                "FoveaTrainingTests/Fixtures/pytorch/\(entry.name).safetensors"
            ).path)
        let text = try #require(file.metadata["fixture"])
        return (file, try JSONDecoder().decode(Facts.self, from: Data(text.utf8)))
    }

    static func parameters(_ facts: Facts) -> [String: HostValue] {
        Dictionary(
            uniqueKeysWithValues: facts.parameters.map {
                let scale = Float($0.scale)
                return ($0.name, FormulaValues.uniform($0.name, Shape($0.shape), scale: scale))
            })
    }

    @Test(arguments: CatalogTests.quick) func logits(_ entry: Catalog.Entry) throws {
        let (file, facts) = try Self.fixture(entry)
        let images = Shape([facts.images] + entry.input.dimensions)
        let traced = try entry.traced(images: images, mode: .inference)
        #expect(traced.parameters.map(\.name) == facts.parameters.map(\.name))
        #expect(traced.parameters.map(\.shape.dimensions) == facts.parameters.map(\.shape))
        let results = try ReferenceInterpreter(traced.graph).run(
            inputs: ["images": FormulaValues.unit("input", images)],
            parameters: Self.parameters(facts))
        let logits = try #require(results[.output("logits")])
        let expected = HostValue(try #require(file["logits"]))
        let difference = Difference(logits, from: expected)
        #expect(difference.isWithin(2e-7), "\(difference)")
    }

    /// Dropout is off, as in the fixture; the rest of the network is recorded for training.
    static func training(_ entry: Catalog.Entry, _ facts: Facts) throws -> ReferenceInterpreter? {
        guard let batch = facts.batchSize, facts.learningRate != nil else { return nil }
        let traced = try entry.traced(
            images: Shape([batch] + entry.input.dimensions), mode: .training,
            options: Catalog.Options(dropout: 0), lossSmoothing: 0)
        return ReferenceInterpreter(try traced.graph.differentiated())
    }

    static func inputs(_ step: Int, _ entry: Catalog.Entry, _ batch: Int) -> [String: HostValue] {
        [
            "images": FormulaValues.unit(
                "batch.\(step)", Shape([batch] + entry.input.dimensions)),
            "labels": FormulaValues.labels("labels.\(step)", batch, classes: entry.classes),
        ]
    }

    /// Where three times the arithmetic of the above is quick enough.
    static let small = CatalogTests.quick.filter { $0.parameters < 1_000_000 }

    @Test(arguments: small) func firstStep(_ entry: Catalog.Entry) throws {
        let (file, facts) = try Self.fixture(entry)
        guard let interpreter = try Self.training(entry, facts), let batch = facts.batchSize else {
            return
        }
        let results = try interpreter.run(
            inputs: Self.inputs(0, entry, batch), parameters: Self.parameters(facts))
        let expected = HostValue(try #require(file["losses"])).values[0]
        let loss = try #require(results[.output("loss")]).values[0]
        #expect(abs(loss - expected) < 1e-7 * expected)
        for parameter in facts.parameters {
            let gradient = try #require(results[.gradient(parameter.name)])
            let norm = gradient.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let expected = try #require(parameter.gradientNorm)
            #expect(abs(norm - expected) < 1e-9 * expected, "\(parameter.name)")
        }
    }

    /// Twenty steps of plain SGD, where that is quick.
    @Test(arguments: Catalog.all.filter { $0.name == "lenet" && isOptimized })
    func losses(_ entry: Catalog.Entry) throws {
        let (file, facts) = try Self.fixture(entry)
        let interpreter = try #require(try Self.training(entry, facts))
        let batch = try #require(facts.batchSize), rate = try #require(facts.learningRate)
        var parameters = Self.parameters(facts)
        var losses: [Double] = []
        for step in 0..<(facts.steps ?? 0) {
            let results = try interpreter.run(
                inputs: Self.inputs(step, entry, batch), parameters: parameters)
            losses += try #require(results[.output("loss")]).values
            for (name, value) in parameters {
                let gradient = try #require(results[.gradient(name)])
                parameters[name] = HostValue(
                    value.shape, zip(value.values, gradient.values).map { $0 - rate * $1 })
            }
        }
        let expected = HostValue(try #require(file["losses"]))
        let difference = Difference(HostValue([losses.count], losses), from: expected)
        #expect(difference.isWithin(2e-7), "\(difference)")
    }
}
