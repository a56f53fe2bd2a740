// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers

/// Two convolutions and a way around them.
struct ResidualBlock: Layer {
    let body: Sequential
    let shortcut: Conv2d?

    init(_ channels: Int, stride: Extent = 1, changes: Bool = false) {
        body = Sequential {
            Conv2d(channels, kernel: 3, stride: stride, padding: 1, bias: false); ReLU()
            Conv2d(channels, kernel: 3, padding: 1, bias: false)
        }
        shortcut = changes ? Conv2d(channels, kernel: 1, stride: stride) : nil
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        relu(body(x) + (shortcut?(x) ?? x))
    }
}

/// Four ways from the input to the output.
struct BranchBlock: Layer {
    let branch1: Conv2d
    let branch2, branch3, branch4: Sequential

    init(_ channels: Int) {
        branch1 = Conv2d(channels, kernel: 1)
        branch2 = Sequential {
            Conv2d(4, kernel: 1); ReLU(); Conv2d(channels, kernel: 3, padding: 1)
        }
        branch3 = Sequential {
            Conv2d(4, kernel: 1); ReLU();
            Conv2d(channels, kernel: Extent(1, 5), padding: Extent(0, 2))
        }
        branch4 = Sequential {
            MaxPool2d(kernel: 3, stride: 1, padding: 1); Conv2d(channels, kernel: 1)
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        branch1(x) + branch2(x) + branch3(x) + branch4(x)
    }
}

/// Blocks within sequences: residual ones, two of them equal, and one with branches.
struct NestedNetwork: Layer, Network {
    let stem, stages: Sequential
    let classifier = Linear(10)

    init() {
        stem = Sequential {
            Conv2d(8, kernel: 5, stride: 2, padding: 2); ReLU()
            MaxPool2d(kernel: 3, stride: 2, rounding: .up)
        }
        stages = Sequential {
            ResidualBlock(8); ResidualBlock(8); ResidualBlock(8)
            ResidualBlock(12, stride: 2, changes: true)
            BranchBlock(12).named("mixed")
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        classifier(stages(stem(x)).globallyAveraged().flattened())
    }
}

/// A convolution that is called twice, and a block that is called without anybody recording it.
struct SharingNetwork: Layer, Network {
    let first = Conv2d(6, kernel: 3, padding: 1)
    let again = Conv2d(6, kernel: 3, padding: 1, groups: 2)
    let block = ResidualBlock(6)
    let mean = ChannelShift()
    let classifier = Linear(3)

    func callAsFunction(_ x: Tensor) -> Tensor {
        let y = block(relu(again(relu(again(relu(first(x)))))))
        return classifier(mean(y).averagePooled(to: 3).flattened())
    }
}

/// Adds a gathered number and a learned one to each channel.
struct ChannelShift: Layer {
    let shift = Parameter(.zeros)
    let runningMean = Parameter(.zeros, role: .statistic)
    private let identity = Identity()

    func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            x.addingToChannels(x.parameter(shift, [x.channels]))
                .addingToChannels(x.parameter(runningMean, [x.channels]))
        }
    }
}

/// A network with an extra head for training, in the middle of its column.
struct HeadedNetwork: Network {
    let first, second: Sequential
    let head: Sequential

    init() {
        func stage(_ channels: Int) -> Sequential {
            Sequential {
                Conv2d(channels, kernel: 3, padding: 1); ReLU(); MaxPool2d(kernel: 2)
            }
        }
        first = stage(4)
        second = Sequential {
            stage(8); GlobalAveragePool(); Flatten(); Dropout(); Linear(5)
        }
        head = Sequential {
            GlobalAveragePool(); Flatten(); Linear(7); ReLU(); Linear(5)
        }
    }

    func classify(_ images: Tensor) -> Classification {
        let x = first(images)
        return Classification(second(x), auxiliary: [(head(x), 0.3)])
    }
}
