// SPDX-License-Identifier: Apache-2.0
import FoveaData
import FoveaGraph
import Testing

@Suite struct ImageDecodingTests {
    @Test func everyFixtureIsListed() {
        #expect(ImageFixtures.decoded.count >= 45)
    }

    @Test(arguments: ImageFixtures.decoded)
    func decodesToThePixelsOfPillow(_ file: ImageFixtures.Decoded) throws {
        let image = try Image(contentsOf: ImageFixtures.path(file.name))
        #expect(image.channels == file.channels)
        #expect(image.extent == Extent(file.height, file.width))
        let expected = try ImageFixtures.bytes("\(file.name).raw")
        let differing = zip(image.pixels, expected).count { $0 != $1 }
        let largest = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(
            image.pixels == expected,
            "\(differing) of \(expected.count) differ, by at most \(largest)")
    }

    @Test func bytesAndFileGiveTheSame() throws {
        let fromBytes = try Image(decoding: ImageFixtures.bytes("rgb.png"), named: "x")
        #expect(try Image(contentsOf: ImageFixtures.path("rgb.png")) == fromBytes)
    }

    @Test(arguments: 1...8)
    func orientationsShowTheSamePicture(_ orientation: Int) throws {
        // A tag that is ignored gives the stored picture, whose first pixel is the upper left.
        let stored = try Image(
            decoding: ImageFixtures.bytes("orientation-1.jpg"), named: "upright")
        let turned = try Image(
            contentsOf: ImageFixtures.path("orientation-\(orientation).jpg"))
        let corner: [Int: (row: Int, column: Int)] = [
            1: (0, 0), 2: (0, 15), 3: (8, 15), 4: (8, 0), 5: (0, 0), 6: (0, 8), 7: (15, 8),
            8: (15, 0),
        ]
        let place = try #require(corner[orientation])
        #expect(turned.pixels[place.row * turned.width + place.column] == stored.pixels[0])
        #expect((turned.width < turned.height) == (orientation > 4))
    }

    @Test func orientationIsReadInBothByteOrders() throws {
        // Pillow writes big-endian tables; the same table is written here the other way round.
        let upright = try ImageFixtures.bytes("orientation-1.jpg")
        let table: [UInt8] =
            Array("Exif\0\0II*\0".utf8) + [8, 0, 0, 0, 1, 0]
            + [0x12, 0x01, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0] + [0, 0, 0, 0]
        let length = UInt8(table.count + 2)
        // The first Exif segment counts.
        let file = upright.prefix(2) + [0xFF, 0xE1, 0, length] + table + upright.dropFirst(2)
        let image = try Image(decoding: Array(file), named: "little-endian.jpg")
        let expected = try ImageFixtures.bytes("orientation-3.jpg.raw")
        #expect(image.pixels == expected)
    }

    @Test(arguments: [0, 9, 0xFFFF])
    func meaninglessOrientationsAreUpright(_ value: Int) throws {
        var file = try ImageFixtures.bytes("orientation-6.png")
        let exif = try #require(file.firstRange(of: Array("eXIf".utf8)))
        let place = exif.upperBound + 8 + 2 + 8
        file[place] = UInt8(value >> 8)
        file[place + 1] = UInt8(value & 0xFF)
        file.replaceSubrange(
            exif.upperBound + 26..<exif.upperBound + 30,
            with: ImageDamageTests.checksum(file[exif.lowerBound..<exif.upperBound + 26]))
        let image = try Image(decoding: file, named: "x")
        #expect(image.extent == Extent(5, 7))
    }

    @Test func aPictureOfManyFormatsIsTheSame() throws {
        let png = try Image(contentsOf: ImageFixtures.path("rgb.png"))
        for name in ["rgb.bmp", "top-down-32.bmp", "interlaced.png"] {
            #expect(try Image(contentsOf: ImageFixtures.path(name)) == png, "\(name)")
        }
    }
}
