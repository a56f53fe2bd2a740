// SPDX-License-Identifier: Apache-2.0

public import FoveaGraph

/// The filters of a convolution as small pictures in a grid.
///
/// Filters over three channels are shown in RGB with gray for zero. All others are shown channel by
/// channel in a diverging map: blue below zero, white at zero, orange above.
public struct FilterGrid: Equatable, Sendable {
    /// The weights in the order [out, in, height, width].
    public let weights: [Float]
    /// The extents of the weights.
    public let shape: Shape
    /// What stands above the grid; empty for none.
    public var title: String

    /// Makes a grid of a convolution's filters.
    ///
    /// - Parameters:
    ///   - weights: The weights in the order [out, in, height, width].
    ///   - shape: Their four extents.
    /// - Throws: `FoveaError` when the shape is not that of a convolution's weights.
    public init(weights: [Float], shape: Shape) throws(FoveaError) {
        var count = 1, overflows = false
        for dimension in shape.dimensions {
            let product = count.multipliedReportingOverflow(by: dimension)
            overflows = overflows || product.overflow || dimension < 1
            count = product.partialValue
        }
        guard shape.rank == 4, !overflows, count == weights.count else {
            throw FoveaError(
                .weights,
                "A picture of filters needs weights [out, in, height, width], but was given "
                    + "\(weights.count) values of shape \(shape).")
        }
        self.weights = weights
        self.shape = shape
        title = ""
    }

    /// Whether the filters are shown in color: three input channels are red, green and blue.
    package var isRGB: Bool { shape.channels == 3 }

    /// The largest finite magnitude among the weights, which gets the strongest color.
    package var largest: Float {
        weights.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    }

    /// The most tiles that a side of the picture shows.
    private static let limit = 32

    /// Gives the grid as a picture, with the scale of its colors beneath.
    ///
    /// - Returns: The picture.
    public func drawing() -> Drawing {
        let outputs = shape.batch, inputs = shape.channels
        let perFilter = isRGB ? 1 : min(inputs, Self.limit)
        // Filters over one channel fill the grid; filters over many take a row each.
        let columns =
            perFilter == 1 ? min(outputs, Self.columns(for: outputs)) : perFilter
        let shown = perFilter == 1 ? min(outputs, Self.limit * columns) : min(outputs, Self.limit)
        let tiles = shown * perFilter
        let rows = (tiles + columns - 1) / columns

        let longest = Double(max(shape.height, shape.width))
        let pixel = max(1, (44 / longest).rounded(.down))
        let tile = (width: pixel * Double(shape.width), height: pixel * Double(shape.height))
        let gap = 3.0, margin = 10.0, top = margin + (title.isEmpty ? 0 : 20)
        let gridWidth = Double(columns) * (tile.width + gap) - gap
        let gridHeight = Double(rows) * (tile.height + gap) - gap
        let caption = caption(shown: shown, perFilter: perFilter)
        let captionWidth = caption.map { TextMetrics.width($0, size: 8) }.max() ?? 0
        var drawing = Drawing(
            size: Drawing.Size(
                width: 2 * margin
                    + max(gridWidth, captionWidth, ScaleBar.width, titleWidth).rounded(.up),
                height: top + gridHeight + 12 + ScaleBar.height + Double(caption.count) * 11
                    + margin),
            title: title.isEmpty ? "Filters of a convolution" : title)
        if !title.isEmpty {
            drawing.text(
                title, at: Drawing.Point(margin, margin + 9), size: 11, weight: .bold,
                color: .ink)
        }
        let scale = largest
        for index in 0..<tiles {
            let area = Drawing.Rectangle(
                x: margin + Double(index % columns) * (tile.width + gap),
                y: top + Double(index / columns) * (tile.height + gap), width: tile.width,
                height: tile.height)
            drawing.image(
                picture(of: index / perFilter, channel: index % perFilter, scale: scale), in: area)
            drawing.rectangle(
                area, stroke: Drawing.Stroke(Color(0xb8b8b8), width: 0.5))
        }
        let foot = top + gridHeight + 12
        let map: (Float) -> Color = isRGB ? { Self.gray($0) } : { Self.diverging($0) }
        ScaleBar(largest: scale, color: map).draw(x: margin, y: foot, on: &drawing)
        for (index, line) in caption.enumerated() {
            drawing.text(
                line,
                at: Drawing.Point(margin, foot + ScaleBar.height + 8 + Double(index) * 11),
                size: 8, color: .quiet)
        }
        return drawing
    }

