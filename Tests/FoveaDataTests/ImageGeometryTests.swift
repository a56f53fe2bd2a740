// SPDX-License-Identifier: Apache-2.0
import FoveaData
import FoveaGraph
import Testing

@Suite struct ImageGeometryTests {
    @Test func greyOfColorsIsThatOfPillow() throws {
        let steps: [UInt8] = [0, 1, 2, 51, 127, 128, 200, 254, 255]
        let colors = steps.flatMap { r in steps.flatMap { g in steps.map { (r, g, $0) } } }
        let cube = Image(
            channels: 3, height: 27, width: 27,
            pixels: colors.map(\.0) + colors.map(\.1) + colors.map(\.2))
        let grey = cube.grayscale()
        #expect(grey.channels == 1)
        #expect(try grey.pixels == ImageFixtures.bytes("grey-of-colors.raw"))
        #expect(grey.grayscale() == grey)
        #expect(grey.rgb().pixels == grey.pixels + grey.pixels + grey.pixels)
        // The weights add up to one, so grey survives the way to colours and back.
        #expect(grey.rgb().grayscale() == grey)
        #expect(cube.rgb() == cube)
    }

    @Test func partsKeepTheirPixels() {
        let image = ImageFixtures.noise(3, Extent(5, 7))
        let part = image.cropped(to: Extent(2, 3), top: 1, left: 4)
        #expect(part.extent == Extent(2, 3))
        for channel in 0..<3 {
            for row in 0..<2 {
                for column in 0..<3 {
                    #expect(
                        part.pixels[(channel * 2 + row) * 3 + column]
                            == image.pixels[(channel * 5 + row + 1) * 7 + column + 4])
                }
            }
        }
        #expect(image.cropped(to: Extent(5, 7), top: 0, left: 0) == image)
    }

    @Test func whatLiesOutsideIsBlack() {
        let image = Image(channels: 1, height: 2, width: 2, pixels: [1, 2, 3, 4])
        #expect(image.cropped(to: 3, top: -1, left: -1).pixels == [0, 0, 0, 0, 1, 2, 0, 3, 4])
        #expect(image.cropped(to: 3, top: 1, left: 1).pixels == [4, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(image.cropped(to: 2, top: 5, left: 0).pixels == [0, 0, 0, 0])
        #expect(image.cropped(to: 2, top: 0, left: -9).pixels == [0, 0, 0, 0])
    }

    @Test(arguments: [
        // The image's side, the part's side, and the value in the corner, or 0 for the border;
        // torchvision's CenterCrop gave these.
        (6, 3, 2 * 6 + 2), (7, 4, 2 * 7 + 2), (5, 4, 0), (5, 2, 2 * 5 + 2), (9, 4, 2 * 9 + 2),
        (4, 4, 0),
    ])
    func middlesAreThoseOfTorchvision(_ side: Int, _ part: Int, _ corner: Int) {
        let image = Image(
            channels: 1, height: side, width: side, pixels: (0..<side * side).map { UInt8($0) })
        #expect(image.centerCropped(to: Extent(part)).pixels[0] == UInt8(corner))
    }

    @Test func smallImagesGetBorders() {
        let image = Image(channels: 1, height: 1, width: 2, pixels: [8, 9])
        let framed = image.centerCropped(to: Extent(2, 5))
        #expect(framed.pixels == [0, 8, 9, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [
        (Extent(375, 500), 256, Extent(256, 341)), (Extent(500, 375), 256, Extent(341, 256)),
        (Extent(10, 10), 3, Extent(3, 3)), (Extent(1, 16_000), 2, Extent(2, 16_384)),
    ])
    func proportionsStay(_ from: Extent, _ side: Int, _ to: Extent) {
        let image = ImageFixtures.noise(1, from)
        #expect(image.resized(shorterSide: side).extent == to)
    }
}
