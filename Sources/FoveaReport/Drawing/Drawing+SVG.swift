// SPDX-License-Identifier: Apache-2.0
import FoveaArrays

public import FoveaGraph

extension Drawing {
    /// Gives the picture as a complete SVG 1.1 document.
    ///
    /// - Returns: The text of the document; the same drawing always gives the same text.
    /// - Throws: `FoveaError` when an image within the picture cannot be encoded.
    public func svg() throws(FoveaError) -> String {
        try "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svgElement()
    }

    /// Writes the picture as an SVG file, replacing the file in one step.
    ///
    /// - Parameter path: Where to write.
    /// - Throws: `FoveaError` when the file cannot be created or written.
    public func writeSVG(to path: String) throws(FoveaError) {
        try AtomicFile.write(path, text: svg())
    }

    /// The picture as one `svg` element, for use within an HTML page.
    ///
    /// It has no identifiers and refers to nothing, so a page may hold any number of them.
    package func svgElement() throws(FoveaError) -> String {
        let width = SVGText.number(size.width), height = SVGText.number(size.height)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\""
                + " xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\""
                + " width=\"\(width)pt\" height=\"\(height)pt\" viewBox=\"0 0 \(width) \(height)\""
                + " font-family=\"'DejaVu Sans', Verdana, sans-serif\" role=\"img\">",
            "  <title>\(title.markup)</title>",
        ]
        for element in elements {
            try SVGText.append(element, indent: "  ", to: &lines)
        }
        lines.append("</svg>\n")
        return lines.joined(separator: "\n")
    }
}

/// The SVG spelling of the parts of a drawing.
private enum SVGText {
    static func append(
        _ element: Drawing.Element, indent: String, to lines: inout [String]
    ) throws(FoveaError) {
        switch element {
        case .polyline(let points, let stroke):
            let list = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
            lines.append(
                indent + "<polyline points=\"\(list)\" fill=\"none\"\(attributes(stroke))/>")
        case .rectangle(let area, let fill, let stroke, let radius):
            let corner = radius > 0 ? " rx=\"\(number(radius))\"" : ""
            lines.append(
                indent + "<rect\(attributes(area))\(corner)\(attributes(fill: fill))"
                    + "\(stroke.map(attributes) ?? "")/>")
        case .circle(let center, let radius, let fill):
            lines.append(
                indent + "<circle cx=\"\(number(center.x))\" cy=\"\(number(center.y))\""
                    + " r=\"\(number(radius))\"\(attributes(fill: fill))/>")
        case .label(let label):
            lines.append(indent + text(label))
        case .image(let raster, let area):
            let data = Base64.text(try raster.png())
            lines.append(
                indent + "<image\(attributes(area)) preserveAspectRatio=\"none\""
                    + " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\""
                    + " xlink:href=\"data:image/png;base64,\(data)\"/>")
        case .group(let elements, let offset):
            lines.append(
                indent + "<g transform=\"translate(\(number(offset.x)) \(number(offset.y)))\">")
            for element in elements {
                try append(element, indent: indent + "  ", to: &lines)
            }
            lines.append(indent + "</g>")
        }
    }

    private static func text(_ label: Drawing.Label) -> String {
        let x = number(label.at.x), y = number(label.at.y)
        var result = "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(number(label.size))\""
        if label.weight == .bold { result += " font-weight=\"bold\"" }
        if label.anchor != .start { result += " text-anchor=\"\(label.anchor.rawValue)\"" }
        result += attributes(fill: label.color)
        if label.rotation != 0 {
            result += " transform=\"rotate(\(number(label.rotation)) \(x) \(y))\""
        }
        return result + ">\(label.text.markup)</text>"
    }

    private static func attributes(_ area: Drawing.Rectangle) -> String {
        " x=\"\(number(area.x))\" y=\"\(number(area.y))\""
            + " width=\"\(number(area.width))\" height=\"\(number(area.height))\""
    }

    private static func attributes(fill: Color?) -> String {
        guard let fill else { return " fill=\"none\"" }
        return " fill=\"\(hexadecimal(fill))\""
            + (fill.opacity < 1 ? " fill-opacity=\"\(number(fill.opacity))\"" : "")
    }

    private static func attributes(_ stroke: Drawing.Stroke) -> String {
        var result =
            " stroke=\"\(hexadecimal(stroke.color))\" stroke-width=\"\(number(stroke.width))\""
        if stroke.color.opacity < 1 {
            result += " stroke-opacity=\"\(number(stroke.color.opacity))\""
        }
        if !stroke.dashes.isEmpty {
            let pattern = stroke.dashes.map(number).joined(separator: " ")
            result += " stroke-dasharray=\"\(pattern)\""
        }
        return result + " stroke-linejoin=\"round\""
    }

    private static func hexadecimal(_ color: Color) -> String {
        let value = UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
        let digits = String(value, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// A number with at most two decimals: a hundredth of a point is finer than any screen.
    static func number(_ value: Double) -> String {
        DecimalText.trimmed(value, decimals: 2)
    }
}

extension String {
    /// The text as it stands between tags, or in an attribute, of SVG and HTML.
    package var markup: String {
        var result = ""
        for character in printable {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}

/// Base64 text, as data URIs hold it.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func text(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<3 {
                group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
            }
            for index in 0..<4 {
                let digit = Int(group >> (18 - 6 * index) & 63)
                result.append(index <= count ? alphabet[digit] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
