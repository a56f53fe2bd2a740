// SPDX-License-Identifier: Apache-2.0

import CCairo
import FoveaGraph
import FoveaReport
import Foundation
import Testing

/// A PNG file read back through cairo, which the tests own.
struct DecodedPNG {
    let width: Int
    let height: Int
    private var pixels: [UInt32] = []

    init(_ bytes: [UInt8]) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "fovea-\(UUID().uuidString).png")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let surface = cairo_image_surface_create_from_png(file.path)
        defer { cairo_surface_destroy(surface) }
        try #require(cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        width = Int(cairo_image_surface_get_width(surface))
        height = Int(cairo_image_surface_get_height(surface))
        let stride = Int(cairo_image_surface_get_stride(surface))
        let data = try #require(cairo_image_surface_get_data(surface))
        for row in 0..<height {
            for column in 0..<width {
                let place = UnsafeRawPointer(data) + row * stride + column * 4
                pixels.append(place.load(as: UInt32.self) & 0xffffff)
            }
        }
    }

    /// The color at a place as a web page would write it.
    func callAsFunction(_ x: Int, _ y: Int) -> UInt32 { pixels[y * width + x] }

    func count(where matches: (UInt32) -> Bool) -> Int { pixels.count(where: matches) }
}

@Suite struct DrawingTests {
    private func sample() throws -> Drawing {
        var drawing = Drawing(size: .init(width: 40, height: 30), title: "A < B & \"C\"")
        drawing.rectangle(
            .init(x: 2, y: 2, width: 10, height: 8), fill: Color(0xff8000),
            stroke: .init(.black, width: 0.5), radius: 1)
        drawing.line(from: .init(0, 20), to: .init(40, 20), .init(.wrong, width: 2))
        drawing.polyline(
            [.init(0, 25), .init(1.0 / 3, 26), .init(40, -0.001)],
            .init(Color(0x0000ff, opacity: 0.5), width: 1, dashes: [3, 1.5]))
        drawing.text(
            "x\u{1B}<&>", at: .init(20, 10), size: 9, weight: .bold, color: .ink, anchor: .middle,
            rotation: -90)
        var inner = Drawing(size: .init(width: 4, height: 4), title: "", background: nil)
        inner.circle(center: .init(1, 1), radius: 1, fill: .black)
        drawing.place(inner, at: .init(30, 5))
        return drawing
    }

