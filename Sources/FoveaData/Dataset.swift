// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph

/// Labelled images of one size, in a fixed order.
public protocol ImageDataset: Sendable {
    /// What the set is called in messages and records, such as "fashion-mnist/train".
    var name: String { get }
    /// The names of the classes; a label is an index into them.
    var classes: [String] { get }
    /// The shape of each stored image, [C, H, W].
    var imageShape: Shape { get }
    /// The number of images.
    var count: Int { get }
    /// The class of each image.
    var labels: [Int32] { get }
    /// A SHA-256 of the shape, the labels and the pixels, computed anew each time it is asked for.
    var fingerprint: String { get }

    /// Copies the pixels of one image.
    ///
    /// - Parameters:
    ///   - index: The position of the image, in 0 ..< count.
    ///   - pixels: Takes the pixels in [C, H, W] order, and has room for exactly those.
    func copyPixels(of index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>)
}

extension ImageDataset {
    /// A SHA-256 of the shape, the labels and the pixels, in hexadecimal digits.
    public var fingerprint: String {
        var digest = Digest(.sha256)
        Array("\(count) images of \(imageShape)\n".utf8).withUnsafeBytes { digest.update($0) }
        labels.map(\.littleEndian).withUnsafeBytes { digest.update($0) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: imageShape.count) { pixels in
            for index in 0..<count {
                copyPixels(of: index, into: pixels)
                digest.update(UnsafeRawBufferPointer(pixels))
            }
        }
        return digest.hexadecimal
    }

    /// One image of the set.
    ///
    /// - Parameter index: Its position, in 0 ..< count.
    /// - Returns: A copy of the image.
    public func image(at index: Int) -> Image {
        let pixels = [UInt8](unsafeUninitializedCapacity: imageShape.count) { buffer, count in
            copyPixels(of: index, into: buffer.extracting(..<imageShape.count))
            count = imageShape.count
        }
        return Image(
            channels: imageShape[0], height: imageShape[1], width: imageShape[2], pixels: pixels)
    }

    /// The first images of the set, in the same order.
    ///
    /// - Parameter limit: How many at most.
    /// - Returns: A set with that many images, or this one if it has no more.
    public func prefix(_ limit: Int) -> any ImageDataset {
        limit < count ? FirstImages(of: self, count: max(0, limit)) : self
    }
}

/// The first images of another set.
private struct FirstImages: ImageDataset {
    let whole: any ImageDataset
    let count: Int
    let labels: [Int32]

    var name: String { whole.name }
    var classes: [String] { whole.classes }
    var imageShape: Shape { whole.imageShape }

    init(of whole: any ImageDataset, count: Int) {
        self.whole = whole
        self.count = count
        labels = Array(whole.labels.prefix(count))
    }

    func copyPixels(of index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) {
        precondition(index < count, "image \(index) of \(count)")
        whole.copyPixels(of: index, into: pixels)
    }
}

/// The images a network learns from and those it is tested on.
public struct ClassificationData: Sendable {
    /// What the data are called, such as "fashion-mnist".
    public let name: String
    /// The images to learn from.
    public let training: any ImageDataset
    /// The images to test on, of the same size and with the same classes.
    public let test: any ImageDataset
    /// The folder in which the data were found.
    public let origin: String

    /// Makes the data of a task from its two sets.
    public init(
        name: String, training: any ImageDataset, test: any ImageDataset, origin: String
    ) {
        self.name = name
        self.training = training
        self.test = test
        self.origin = origin
    }

    /// The names of the classes.
    public var classes: [String] { training.classes }

    /// The same data with fewer images.
    ///
    /// - Parameters:
    ///   - training: How many of the first images to learn from; nil for all.
    ///   - test: How many of the first images to test on; nil for all.
    /// - Returns: The smaller data.
    public func limited(training: Int? = nil, test: Int? = nil) -> ClassificationData {
        ClassificationData(
            name: name,
            training: training.map { self.training.prefix($0) } ?? self.training,
            test: test.map { self.test.prefix($0) } ?? self.test, origin: origin)
    }
}
