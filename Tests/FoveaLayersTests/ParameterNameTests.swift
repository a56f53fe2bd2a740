// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import Testing

/// The five rules of parameter names, and the text of each mistake.
@Suite struct ParameterNameTests {
    static func names(
        _ network: some Network, images: Shape = [2, 3, 8, 8], mode: Mode = .inference
    ) throws -> [String] {
        try TracedNetwork(network, images: images, mode: mode).parameters.map(\.name)
    }

    static func complaint(_ network: some Network, images: Shape = [2, 3, 8, 8]) -> String? {
        do throws(ModelError) {
            _ = try TracedNetwork(network, images: images, mode: .training)
            return nil
        } catch {
            return error.description
        }
    }

    // MARK: - Rule 1: the path of property names, indices and given names

    struct Block: Layer {
        let firstConv = Conv2d(4, kernel: 3, padding: 1)
        let branches = [Conv2d(4, kernel: 1), Conv2d(4, kernel: 1, bias: false)]
        func callAsFunction(_ x: Tensor) -> Tensor {
            let y = relu(firstConv(x))
            return branches[0](y) + branches[1](y)
        }
    }

    struct Everything: Layer, Network {
        let stem = Sequential {
            Conv2d(4, kernel: 3).named("conv0"); ReLU()
            Sequential {
                Conv2d(4, kernel: 1); Sigmoid(); Conv2d(4, kernel: 1)
            }
            Block().named("denseblock1")
        }
        let layerBlocks: [any Layer] = [
            Block(),
            Sequential {
                ReLU(); Conv2d(2, kernel: 1)
            },
        ]
        let fc = Linear(5)
        func callAsFunction(_ x: Tensor) -> Tensor {
            fc(layerBlocks.reduce(stem(x)) { $1($0) }.flattened())
        }
    }

