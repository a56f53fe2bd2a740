// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@testable import FoveaData

struct AugmentationTests {
    /// Pictures of 3×16×24 without black pixels, no two alike.
    static let images = InMemoryImages(
        name: "pictures", classes: ["one"], imageShape: [3, 16, 24],
        pixels: (0..<200).flatMap(pixels),
        labels: [Int32](repeating: 0, count: 200))
    static let extent = Extent(16, 24)

    private static func pixels(of image: Int) -> [UInt8] {
        (0..<3 * extent.area).map { place in
            let (row, column) = place.quotientAndRemainder(dividingBy: extent.width)
            return UInt8(1 + (image * 7 + row * 13 + column * 31) % 250)
        }
    }

    /// What becomes of each image, as bytes.
    private func varied(
        _ augmentation: Augmentation?, epoch: Int = 0, seed: UInt64 = 4, workers: Int = 1,
        firstBatch: Int = 0
    ) throws -> [[UInt8]] {
        var settings = BatchLoader.Settings(batch: 10)
        settings.workers = workers
        let loader = try BatchLoader(
            Self.images, settings, order: .sequential,
            varied: augmentation?.epoch(epoch, seed: seed), firstBatch: firstBatch)
        var all: [[UInt8]] = []
        while let batch = loader.next() {
            let images = Array(batch.images)
            for start in stride(from: 0, to: images.count, by: 3 * Self.extent.area) {
                all.append(
                    images[start..<start + 3 * Self.extent.area].map { UInt8(($0 * 255).rounded()) }
                )
            }
            loader.recycle(batch)
        }
        return all
    }

    /// An image moved down and to the right, with black where nothing was, after it was mirrored or not.
    private func moved(_ image: [UInt8], _ rows: Int, _ columns: Int, isMirrored: Bool) -> [UInt8] {
        let (height, width) = (Self.extent.height, Self.extent.width)
        var result = [UInt8](repeating: 0, count: image.count)
        for channel in 0..<3 {
            for row in max(0, rows)..<min(height, height + rows) {
                for column in max(0, columns)..<min(width, width + columns) {
                    let from = column - columns
                    result[(channel * height + row) * width + column] =
                        image[
                            (channel * height + row - rows) * width
                                + (isMirrored ? width - 1 - from : from)]
                }
            }
        }
        return result
    }

    @Test func flippedImagesAreAsTheyWereOrMirrored() throws {
        let (plain, flipped) = (try varied(nil), try varied(.flip))
        var mirrored = 0
        for (image, result) in zip(plain, flipped) where result != image {
            #expect(result == moved(image, 0, 0, isMirrored: true))
            mirrored += 1
        }
        #expect((70...130).contains(mirrored))
    }

    @Test func theNextEpochMirrorsTheOthers() throws {
        let (plain, first, second) = (
            try varied(nil), try varied(.flip, epoch: 1), try varied(.flip, epoch: 2)
        )
        #expect(zip(plain, zip(first, second)).allSatisfy { ($0 == $1.0) != ($0 == $1.1) })
        #expect(try varied(.flip, epoch: 3) == first)
    }

    @Test(arguments: [(Augmentation.shiftFlip, 1, 1), (.cropFlip, 2, 3)])
    func imagesAreMovedByPartsOfTheirSides(
        _ augmentation: Augmentation, height: Int, width: Int
    ) throws {
        let (plain, cropped) = (try varied(nil), try varied(augmentation))
        var places = Set<[Int]>()
        for (image, result) in zip(plain, cropped) {
            var found: [[Int]] = []
            for rows in -height...height {
                for columns in -width...width {
                    for mirror in 0...1
                    where moved(image, rows, columns, isMirrored: mirror == 1) == result {
                        found.append([rows, columns, mirror])
                    }
                }
            }
            #expect(found.count == 1)
            places.formUnion(found)
        }
        // Of crop-flip's 70 ways 200 draws meet about 66.
        let ways = 2 * (2 * height + 1) * (2 * width + 1)
        #expect(places.count > ways * 3 / 4)
        #expect(Set(places.map { $0[0] }).count == 2 * height + 1)
        #expect(Set(places.map { $0[1] }).count == 2 * width + 1)
    }

    @Test func everyOtherImageHasARectangleOfNoise() throws {
        let (cropped, erased) = (try varied(.cropFlip), try varied(.cropFlipErase))
        let (height, width) = (Self.extent.height, Self.extent.width)
        var shares: [Double] = []
        for (image, result) in zip(cropped, erased) where image != result {
            // Over three channels of noise hardly a pixel of the rectangle's edges stays as it was.
            let changed = (0..<height * width).filter { place in
                (0..<3).map { $0 * height * width + place }.contains { image[$0] != result[$0] }
            }
            let rows = Set(changed.map { $0 / width }), columns = Set(changed.map { $0 % width })
            let area = try Self.length(rows) * Self.length(columns)
            #expect(changed.count > area * 9 / 10)
            #expect(area < height * width / 2)
            shares.append(Double(area) / Double(height * width))
        }
        #expect((70...130).contains(shares.count))
        #expect(shares.min() ?? 1 < 0.08)
        #expect(shares.max() ?? 0 > 0.3)
    }

    /// From the first place to the last.
    private static func length(_ places: Set<Int>) throws -> Int {
        try #require(places.max()) - #require(places.min()) + 1
    }

    @Test(arguments: Augmentation.allCases)
    func onlyTheSeedAndTheEpochDecide(_ augmentation: Augmentation) throws {
        let first = try varied(augmentation)
        #expect(try varied(augmentation) == first)
        #expect(try varied(augmentation, workers: 3) == first)
        #expect(try varied(augmentation, firstBatch: 7) == Array(first[70...]))
        #expect(try varied(augmentation, epoch: 1) != first)
        #expect(try varied(augmentation, seed: 5) != first)
    }

    @Test func imagesTooSmallToMoveStayWhereTheyAre() throws {
        let dots = InMemoryImages(
            name: "dots", classes: ["one"], imageShape: [1, 1, 1], pixels: [9, 8, 7],
            labels: [0, 0, 0])
        for augmentation in Augmentation.allCases {
            let loader = try BatchLoader(
                dots, .init(batch: 3), order: .sequential, varied: augmentation.epoch(0, seed: 1))
            let batch = try #require(loader.next())
            #expect(batch.images.map { ($0 * 255).rounded() } == [9, 8, 7])
            loader.recycle(batch)
        }
    }
}
