// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// AlexNet (Krizhevsky, Sutskever and Hinton, 2012) as *Dive into Deep Learning* has it.
///
/// - Deviation: one column instead of two groups, no local response normalisation, first padding 1,
///   and one input channel in the book's recipe, where the paper has three.
public struct AlexNetD2L: Layer, Network {
    let features, classifier: Sequential

    /// Makes the network.
    public init(classes: Int = 10, dropout: Float = 0.5) {
        features = Sequential {
            Conv2d(96, kernel: 11, stride: 4, padding: 1); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            Conv2d(256, kernel: 5, padding: 2); ReLU(); MaxPool2d(kernel: 3, stride: 2)
            Conv2d(384, kernel: 3, padding: 1); ReLU()
            Conv2d(384, kernel: 3, padding: 1); ReLU()
            Conv2d(256, kernel: 3, padding: 1); ReLU(); MaxPool2d(kernel: 3, stride: 2)
        }
        classifier = Sequential {
            Linear(4096); ReLU(); Dropout(dropout)
            Linear(4096); ReLU(); Dropout(dropout)
            Linear(classes)
        }
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        classifier(features(x).flattened())
    }
}
