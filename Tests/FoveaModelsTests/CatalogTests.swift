// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

/// What holds for every network of the catalog.
@Suite struct CatalogTests {
    static func published(_ entry: Catalog.Entry, mode: Mode = .inference) throws -> TracedNetwork {
        try entry.traced(images: Shape([1] + entry.input.dimensions), mode: mode)
    }

    /// Recorded for training on two images of the smallest size, loss included.
    static func smallest(_ entry: Catalog.Entry, batch: Int = 2) throws -> TracedNetwork {
        let side = entry.smallestInput()
        return try entry.traced(
            images: [batch, entry.input[0], side, side], mode: .training, lossSmoothing: 0)
    }

    @Test func namesAreUniqueAndFindTheirEntry() throws {
        #expect(
            Catalog.all.map(\.name) == ["lenet", "alexnet-d2l", "nin", "nin-cifar", "nin-imagenet"])
        for entry in Catalog.all {
            #expect(try Catalog.entry(named: entry.name).parameters == entry.parameters)
        }
    }

    @Test(arguments: [
        ("lnet", "Did you mean lenet? `fovea models` lists all networks."),
        ("NIN-CIFAR10", "Did you mean nin-cifar? `fovea models` lists all networks."),
        ("transformer", "`fovea models` lists all networks."),
    ]) func anUnknownNameIsAnsweredWithTheNearest(_ name: String, _ remedy: String) {
        do throws(FoveaError) {
            _ = try Catalog.entry(named: name)
            Issue.record("\(name) was found")
        } catch {
            #expect(error.code == .usage)
            #expect(error.message == "there is no network named \(name).")
            #expect(error.remedy == remedy)
        }
    }

    @Test(arguments: Catalog.all) func publishedCounts(_ entry: Catalog.Entry) throws {
        let traced = try Self.published(entry)
        #expect(traced.parameters.reduce(0) { $0 + $1.shape.count } == entry.parameters)
        #expect(traced.graph.multiplyAdds == entry.multiplyAdds)
        #expect(traced.classes == entry.classes)
        try traced.graph.verify()
    }

    @Test(arguments: Catalog.all) func classesCanBeChosen(_ entry: Catalog.Entry) throws {
        let options = Catalog.Options(classes: 7)
        let images = Shape([3] + entry.input.dimensions)
        let traced = try entry.traced(images: images, mode: .inference, options: options)
        #expect(traced.classes == 7)
        let logits = traced.graph.nodes.last
        #expect(logits?.outputs == [TensorType([3, 7])])
    }

    @Test(arguments: Catalog.all) func dropoutsTakeTheChosenRate(_ entry: Catalog.Entry) throws {
        let images = Shape([1] + entry.input.dimensions)
        func rates(_ mode: Mode, _ options: Catalog.Options = Catalog.Options()) throws -> [Float] {
            try entry.traced(images: images, mode: mode, options: options).graph.nodes.compactMap {
                if case .dropout(let dropout) = $0.op { dropout.rate } else { nil }
            }
        }
        let count = ["lenet": 0, "alexnet-d2l": 2, "nin": 1, "nin-cifar": 2, "nin-imagenet": 1]
        let expected = [Float](repeating: 0.5, count: count[entry.name, default: -1])
        #expect(try rates(.training) == expected)
        #expect(
            try rates(.training, Catalog.Options(dropout: 0.25)) == expected.map { $0 / 2 })
        #expect(try rates(.training, Catalog.Options(dropout: 0)).isEmpty)
        #expect(try rates(.inference).isEmpty)
    }

    @Test(arguments: Catalog.all) func everyParameterGetsAGradient(
        _ entry: Catalog.Entry
    ) throws {
        let traced = try Self.smallest(entry)
        let graph = try traced.graph.differentiated()
        try graph.verify()
        let prefix = "gradient of "
        let gradients = graph.description.split(separator: "\n").filter { $0.hasPrefix(prefix) }
        let names = gradients.map { $0.dropFirst(prefix.count).prefix { $0 != ":" } }
        #expect(Set(names.map(String.init)) == Set(traced.parameters.map(\.name)))
        #expect(names.count == traced.parameters.count)
    }

    /// PyTorch's convolutions and poolings with the same settings take these and nothing smaller.
    static let sides = [
        "lenet": 12, "alexnet-d2l": 65, "nin": 67, "nin-cifar": 4, "nin-imagenet": 39,
    ]

    @Test(arguments: Catalog.all) func smallestInputIsTheFirstThatFits(
        _ entry: Catalog.Entry
    ) throws {
        let side = entry.smallestInput()
        #expect(side == Self.sides[entry.name])
        func fits(_ side: Int) -> Bool {
            (try? entry.traced(images: [1, entry.input[0], side, side], mode: .inference)) != nil
        }
        for smaller in max(1, side - 8)..<side { #expect(!fits(smaller), "\(smaller)") }
        for larger in side...side + 40 { #expect(fits(larger), "\(larger)") }
    }

    @Test(arguments: [
        (
            "lenet", 10,
            "lenet cannot take 1×10×10: at features.5, average pooling 2×2, stride 2 needs "
                + "at least 2×2, but its input is 16×1×1."
        ),
        (
            "alexnet-d2l", 28,
            "alexnet-d2l cannot take 1×28×28: at features.5, max pooling 3×3, stride 2 needs "
                + "at least 3×3, but its input is 256×2×2."
        ),
        (
            "nin", 8,
            "nin cannot take 1×8×8: at features.0.0, convolution 11×11, stride 4 needs "
                + "at least 11×11, but its input is 1×8×8."
        ),
        (
            "nin-cifar", 3,
            "nin-cifar cannot take 3×3×3: at features.4, average pooling 3×3, stride 2, "
                + "rounding up needs at least 2×2, but its input is 192×1×1."
        ),
        (
            "nin-imagenet", 32,
            "nin-imagenet cannot take 3×32×32: at features.5, max pooling 3×3, stride 2, "
                + "rounding up needs at least 2×2, but its input is 384×1×1."
        ),
    ]) func imagesThatAreTooSmallAreRefused(_ name: String, _ side: Int, _ message: String) throws {
        let entry = try Catalog.entry(named: name)
        do throws(FoveaError) {
            _ = try entry.traced(
                images: [4, entry.input[0], side, side], mode: .training, lossSmoothing: 0)
            Issue.record("images of \(side) were taken")
        } catch {
            #expect(error.code == .model)
            #expect(error.message == message)
            let smallest = Self.sides[name, default: 0]
            #expect(
                error.remedy == "Images of \(smallest)×\(smallest) and above work; \(name) was "
                    + "published for \(Extent(entry.input[1], entry.input[2])). "
                    + "Choose with --resize.")
        }
    }

    /// The networks whose arithmetic is quick: all if optimised, the smallest otherwise.
    static let quick = isOptimized ? Catalog.all : Catalog.all.filter { $0.parameters < 100_000 }

    @Test(arguments: quick) func twoStepsLowerTheLoss(_ entry: Catalog.Entry) throws {
        let traced = try Self.smallest(entry)
        let interpreter = ReferenceInterpreter(try traced.graph.differentiated())
        let random = RandomValues(seed: 5)
        let inputs = random.inputs(of: traced.graph, classes: traced.classes)
        var parameters = random.parameters(of: traced.graph)
        var losses: [Double] = []
        var rate: Double?
        for _ in 0..<3 {
            // The step number stays, and with it what is dropped: one function is minimised.
            let results = try interpreter.run(inputs: inputs, parameters: parameters, seed: 5)
            let loss = try #require(results[.output("loss")]?.values.first)
            losses.append(loss)
            let gradients = parameters.keys.compactMap { results[.gradient($0)] }
            let length = gradients.reduce(0) { $1.values.reduce($0) { $0 + $1 * $1 } }
            #expect(length > 0)
            // By the gradient alone, each of the first steps would lower the loss by a twentieth.
            let chosen = rate ?? 0.05 * loss / length
            rate = chosen
            for (name, value) in parameters {
                guard let gradient = results[.gradient(name)] else { continue }
                let moved = zip(value.values, gradient.values).map { $0 - chosen * $1 }
                parameters[name] = HostValue(value.shape, moved)
            }
        }
        #expect(losses[1] < losses[0] && losses[2] < losses[1], "\(losses)")
    }
}
