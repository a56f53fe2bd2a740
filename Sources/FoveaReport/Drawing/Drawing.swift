// SPDX-License-Identifier: Apache-2.0
import FoveaArrays

/// A picture as a list of shapes, in points of 1/72 inch from the top left corner.
///
/// A drawing is a plain value. It becomes SVG text or a PNG file only when it is asked to, and both
/// renderers read the same list, so the two files show the same picture.
public struct Drawing: Equatable, Sendable {
    /// A width and a height in points.
    public struct Size: Equatable, Sendable {
        /// The horizontal extent.
        public var width: Double
        /// The vertical extent.
        public var height: Double

        /// Makes a size from a width and a height.
        public init(width: Double, height: Double) {
            self.width = width
            self.height = height
        }
    }

    /// A place on the drawing.
    package struct Point: Equatable, Sendable {
        package var x: Double
        package var y: Double

        package init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// An upright rectangle.
    package struct Rectangle: Equatable, Sendable {
        package var x: Double
        package var y: Double
        package var width: Double
        package var height: Double

        package init(x: Double, y: Double, width: Double, height: Double) {
            self.x = x
            self.y = y
            self.width = width
            self.height = height
        }

        package var maxX: Double { x + width }
        package var maxY: Double { y + height }

        package func contains(_ point: Point) -> Bool {
            point.x >= x && point.x <= maxX && point.y >= y && point.y <= maxY
        }

        /// The same rectangle, larger by `margin` on each side.
        package func grown(by margin: Double) -> Rectangle {
            Rectangle(
                x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin
            )
        }
    }

    /// How a line is drawn.
    package struct Stroke: Equatable, Sendable {
        package var color: Color
        package var width: Double
        /// Lengths of dashes and gaps in points; empty for a solid line.
        package var dashes: [Double]

        package init(_ color: Color, width: Double = 1, dashes: [Double] = []) {
            self.color = color
            self.width = width
            self.dashes = dashes
        }
    }

    /// One line of text at a place on its baseline.
    package struct Label: Equatable, Sendable {
        package enum Anchor: String, Sendable {
            case start, middle, end
        }

        package enum Weight: String, Sendable {
            case normal, bold
        }

        package var text: String
        package var at: Point
        package var size: Double
        package var weight: Weight
        package var color: Color
        package var anchor: Anchor
        /// Degrees clockwise about `at`.
        package var rotation: Double
    }

    /// One shape.
    package indirect enum Element: Equatable, Sendable {
        case polyline([Point], Stroke)
        case rectangle(Rectangle, fill: Color?, stroke: Stroke?, radius: Double)
        case circle(center: Point, radius: Double, fill: Color)
        case label(Label)
        case image(Raster, in: Rectangle)
        case group([Element], offset: Point)
    }

    /// The extent of the picture.
    public var size: Size
    /// What the picture shows, in words, for readers who cannot see it.
    public var title: String
    /// The shapes, from the back to the front.
    package var elements: [Element] = []

    /// Makes a picture without shapes on a white ground.
    package init(size: Size, title: String, background: Color? = .white) {
        self.size = size
        self.title = title
        if let background {
            rectangle(
                Rectangle(x: 0, y: 0, width: size.width, height: size.height), fill: background)
        }
    }

    package mutating func line(from start: Point, to end: Point, _ stroke: Stroke) {
        elements.append(.polyline([start, end], stroke))
    }

    package mutating func polyline(_ points: [Point], _ stroke: Stroke) {
        elements.append(.polyline(points, stroke))
    }

    package mutating func rectangle(
        _ rectangle: Rectangle, fill: Color? = nil, stroke: Stroke? = nil, radius: Double = 0
    ) {
        elements.append(.rectangle(rectangle, fill: fill, stroke: stroke, radius: radius))
    }

    package mutating func circle(center: Point, radius: Double, fill: Color) {
        elements.append(.circle(center: center, radius: radius, fill: fill))
    }

    package mutating func text(
        _ text: String, at point: Point, size: Double = 10, weight: Label.Weight = .normal,
        color: Color = .black, anchor: Label.Anchor = .start, rotation: Double = 0
    ) {
        elements.append(
            .label(
                Label(
                    text: text.printable, at: point, size: size, weight: weight, color: color,
                    anchor: anchor, rotation: rotation)))
    }

    package mutating func image(_ raster: Raster, in rectangle: Rectangle) {
        elements.append(.image(raster, in: rectangle))
    }

    /// Places another drawing's shapes with their top left corner at `offset`.
    package mutating func place(_ drawing: Drawing, at offset: Point) {
        elements.append(.group(drawing.elements, offset: offset))
    }
}

/// A color of 8 bits per channel with an opacity.
package struct Color: Hashable, Sendable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8
    package var opacity: Double

    package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8, opacity: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.opacity = opacity
    }

    /// Makes a color from the number that a web page would write, such as `0x1f77b4`.
    package init(_ rgb: UInt32, opacity: Double = 1) {
        self.init(
            UInt8(rgb >> 16 & 255), UInt8(rgb >> 8 & 255), UInt8(rgb & 255), opacity: opacity)
    }

    package static let black = Color(0x000000)
    package static let white = Color(0xffffff)
    package static let ink = Color(0x222222)
    package static let quiet = Color(0x6b6b6b)
    package static let grid = Color(0xd9d9d9)
    package static let frame = Color(0xcccccc)
    package static let wrong = Color(0xc1121f)
}
