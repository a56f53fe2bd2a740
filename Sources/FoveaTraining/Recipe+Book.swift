// SPDX-License-Identifier: Apache-2.0

extension Recipe {
    /// The settings of *Dive into Deep Learning*.
    ///
    /// Networks that the book does not train have those of the one of their family that it does, at a
    /// side that suits them.
    static let book: Table = [
        ("lenet-bn", .book(batch: 256, resize: nil, rate: 1)),
        ("lenet", .book(batch: 256, resize: nil, rate: 0.9)),
        ("alexnet-2012", .book(batch: 128, resize: 227, rate: 0.01)),
        ("alexnet", .book(batch: 128, resize: 224, rate: 0.01)),
        ("vgg", .book(batch: 128, resize: 224, rate: 0.05)),
        ("nin-cifar", .book(batch: 128, resize: 32, rate: 0.1)),
        ("nin", .book(batch: 128, resize: 224, rate: 0.1)),
        ("googlenet", .book(batch: 128, resize: 96, rate: 0.1)),
        ("resnet18-cifar", .book(batch: 256, resize: 32, rate: 0.05)),
        ("resnet9", .book(batch: 256, resize: 32, rate: 0.05)),
        ("resnet", .book(batch: 256, resize: 96, rate: 0.05)),
        ("densenet", .book(batch: 256, resize: 96, rate: 0.1)),
    ]

    private static func book(batch: Int, resize: Int?, rate: Float) -> Recipe {
        Recipe(
            epochs: 10, batch: batch, resize: resize, rate: rate, initializer: "xavier-uniform")
    }
}
