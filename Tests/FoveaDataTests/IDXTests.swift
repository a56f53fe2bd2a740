// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Testing

@testable import FoveaData

struct IDXTests {
    @Test("Packed and unpacked files give the same array", arguments: [true, false])
    func reads(isPacked: Bool) throws {
        let folder = try TemporaryFolder()
        let content = idx([2, 1, 3], [1, 2, 3, 4, 5, 255])
        let path = try folder.write("a", isPacked ? gzip(content) : content)
        let array = try IDX(contentsOf: path)
        #expect(array.dimensions == [2, 1, 3])
        #expect(array.elements == [1, 2, 3, 4, 5, 255])
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let message: String
    }

    @Test(
        "Damaged content gives one exact sentence",
        arguments: [
            Damage(
                testDescription: "empty", bytes: [],
                message: "An IDX file begins with 4 bytes, but this one has 0."),
            Damage(
                testDescription: "web page", bytes: Array("<!DOCTYPE html>".utf8),
                message: "An IDX file begins with the bytes 00 00 08, but this one with"
                    + " 3c 21 44 4f, as web pages do."),
            Damage(
                testDescription: "wrong magic", bytes: [0, 1, 8, 1, 0, 0, 0, 0],
                message: "An IDX file begins with the bytes 00 00 08, but this one with"
                    + " 00 01 08 01."),
            Damage(
                testDescription: "floats", bytes: [0, 0, 13, 1, 0, 0, 0, 0],
                message: "The IDX elements should be of type 8 (unsigned bytes), but are of type"
                    + " 13."),
            Damage(
                testDescription: "no dimensions", bytes: [0, 0, 8, 0],
                message: "An IDX file has 1 to 4 dimensions, but this one claims 0."),
            Damage(
                testDescription: "too many dimensions", bytes: [0, 0, 8, 255, 0, 0, 0, 1],
                message: "An IDX file has 1 to 4 dimensions, but this one claims 255."),
            Damage(
                testDescription: "half a header", bytes: [0, 0, 8, 3, 0, 0, 0, 1, 0, 0],
                message: "The IDX header of 3 dimensions takes 16 bytes, but the file has 10."),
            Damage(
                testDescription: "product beyond 64 bits",
                bytes: idx([.max, .max, .max], [1, 2]),
                message: "The IDX header promises 4294967295×4294967295×4294967295 bytes, more than"
                    + " a file can have."),
            Damage(
                testDescription: "large product", bytes: idx([.max, 65536], []),
                message: "The IDX header promises 4294967295×65536 = 281474976645120 bytes, but 0"
                    + " follow."),
            Damage(
                testDescription: "too short", bytes: idx([2, 2, 2], [1, 2, 3]),
                message: "The IDX header promises 2×2×2 = 8 bytes, but 3 follow."),
            Damage(
                testDescription: "too long", bytes: idx([2], [1, 2, 3]),
                message: "The IDX header promises 2 = 2 bytes, but 3 follow."),
        ])
    func damaged(damage: Damage) throws {
        let error = #expect(throws: FoveaError.self) { try IDX(damage.bytes, path: "some/file") }
        #expect(error?.message == damage.message)
        #expect(error?.path == "some/file")
        #expect(error?.code == .dataset)
    }

