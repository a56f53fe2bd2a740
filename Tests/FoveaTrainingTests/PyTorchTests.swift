// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import FoveaTraining
import Foundation
import Testing

/// The networks on the CPU's kernels against PyTorch's own numbers, which were computed in 64 bits.
@Suite(.serialized) struct PyTorchTests {
    /// What `Scripts/fixtures/networks.py` says about a network.
    struct Facts: Decodable {
        struct Parameter: Decodable {
            let name: String
            let shape: [Int]
            let scale: Double
            let gradientNorm: Double?
            let finalNorm: Double?
            let change: Double?
        }
        let images: Int
        let batchSize: Int?
        let learningRate: Double?
        let steps: Int?
        let parameters: [Parameter]
        /// What rounding to 32 bits makes of PyTorch's own numbers.
        struct Difference: Decodable {
            let gradientNorms: Double?
        }
        let difference: Difference
    }

    struct Fixture {
        let entry: Catalog.Entry
        let file: Safetensors
        let facts: Facts

        init(_ entry: Catalog.Entry) throws {
            self.entry = entry
            file = try Safetensors(contentsOf: fixture("pytorch/\(entry.name).safetensors"))
            let text = try #require(file.metadata["fixture"])
            facts = try JSONDecoder().decode(Facts.self, from: Data(text.utf8))
        }

        /// The network with the formula's weights, and dropout off as in the fixture.
        func prepared(_ mode: Mode, batch: Int) throws -> PreparedNetwork {
            let entry = entry
            let network = try PreparedNetwork(
                image: entry.input, batch: batch, mode: mode,
                optimizer: mode == .training ? .sgd() : nil, on: try Device.cpu.makeBackend()
            ) { (images, mode) throws(FoveaError) -> TracedNetwork in
                try entry.traced(
                    images: images, mode: mode, options: Catalog.Options(dropout: 0),
                    lossSmoothing: mode == .training ? 0 : nil)
            }
            #expect(network.specifications.map(\.name) == facts.parameters.map(\.name))
            for parameter in facts.parameters { network.write(first(parameter)) }
            return network
        }

        /// The values with which a parameter begins.
        func first(_ parameter: Facts.Parameter) -> Weights {
            let scale = Float(parameter.scale), shape = Shape(parameter.shape)
            let values = FormulaValues.uniform(parameter.name, shape, scale: scale).values
            return Weights([(parameter.name, NDArray(shape, values.map(Float.init)))])
        }

        func tensor(_ name: String) throws -> HostValue {
            HostValue(try #require(file[name]))
        }

        func logits(_ network: PreparedNetwork) throws -> HostValue {
            let shape = Shape([facts.images] + entry.input.dimensions)
            let images = FormulaValues.unit("input", shape).values.map(Float.init)
            let logits = try images.withUnsafeBufferPointer {
                try network.logits($0, count: facts.images)
            }
            return HostValue([facts.images, network.classes], logits.map(Double.init))
        }
    }

    /// Winograd's transformations round more.
    static func hasWinograd(
        _ network: PreparedNetwork, _ mode: Mode, _ batch: Int
    ) throws -> Bool {
        try network.executable(mode, batch: batch).plan.steps.contains {
            $0.kernel.name.contains("wino")
        }
    }

    /// The networks of `Scripts/fixtures/networks.py`.
    static let known = Catalog.all.filter {
        ["lenet", "alexnet-d2l", "nin", "nin-cifar", "nin-imagenet"].contains($0.name)
    }

    @Test(arguments: known) func logits(_ entry: Catalog.Entry) throws {
        let fixture = try Fixture(entry)
        let network = try fixture.prepared(.inference, batch: fixture.facts.images)
        let bound =
            try Self.hasWinograd(network, .inference, fixture.facts.images) ? 2e-5 : 1e-5
        let difference = Difference(
            try fixture.logits(network), from: try fixture.tensor("logits"))
        #expect(difference.relativeL2 <= bound, "\(difference)")
    }

    static let trained = known.filter { $0.name != "nin-imagenet" }

    @Test(arguments: trained) func twentySteps(_ entry: Catalog.Entry) throws {
        let fixture = try Fixture(entry)
        let facts = fixture.facts
        let batch = try #require(facts.batchSize), rate = try #require(facts.learningRate)
        let steps = try #require(facts.steps)
        let network = try fixture.prepared(.training, batch: batch)
        let executable = try network.executable(.training, batch: batch)
        let bound = try Self.hasWinograd(network, .training, batch) ? 1e-3 : 1e-4
        // A ReLU that rounding opens or closes shows in gradients first: they cannot be expected to be
        // nearer than PyTorch's own in 32 bits are to those in 64.
        let gradientBound = max(bound, 2 * (facts.difference.gradientNorms ?? 0))
        let shape = Shape([batch] + entry.input.dimensions)
        var losses: [Double] = []
        for step in 0..<steps {
            let images = FormulaValues.unit("batch.\(step)", shape).values.map(Float.init)
            let labels = FormulaValues.labels("labels.\(step)", batch, classes: entry.classes)
            try executable.run(
                images, labels.values.map { Int32($0) }, RandomDraw(seed: 0, step: step))
            losses.append(Double(try #require(executable.output("loss")?.floats.first)))
            if step == 0 { try expectGradients(network, facts, gradientBound) }
            #expect(network.parameters.update(rate: Float(rate), step: step + 1))
        }
        let expected = try fixture.tensor("losses").values
        #expect(losses.count == expected.count)
        for (step, (loss, expected)) in zip(losses, expected).enumerated() {
            #expect(abs(loss - expected) <= bound * expected, "step \(step)")
        }
        try expectMoved(network, fixture, gradientBound)
        if fixture.file["trainedLogits"] != nil {
            let difference = Difference(
                try fixture.logits(network), from: try fixture.tensor("trainedLogits"))
            #expect(difference.relativeL2 <= bound, "\(difference)")
        }
    }

    private func expectGradients(
        _ network: PreparedNetwork, _ facts: Facts, _ bound: Double
    ) throws {
        for parameter in facts.parameters {
            let found = try #require(network.parameters.read(.gradient, of: parameter.name))
            let expected = try #require(parameter.gradientNorm)
            #expect(
                abs(found.norm() - expected) <= bound * expected, "gradient of \(parameter.name)")
        }
    }

    /// Where each parameter ended, and how far that is from where it began.
    private func expectMoved(
        _ network: PreparedNetwork, _ fixture: Fixture, _ bound: Double
    ) throws {
        for parameter in fixture.facts.parameters {
            let last = try #require(network.parameters.read(.value, of: parameter.name))
            let first = try #require(fixture.first(parameter)[parameter.name])
            let finalNorm = try #require(parameter.finalNorm)
            let change = try #require(parameter.change)
            #expect(abs(last.norm() - finalNorm) <= bound * finalNorm, "\(parameter.name)")
            // What moved little is known to fewer digits: the steps of its own values' precision.
            let precision = finalNorm * 0x1p-23
            #expect(
                abs(last.norm(from: first) - change) <= 10 * bound * change + precision,
                "change of \(parameter.name)")
        }
    }
}

extension NDArray {
    /// The Euclidean length.
    func norm() -> Double {
        withFloats { $0.reduce(0.0) { $0 + Double($1) * Double($1) } }.squareRoot()
    }

    /// The Euclidean distance.
    func norm(from other: NDArray) -> Double {
        withFloats { mine in
            other.withFloats { theirs in
                var sum = 0.0
                for index in mine.indices {
                    let difference = Double(mine[index]) - Double(theirs[index])
                    sum += difference * difference
                }
                return sum.squareRoot()
            }
        }
    }
}
