// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers

extension GoogLeNet {
    /// In what the known forms differ.
    public enum Form: Sendable {
        /// The paper's: biases, local response normalization, heads.
        case original
        /// The paper's with batch normalization instead of biases and local response normalization.
        case batchNorm
        /// torchvision's, whose "5×5" convolutions are 3×3 and whose last pooling is 2×2.
        ///
        /// - Deviation: both came with the weights that were ported (pytorch/vision issue 906); the
        ///   heads begin with an adaptive pooling, and the dropout is 0.2.
        case torchvision
        /// The book's: neither normalization, nor dropout, nor heads; poolings that round down.
        case d2l

        var hasHeads: Bool { self != .d2l }
        var hasResponseNorms: Bool { self == .original }

        var dropout: Float {
            switch self {
            case .original, .batchNorm: 0.4
            case .torchvision: 0.2
            case .d2l: 0
            }
        }

        /// The authors' training files draw weights as Caffe's Xavier does; torchvision's are
        /// normal, cut at 200 deviations, which is nowhere.
        private var initializers: (weights: Initializer, biases: Initializer) {
            switch self {
            case .original: (.caffeXavier, .constant(0.2))
            case .batchNorm, .torchvision: (.normal(deviation: 0.01), .fanInUniform)
            case .d2l: (.fanInUniform, .fanInUniform)
            }
        }

        func pool(_ kernel: Extent) -> MaxPool2d {
            self == .d2l
                ? MaxPool2d(kernel: kernel, stride: 2, padding: 1)
                : MaxPool2d(kernel: kernel, stride: 2, rounding: .up)
        }

        func unit(_ channels: Int, kernel: Extent, stride: Extent = 1) -> ConvUnit {
            let isNormalized = self == .batchNorm || self == .torchvision
            return ConvUnit(
                conv: Conv2d(
                    channels, kernel: kernel, stride: stride, padding: kernel.half,
                    bias: !isNormalized, initializer: initializers.weights,
                    biasInitializer: initializers.biases),
                bn: isNormalized ? BatchNorm(epsilon: 1e-3) : nil)
        }

        func linear(_ outputs: Int) -> Linear {
            Linear(
                outputs, initializer: initializers.weights, biasInitializer: initializers.biases)
        }
    }
}

/// A convolution, a batch normalization in place of its bias if any, and a ReLU.
struct ConvUnit: Block {
    let conv: Conv2d
    let bn: BatchNorm?

    func forward(_ x: Tensor) -> Tensor {
        let y = conv(x)
        return relu(bn.map { $0(y) } ?? y)
    }
}
