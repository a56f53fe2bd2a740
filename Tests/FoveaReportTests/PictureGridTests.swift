// SPDX-License-Identifier: Apache-2.0

import FoveaGraph
import FoveaReport
import Testing

@Suite struct PredictionGalleryTests {
    private func item(
        truth: String?, prediction: String, probability: Double? = 0.734, side: Int = 28
    ) throws -> PredictionGallery.Item {
        let bytes = [UInt8](repeating: 128, count: side * side)
        return .init(
            image: try Raster(planes: bytes, extent: Extent(side), channels: 1), truth: truth,
            prediction: prediction, probability: probability)
    }

    private func labels(_ drawing: Drawing) -> [Drawing.Label] {
        drawing.elements.compactMap { if case .label(let label) = $0 { label } else { nil } }
    }

    @Test(arguments: [
        (0, 1), (1, 1), (6, 6), (8, 4), (9, 3), (12, 4), (16, 4), (18, 6), (20, 5), (24, 6),
        (25, 5), (30, 6), (36, 9), (100, 9),
    ])
    func columnsFitTheNumberOfItems(count: Int, columns: Int) {
        #expect(PredictionGallery.columns(for: count) == columns)
    }

    @Test func titleIsRedWhenWrong() throws {
        let gallery = PredictionGallery(items: [
            try item(truth: "coat", prediction: "coat"),
            try item(truth: "shirt", prediction: "coat"), try item(truth: nil, prediction: "coat"),
        ])
        #expect(gallery.items.map(\.isWrong) == [false, true, false])
        let labels = labels(gallery.drawing())
        #expect(
            labels.map(\.text) == ["coat", "coat", "73%", "shirt", "coat", "73%", "coat", "73%"])
        #expect(
            labels.map(\.color) == [
                .ink, .ink, .quiet, .wrong, .wrong, .wrong, .ink, .quiet,
            ])
    }

    @Test(arguments: [(28, 168), (32, 160), (224, 224), (500, 252), (1, 168)])
    func imagesGrowByWholeFactors(side: Int, pixels: Int) throws {
        let drawing = PredictionGallery(
            items: [try item(truth: "a", prediction: "a", side: side)]
        ).drawing()
        let area = try #require(
            drawing.elements.compactMap { element -> Drawing.Rectangle? in
                guard case .image(_, let area) = element else { return nil }
                return area
            }.first)
        #expect(area.width * 2 == Double(pixels))
        let png = try DecodedPNG(drawing.png())
        #expect(png(png.width / 2, png.height - 30) == 0x808080)
    }

    @Test func longNamesAreCutToTheirCell() throws {
        let name = String(repeating: "long name ", count: 10)
        let drawing = PredictionGallery(items: [try item(truth: name, prediction: name)]).drawing()
        for label in labels(drawing).prefix(2) {
            #expect(label.text.hasSuffix("…") && label.text.hasPrefix("long"))
            #expect(TextMetrics.width(label.text, size: label.size) <= 84)
        }
    }

    @Test(arguments: [
        (0.734, "73%"), (1, "100%"), (0.9999, ">99%"), (0.992, "99%"), (0, "0%"), (.nan, "–"),
    ])
    func percentNeverClaimsCertainty(probability: Double, text: String) {
        #expect(PredictionGallery.percent(probability) == text)
    }
}

@Suite struct FilterGridTests {
    @Test func zeroIsWhiteAndTheEndsAreBlueAndOrange() throws {
        let grid = try FilterGrid(weights: [-2, 0, 1, .nan], shape: [1, 1, 2, 2])
        #expect(grid.largest == 2)
        let picture = grid.picture(of: 0, channel: 0, scale: grid.largest)
        #expect(picture[0, 0] == FilterGrid.diverging(-1))
        #expect(picture[0, 1] == .white)
        #expect(picture[1, 0] == FilterGrid.diverging(0.5))
        #expect(FilterGrid.diverging(-1).blue > FilterGrid.diverging(-1).red)
        #expect(FilterGrid.diverging(1).red > FilterGrid.diverging(1).blue)
        // What is no number must not look like one.
        let lost = picture[1, 1]
        #expect((0...200).allSatisfy { FilterGrid.diverging(Float($0) / 100 - 1) != lost })
    }

    @Test func threeChannelsAreRedGreenBlue() throws {
        let grid = try FilterGrid(weights: [0.5, -0.5, 0], shape: [1, 3, 1, 1])
        #expect(grid.isRGB)
        #expect(grid.picture(of: 0, channel: 0, scale: 0.5)[0, 0] == Color(255, 0, 128))
    }

    @Test func captionNamesTheScaleAndWhatIsLeftOut() throws {
        let weights = [Float](repeating: 0.25, count: 40 * 64 * 9)
        let drawing = try FilterGrid(weights: weights, shape: [40, 64, 3, 3]).drawing()
        let texts = drawing.elements.compactMap { element -> String? in
            guard case .label(let label) = element else { return nil }
            return label.text
        }
        #expect(
            texts == [
                "−0.250", "0", "0.250", "40 filters of 3×3 over 64 channels",
                "shown: filters 1 to 32, channels 1 to 32",
            ])
    }

    @Test(arguments: [
        Shape([2, 1, 3, 3]), [9], [1, 1, 3, 0], [-1, -1, 3, 3], [Int.max, 2, 3, 3], [],
    ])
    func otherShapesAreRefused(shape: Shape) throws {
        let weights = [Float](repeating: 0, count: 9)
        let error = try #require(throws: FoveaError.self) {
            try FilterGrid(weights: weights, shape: shape)
        }
        #expect(error.code == .weights)
    }

    @Test(arguments: [
        Shape([6, 1, 5, 5]), [64, 3, 11, 11], [1, 1, 1, 1], [96, 1, 11, 11], [7, 3, 7, 7],
        [16, 6, 5, 5],
    ])
    func everyFilterHasATile(shape: Shape) throws {
        let weights = (0..<shape.count).map { Float($0 % 17) / 17 - 0.5 }
        let drawing = try FilterGrid(weights: weights, shape: shape).drawing()
        let tiles = drawing.elements.compactMap { element -> Drawing.Rectangle? in
            guard case .image(let raster, let area) = element, raster.extent == shape.extent
            else { return nil }
            return area
        }
        #expect(tiles.count == shape.batch * (shape.channels == 3 ? 1 : shape.channels))
        #expect(
            tiles.allSatisfy { $0.maxX <= drawing.size.width && $0.maxY <= drawing.size.height })
    }
}