    @Test func namesArePathsOfProperties() throws {
        #expect(
            try Self.names(Everything()) == [
                "stem.conv0.weight", "stem.conv0.bias",
                "stem.2.0.weight", "stem.2.0.bias", "stem.2.2.weight", "stem.2.2.bias",
                "stem.denseblock1.first_conv.weight", "stem.denseblock1.first_conv.bias",
                "stem.denseblock1.branches.0.weight", "stem.denseblock1.branches.0.bias",
                "stem.denseblock1.branches.1.weight",
                "layer_blocks.0.first_conv.weight", "layer_blocks.0.first_conv.bias",
                "layer_blocks.0.branches.0.weight", "layer_blocks.0.branches.0.bias",
                "layer_blocks.0.branches.1.weight",
                "layer_blocks.1.1.weight", "layer_blocks.1.1.bias",
                "fc.weight", "fc.bias",
            ])
    }

    struct Centring: Layer {
        let runningMean = Parameter(.zeros, role: .statistic)
        func callAsFunction(_ x: Tensor) -> Tensor {
            x.addingToChannels(x.parameter(runningMean, [x.channels]))
        }
    }

    struct WithStatistic: Layer, Network {
        let bn1 = Centring()
        let fc = Linear(2, bias: false)
        func callAsFunction(_ x: Tensor) -> Tensor { fc(bn1(x).flattened()) }
    }

    @Test func propertyNamesTurnToSnakeCase() throws {
        let traced = try TracedNetwork(WithStatistic(), images: [1, 3, 4, 4], mode: .training)
        #expect(traced.parameters.map(\.name) == ["bn1.running_mean", "fc.weight"])
        #expect(traced.parameters.map(\.role) == [.statistic, .weight])
    }

    // MARK: - Rule 2: an optional layer that is nil has no names

    struct WithShortcut: Layer, Network {
        let downsample: Sequential?
        let bias: Parameter?
        let fc = Linear(2)
        init(projects: Bool) {
            downsample = projects ? Sequential { Conv2d(3, kernel: 1, bias: false) } : nil
            bias = projects ? Parameter(.zeros) : nil
        }
        func callAsFunction(_ x: Tensor) -> Tensor {
            var y = downsample.map { $0(x) } ?? x
            if let bias { y = y.addingToChannels(y.parameter(bias, [y.channels])) }
            return fc(y.flattened())
        }
    }

    @Test func anAbsentLayerHasNoNames() throws {
        #expect(try Self.names(WithShortcut(projects: false)) == ["fc.weight", "fc.bias"])
        #expect(
            try Self.names(WithShortcut(projects: true))
                == ["downsample.0.weight", "bias", "fc.weight", "fc.bias"])
    }

    // MARK: - Rule 3: calling twice shares, storing twice is an error

    struct CalledTwice: Layer, Network {
        let conv = Conv2d(3, kernel: 1)
        func callAsFunction(_ x: Tensor) -> Tensor { conv(relu(conv(x))) }
    }

    @Test func callingOneLayerTwiceSharesItsWeights() throws {
        let traced = try TracedNetwork(CalledTwice(), images: [1, 3, 4, 4], mode: .training)
        #expect(traced.parameters.map(\.name) == ["conv.weight", "conv.bias"])
        let convolutions = traced.graph.nodes.filter {
            if case .convolution = $0.op { true } else { false }
        }
        #expect(convolutions.count == 2)
        #expect(Set(convolutions.map { $0.inputs[1] }).count == 1)
        try traced.graph.verify()
    }

    struct StoredTwice: Layer, Network {
        let layers: [Linear]
        init() { layers = Array(repeating: Linear(2, bias: false), count: 2) }
        func callAsFunction(_ x: Tensor) -> Tensor {
            layers.reduce(x.flattened()) { $1($0) }
        }
    }

    @Test func storingOneLayerInTwoPlacesIsAnError() {
        #expect(
            Self.complaint(StoredTwice(), images: [1, 2, 1, 1]) == """
                StoredTwice cannot take images of 2×1×1.
                  layers.1.weight: one layer is stored here and at layers.0.weight. Make a second \
                layer, or call the first one twice to share its weights.
                """)
    }

    struct NamedAlike: Layer, Network {
        let body = Sequential {
            Conv2d(3, kernel: 1).named("conv")
            Conv2d(3, kernel: 1).named("conv")
        }
        func callAsFunction(_ x: Tensor) -> Tensor { body(x).flattened() }
    }

    @Test func twoLayersOfOneNameAreAnError() {
        #expect(
            Self.complaint(NamedAlike(), images: [1, 3, 4, 4]) == """
                NamedAlike cannot take images of 3×4×4.
                  body.conv: two layers have this name, and so their weights would. Give each its own.
                """)
    }

    struct TwoWidths: Layer, Network {
        let fc = Linear(2, bias: false)
        func callAsFunction(_ x: Tensor) -> Tensor { fc(fc(x.flattened())) }
    }

    @Test func aSharedWeightNeedsOneShape() {
        #expect(
            Self.complaint(TwoWidths(), images: [1, 3, 1, 1]) == """
                TwoWidths cannot take images of 3×1×1.
                  fc.weight: is used with the shape 2×2, but has the shape 2×3.
                  fc: linear with weights 2×3 does not fit an input of 2.
                """)
    }

    // MARK: - Rule 4: what the walk does not find is an error

    struct Local: Layer, Network {
        let body = Sequential { ReLU() }
        func callAsFunction(_ x: Tensor) -> Tensor {
            Linear(2, bias: false)(body(x).flattened())
        }
    }

    struct InATuple: Layer, Network {
        let pair = (Linear(2, bias: false), 3)
        func callAsFunction(_ x: Tensor) -> Tensor { pair.0(x.flattened()) }
    }

    @Test func aParameterNoPropertyLeadsToIsAnError() {
        #expect(
            Self.complaint(Local(), images: [1, 3, 1, 1]) == """
                Local cannot take images of 3×1×1.
                  a parameter of shape 2×3 is used that no stored property leads to. Store its \
                layer in a property of the network, an array or a Sequential.
                """)
        #expect(
            Self.complaint(InATuple(), images: [1, 3, 1, 1]) == """
                InATuple cannot take images of 3×1×1.
                  a parameter of shape 2×3 is used that no stored property leads to. Store its \
                layer in a property of the network, an array or a Sequential.
                """)
    }

    // MARK: - Rule 5: what is never used is an error

    struct Forgotten: Layer, Network {
        let conv1 = Conv2d(3, kernel: 1)
        let conv2 = Conv2d(3, kernel: 1)
        func callAsFunction(_ x: Tensor) -> Tensor { conv1(x).flattened() }
    }

    @Test func aParameterThatIsNeverUsedIsAnError() {
        #expect(
            Self.complaint(Forgotten(), images: [1, 3, 2, 2]) == """
                Forgotten cannot take images of 3×2×2.
                  conv2.weight: is never used; call its layer or remove it.
                  conv2.bias: is never used; call its layer or remove it.
                """)
    }
}