    @Test("Images with a side that is too long are refused")
    func tooWide() throws {
        let folder = try TemporaryFolder()
        let images = try folder.write("images", idx([1, 1, 20_000], noise(20_000)))
        let labels = try folder.write("labels", idx([1], [0]))
        let error = #expect(throws: FoveaError.self) {
            try InMemoryImages(name: "wide", images: images, labels: labels, classes: ["a"])
        }
        #expect(
            error?.message
                == "Images of 1×20000 are too large: a side has at most 16384 pixels.")
        #expect(error?.path == images && error?.code == .dataset)
    }

    @Test("A packed file that is cut anywhere, or has a bit wrong, is refused as damaged")
    func cutShort() throws {
        let folder = try TemporaryFolder()
        let packed = try gzip(idx([3000], noise(3000)))
        for size in Array(2...30) + Array(stride(from: 31, to: packed.count, by: 97)) {
            let path = try folder.write("cut.gz", Array(packed[..<size]))
            let error = #expect(throws: FoveaError.self) { try IDX(contentsOf: path) }
            #expect(error?.message == "The gzip data of \(size) bytes are cut short or damaged.")
            #expect(error?.path == path)
        }
        var wrong = packed
        wrong[1500] ^= 4
        let path = try folder.write("wrong.gz", wrong)
        let error = #expect(throws: FoveaError.self) { try IDX(contentsOf: path) }
        #expect(
            error?.message == "The gzip data of \(packed.count) bytes are cut short or damaged.")
    }

    @Test("Content with bytes changed, cut or added at random is read or refused")
    func changedAtRandom() throws {
        let whole = idx([3, 2, 2], Array(0..<12))
        var stream = RandomStream(seed: 5, purpose: .input)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0...stream.whole(below: 4) {
                bytes[stream.whole(below: bytes.count)] = UInt8(stream.whole(below: 256))
            }
            bytes = Array(bytes.prefix(stream.whole(below: 40)))
            do throws(FoveaError) {
                let array = try IDX(bytes, path: "")
                #expect(array.elements.count == array.dimensions.reduce(1, *))
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0 && refused < 20_000)
    }

    @Test("Data after the end of the gzip data and data that unpack to too much are refused")
    func gzipLimits() throws {
        let folder = try TemporaryFolder()
        let packed = try gzip(idx([3], [1, 2, 3]))
        // Repeated, so that the last four bytes still are a plausible size.
        let twice = try folder.write("twice.gz", packed + packed)
        var error = #expect(throws: FoveaError.self) { try IDX(contentsOf: twice) }
        #expect(
            error?.message
                == "The gzip data end after \(packed.count) bytes, but \(packed.count) bytes follow."
        )

        let bomb = try gzip([UInt8](repeating: 0, count: 100 << 20))
        let path = try folder.write("bomb.gz", bomb)
        error = #expect(throws: FoveaError.self) { try IDX(contentsOf: path) }
        #expect(
            error?.message
                == "The gzip data of \(bomb.count) bytes unpack to more than the \(64 << 20) bytes"
                + " that a data set of this size may have.")
    }

    @Test("Files that are not there or are folders are named")
    func missing() throws {
        let folder = try TemporaryFolder()
        var error = #expect(throws: FoveaError.self) {
            try IDX(contentsOf: folder.path + "/none")
        }
        #expect(error?.message == "The file cannot be read: No such file or directory.")
        #expect(error?.code == .missing)
        error = #expect(throws: FoveaError.self) { try IDX(contentsOf: folder.path) }
        #expect(error?.message == "A file was expected here, but this is none.")
    }

    @Test("Images and labels are read together")
    func imagesAndLabels() throws {
        let folder = try TemporaryFolder()
        let images = try folder.write("images", idx([2, 2, 3], Array(0..<12)))
        let labels = try folder.write("labels", idx([2], [1, 0]))
        let set = try InMemoryImages(
            name: "two", images: images, labels: labels, classes: ["a", "b"])
        #expect(set.imageShape == [1, 2, 3])
        #expect(set.labels == [1, 0])
        var pixels = [UInt8](repeating: 0, count: 6)
        pixels.withUnsafeMutableBufferPointer { set.copyPixels(of: 1, into: $0) }
        #expect(pixels == [6, 7, 8, 9, 10, 11])
    }

    @Test(
        "Images and labels that do not fit give one exact sentence",
        arguments: [
            (
                idx([2, 2, 2], Array(0..<8)), idx([3], [0, 0, 0]), "labels",
                "There are 3 labels here, but 2 images in IMAGES."
            ),
            (
                idx([2, 2, 2], Array(0..<8)), idx([2], [1, 2]), "labels",
                "The label of image 1 is 2, but the labels of 2 classes are 0 to 1."
            ),
            (
                idx([8], Array(0..<8)), idx([2], [1, 2]), "images",
                "Images have 3 dimensions (number, height, width), but the file has 8."
            ),
            (
                idx([2, 2, 2], Array(0..<8)), idx([2, 2, 2], Array(0..<8)), "labels",
                "Labels have 1 dimension (number), but the file has 2×2×2."
            ),
            (
                idx([0, 28, 28], []), idx([0], []), "images",
                "The file has no pixels: its images are 0×28×28."
            ),
        ])
    func misfits(images: [UInt8], labels: [UInt8], place: String, message: String) throws {
        let folder = try TemporaryFolder()
        let imagePath = try folder.write("images", images)
        let labelPath = try folder.write("labels", labels)
        let error = #expect(throws: FoveaError.self) {
            try InMemoryImages(
                name: "x", images: imagePath, labels: labelPath, classes: ["a", "b"])
        }
        #expect(
            error?.message.replacing(imagePath, with: "IMAGES") == message)
        #expect(error?.path == (place == "images" ? imagePath : labelPath))
    }
}
