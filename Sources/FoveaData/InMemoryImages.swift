// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// Labelled images that lie in memory one after the other.
public struct InMemoryImages: ImageDataset {
    /// What the set is called in messages and records.
    public let name: String
    /// The names of the classes.
    public let classes: [String]
    /// The shape of each image, [C, H, W].
    public let imageShape: Shape
    /// The class of each image.
    public let labels: [Int32]
    private let pixels: [UInt8]
    private let pixelsPerImage: Int

    /// The number of images.
    public var count: Int { labels.count }

    /// Makes a set from pixels and labels, which must fit together.
    ///
    /// - Parameters:
    ///   - name: What the set is called.
    ///   - classes: The names of the classes.
    ///   - imageShape: The shape of each image, [C, H, W].
    ///   - pixels: The images one after the other, each in [C, H, W] order.
    ///   - labels: The class of each image, an index into `classes`.
    public init(
        name: String, classes: [String], imageShape: Shape, pixels: [UInt8], labels: [Int32]
    ) {
        precondition(imageShape.rank == 3, "\(imageShape) is no [C, H, W]")
        precondition(
            pixels.count == labels.count * imageShape.count,
            "\(pixels.count) pixels for \(labels.count) images of \(imageShape)")
        precondition(
            labels.allSatisfy { classes.indices.contains(Int($0)) },
            "a label is outside the \(classes.count) classes")
        self.name = name
        self.classes = classes
        self.imageShape = imageShape
        self.pixels = pixels
        self.labels = labels
        pixelsPerImage = imageShape.count
    }

    /// Copies the pixels of one image.
    ///
    /// - Parameters:
    ///   - index: The position of the image.
    ///   - target: Takes the pixels in [C, H, W] order.
    public func copyPixels(of index: Int, into target: UnsafeMutableBufferPointer<UInt8>) {
        precondition(labels.indices.contains(index), "image \(index) of \(count)")
        precondition(target.count == pixelsPerImage, "\(target.count) bytes for \(imageShape)")
        pixels.withUnsafeBufferPointer { all in
            _ = target.update(
                fromContentsOf: all[index * pixelsPerImage..<(index + 1) * pixelsPerImage])
        }
    }
}
