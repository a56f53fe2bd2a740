// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// DenseNet (Huang, Liu, van der Maaten and Weinberger, 2016, arXiv:1608.06993).
public struct DenseNet: Layer, Network {
    /// A column of the paper's Table 1.
    public enum Configuration: Sendable {
        case denseNet121, denseNet161, denseNet169, denseNet201

        var blocks: [Int] {
            switch self {
            case .denseNet121: [6, 12, 24, 16]
            case .denseNet161: [6, 12, 36, 24]
            case .denseNet169: [6, 12, 32, 32]
            case .denseNet201: [6, 12, 48, 32]
            }
        }

        var growth: Int { self == .denseNet161 ? 48 : 32 }
    }

    let features: Sequential
    let classifier: Linear

    /// The paper's network with bottlenecks and compression, as torchvision has it.
    public init(_ configuration: Configuration, classes: Int = 1000) {
        let growth = configuration.growth
        self.init(
            configuration.blocks, growth: growth, stem: 2 * growth, bottleneck: 4 * growth,
            bias: false, initializer: .kaimingNormal(.fanIn),
            classifier: Linear(classes, biasInitializer: .zeros))
    }

    /// The form of *Dive into Deep Learning*: four blocks of four layers without bottlenecks.
    public static func d2l(classes: Int = 10) -> DenseNet {
        DenseNet(
            [4, 4, 4, 4], growth: 32, stem: 64, bottleneck: nil, bias: true,
            initializer: .fanInUniform, classifier: Linear(classes))
    }

    private init(
        _ blocks: [Int], growth: Int, stem: Int, bottleneck: Int?, bias: Bool,
        initializer: Initializer, classifier: Linear
    ) {
        func convolution(
            _ channels: Int, kernel: Extent, stride: Extent = 1
        ) -> Conv2d {
            Conv2d(
                channels, kernel: kernel, stride: stride, padding: kernel.half, bias: bias,
                initializer: initializer)
        }
        var width = stem
        features = Sequential {
            convolution(stem, kernel: 7, stride: 2).named("conv0")
            BatchNorm().named("norm0"); ReLU().named("relu0")
            MaxPool2d(kernel: 3, stride: 2, padding: 1).named("pool0")
            for (index, count) in blocks.enumerated() {
                let _ = width += count * growth
                Sequential {
                    for layer in 1...count {
                        DenseLayer(
                            bottleneck.map { convolution($0, kernel: 1) },
                            convolution(growth, kernel: 3)
                        ).named("denselayer\(layer)")
                    }
                }.named("denseblock\(index + 1)")
                if index + 1 < blocks.count {
                    let _ = width /= 2
                    Sequential {
                        BatchNorm().named("norm"); ReLU().named("relu")
                        convolution(width, kernel: 1).named("conv")
                        AveragePool2d(kernel: 2).named("pool")
                    }.named("transition\(index + 1)")
                }
            }
            BatchNorm().named("norm5"); ReLU().named("relu5")
        }
        self.classifier = classifier
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        classifier(features(x).globallyAveraged().flattened())
    }
}

/// New channels, computed from all before and put beside them.
struct DenseLayer: Block {
    let norm1 = BatchNorm()
    let conv1: Conv2d
    let norm2: BatchNorm?
    let conv2: Conv2d?

    /// Makes a layer of one convolution, or of two when a bottleneck comes first.
    init(_ bottleneck: Conv2d?, _ convolution: Conv2d) {
        conv1 = bottleneck ?? convolution
        norm2 = bottleneck.map { _ in BatchNorm() }
        conv2 = bottleneck.map { _ in convolution }
    }

    func forward(_ x: Tensor) -> Tensor {
        var y = conv1(relu(norm1(x)))
        if let norm2, let conv2 { y = conv2(relu(norm2(y))) }
        return concat([x, y])
    }
}
