// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Image {
    /// Decodes an uncompressed BMP file of 1, 4, 8, 24 or 32 bits per pixel.
    ///
    /// A palette that holds greys only gives one channel, everything else three. The fourth byte
    /// of 32-bit pixels is ignored.
    init(bitmap bytes: [UInt8], named name: String) throws(FoveaError) {
        func number(at offset: Int, bytes count: Int = 4) -> Int {
            bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        func signed(at offset: Int) -> Int {
            Int(Int32(truncatingIfNeeded: number(at: offset)))
        }
        guard bytes.count >= 54 else {
            throw .damagedImage("the BMP file ends early", named: name)
        }
        let start = number(at: 10), headerSize = number(at: 14)
        let width = signed(at: 18), signedHeight = signed(at: 22)
        let depth = number(at: 28, bytes: 2), compression = number(at: 30)
        // Compression 3 names the bits of each colour; the usual order is all that is read.
        let hasUsualMasks =
            compression == 3 && depth == 32 && bytes.count >= 66
            && number(at: 54) == 0xFF_0000 && number(at: 58) == 0xFF00 && number(at: 62) == 0xFF
        guard headerSize >= 40, [1, 4, 8, 24, 32].contains(depth),
            compression == 0 || hasUsualMasks
        else {
            throw FoveaError(
                .dataset, "This is a BMP image of a rare kind, which Fovea does not read.",
                remedy: Self.convertFirst, path: name)
        }
        let height = abs(signedHeight)
        try Self.checkSize(height: height, width: width, named: name)
        let rowSize = (width * depth + 31) / 32 * 4
        guard start >= 54, start <= bytes.count, bytes.count - start >= rowSize * height else {
            throw .damagedImage("the BMP file ends early", named: name)
        }

        var palette: [ArraySlice<UInt8>] = []
        if depth <= 8 {
            let announced = number(at: 46)
            let colors = announced == 0 ? 1 << depth : announced
            let table = 14 + headerSize
            guard colors <= 256, table + 4 * colors <= bytes.count else {
                throw .damagedImage("the palette of the BMP file is incomplete", named: name)
            }
            palette = (0..<colors).map { bytes[table + 4 * $0..<table + 4 * $0 + 3] }
        }
        let isGrey = depth <= 8 && palette.allSatisfy { Set($0).count == 1 }
        let channels = isGrey ? 1 : 3
        var pixels = [UInt8](repeating: 0, count: channels * height * width)
        for row in 0..<height {
            // Rows lie from bottom to top unless the height is negative.
            let line = start + (signedHeight < 0 ? row : height - 1 - row) * rowSize
            for column in 0..<width {
                let color: ArraySlice<UInt8>
                if depth <= 8 {
                    let bit = column * depth
                    let byte = Int(bytes[line + bit / 8])
                    let index = byte >> (8 - depth - bit % 8) & (1 << depth - 1)
                    guard index < palette.count else {
                        throw .damagedImage(
                            "a pixel of the BMP file has a colour beyond the palette", named: name)
                    }
                    color = palette[index]
                } else {
                    let place = line + column * depth / 8
                    color = bytes[place..<place + 3]
                }
                for channel in 0..<channels {
                    // Colours are stored as blue, green, red.
                    pixels[(channel * height + row) * width + column] =
                        color[color.startIndex + 2 - channel]
                }
            }
        }
        self.init(channels: channels, height: height, width: width, pixels: pixels)
    }
}
