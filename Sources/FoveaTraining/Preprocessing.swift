// SPDX-License-Identifier: Apache-2.0
public import FoveaData
public import FoveaGraph

/// How a picture becomes the numbers that a network was trained to see.
///
/// The picture is brought to the network's height and width, either squeezed as a whole, or with its
/// shorter side resized and the middle cut out; both with Pillow's bilinear filter. Its bytes are
/// divided by 255 and may be normalized channel by channel. What comes out is, number for number,
/// what torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize` make of it.
public struct Preprocessing: Codable, Sendable, Hashable {
    /// The length of the shorter side when the middle is cut out; nil squeezes the whole picture.
    public var shorterSide: Int?
    /// What is subtracted from each channel of numbers from 0 to 1; nil for nothing.
    public var mean: [Float]?
    /// What each channel is divided by after that; nil for nothing.
    public var deviation: [Float]?

    /// Says how pictures are prepared.
    ///
    /// - Parameters:
    ///   - shorterSide: The length of the shorter side when the middle is cut out; nil squeezes.
    ///   - mean: What is subtracted from each channel, or from all; nil for nothing.
    ///   - deviation: What each channel, or all, is divided by; nil for nothing.
    public init(shorterSide: Int? = nil, mean: [Float]? = nil, deviation: [Float]? = nil) {
        self.shorterSide = shorterSide
        self.mean = mean
        self.deviation = deviation
    }

    /// Whole pictures squeezed to the network's size, as numbers from 0 to 1: the book's way.
    public static let plain = Preprocessing()

    /// What torchvision's classifiers for ImageNet were trained to see, at 224×224.
    ///
    /// It measured its newer weights of ResNet-50 to 152 (`IMAGENET1K_V2`) with a shorter side of 232.
    public static let imageNet = Preprocessing(
        shorterSide: 256, mean: Normalization.imageNet.mean,
        deviation: Normalization.imageNet.deviation)

    /// What torchvision's GoogLeNet for ImageNet was trained to see: numbers from -1 to 1.
    ///
    /// The weights were converted from another library's, whose input is (x - .5) / .5. Torchvision
    /// prepares pictures for it as for its other networks, and the network, made with
    /// `transform_input=True` when its weights are loaded, first turns each channel back, to
    /// x · (deviation / .5) + (mean - .5) / .5. A network of Fovea's catalog has no such step, so that
    /// its pictures are prepared the original way at once.
    public static let symmetric = Preprocessing(shorterSide: 256, mean: [0.5], deviation: [0.5])

    /// What the published weights of a network were trained to see, where a file of them says nothing.
    ///
    /// - Parameters:
    ///   - network: The network's name in the catalog.
    ///   - classes: The number of its classes.
    ///   - channels: The number of channels of its images.
    /// - Returns: torchvision's preparation for the forms it has weights for, else ``plain``.
    public static func published(
        for network: String, classes: Int = 1000, channels: Int = 3
    ) -> Preprocessing {
        guard classes == 1000, channels == 3 else { return .plain }
        if network == "googlenet" { return .symmetric }
        return ofTorchvision.contains(network) ? .imageNet : .plain
    }

    /// The networks that torchvision has weights for, GoogLeNet aside.
    private static let ofTorchvision: Set = [
        "alexnet", "vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn", "vgg19",
        "vgg19-bn", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "densenet121",
        "densenet161", "densenet169", "densenet201",
    ]

    /// The same proportions for a network of another size.
    ///
    /// - Parameters:
    ///   - side: The side of the images so far.
    ///   - other: Their side from now on.
    /// - Returns: Pictures of which as large a part is cut out as before.
    func scaled(from side: Int, to other: Int) -> Preprocessing {
        var result = self
        result.shorterSide = shorterSide.map { max(1, ($0 * other + side / 2) / side) }
        return result
    }

    /// What follows the division by 255; nil for nothing.
    var normalization: Normalization? {
        guard mean != nil || deviation != nil else { return nil }
        return Normalization(mean: mean ?? [0], deviation: deviation ?? [1])
    }

    /// Whether the numbers can be used with images of so many channels, wherever they come from.
    func makesSense(channels: Int) -> Bool {
        let side = shorterSide ?? 1
        let numbers = (mean ?? [0]) + (deviation ?? [1])
        return (1...8192).contains(side) && numbers.allSatisfy(\.isFinite)
            && (deviation ?? [1]).allSatisfy { $0 > 0 }
            && [mean ?? [0], deviation ?? [1]].allSatisfy { [1, channels].contains($0.count) }
    }

    /// Prepares a picture.
    ///
    /// - Parameters:
    ///   - picture: The picture, in grey or in colours, of any size.
    ///   - image: The shape of one image of the network, [C, H, W].
    /// - Returns: Its numbers in row-major order.
    /// - Throws: An error if there is not a mean and a deviation for each channel.
    public func numbers(of picture: Image, for image: Shape) throws(FoveaError) -> [Float] {
        try check(channels: image[0])
        let colored = image[0] == 3 ? picture.rgb() : picture.grayscale()
        let extent = image.perChannelExtent
        let fitted =
            shorterSide.map { colored.resized(shorterSide: $0).centerCropped(to: extent) }
            ?? colored.resized(to: extent)
        guard image[0] != fitted.channels else { return fitted.numbers(normalization) }
        // A network of other channels sees the same brightness in each, as in training.
        return fitted.numbers(normalization, channels: image[0])
    }

    /// Checks that pictures of so many channels can be prepared.
    func check(channels: Int) throws(FoveaError) {
        guard makesSense(channels: channels) else {
            throw FoveaError(
                .usage,
                "pictures of \(channels) channels cannot be prepared with \(self).",
                remedy: "Give one mean and one positive deviation, or \(channels) of each.")
        }
    }
}

extension Preprocessing: CustomStringConvertible {
    /// What is done, in words.
    public var description: String {
        func list(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: " ") }
        let parts = [
            shorterSide.map { "a shorter side of \($0)" }, mean.map { "a mean of \(list($0))" },
            deviation.map { "a deviation of \(list($0))" },
        ].compactMap { $0 }
        return parts.isEmpty ? "nothing but the size" : parts.joined(separator: ", ")
    }
}
