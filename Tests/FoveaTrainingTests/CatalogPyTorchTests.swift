// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import FoveaTraining
import Testing

/// All networks that are normalized, branched or deep, on the CPU against PyTorch's numbers in 64 bits.
@Suite(.serialized) struct CatalogPyTorchTests {
    static let light = [
        "lenet-bn", "googlenet", "googlenet-2014", "googlenet-bn", "googlenet-d2l", "resnet18",
        "resnet34", "resnet50", "resnet18-d2l", "resnet18-cifar", "resnet9", "resnet9-half",
        "densenet121", "densenet-d2l",
    ]
    /// More than a hundred million weights, or more than a hundred layers.
    static let heavy = [
        "alexnet", "alexnet-2012", "vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn",
        "vgg19", "vgg19-bn", "vgg11-d2l", "resnet101", "resnet152", "densenet161", "densenet169",
        "densenet201",
    ]
    /// What a build with assertions has the time for.
    static let all = isOptimized ? light + heavy : ["lenet-bn", "densenet-d2l"]

    @Test func everyNetworkHasAFixture() {
        let networks = Self.light + Self.heavy + PyTorchTests.known.map(\.name)
        #expect(networks.sorted() == Catalog.all.map(\.name).sorted())
    }

    @Test(arguments: light + heavy) func namesShapesAndCount(_ name: String) throws {
        let fixture = try CatalogFixture(name)
        for mode in [Mode.inference, .training] {
            let traced = try fixture.traced(fixture.images(fixture.facts.batch), mode)
            // Those of the heads are idle outside training.
            let found = (traced.parameters + traced.idleParameters).map {
                CatalogFixture.Entry(name: $0.name, shape: $0.shape.dimensions)
            }
            let expected = fixture.facts.entries.map {
                CatalogFixture.Entry(name: $0.name, shape: $0.shape)
            }
            #expect(Set(found) == Set(expected))
            #expect(found.count == expected.count)
        }
        let published = try fixture.network.traced(
            images: fixture.network.input.batched(2), mode: .training)
        let weights = published.parameters.filter { $0.role != .statistic }
        #expect(weights.reduce(0) { $0 + $1.shape.count } == fixture.facts.parameterCount)
        #expect(fixture.network.classes == fixture.facts.classes)
    }

    @Test(arguments: all) func logits(_ name: String) throws {
        let fixture = try CatalogFixture(name)
        let difference = Difference(
            try fixture.logits(try fixture.prepared(.inference)),
            from: try fixture.expected("logits"))
        #expect(difference.relativeL2 <= 1e-4, "\(difference)")
    }

    @Test(arguments: all) func training(_ name: String) throws {
        let fixture = try CatalogFixture(name)
        let network = try fixture.prepared(.training)
        let executable = try network.executable(.training, batch: fixture.facts.batch)
        try fixture.step(0, on: executable)
        try expectOutputs(of: executable, fixture)
        try expectGradients(network, fixture)

        let rate = Float(fixture.facts.learningRate ?? 0)
        var losses = [try loss(executable)]
        #expect(network.parameters.update(rate: rate, step: 1))
        try expectStatistics(network, fixture)
        guard let steps = fixture.facts.steps else { return }

        for step in 1..<steps {
            try fixture.step(step, on: executable)
            losses.append(try loss(executable))
            #expect(network.parameters.update(rate: rate, step: step + 1))
        }
        for (step, pair) in zip(losses, try fixture.expected("losses").values).enumerated() {
            #expect(abs(pair.0 - pair.1) <= 1e-3 * pair.1, "step \(step)")
        }
        try expectMoved(network, fixture)
        let difference = Difference(
            try fixture.logits(network), from: try fixture.expected("trained.logits"))
        #expect(difference.relativeL2 <= 1e-3, "\(difference)")
    }

