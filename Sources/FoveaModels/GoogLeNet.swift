// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
public import FoveaLayers

/// GoogLeNet (Szegedy et al., 2014, arXiv:1409.4842), in the forms in which it is known.
public struct GoogLeNet: Network {
    let conv1, conv2, conv3: ConvUnit
    let norm1, norm2: LocalResponseNorm?
    let maxpool1, maxpool2, maxpool3, maxpool4: MaxPool2d
    let inception3a, inception3b: Inception
    let inception4a, inception4b, inception4c, inception4d, inception4e: Inception
    let inception5a, inception5b: Inception
    let aux1, aux2: AuxiliaryHead?
    let dropout: Dropout?
    let fc: Linear

    /// Makes a network of a form.
    ///
    /// - Parameters:
    ///   - form: In what it differs from the paper.
    ///   - classes: The number of classes.
    ///   - rate: The rate of every dropout; the form's own if nil.
    public init(_ form: Form = .original, classes: Int = 1000, dropout rate: Float? = nil) {
        conv1 = form.unit(64, kernel: 7, stride: 2)
        conv2 = form.unit(64, kernel: 1)
        conv3 = form.unit(192, kernel: 3)
        norm1 = form.hasResponseNorms ? LocalResponseNorm() : nil
        norm2 = form.hasResponseNorms ? LocalResponseNorm() : nil
        maxpool1 = form.pool(3)
        maxpool2 = form.pool(3)
        maxpool3 = form.pool(3)
        maxpool4 = form.pool(form == .torchvision ? 2 : 3)
        inception3a = Inception(form, 64, (96, 128), (16, 32), pool: 32)
        inception3b = Inception(form, 128, (128, 192), (32, 96), pool: 64)
        inception4a = Inception(form, 192, (96, 208), (16, 48), pool: 64)
        inception4b = Inception(form, 160, (112, 224), (24, 64), pool: 64)
        inception4c = Inception(form, 128, (128, 256), (24, 64), pool: 64)
        inception4d = Inception(form, 112, (144, 288), (32, 64), pool: 64)
        inception4e = Inception(form, 256, (160, 320), (32, 128), pool: 128)
        inception5a = Inception(form, 256, (160, 320), (32, 128), pool: 128)
        inception5b = Inception(form, 384, (192, 384), (48, 128), pool: 128)
        aux1 = form.hasHeads ? AuxiliaryHead(form, classes, dropout: rate ?? 0.7) : nil
        aux2 = form.hasHeads ? AuxiliaryHead(form, classes, dropout: rate ?? 0.7) : nil
        let share = rate ?? form.dropout
        dropout = share > 0 ? Dropout(share) : nil
        fc = form.linear(classes)
    }

    /// Classifies a batch of images; in training the heads count too.
    public func classify(_ images: Tensor) -> Classification {
        var x = maxpool1(conv1(images))
        if let norm1 { x = norm1(x) }
        x = conv3(conv2(x))
        if let norm2 { x = norm2(x) }
        x = inception3b(inception3a(maxpool2(x)))
        let early = inception4a(maxpool3(x))
        let late = inception4d(inception4c(inception4b(early)))
        x = inception5b(inception5a(maxpool4(inception4e(late))))
        let heads = [aux1.map { $0(early) }, aux2.map { $0(late) }]
        let features = x.globallyAveraged().flattened()
        return Classification(
            fc(dropout.map { $0(features) } ?? features),
            auxiliary: heads.compactMap { $0 }.map { (logits: $0, weight: 0.3) })
    }
}

/// Four branches whose channels are put side by side; the arguments are the paper's columns.
struct Inception: Block {
    let branch1: ConvUnit
    let branch2, branch3, branch4: Sequential

    init(
        _ form: GoogLeNet.Form, _ one: Int, _ three: (reduce: Int, out: Int),
        _ five: (reduce: Int, out: Int), pool: Int
    ) {
        branch1 = form.unit(one, kernel: 1)
        branch2 = Sequential {
            form.unit(three.reduce, kernel: 1)
            form.unit(three.out, kernel: 3)
        }
        branch3 = Sequential {
            form.unit(five.reduce, kernel: 1)
            form.unit(five.out, kernel: form == .torchvision ? 3 : 5)
        }
        branch4 = Sequential {
            MaxPool2d(kernel: 3, stride: 1, padding: 1)
            form.unit(pool, kernel: 1)
        }
    }

    func forward(_ x: Tensor) -> Tensor {
        concat([branch1(x), branch2(x), branch3(x), branch4(x)])
    }
}

/// A small classifier on an inner layer, whose loss helps the layers before it to learn.
struct AuxiliaryHead: Block {
    let pool: any Layer
    let conv: ConvUnit
    let fc1, fc2: Linear
    let dropout: Dropout

    init(_ form: GoogLeNet.Form, _ classes: Int, dropout rate: Float) {
        pool =
            form == .torchvision
            ? AdaptiveAveragePool2d(4) : AveragePool2d(kernel: 5, stride: 3)
        conv = form.unit(128, kernel: 1)
        fc1 = form.linear(1024)
        fc2 = form.linear(classes)
        dropout = Dropout(rate)
    }

    func forward(_ x: Tensor) -> Tensor {
        fc2(dropout(relu(fc1(conv(pool(x)).flattened()))))
    }
}
