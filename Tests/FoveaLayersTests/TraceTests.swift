// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import Testing

@Suite struct TraceTests {
    /// A network of one sequence, for short tests.
    struct Chain: Layer, Network {
        let features: Sequential
        init(@LayerBuilder _ layers: () -> [any Layer]) { features = Sequential(layers) }
        func callAsFunction(_ x: Tensor) -> Tensor { features(x) }
    }

    static func traced(
        _ network: some Network, _ images: Shape = [2, 3, 8, 8], mode: Mode = .inference
    ) throws -> TracedNetwork {
        try TracedNetwork(network, images: images, mode: mode)
    }

    static func paths(_ traced: TracedNetwork) -> [String] {
        traced.calls.map { "\($0.path) \($0.type) \($0.depth) \($0.output)" }
    }

    // MARK: - The builder

    static func built(pooled: Bool, deep: Bool, widths: [Int]) -> Chain {
        Chain {
            Conv2d(4, kernel: 3, padding: 1); ReLU()
            if pooled { MaxPool2d(kernel: 2) }
            if deep {
                Conv2d(5, kernel: 1)
            } else {
                Sigmoid()
            }
            for width in widths {
                Conv2d(width, kernel: 1)
                ReLU()
            }
            [GlobalAveragePool(), Flatten()]
        }
    }