    /// Sixteen bits leave two digits of what a layer yields; the losses of training follow all the same.
    @Test(.enabled(if: PrecisionTests.hasSixteenBits && isOptimized), arguments: light)
    func trainingInSixteenBits(_ name: String) throws {
        let fixture = try CatalogFixture(name)
        let network = try fixture.prepared(.training, .bf16)
        let executable = try network.executable(.training, batch: fixture.facts.batch)
        let rate = Float(fixture.facts.learningRate ?? 0)
        let name = fixture.facts.steps == nil ? "training.loss" : "losses"
        for (step, expected) in try fixture.expected(name).values.enumerated() {
            try fixture.step(step, on: executable)
            if step == 0 {
                let difference = Difference(
                    try #require(executable.output("logits")),
                    from: try #require(fixture.file["training.logits"]))
                #expect(difference.relativeL2 <= 0.03, "\(difference)")
            }
            let difference = abs(try loss(executable) - expected) / expected
            #expect(difference <= 0.02, "step \(step)")
            #expect(network.parameters.update(rate: rate, step: step + 1))
        }
    }

    private func loss(_ executable: any Executable) throws -> Double {
        Double(try #require(executable.output("loss")?.floats.first))
    }

    /// The logits, those of the heads, and the loss.
    private func expectOutputs(
        of executable: any Executable, _ fixture: CatalogFixture
    ) throws {
        for name in ["logits", "aux1", "aux2"] {
            guard let expected = fixture.file["training.\(name)"] else {
                #expect(executable.output(name) == nil)
                continue
            }
            let difference = Difference(try #require(executable.output(name)), from: expected)
            #expect(difference.relativeL2 <= 1e-4, "\(name): \(difference)")
        }
        let expected = try fixture.expected("training.loss").values[0]
        #expect(abs(try loss(executable) - expected) <= 1e-4 * expected)
    }

    private func expectGradients(_ network: PreparedNetwork, _ fixture: CatalogFixture) throws {
        let norms = try fixture.expected("gradientNorms").values
        let sizes = try fixture.expected("gradientSizes").values
        for (index, entry) in fixture.trained.enumerated() {
            let found = try #require(network.parameters.read(.gradient, of: entry.name))
            let difference = try distance(entry, found, fixture.row(index, of: "gradients"))
            #expect(difference <= 1e-3 * sizes[index], "\(entry.name) of \(sizes[index])")
            #expect(abs(found.norm() - norms[index]) <= 1e-3 * sizes[index], "\(entry.name)")
        }
    }

    private func expectStatistics(_ network: PreparedNetwork, _ fixture: CatalogFixture) throws {
        guard !fixture.statistics.isEmpty else { return }
        let norms = try fixture.expected("statisticNorms").values
        for (index, entry) in fixture.statistics.enumerated() {
            let found = try #require(network.parameters.read(.value, of: entry.name))
            let difference = try distance(entry, found, fixture.row(index, of: "statistics"))
            #expect(difference <= 1e-5 * norms[index], "\(entry.name) of \(norms[index])")
            #expect(abs(found.norm() - norms[index]) <= 1e-5 * norms[index], "\(entry.name)")
        }
    }

    /// How far a tensor is from the one whose sketch is known, to an eighth or so.
    private func distance(
        _ entry: CatalogFixture.Entry, _ found: NDArray, _ expected: [Double]
    ) throws -> Double {
        try #require(found.shape.dimensions == entry.shape)
        return zip(FormulaValues.sketch(entry.name, found), expected)
            .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }

    /// Where each parameter and statistic ended, and how far that is from where it began.
    private func expectMoved(_ network: PreparedNetwork, _ fixture: CatalogFixture) throws {
        let norms = try fixture.expected("finalNorms").values
        let changes = try fixture.expected("changes").values
        let sizes = try fixture.expected("gradientSizes").values
        let steps = Double(fixture.facts.steps ?? 0) * (fixture.facts.learningRate ?? 0)
        for (index, entry) in fixture.facts.entries.enumerated() {
            let last = try #require(network.parameters.read(.value, of: entry.name))
            #expect(abs(last.norm() - norms[index]) <= 1e-3 * norms[index], "\(entry.name)")
            // What moved little is known to fewer digits: the steps of its own values' precision,
            // and what a gradient that should be zero comes to.
            let gradient = fixture.trained.firstIndex(of: entry).map { sizes[$0] } ?? 0
            let allowed = 1e-2 * changes[index] + norms[index] * 0x1p-23 + 1e-3 * steps * gradient
            let change = last.norm(from: fixture.first(index))
            #expect(abs(change - changes[index]) <= allowed, "change of \(entry.name)")
        }
    }
}
