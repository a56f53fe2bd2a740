// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// An array of bytes in the IDX format, in which MNIST was published.
///
/// The file is: two bytes of zero, the type of the elements, the number of dimensions, each
/// dimension as 32 bits with the highest byte first, and the elements.
struct IDX {
    /// The extents, outermost first.
    let dimensions: [Int]
    /// The elements in row-major order.
    let elements: [UInt8]

    /// Reads a file, which may be packed with gzip.
    init(contentsOf path: String) throws(FoveaError) {
        let bytes = try FileBytes.read(path, limit: Gzip.largest)
        try self.init(
            Gzip.isGzip(bytes) ? try Gzip.unpacked(bytes, path: path) : bytes, path: path)
    }

    /// Reads the content of a file.
    ///
    /// - Parameters:
    ///   - bytes: The content, not packed.
    ///   - path: The file it came from, for messages.
    /// - Throws: `FoveaError` with what is wrong.
    init(_ bytes: [UInt8], path: String) throws(FoveaError) {
        func damaged(_ message: String) -> FoveaError {
            FoveaError(.dataset, message, remedy: "Delete the file and fetch it again.", path: path)
        }
        guard bytes.count >= 4 else {
            throw damaged("An IDX file begins with 4 bytes, but this one has \(bytes.count).")
        }
        guard bytes.starts(with: [0, 0]) else {
            let found = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            let kind = bytes[0] == UInt8(ascii: "<") ? ", as web pages do" : ""
            throw damaged(
                "An IDX file begins with the bytes 00 00 08, but this one with"
                    + " \(found.joined(separator: " "))\(kind).")
        }
        guard bytes[2] == 0x08 else {
            throw damaged(
                "The IDX elements should be of type 8 (unsigned bytes), but are of type \(bytes[2])."
            )
        }
        let rank = Int(bytes[3])
        guard (1...4).contains(rank) else {
            throw damaged("An IDX file has 1 to 4 dimensions, but this one claims \(rank).")
        }
        let headerSize = 4 + 4 * rank
        guard bytes.count >= headerSize else {
            throw damaged(
                "The IDX header of \(rank) dimensions takes \(headerSize) bytes, but the file has"
                    + " \(bytes.count).")
        }
        let dimensions = (0..<rank).map { axis in
            bytes[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) }
        }
        let text = Shape(dimensions).description
        var count = 1
        for dimension in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw damaged("The IDX header promises \(text) bytes, more than a file can have.")
            }
            count = product
        }
        guard count == bytes.count - headerSize else {
            throw damaged(
                "The IDX header promises \(text) = \(count) bytes, but"
                    + " \(bytes.count - headerSize) follow.")
        }
        self.dimensions = dimensions
        elements = Array(bytes[headerSize...])
    }
}

extension InMemoryImages {
    /// Reads grey images and their labels from two IDX files, which may be packed with gzip.
    ///
    /// - Parameters:
    ///   - name: What the set is called.
    ///   - images: The file of the images, [N, H, W].
    ///   - labels: The file of the labels, [N].
    ///   - classes: The names of the classes.
    /// - Throws: `FoveaError` of the kind `missing` or `dataset`, with the file and what is wrong.
    public init(
        name: String, images: String, labels: String, classes: [String]
    ) throws(FoveaError) {
        let pixels = try IDX(contentsOf: images)
        guard pixels.dimensions.count == 3 else {
            throw FoveaError(
                .dataset,
                "Images have 3 dimensions (number, height, width), but the file has"
                    + " \(Shape(pixels.dimensions)).", path: images)
        }
        guard !pixels.elements.isEmpty else {
            throw FoveaError(
                .dataset, "The file has no pixels: its images are \(Shape(pixels.dimensions)).",
                path: images)
        }
        guard pixels.dimensions[1...].allSatisfy({ $0 <= Image.maximumSide }) else {
            throw FoveaError(
                .dataset,
                "Images of \(Shape(Array(pixels.dimensions[1...]))) are too large: a side has at most"
                    + " \(Image.maximumSide) pixels.", path: images)
        }
        let marks = try IDX(contentsOf: labels)
        guard marks.dimensions.count == 1 else {
            throw FoveaError(
                .dataset,
                "Labels have 1 dimension (number), but the file has \(Shape(marks.dimensions)).",
                path: labels)
        }
        guard marks.elements.count == pixels.dimensions[0] else {
            throw FoveaError(
                .dataset,
                "There are \(marks.elements.count) labels here, but \(pixels.dimensions[0]) images"
                    + " in \(images).", path: labels)
        }
        if let index = marks.elements.firstIndex(where: { Int($0) >= classes.count }) {
            throw FoveaError(
                .dataset,
                "The label of image \(index) is \(marks.elements[index]), but the labels of"
                    + " \(classes.count) classes are 0 to \(classes.count - 1).", path: labels)
        }
        self.init(
            name: name, classes: classes,
            imageShape: [1, pixels.dimensions[1], pixels.dimensions[2]],
            pixels: pixels.elements, labels: marks.elements.map { Int32($0) })
    }
}
