// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// ResNet (He, Zhang, Ren and Sun, 2015, arXiv:1512.03385), as torchvision has it.
///
/// - Deviation: the bottleneck's stride is in its 3×3 convolution, not in the first 1×1 one.
public struct ResNet: Layer, Network {
    /// A column of the paper's Table 1: the blocks of each stage, and of which kind they are.
    public enum Configuration: Sendable {
        case resNet18, resNet34, resNet50, resNet101, resNet152

        var blocks: [Int] {
            switch self {
            case .resNet18: [2, 2, 2, 2]
            case .resNet34, .resNet50: [3, 4, 6, 3]
            case .resNet101: [3, 4, 23, 3]
            case .resNet152: [3, 8, 36, 3]
            }
        }

        var hasBottlenecks: Bool { self != .resNet18 && self != .resNet34 }
    }

    /// What comes before the first stage.
    public enum Stem: Sendable {
        /// A 7×7 convolution and a pooling, for images of 224×224.
        case imageNet
        /// A 3×3 convolution, for images of 32×32.
        case cifar
    }

    let conv1: Conv2d
    let bn1 = BatchNorm()
    let maxpool: MaxPool2d?
    let layer1, layer2, layer3, layer4: Sequential
    let fc: Linear

    /// Makes a network of the paper.
    public init(_ configuration: Configuration, classes: Int = 1000, stem: Stem = .imageNet) {
        self.init(configuration, classes, stem, .paper)
    }

    /// The form of *Dive into Deep Learning*: ResNet-18 with biases, and shortcuts that are not
    /// normalized.
    public static func d2l(classes: Int = 10) -> ResNet {
        ResNet(.resNet18, classes, .imageNet, .d2l)
    }

    private init(
        _ configuration: Configuration, _ classes: Int, _ stem: Stem, _ style: ResidualStyle
    ) {
        switch stem {
        case .imageNet:
            conv1 = style.convolution(64, kernel: 7, stride: 2)
            maxpool = MaxPool2d(kernel: 3, stride: 2, padding: 1)
        case .cifar:
            conv1 = style.convolution(64, kernel: 3)
            maxpool = nil
        }
        func stage(_ index: Int) -> Sequential {
            let width = 64 << index
            return Sequential {
                for block in 0..<configuration.blocks[index] {
                    let stride = index > 0 && block == 0 ? 2 : 1
                    if configuration.hasBottlenecks {
                        Bottleneck(width, stride: stride, projects: block == 0, style)
                    } else {
                        BasicBlock(width, stride: stride, projects: stride > 1, style)
                    }
                }
            }
        }
        layer1 = stage(0)
        layer2 = stage(1)
        layer3 = stage(2)
        layer4 = stage(3)
        fc = Linear(classes)
    }

    /// Classifies a batch of images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var x = relu(bn1(conv1(x)))
        if let maxpool { x = maxpool(x) }
        x = layer4(layer3(layer2(layer1(x))))
        return fc(x.globallyAveraged().flattened())
    }
}

/// Two 3×3 convolutions beside a shortcut.
struct BasicBlock: Block {
    let conv1, conv2: Conv2d
    let bn1 = BatchNorm()
    let bn2 = BatchNorm()
    let downsample: Sequential?

    init(_ width: Int, stride: Int, projects: Bool, _ style: ResidualStyle) {
        conv1 = style.convolution(width, kernel: 3, stride: Extent(stride))
        conv2 = style.convolution(width, kernel: 3)
        downsample = projects ? style.projection(width, stride: Extent(stride)) : nil
    }

    func forward(_ x: Tensor) -> Tensor {
        let y = bn2(conv2(relu(bn1(conv1(x)))))
        return relu(y + (downsample.map { $0(x) } ?? x))
    }
}

/// A 3×3 convolution between two of 1×1 that narrow and widen, beside a shortcut.
struct Bottleneck: Block {
    let conv1, conv2, conv3: Conv2d
    let bn1 = BatchNorm()
    let bn2 = BatchNorm()
    let bn3 = BatchNorm()
    let downsample: Sequential?

    init(_ width: Int, stride: Int, projects: Bool, _ style: ResidualStyle) {
        conv1 = style.convolution(width, kernel: 1)
        conv2 = style.convolution(width, kernel: 3, stride: Extent(stride))
        conv3 = style.convolution(4 * width, kernel: 1)
        downsample = projects ? style.projection(4 * width, stride: Extent(stride)) : nil
    }

    func forward(_ x: Tensor) -> Tensor {
        let y = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))))
        return relu(y + (downsample.map { $0(x) } ?? x))
    }
}

/// In what the paper's convolutions and shortcuts differ from the book's.
enum ResidualStyle {
    case paper, d2l

    func convolution(_ channels: Int, kernel: Extent, stride: Extent = 1) -> Conv2d {
        Conv2d(
            channels, kernel: kernel, stride: stride, padding: kernel.half, bias: self == .d2l,
            initializer: self == .d2l ? .fanInUniform : .kaimingNormal(.fanOut))
    }

    /// A shortcut to another number of channels.
    func projection(_ channels: Int, stride: Extent) -> Sequential {
        Sequential {
            convolution(channels, kernel: 1, stride: stride)
            if self == .paper { BatchNorm() }
        }
    }
}