    @Test func theBuilderTakesConditionsAndLoops() throws {
        let all = try Self.traced(Self.built(pooled: true, deep: true, widths: [6, 7]))
        #expect(
            all.calls.map(\.type) == [
                "Sequential", "Conv2d", "ReLU", "MaxPool2d", "Conv2d", "Conv2d", "ReLU", "Conv2d",
                "ReLU", "GlobalAveragePool", "Flatten",
            ])
        #expect(all.calls.last?.output == [2, 7])
        let few = try Self.traced(Self.built(pooled: false, deep: false, widths: []))
        #expect(
            few.calls.map(\.type) == [
                "Sequential", "Conv2d", "ReLU", "Sigmoid", "GlobalAveragePool", "Flatten",
            ])
        // Positions count every layer, also those without parameters.
        #expect(
            all.parameters.map(\.name).filter { $0.hasSuffix("weight") } == [
                "features.0.weight", "features.3.weight", "features.4.weight", "features.6.weight",
            ])
    }

    // MARK: - Calls

    @Test func callsTellPathTypeDepthAndOutput() throws {
        let traced = try Self.traced(
            Chain {
                Sequential {
                    Conv2d(4, kernel: 3); ReLU()
                }
                MaxPool2d(kernel: 2).named("pool")
            })
        #expect(
            Self.paths(traced) == [
                "features Sequential 0 2×4×3×3",
                "features.0 Sequential 1 2×4×6×6",
                "features.0.0 Conv2d 2 2×4×6×6",
                "features.0.1 ReLU 2 2×4×6×6",
                "features.pool MaxPool2d 1 2×4×3×3",
            ])
        let recorded = traced.calls.map { $0.nodes.map { traced.graph.nodes[$0].path } }
        #expect(recorded[3] == ["features.0.1"])
        #expect(
            recorded[2] == [
                "features.0.0.weight", "features.0.0", "features.0.0.bias", "features.0.0",
            ])
        #expect(recorded[0].count == 6)
    }

    @Test func oneValueInTwoPlacesOfASequenceIsTwoCalls() throws {
        let relu = ReLU(), drop = Dropout(0.25)
        let traced = try Self.traced(
            Chain {
                relu; drop; Conv2d(2, kernel: 1); relu; drop
            }, mode: .training)
        #expect(
            Self.paths(traced) == [
                "features Sequential 0 2×2×8×8", "features.0 ReLU 1 2×3×8×8",
                "features.1 Dropout 1 2×3×8×8", "features.2 Conv2d 1 2×2×8×8",
                "features.3 ReLU 1 2×2×8×8", "features.4 Dropout 1 2×2×8×8",
            ])
        #expect(Self.sites(traced) == ["features.1", "features.4"])
    }

    // MARK: - Dropout

    static func sites(_ traced: TracedNetwork) -> [String] {
        traced.graph.nodes.compactMap { node in
            if case .dropout(let dropout) = node.op { dropout.site } else { nil }
        }
    }

    struct DropsTwice: Layer, Network {
        let dropout = Dropout(0.5, of: .channel)
        let conv = Conv2d(3, kernel: 1)
        func callAsFunction(_ x: Tensor) -> Tensor { dropout(conv(dropout(x))) }
    }

    @Test func dropoutIsAbsentInInference() throws {
        #expect(try Self.sites(Self.traced(DropsTwice(), mode: .inference)).isEmpty)
        #expect(
            try Self.sites(Self.traced(DropsTwice(), mode: .training)) == ["dropout", "dropout#2"])
    }

    @Test func dropoutWithRateZeroIsAbsent() throws {
        let traced = try Self.traced(
            Chain {
                Conv2d(2, kernel: 1); Dropout(0)
            }, mode: .training)
        #expect(Self.sites(traced).isEmpty)
    }

    @Test func winnersAreRecordedForTrainingOnly() throws {
        let network = Chain {
            Conv2d(2, kernel: 1); MaxPool2d(kernel: 2)
        }
        for (mode, outputs) in [(Mode.training, 2), (.inference, 1)] {
            let graph = try Self.traced(network, mode: mode).graph
            #expect(graph.nodes.last?.outputs.count == outputs)
        }
    }

    // MARK: - Poolings

    @Test func anAdaptivePoolingThatDividesIsAnAveragePooling() throws {
        let whole = try Self.traced(Chain { AdaptiveAveragePool2d(Extent(4, 2)) })
        #expect(
            whole.graph.nodes.last?.op
                == .averagePool(
                    Op.AveragePool(Window(kernel: Extent(2, 4), stride: Extent(2, 4)))))
        let parted = try Self.traced(Chain { AdaptiveAveragePool2d(Extent(3, 2)) })
        #expect(
            parted.graph.nodes.last?.op
                == .adaptiveAveragePool(Op.AdaptiveAveragePool(to: Extent(3, 2))))
        #expect(whole.graph.nodes.last?.outputs == [TensorType([2, 3, 4, 2])])
        #expect(parted.graph.nodes.last?.outputs == [TensorType([2, 3, 3, 2])])
    }

    // MARK: - Mistakes

    struct TwoMistakes: Layer, Network {
        let left = Conv2d(4, kernel: 9)
        let right = MaxPool2d(kernel: 10)
        func callAsFunction(_ x: Tensor) -> Tensor {
            // What follows on a mistake is silent: one complaint each.
            relu(left(x)).flattened() + right(x).flattened()
        }
    }

    @Test func allMistakesAreToldAtOnce() {
        #expect(
            ParameterNameTests.complaint(TwoMistakes()) == """
                TwoMistakes cannot take images of 3×8×8.
                  left: convolution 9×9 needs at least 9×9, but its input is 3×8×8.
                  right: max pooling 10×10, stride 10 needs at least 10×10, but its input is 3×8×8.
                """)
    }

    @Test(arguments: [
        (
            Chain { Conv2d(4, kernel: 3, groups: 2) },
            "features.0: convolution 3×3 with weights 4×1×3×3 does not fit 3 channels."
        ),
        (
            Chain { Conv2d(4, kernel: 3, groups: 0) },
            "features.0: convolution 3×3 with weights 4×3×3×3 does not fit 3 channels."
        ),
        (
            Chain { Conv2d(4, kernel: 3, stride: 0) },
            "features.0: convolution 3×3, stride 0 needs a stride of at least 1."
        ),
        (
            Chain { AdaptiveAveragePool2d(0) },
            "features.0: adaptiveAveragePool needs a grid of at least 1×1, but has 0×0."
        ),
        (
            Chain { Dropout(1.5) },
            "features.0: dropout needs a rate from 0 to below 1, but has 1.5."
        ),
        (
            Chain {
                Linear(3); Conv2d(2, kernel: 1)
            },
            "features.1: needs inputs of the ranks [4, 4], but has f32[2×3], f32[2×3×1×1]."
        ),
    ]) func mistakesAreToldWithTheirPath(_ network: Chain, _ line: String) {
        #expect(
            ParameterNameTests.complaint(network)
                == "Chain cannot take images of 3×8×8.\n  \(line)")
    }

    // MARK: - Outputs and fans

    struct WithHeads: Network {
        let stem = Conv2d(4, kernel: 1)
        let aux = Linear(5)
        let fc = Linear(5)
        func classify(_ images: Tensor) -> Classification {
            let x = stem(images)
            return Classification(
                fc(x.globallyAveraged().flattened()),
                auxiliary: [(aux(x.flattened()), weight: 0.3)])
        }
    }

    @Test func headsAreOutputsAndPartOfTheLoss() throws {
        let traced = try TracedNetwork(
            WithHeads(), images: [2, 3, 4, 4], mode: .training, lossSmoothing: 0.1)
        let lines = traced.graph.description.split(separator: "\n").map(String.init)
        #expect(
            lines.suffix(8) == [
                "%16 = input() labels : i32[2]",
                "%17 = crossEntropy(%10, %16) smoothing 0.1 : f32[scalar]",
                "%18 = crossEntropy(%15, %16) smoothing 0.1 : f32[scalar]",
                "%19 = scale(%18) by 0.3 : f32[scalar]",
                "%20 = add(%17, %19) : f32[scalar]",
                "logits: %10", "aux1: %15", "loss: %20",
            ])
        #expect(traced.classes == 5)
        #expect(traced.graph.input(named: "labels") == TensorType([2], .i32))
        try traced.graph.differentiated().verify()
    }

    @Test func aLossNeedsARowOfClasses() {
        let error = #expect(throws: ModelError.self) {
            try TracedNetwork(
                Chain { Conv2d(10, kernel: 1) }, images: [2, 3, 8, 8], mode: .training,
                lossSmoothing: 0)
        }
        #expect(
            error?.diagnostics.map(\.description) == [
                "the logits are 2×10×8×8, but a row of classes is needed for each image. Flatten what the "
                    + "last layer reads or yields."
            ])
    }

    struct NormalizedTwice: Layer, Network {
        let norm = BatchNorm()
        func callAsFunction(_ x: Tensor) -> Tensor { norm(relu(norm(x))).flattened() }
    }

    /// As PyTorch does it: the second call goes on from what the first one has made of the statistics.
    @Test func aNormalizationThatIsCalledTwiceMovesTwice() throws {
        let traced = try TracedNetwork(
            NormalizedTwice(), images: [2, 3, 4, 4], mode: .training)
        let graph = traced.graph
        let moves = graph.nodes.filter {
            if case .movingAverage = $0.op { true } else { false }
        }
        #expect(moves.count == 4)
        let last = try #require(
            graph.results.first { $0.key == .update("norm.running_mean") }?.value)
        let first = graph.nodes[graph.nodes[last.node].inputs[0].node]
        #expect(moves.map(\.index).contains(first.index))
        try graph.verify()
    }

    @Test func parametersKnowTheirFans() throws {
        let traced = try Self.traced(
            Chain {
                Conv2d(9, kernel: Extent(3, 2), groups: 3, biasInitializer: .zeros)
                Linear(7, initializer: .xavierUniform)
            }, [1, 6, 5, 5])
        let facts = traced.parameters.map { "\($0.name) \($0.shape) \($0.fanIn) \($0.fanOut)" }
        #expect(
            facts == [
                "features.0.weight 9×2×3×2 12 54", "features.0.bias 9 12 9",
                "features.1.weight 7×108 108 7", "features.1.bias 7 108 7",
            ])
        #expect(
            traced.parameters.map(\.initializer) == [
                .fanInUniform, .zeros, .xavierUniform, .fanInUniform,
            ])
    }
}
