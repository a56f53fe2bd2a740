// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import OrderedCollections
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
        let side = try #require(entry.smallestInput(mode: .training, batch: batch))
        return try entry.traced(
            images: [batch, entry.input[0], side, side], mode: .training, lossSmoothing: 0)
    }

    @Test func namesAreUniqueAndFindTheirEntry() throws {
        let names = """
            lenet lenet-bn alexnet alexnet-2012 alexnet-d2l vgg11 vgg11-bn vgg13 vgg13-bn vgg16 \
            vgg16-bn vgg19 vgg19-bn vgg11-d2l nin nin-cifar nin-imagenet googlenet googlenet-2014 \
            googlenet-bn googlenet-d2l resnet18 resnet34 resnet50 resnet101 resnet152 \
            resnet18-d2l resnet18-cifar resnet9 resnet9-half densenet121 densenet161 densenet169 \
            densenet201 densenet-d2l
            """
        #expect(Catalog.all.map(\.name).joined(separator: " ") == names)
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
        let weights = traced.parameters.filter { $0.role == .weight }
        #expect(weights.reduce(0) { $0 + $1.shape.count } == entry.parameters)
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

    /// The rates of the dropouts in the order of their calls, where there are any.
    static let dropouts: [String: [Float]] = {
        var rates: [String: [Float]] = [
            "nin": [0.5], "nin-cifar": [0.5, 0.5], "nin-imagenet": [0.5],
            "googlenet": [0.7, 0.7, 0.2], "googlenet-2014": [0.7, 0.7, 0.4],
            "googlenet-bn": [0.7, 0.7, 0.4],
        ]
        for entry in Catalog.all where ["alex", "vgg1"].contains(entry.name.prefix(4)) {
            rates[entry.name] = [0.5, 0.5]
        }
        return rates
    }()

    /// The book's GoogLeNet has a dropout that does nothing unless a rate is chosen.
    static func chosen(_ rate: Float, _ entry: Catalog.Entry, _ own: [Float]) -> [Float] {
        own.map { _ in rate } + (entry.name == "googlenet-d2l" ? [rate] : [])
    }

    @Test(arguments: Catalog.all) func dropoutsTakeTheChosenRate(_ entry: Catalog.Entry) throws {
        let images = Shape([2] + entry.input.dimensions)
        func rates(_ mode: Mode, _ options: Catalog.Options = Catalog.Options()) throws -> [Float] {
            try entry.traced(images: images, mode: mode, options: options).graph.nodes.compactMap {
                if case .dropout(let dropout) = $0.op { dropout.rate } else { nil }
            }
        }
        let expected = Self.dropouts[entry.name] ?? []
        #expect(try rates(.training) == expected)
        #expect(
            try rates(.training, Catalog.Options(dropout: 0.25))
                == Self.chosen(0.25, entry, expected))
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
        let weights = traced.parameters.filter { $0.role == .weight }
        #expect(Set(names.map(String.init)) == Set(weights.map(\.name)))
        #expect(names.count == weights.count)
        let statistics = traced.parameters.filter { $0.role == .statistic }
        for statistic in statistics {
            #expect(graph.results[.update(statistic.name)] != nil, "\(statistic.name)")
        }
    }

    @Test(arguments: ["googlenet", "googlenet-2014", "googlenet-bn"])
    func headsAreThereInTrainingOnly(_ name: String) throws {
        let entry = try Catalog.entry(named: name)
        let inference = try Self.published(entry)
        #expect(inference.graph.results.keys == [.output("logits")])
        #expect(!inference.calls.contains { $0.path.hasPrefix("aux") })
        #expect(!inference.parameters.contains { $0.name.hasPrefix("aux") })
        #expect(inference.idleParameters.allSatisfy { $0.name.hasPrefix("aux") })
        let training = try Self.smallest(entry)
        let weights = training.parameters.filter { $0.role == .weight }
        let count = weights.reduce(0) { $0 + $1.shape.count }
        let withHeads = [
            "googlenet": 13_004_888, "googlenet-2014": 13_378_280, "googlenet-bn": 13_385_816,
        ]
        // The heads' linear layers see 4×4 in images of the published size.
        let published = try Self.published(entry).idleParameters.filter { $0.role == .weight }
        let heads = published.reduce(0) { $0 + $1.shape.count }
        #expect(entry.parameters + heads == withHeads[name])
        if name == "googlenet" { #expect(count == withHeads[name]) }
        #expect(training.graph.output(named: "aux1") != nil)
        #expect(training.graph.output(named: "aux2") != nil)
    }

    /// PyTorch's convolutions and poolings with the same settings take these and nothing smaller, where heads
    /// are left out.
    static let sides = [
        "lenet": 12, "lenet-bn": 16, "alexnet": 63, "alexnet-2012": 67, "alexnet-d2l": 65,
        "vgg11": 32, "vgg11-bn": 32, "vgg13": 32, "vgg13-bn": 32, "vgg16": 32, "vgg16-bn": 32,
        "vgg19": 32, "vgg19-bn": 32, "vgg11-d2l": 32, "nin": 67, "nin-cifar": 4,
        "nin-imagenet": 39, "googlenet": 15, "googlenet-2014": 31, "googlenet-bn": 31,
        "googlenet-d2l": 1, "resnet18": 1, "resnet34": 1, "resnet50": 1, "resnet101": 1,
        "resnet152": 1, "resnet18-d2l": 1, "resnet18-cifar": 1, "resnet9": 8,
        "resnet9-half": 8, "densenet121": 29, "densenet161": 29, "densenet169": 29,
        "densenet201": 29, "densenet-d2l": 29,
    ]

    @Test(arguments: Catalog.all) func smallestInputIsTheFirstThatFits(
        _ entry: Catalog.Entry
    ) throws {
        let side = try #require(entry.smallestInput())
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

    /// What is only needed for training is no reason not to classify.
    @Test func headsThatAreDroppedNeedNoRoom() throws {
        let entry = try Catalog.entry(named: "googlenet-2014")
        let traced = try entry.traced(images: [1, 3, 64, 64], mode: .inference)
        let logits = try #require(traced.graph.output(named: "logits"))
        #expect(traced.graph[logits].shape == [1, 1000])
        #expect(throws: FoveaError.self) {
            try entry.traced(images: [2, 3, 64, 64], mode: .training, lossSmoothing: 0)
        }
    }

    /// One image of 32×32 leaves ResNet-18's last normalizations a single number for each channel.
    @Test func theSizeThatWorksIsThatForTraining() throws {
        let entry = try Catalog.entry(named: "resnet18")
        let error = #expect(throws: FoveaError.self) {
            try entry.traced(images: [1, 3, 32, 32], mode: .training, lossSmoothing: 0)
        }
        #expect(error?.remedy?.hasPrefix("Images of 33×33 and above work; ") == true)
    }

    @Test func moreThanAnyMachineHoldsIsRefused() throws {
        let entry = try Catalog.entry(named: "nin")
        let error = #expect(throws: FoveaError.self) {
            try entry.traced(
                images: [65536, 1, 4096, 4096], mode: .training,
                options: Catalog.Options(classes: 100_000), lossSmoothing: 0)
        }
        #expect(error?.message.contains("which is more than any machine holds") == true)
    }

    /// The networks whose arithmetic is quick in the reference; all learn on the CPU's kernels in
    /// `CatalogTrainingTests`.
    static let quick = Catalog.all.filter { entry in
        let fitting = ["lenet", "alexnet-d2l", "nin", "nin-cifar", "nin-imagenet"]
        return isOptimized ? fitting.contains(entry.name) : entry.name == "lenet"
    }

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
