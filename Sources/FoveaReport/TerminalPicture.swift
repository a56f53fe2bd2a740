// SPDX-License-Identifier: Apache-2.0

import FoveaGraph

/// An image drawn with characters, two rows of pixels to a line.
package struct TerminalPicture: Sendable {
    private static let shades = Array(" .:-=+*#%@")

    private let raster: Raster

    package init(_ raster: Raster) {
        self.raster = raster
    }

    /// The lines of the picture, at most `columns` wide; without color, shades of ASCII characters.
    ///
    /// An image that is wider is averaged down. Its shape is kept: a character is about twice as
    /// tall as it is wide, and holds two pixels one above the other.
    package func lines(style: TerminalStyle, columns: Int) -> [String] {
        let extent = raster.extent
        let width = max(1, min(columns, extent.width))
        let wanted = (Double(extent.height) * Double(width) / Double(extent.width)).rounded()
        // A strip of a thousand rows would help nobody.
        let height = max(1, Int(min(wanted, Double(4 * width))))
        func color(row: Int, column: Int) -> Color {
            raster.mean(
                rows: Self.span(row, of: height, over: extent.height),
                columns: Self.span(column, of: width, over: extent.width))
        }
        return stride(from: 0, to: height, by: 2).map { row in
            let pairs = (0..<width).map { column in
                (
                    color(row: row, column: column),
                    row + 1 < height ? color(row: row + 1, column: column) : nil
                )
            }
            return style.colorDepth >= .indexed
                ? Self.halfBlocks(pairs, style.colorDepth) : Self.shades(pairs)
        }
    }

    private static func span(_ index: Int, of count: Int, over length: Int) -> Range<Int> {
        let start = index * length / count
        return start..<max((index + 1) * length / count, start + 1)
    }

    private static func halfBlocks(
        _ pairs: [(Color, Color?)], _ depth: TerminalStyle.ColorDepth
    ) -> String {
        var text = "", last = ""
        for (upper, lower) in pairs {
            // A missing lower pixel keeps the terminal's own ground.
            let ground = lower.map { "48;" + code($0, depth) } ?? "49"
            let colors = "\u{1B}[38;\(code(upper, depth));\(ground)m"
            if colors != last {
                text += colors
                last = colors
            }
            text += "▀"
        }
        return text + "\u{1B}[0m"
    }

    private static func code(_ color: Color, _ depth: TerminalStyle.ColorDepth) -> String {
        depth == .full
            ? "2;\(color.red);\(color.green);\(color.blue)" : "5;\(index(of: color))"
    }

    /// The nearest of the 256 colors: the 6×6×6 cube or, when nearer, the ramp of 24 grays.
    package static func index(of color: Color) -> Int {
        let levels = [0, 95, 135, 175, 215, 255]
        let channels = [Int(color.red), Int(color.green), Int(color.blue)]
        let cube = channels.map { channel in
            levels.indices.min { abs(levels[$0] - channel) < abs(levels[$1] - channel) } ?? 0
        }
        let mean = channels.reduce(0, +) / 3
        let gray = min(max((mean - 3) / 10, 0), 23)
        func distance(_ to: [Int]) -> Int {
            zip(channels, to).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let ramp = 8 + 10 * gray
        return distance([ramp, ramp, ramp]) < distance(cube.map { levels[$0] })
            ? 232 + gray : 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }

    private static func shades(_ pairs: [(Color, Color?)]) -> String {
        var text = ""
        for (upper, lower) in pairs {
            let light = (luminance(upper) + luminance(lower ?? upper)) / 2
            text.append(shades[min(Int(light * Double(shades.count)), shades.count - 1)])
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    /// How light a color looks, from 0 to 1 (ITU-R BT.709 weights).
    private static func luminance(_ color: Color) -> Double {
        (0.2126 * Double(color.red) + 0.7152 * Double(color.green) + 0.0722 * Double(color.blue))
            / 255
    }
}
