// SPDX-License-Identifier: Apache-2.0
import FoveaData
import FoveaGraph
import Testing

@Suite struct ResizeTests {
    struct Sizes: CustomTestStringConvertible, Sendable {
        let channels: Int, from: Extent, to: Extent
        var testDescription: String { "\(channels)-\(from)-\(to)" }

        init(_ channels: Int, _ from: Extent, _ to: Extent) {
            self.channels = channels
            self.from = from
            self.to = to
        }
    }

    static let stored = [
        Sizes(1, 28, 224), Sizes(1, 28, 96), Sizes(1, 28, 67), Sizes(1, 224, 28),
        Sizes(3, Extent(33, 47), Extent(20, 61)), Sizes(1, 28, Extent(28, 56)),
        Sizes(1, 28, Extent(40, 28)), Sizes(1, 1, Extent(5, 7)),
        Sizes(1, Extent(1, 9), Extent(4, 3)), Sizes(3, Extent(31, 1), Extent(7, 4)),
        Sizes(1, Extent(50, 40), 1), Sizes(3, Extent(64, 48), Extent(63, 47)),
    ]

    @Test(arguments: stored)
    func bytesAreThoseOfPillow(_ sizes: Sizes) throws {
        func text(_ extent: Extent) -> String { "\(extent.height)x\(extent.width)" }
        let name = "resized-\(sizes.channels)-\(text(sizes.from))-\(text(sizes.to)).raw"
        let resized = ImageFixtures.noise(sizes.channels, sizes.from).resized(to: sizes.to)
        #expect(resized.extent == sizes.to)
        let expected = try ImageFixtures.bytes(name)
        let differing = zip(resized.pixels, expected).count { $0 != $1 }
        #expect(resized.pixels == expected, "\(differing) of \(expected.count) differ")
    }

    @Test func manySizesHaveTheFingerprintsOfPillow() throws {
        let rows = try ImageFixtures.table("resized.txt")
        #expect(rows.count == 244)
        for row in rows {
            let n = row.prefix(5).compactMap { Int($0) }
            try #require(n.count == 5 && row.count == 6)
            let image = ImageFixtures.noise(n[0], Extent(n[1], n[2]))
            let resized = image.resized(to: Extent(n[3], n[4]))
            let fingerprint = resized.pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
            }
            #expect(fingerprint == UInt64(row[5], radix: 16), "\(row)")
        }
    }

    @Test(arguments: [28 as Extent, 17, Extent(28, 5), Extent(5, 28), 224])
    func oneColorStays(_ to: Extent) {
        for level in [0, 1, 127, 254, 255] as [UInt8] {
            let image = Image(
                channels: 1, height: 28, width: 28, pixels: [UInt8](repeating: level, count: 784))
            #expect(image.resized(to: to).pixels.allSatisfy { $0 == level })
        }
    }

    @Test func longestAxesKeepWhite() {
        // The roundings of 16384 weights must not add up to more than one.
        let side = Image.maximumSide
        let white = [UInt8](repeating: 255, count: side)
        let row = Image(channels: 1, height: 1, width: side, pixels: white)
        let column = Image(channels: 1, height: side, width: 1, pixels: white)
        for length in [1, 2, 3, 7, 1000] {
            #expect(row.resized(to: Extent(1, length)).pixels.allSatisfy { $0 == 255 })
            #expect(column.resized(to: Extent(length, 1)).pixels.allSatisfy { $0 == 255 })
        }
    }

    @Test func scratchIsReusedAndNothingBeyondTheTargetIsWritten() {
        let resizer = Resizer(from: Extent(9, 8), to: Extent(20, 5), channels: 3)
        var scratch: [UInt8] = []
        for round in 0..<3 {
            let image = ImageFixtures.noise(3, Extent(9, 8))
            var target = [UInt8](repeating: 77, count: 300 + 16)
            image.pixels.withUnsafeBufferPointer { source in
                target.withUnsafeMutableBufferPointer {
                    resizer(source, into: $0, scratch: &scratch)
                }
            }
            #expect(Array(target.prefix(300)) == image.resized(to: Extent(20, 5)).pixels)
            #expect(target.dropFirst(300).allSatisfy { $0 == 77 }, "round \(round)")
            #expect(scratch.count == 3 * 9 * 5)
        }
    }
}