    private var titleWidth: Double {
        title.isEmpty ? 0 : TextMetrics.width(title, size: 11, weight: .bold)
    }

    /// The number of columns that makes the grid about half again as wide as tall.
    private static func columns(for count: Int) -> Int {
        for columns in [16, 12, 8, 6, 4] where columns * columns <= count * 2 {
            if count.isMultiple(of: columns) { return columns }
        }
        return max(1, Int((Double(count) * 1.5).squareRoot().rounded(.up)))
    }

    private func caption(shown: Int, perFilter: Int) -> [String] {
        let kind = isRGB ? "in RGB" : "over \(shape.channels) channel" + plural(shape.channels)
        var lines = ["\(shape.batch) filter\(plural(shape.batch)) of \(shape.extent) \(kind)"]
        if shown < shape.batch || (!isRGB && perFilter < shape.channels) {
            let channels = isRGB ? "" : ", channels 1 to \(perFilter)"
            lines.append("shown: filters 1 to \(shown)\(channels)")
        }
        let lost = weights.count { !$0.isFinite }
        if lost > 0 { lines.append("\(lost) weight\(plural(lost)) not finite, drawn in violet") }
        return lines
    }

    private func plural(_ count: Int) -> String { count == 1 ? "" : "s" }

    /// One filter, or one channel of it, pixel for pixel.
    package func picture(of filter: Int, channel: Int, scale: Float) -> Raster {
        let area = shape.height * shape.width
        let start = (filter * shape.channels + channel) * area
        return Raster(extent: shape.extent) { row, column in
            let place = start + row * shape.width + column
            guard isRGB else { return Self.diverging(part(weights[place], scale)) }
            let parts = (0..<3).map { part(weights[place + $0 * area], scale) }
            guard parts.allSatisfy(\.isFinite) else { return Self.lost }
            let levels = parts.map { UInt8(((Double($0) + 1) * 127.5).rounded()) }
            return Color(levels[0], levels[1], levels[2])
        }
    }

    /// A weight as a part of the scale, from -1 to 1.
    private func part(_ weight: Float, _ scale: Float) -> Float {
        weight.isFinite && scale > 0 ? min(max(weight / scale, -1), 1) : weight.isFinite ? 0 : .nan
    }

    private static let lost = Color(0x9b30ff)

    /// Blue at -1, white at 0, orange at 1, darkening towards both ends.
    package static func diverging(_ part: Float) -> Color {
        guard part.isFinite else { return lost }
        let stops: [(Double, Double, Double)] =
            part < 0
            ? [(255, 255, 255), (107, 174, 214), (8, 69, 148)]
            : [(255, 255, 255), (253, 152, 64), (166, 54, 3)]
        let place = Double(min(part.magnitude, 1)) * 2
        let index = min(Int(place), 1), rest = place - Double(index)
        let low = stops[index], high = stops[index + 1]
        func blend(_ low: Double, _ high: Double) -> UInt8 {
            UInt8((low + (high - low) * rest).rounded())
        }
        return Color(blend(low.0, high.0), blend(low.1, high.1), blend(low.2, high.2))
    }

    private static func gray(_ part: Float) -> Color {
        let level = UInt8(((Double(part) + 1) * 127.5).rounded())
        return Color(level, level, level)
    }
}

/// A bar that shows which color stands for which weight.
private struct ScaleBar {
    static let width = 140.0
    static let height = 20.0

    let largest: Float
    let color: (Float) -> Color

    func draw(x: Double, y: Double, on drawing: inout Drawing) {
        let bar = Drawing.Rectangle(x: x, y: y, width: Self.width, height: 7)
        let colors = Raster(extent: Extent(1, 140)) { _, column in
            color(Float(column) / 69.5 - 1)
        }
        drawing.image(colors, in: bar)
        drawing.rectangle(bar, stroke: Drawing.Stroke(Color(0xb8b8b8), width: 0.5))
        let end = Self.text(largest)
        let labels: [(String, Double, Drawing.Label.Anchor)] = [
            (largest > 0 ? "−" + end : end, 0, .start), ("0", 0.5, .middle), (end, 1, .end),
        ]
        for (text, part, anchor) in labels {
            drawing.text(
                text, at: Drawing.Point(x + part * Self.width, y + 16), size: 8, color: .ink,
                anchor: anchor)
        }
    }

    /// The end of the scale with three digits that count.
    private static func text(_ value: Float) -> String {
        let value = Double(value)
        guard value > 0 else { return "0" }
        if value >= 1000 || value < 0.001 { return "\(Float(value))" }
        return DecimalText.fixed(
            value, decimals: value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3)
    }
}
