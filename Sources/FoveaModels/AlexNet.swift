// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// AlexNet (Krizhevsky, Sutskever and Hinton, 2012), in the three forms in which it is known.
public struct AlexNet: Layer, Network {
    let features, classifier: Sequential

    /// The paper's form for images of 227×227: two groups, local response normalization.
    ///
    /// - Deviation: α is divided by the size of the normalization; 227 pixels, because the 224 of the paper do
    ///   not lead to its 55.
    public static func original(classes: Int = 1000, dropout: Float = 0.5) -> AlexNet {
        func convolution(
            _ channels: Int, kernel: Extent, stride: Extent = 1, padding: Extent = 0,
            groups: Int = 1, bias: Float
        ) -> Conv2d {
            Conv2d(
                channels, kernel: kernel, stride: stride, padding: padding, groups: groups,
                initializer: .normal(deviation: 0.01), biasInitializer: .constant(bias))
        }
        func linear(_ outputs: Int, bias: Float) -> Linear {
            Linear(
                outputs, initializer: .normal(deviation: 0.01), biasInitializer: .constant(bias))
        }
        return AlexNet {
            convolution(96, kernel: 11, stride: 4, bias: 0); ReLU()
            LocalResponseNorm(k: 2); MaxPool2d(kernel: 3, stride: 2)
            convolution(256, kernel: 5, padding: 2, groups: 2, bias: 1); ReLU()
            LocalResponseNorm(k: 2); MaxPool2d(kernel: 3, stride: 2)
            convolution(384, kernel: 3, padding: 1, bias: 0); ReLU()
            convolution(384, kernel: 3, padding: 1, groups: 2, bias: 1); ReLU()
            convolution(256, kernel: 3, padding: 1, groups: 2, bias: 1); ReLU()
            MaxPool2d(kernel: 3, stride: 2)
        } classifier: {
            Dropout(dropout); linear(4096, bias: 1); ReLU()
            Dropout(dropout); linear(4096, bias: 1); ReLU()
            linear(classes, bias: 0)
        }
    }

    /// The single column of Krizhevsky, 2014, arXiv:1404.5997, as torchvision has it.
    public static func torchvision(classes: Int = 1000, dropout: Float = 0.5) -> AlexNet {
        AlexNet {
            Conv2d(64, kernel: 11, stride: 4, padding: 2); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            Conv2d(192, kernel: 5, padding: 2); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            Conv2d(384, kernel: 3, padding: 1); ReLU()
            Conv2d(256, kernel: 3, padding: 1); ReLU()
            Conv2d(256, kernel: 3, padding: 1); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            AdaptiveAveragePool2d(6)
        } classifier: {
            Dropout(dropout); Linear(4096); ReLU()
            Dropout(dropout); Linear(4096); ReLU()
            Linear(classes)
        }
    }

    /// The form of *Dive into Deep Learning*.
    ///
    /// - Deviation: one column, no local response normalization, first padding 1, and one input
    ///   channel in the book's recipe, where the paper has three.
    public static func d2l(classes: Int = 10, dropout: Float = 0.5) -> AlexNet {
        AlexNet {
            Conv2d(96, kernel: 11, stride: 4, padding: 1); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            Conv2d(256, kernel: 5, padding: 2); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            Conv2d(384, kernel: 3, padding: 1); ReLU()
            Conv2d(384, kernel: 3, padding: 1); ReLU()
            Conv2d(256, kernel: 3, padding: 1); ReLU(); MaxPool2d(kernel: 3, stride: 2)
        } classifier: {
            Linear(4096); ReLU(); Dropout(dropout)
            Linear(4096); ReLU(); Dropout(dropout)
            Linear(classes)
        }
    }

    init(
        @LayerBuilder _ features: () -> [any Layer],
        @LayerBuilder classifier: () -> [any Layer]
    ) {
        self.features = Sequential(features)
        self.classifier = Sequential(classifier)
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor { classifier(features(x).flattened()) }
}
