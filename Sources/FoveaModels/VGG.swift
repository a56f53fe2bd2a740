// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// VGG (Simonyan and Zisserman, 2014, arXiv:1409.1556): groups of 3×3 convolutions, each pooled.
public struct VGG: Layer, Network {
    /// A column of the paper's Table 1: the number of convolutions in each of the five groups.
    public enum Configuration: Sendable {
        case vgg11, vgg13, vgg16, vgg19

        var convolutions: [Int] {
            switch self {
            case .vgg11: [1, 1, 2, 2, 2]
            case .vgg13: [2, 2, 2, 2, 2]
            case .vgg16: [2, 2, 3, 3, 3]
            case .vgg19: [2, 2, 4, 4, 4]
            }
        }
    }

    let features, classifier: Sequential

    /// The paper's network as torchvision has it, with the classifier's input pooled to 7×7.
    public init(
        _ configuration: Configuration, batchNorm: Bool = false, classes: Int = 1000,
        dropout: Float = 0.5
    ) {
        features = Sequential {
            Self.groups(configuration, [64, 128, 256, 512, 512]) { channels in
                Conv2d(
                    channels, kernel: 3, padding: 1, initializer: .kaimingNormal(.fanOut),
                    biasInitializer: .zeros)
                if batchNorm { BatchNorm() }
                ReLU()
            }
            AdaptiveAveragePool2d(7)
        }
        classifier = Self.classifier(classes, dropout) { outputs in
            Linear(outputs, initializer: .normal(deviation: 0.01), biasInitializer: .zeros)
        }
    }

    /// The form of *Dive into Deep Learning*: VGG-11 with a quarter of the channels, for 224×224.
    public static func d2l(classes: Int = 10, dropout: Float = 0.5) -> VGG {
        VGG(
            features: Sequential {
                Self.groups(.vgg11, [16, 32, 64, 128, 128]) { channels in
                    Conv2d(channels, kernel: 3, padding: 1); ReLU()
                }
            },
            classifier: Self.classifier(classes, dropout) { Linear($0) })
    }

    init(features: Sequential, classifier: Sequential) {
        self.features = features
        self.classifier = classifier
    }

    private static func groups(
        _ configuration: Configuration, _ widths: [Int],
        @LayerBuilder of layer: (_ channels: Int) -> [any Layer]
    ) -> [any Layer] {
        zip(configuration.convolutions, widths).flatMap { count, channels in
            (0..<count).flatMap { _ in layer(channels) } + [MaxPool2d(kernel: 2)]
        }
    }

    private static func classifier(
        _ classes: Int, _ dropout: Float, _ linear: (_ outputs: Int) -> Linear
    ) -> Sequential {
        Sequential {
            linear(4096); ReLU(); Dropout(dropout)
            linear(4096); ReLU(); Dropout(dropout)
            linear(classes)
        }
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor { classifier(features(x).flattened()) }
}
