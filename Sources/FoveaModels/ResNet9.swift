// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// ResNet-9 (Page, "How to Train Your ResNet", 2018), which learns CIFAR-10 to .94 within 24 epochs.
///
/// Wide 3×3 convolutions, poolings in place of strides, and two shortcuts, of nothing but the input.
public struct ResNet9: Layer, Network {
    let prep, conv1, conv2, conv3: ConvUnit
    let residual1, residual3: Residual
    let maxpool1 = MaxPool2d(kernel: 2)
    let maxpool2 = MaxPool2d(kernel: 2)
    let maxpool3 = MaxPool2d(kernel: 2)
    let pool = GlobalMaxPool()
    let fc: Linear

    /// Makes a network.
    ///
    /// - Parameters:
    ///   - width: The channels of the first convolution; the others have two to eight times as many.
    ///   - classes: The number of classes.
    public init(width: Int = 64, classes: Int = 10) {
        prep = Self.unit(width)
        conv1 = Self.unit(2 * width)
        residual1 = Residual(2 * width)
        conv2 = Self.unit(4 * width)
        conv3 = Self.unit(8 * width)
        residual3 = Residual(8 * width)
        fc = Linear(classes, bias: false)
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var x = prep(x)
        x = residual1(maxpool1(conv1(x)))
        x = maxpool2(conv2(x))
        x = residual3(maxpool3(conv3(x)))
        // Small logits at first keep a high rate from saturating the softmax.
        return fc(pool(x).flattened()).scaled(by: 0.125)
    }

    private static func unit(_ channels: Int) -> ConvUnit {
        ConvUnit(
            conv: Conv2d(channels, kernel: 3, padding: 1, bias: false), bn: BatchNorm())
    }

    /// Two convolutions beside a shortcut; nothing follows the sum.
    struct Residual: Block {
        let conv1, conv2: ConvUnit

        init(_ channels: Int) {
            conv1 = ResNet9.unit(channels)
            conv2 = ResNet9.unit(channels)
        }

        func forward(_ x: Tensor) -> Tensor { x + conv2(conv1(x)) }
    }
}