    @Test func svgSpellsEveryShape() throws {
        let expected = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" \
            version="1.1" width="40pt" height="30pt" viewBox="0 0 40 30" \
            font-family="'DejaVu Sans', Verdana, sans-serif" role="img">
              <title>A &lt; B &amp; &quot;C&quot;</title>
              <rect x="0" y="0" width="40" height="30" fill="#ffffff"/>
              <rect x="2" y="2" width="10" height="8" rx="1" fill="#ff8000" stroke="#000000" \
            stroke-width="0.5" stroke-linejoin="round"/>
              <polyline points="0,20 40,20" fill="none" stroke="#c1121f" stroke-width="2" \
            stroke-linejoin="round"/>
              <polyline points="0,25 0.33,26 40,0" fill="none" stroke="#0000ff" stroke-width="1" \
            stroke-opacity="0.5" stroke-dasharray="3 1.5" stroke-linejoin="round"/>
              <text x="20" y="10" font-size="9" font-weight="bold" text-anchor="middle" \
            fill="#222222" transform="rotate(-90 20 10)">x\u{FFFD}&lt;&amp;&gt;</text>
              <g transform="translate(30 5)">
                <circle cx="1" cy="1" r="1" fill="#000000"/>
              </g>
            </svg>

            """
        #expect(try sample().svg() == expected)
    }

    @Test func svgHoldsImagesWithinItself() throws {
        var drawing = Drawing(size: .init(width: 8, height: 8), title: "image")
        let raster = try Raster(planes: [0, 255, 255, 0], extent: 2, channels: 1)
        drawing.image(raster, in: .init(x: 0, y: 0, width: 8, height: 8))
        let svg = try drawing.svg()
        let start = try #require(svg.range(of: "xlink:href=\"data:image/png;base64,"))
        let end = try #require(svg.range(of: "\"/>", range: start.upperBound..<svg.endIndex))
        let data = try #require(Data(base64Encoded: String(svg[start.upperBound..<end.lowerBound])))
        let image = try DecodedPNG([UInt8](data))
        #expect(image.width == 2 && image.height == 2)
        #expect(
            [image(0, 0), image(1, 0), image(0, 1), image(1, 1)] == [0, 0xffffff, 0xffffff, 0])
    }

    @Test func pngHasTheScaledSizeAndTheColors() throws {
        let image = try DecodedPNG(sample().png(scale: 3))
        #expect(image.width == 120 && image.height == 90)
        #expect(image(119, 89) == 0xffffff)
        #expect(image(21, 18) == 0xff8000)
        #expect(image(6, 60) == 0xc1121f)
        #expect(image(93, 18) == 0x000000)
    }

    @Test func pngGrowsPixelsToSharpSquares() throws {
        var drawing = Drawing(size: .init(width: 8, height: 4), title: "")
        let raster = try Raster(planes: [255, 0, 0, 255, 0, 0], extent: Extent(1, 2), channels: 3)
        drawing.image(raster, in: .init(x: 0, y: 0, width: 8, height: 4))
        let image = try DecodedPNG(drawing.png())
        for y in 0..<8 {
            for x in 0..<16 {
                #expect(image(x, y) == (x < 8 ? 0xff0000 : 0x00ff00), "at \(x), \(y)")
            }
        }
    }

    @Test func filesAppearWholeOrNotAtAll() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "fovea-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("picture.png").path
        try sample().writePNG(to: path)
        try sample().writePNG(to: path, scale: 1)
        #expect(try DecodedPNG([UInt8](Data(contentsOf: URL(fileURLWithPath: path)))).width == 40)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["picture.png"])

        let absent = folder.appendingPathComponent("absent/picture.svg").path
        let missing = try #require(throws: FoveaError.self) { try sample().writeSVG(to: absent) }
        #expect(missing.code == .cannotCreate && missing.path == absent)

        // A folder cannot be replaced by a file, and nothing may stay behind beside it.
        let taken = folder.appendingPathComponent("taken").path
        try FileManager.default.createDirectory(
            atPath: taken + "/inner", withIntermediateDirectories: true)
        let refused = try #require(throws: FoveaError.self) { try sample().writeSVG(to: taken) }
        #expect(refused.code == .cannotCreate && refused.path == taken)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["picture.png", "taken"])
    }

    @Test func pictureTooLargeForPNGIsRefused() throws {
        let drawing = Drawing(size: .init(width: 20000, height: 10), title: "")
        let error = try #require(throws: FoveaError.self) { try drawing.png() }
        #expect(error.code == .cannotCreate)
        #expect(
            error.message
                == "A PNG picture has 1 to 32767 pixels on each side, "
                + "but this one would have 40000 × 20.")
    }

    @Test(arguments: [
        (4, Extent(2, 2), 2), (3, Extent(2, 2), 1), (0, Extent(0, 2), 1), (4, Extent(-2, -2), 1),
        (0, Extent(Int.max, 2), 1),
    ])
    func rasterRefusesWhatDoesNotFit(count: Int, extent: Extent, channels: Int) throws {
        let bytes = [UInt8](repeating: 0, count: count)
        let error = try #require(throws: FoveaError.self) {
            try Raster(planes: bytes, extent: extent, channels: channels)
        }
        #expect(error.code == .dataset)
    }

    @Test func planesAreInterleaved() throws {
        let raster = try Raster(planes: [1, 2, 3, 4, 5, 6], extent: Extent(1, 2), channels: 3)
        #expect(raster.bytes == [1, 3, 5, 2, 4, 6])
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 256])
    func base64IsTheStandardOne(count: Int) {
        let bytes = (0..<count).map { UInt8($0 & 255) }
        #expect(Base64.text(bytes) == Data(bytes).base64EncodedString())
    }
}

@Suite struct DecimalTextTests {
    @Test(arguments: [
        (0.0, 2, "0.00"), (-0.001, 2, "0.00"), (1.005, 1, "1.0"), (-2.35, 1, "-2.4"),
        (9.999, 2, "10.00"),
        (12, 0, "12"), (.nan, 3, "nan"), (-.infinity, 3, "-inf"),
    ])
    func fixed(value: Double, decimals: Int, text: String) {
        #expect(DecimalText.fixed(value, decimals: decimals) == text)
    }

    @Test(arguments: [
        (0.0, "0.00"), (8.254, "8.25"), (9.999, "10.0"), (99.96, "100"), (512.3, "512"),
        (31204, "31,204"),
        (99_999.6, "100k"), (999_499, "999k"), (1_234_567, "1.2M"), (2.5e9, "2.5G"), (.nan, "nan"),
    ])
    func compact(value: Double, text: String) {
        #expect(DecimalText.compact(value) == text)
    }

    @Test(arguments: [
        (0.0, "0:00"), (41.4, "0:41"), (59.6, "1:00"), (725, "12:05"), (3753, "1:02:33"),
        (5 * 86400 + 3 * 3600, "5d 03h"), (-5, "0:00"), (.infinity, "–:––"),
    ])
    func duration(seconds: Double, text: String) {
        #expect(DecimalText.duration(seconds: seconds) == text)
    }
}
