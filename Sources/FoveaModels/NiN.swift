// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// Network in Network (Lin, Chen and Yan, 2013, arXiv:1312.4400), in the forms in which it is known.
///
/// - Deviation: every block ends in a ReLU, the last one too, as in the authors' files and the book.
public struct NiN: Layer, Network {
    let features: Sequential

    /// Makes a network from its blocks; the three published forms are static members.
    init(@LayerBuilder _ layers: () -> [any Layer]) {
        features = Sequential(layers)
    }

    /// The form of *Dive into Deep Learning*, for images of 224×224.
    public static func d2l(classes: Int = 10, dropout: Dropout = Dropout()) -> NiN {
        NiN {
            mlpconv(96, 96, 96, kernel: 11, stride: 4)
            MaxPool2d(kernel: 3, stride: 2)
            mlpconv(256, 256, 256, kernel: 5, padding: 2)
            MaxPool2d(kernel: 3, stride: 2)
            mlpconv(384, 384, 384, kernel: 3, padding: 1)
            MaxPool2d(kernel: 3, stride: 2)
            dropout
            mlpconv(classes, classes, classes, kernel: 3, padding: 1)
            GlobalAveragePool(); Flatten()
        }
    }

    /// The authors' form for CIFAR's images of 32×32.
    public static func cifar(classes: Int = 10, dropout: Float = 0.5) -> NiN {
        NiN {
            mlpconv(192, 160, 96, kernel: 5, padding: 2, .normal(deviation: 0.05))
            MaxPool2d(kernel: 3, stride: 2, rounding: .up)
            Dropout(dropout)
            mlpconv(192, 192, 192, kernel: 5, padding: 2, .normal(deviation: 0.05))
            AveragePool2d(kernel: 3, stride: 2, rounding: .up)
            Dropout(dropout)
            mlpconv(192, 192, classes, kernel: 3, padding: 1, .normal(deviation: 0.05))
            GlobalAveragePool(); Flatten()
        }
    }

    /// The authors' form for ImageNet's images of 224×224.
    public static func imageNet(classes: Int = 1000, dropout: Float = 0.5) -> NiN {
        NiN {
            mlpconv(96, 96, 96, kernel: 11, stride: 4)
            MaxPool2d(kernel: 3, stride: 2, rounding: .up)
            mlpconv(256, 256, 256, kernel: 5, padding: 2)
            MaxPool2d(kernel: 3, stride: 2, rounding: .up)
            mlpconv(384, 384, 384, kernel: 3, padding: 1)
            MaxPool2d(kernel: 3, stride: 2, rounding: .up)
            Dropout(dropout)
            mlpconv(1024, 1024, classes, kernel: 3, padding: 1)
            GlobalAveragePool(); Flatten()
        }
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor { features(x) }

    /// A convolution and two 1×1 convolutions: a small perceptron slid over the image.
    static func mlpconv(
        _ first: Int, _ second: Int, _ third: Int, kernel: Extent, stride: Extent = 1,
        padding: Extent = 0, _ initializer: Initializer? = nil
    ) -> Sequential {
        let weights = initializer ?? .fanInUniform
        let biases: Initializer = initializer == nil ? .fanInUniform : .zeros
        func convolution(
            _ channels: Int, _ kernel: Extent, _ stride: Extent = 1, _ padding: Extent = 0
        ) -> Conv2d {
            Conv2d(
                channels, kernel: kernel, stride: stride, padding: padding, initializer: weights,
                biasInitializer: biases)
        }
        return Sequential {
            convolution(first, kernel, stride, padding); ReLU()
            convolution(second, 1); ReLU()
            convolution(third, 1); ReLU()
        }
    }
}
