// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// LeNet (LeCun, Bottou, Bengio and Haffner, 1998) for 28×28 images, as *Dive into Deep Learning* has it.
///
/// - Deviation: sigmoids throughout, full connections between the convolutions, and a softmax in
///   the loss, where the paper has scaled tangents, partial connections and radial basis functions.
public struct LeNet: Layer, Network {
    let features, classifier: Sequential

    /// Makes the network.
    public init(classes: Int = 10) {
        features = Sequential {
            Conv2d(6, kernel: 5, padding: 2); Sigmoid(); AveragePool2d(kernel: 2)
            Conv2d(16, kernel: 5); Sigmoid(); AveragePool2d(kernel: 2)
        }
        classifier = Sequential {
            Linear(120); Sigmoid()
            Linear(84); Sigmoid()
            Linear(classes)
        }
    }

    /// Makes the book's network with batch normalization, which does not pad its images.
    ///
    /// - Parameters:
    ///   - momentum: How far running statistics move towards those of a batch.
    ///   - classes: The number of classes.
    public init(batchNormMomentum momentum: Float, classes: Int = 10) {
        features = Sequential {
            Conv2d(6, kernel: 5); BatchNorm(momentum: momentum); Sigmoid(); AveragePool2d(kernel: 2)
            Conv2d(16, kernel: 5); BatchNorm(momentum: momentum); Sigmoid()
            AveragePool2d(kernel: 2)
        }
        classifier = Sequential {
            Linear(120); BatchNorm(momentum: momentum); Sigmoid()
            Linear(84); BatchNorm(momentum: momentum); Sigmoid()
            Linear(classes)
        }
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        classifier(features(x).flattened())
    }
}
