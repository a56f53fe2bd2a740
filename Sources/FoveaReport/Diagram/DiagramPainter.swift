// SPDX-License-Identifier: Apache-2.0

/// Draws the shapes of a network's picture.
struct DiagramPainter {
    private static let line = Drawing.Stroke(Color(0x5a5a5a), width: 1)

    /// Draws a block with its top left corner at a place.
    static func paint(_ block: DiagramBlock, at origin: Drawing.Point, on drawing: inout Drawing) {
        var placed = DiagramBlock()
        placed.draw(block, x: origin.x, y: origin.y)
        // Frames lie behind lines, and lines behind boxes.
        for case .frame(let item, let area, let name) in placed.shapes {
            frame(item, area, name, on: &drawing)
        }
        for case .line(let points, let hasHead) in placed.shapes {
            drawing.polyline(points, line)
            if hasHead { head(points, on: &drawing) }
        }
        for case .dot(let point) in placed.shapes {
            drawing.circle(center: point, radius: 1.8, fill: line.color)
        }
        for case .box(let item, let area, let prefix) in placed.shapes {
            box(item, area, prefix, on: &drawing)
        }
    }

    private static func head(_ points: [Drawing.Point], on drawing: inout Drawing) {
        guard let tip = points.last, let before = points.dropLast().last else { return }
        let length = 4.2, half = 2.6
        let (dx, dy) = (tip.x - before.x, tip.y - before.y)
        let size = max((dx * dx + dy * dy).squareRoot(), 1e-9)
        let (x, y) = (dx / size, dy / size)
        let base = Drawing.Point(tip.x - x * length, tip.y - y * length)
        drawing.polyline(
            [
                Drawing.Point(base.x - y * half, base.y + x * half), tip,
                Drawing.Point(base.x + y * half, base.y - x * half),
            ], Drawing.Stroke(line.color, width: 1.2))
    }

    // MARK: - Frames

    private static func frame(
        _ item: DiagramItem, _ area: Drawing.Rectangle, _ name: String,
        on drawing: inout Drawing
    ) {
        let stroke = Drawing.Stroke(Color(0xb9b9b9), width: 0.8)
        if item.count > 1 { card(behind: area, 6, Color(0xf6f6f4), stroke, on: &drawing) }
        drawing.rectangle(area, fill: Color(0x7a7a60, opacity: 0.06), stroke: stroke, radius: 6)
        let size = DiagramMetrics.smallSize, y = area.y + 11
        drawing.text(
            name, at: Drawing.Point(area.x + 8, y), size: size, weight: .bold, color: .ink)
        var end = area.maxX - 8
        if item.count > 1 {
            drawing.text(
                item.countText, at: Drawing.Point(end, y + 1), size: 10, weight: .bold,
                color: .ink, anchor: .end)
            end -= TextMetrics.width(item.countText, size: 10, weight: .bold) + 6
        }
        guard !item.title.isEmpty else { return }
        drawing.text(
            item.title, at: Drawing.Point(end, y), size: size, color: .quiet, anchor: .end)
    }

    /// Another box behind one that stands for several.
    private static func card(
        behind area: Drawing.Rectangle, _ radius: Double, _ fill: Color, _ stroke: Drawing.Stroke,
        on drawing: inout Drawing
    ) {
        var card = area
        card.x += 3.5
        card.y += 3.5
        drawing.rectangle(card, fill: fill, stroke: stroke, radius: radius)
        drawing.rectangle(area, fill: .white, radius: radius)
    }

    // MARK: - Boxes

    private static func box(
        _ item: DiagramItem, _ area: Drawing.Rectangle, _ prefix: String,
        on drawing: inout Drawing
    ) {
        let (fill, edge) = item.kind.colors
        let isRound = [.sum, .terminal].contains(item.kind)
        let radius = isRound ? area.height / 2 : item.kind == .concatenation ? 2 : 4
        let stroke = Drawing.Stroke(
            edge, width: 0.9, dashes: item.kind == .dropout ? [2.5, 2] : [])
        if item.count > 1 { card(behind: area, radius, fill, stroke, on: &drawing) }
        drawing.rectangle(area, fill: fill, stroke: stroke, radius: radius)
        switch item.kind {
        case .sum, .concatenation, .terminal, .other, .pooling, .normalization, .activation,
            .dropout:
            line(item, area, on: &drawing)
        case .convolution, .linear, .block:
            twoLines(item, area, prefix, on: &drawing)
        }
    }

    private static func line(
        _ item: DiagramItem, _ area: Drawing.Rectangle, on drawing: inout Drawing
    ) {
        let y = area.middle.y + 3.1, pad = DiagramMetrics.padding
        let hasShape = item.showsShape && !item.shape.isEmpty && item.kind != .sum
        if item.kind == .sum || !hasShape {
            let left = area.middle.x - item.titleWidth / 2
            heading(item, at: Drawing.Point(left, y), on: &drawing)
            return
        }
        heading(item, at: Drawing.Point(area.x + pad, y), on: &drawing)
        drawing.text(
            item.shapeText, at: Drawing.Point(area.maxX - pad, y), size: DiagramMetrics.smallSize,
            color: .ink, anchor: .end)
    }

    private static func twoLines(
        _ item: DiagramItem, _ area: Drawing.Rectangle, _ prefix: String,
        on drawing: inout Drawing
    ) {
        let pad = DiagramMetrics.padding, size = DiagramMetrics.smallSize
        let (left, right) = (area.x + pad, area.maxX - pad)
        heading(item, at: Drawing.Point(left, area.y + 13), on: &drawing)
        if item.count > 1 {
            drawing.text(
                item.countText, at: Drawing.Point(right, area.y + 13.5), size: 10, weight: .bold,
                color: .ink, anchor: .end)
        }
        drawing.text(
            item.shapeText, at: Drawing.Point(right, area.y + 25), size: size, color: .ink,
            anchor: .end)
        let room = right - left - TextMetrics.width(item.shapeText, size: size) - 14
        let whole = item.name(within: "")
        let name =
            TextMetrics.width(whole, size: size) <= room ? whole : item.name(within: prefix)
        if !name.isEmpty {
            drawing.text(name, at: Drawing.Point(left, area.y + 25), size: size, color: .quiet)
        }
        guard !item.strip.isEmpty else { return }
        let height = DiagramMetrics.stripHeight
        let strip = Drawing.Rectangle(
            x: area.x, y: area.maxY - height, width: area.width, height: height)
        let (fill, edge) = DiagramItem.Kind.normalization.colors
        drawing.rectangle(strip, fill: fill, stroke: Drawing.Stroke(edge, width: 0.9), radius: 4)
        drawing.text(
            item.strip.joined(separator: " · "), at: Drawing.Point(left, area.maxY - 4), size: size,
            color: .ink)
    }

    /// Writes what kind of layer it is, and how it is set.
    private static func heading(
        _ item: DiagramItem, at place: Drawing.Point, on drawing: inout Drawing
    ) {
        let width = TextMetrics.width(item.heading, size: DiagramMetrics.titleSize, weight: .bold)
        drawing.text(
            item.heading, at: place, size: DiagramMetrics.titleSize, weight: .bold, color: .ink)
        guard !item.setting.isEmpty else { return }
        drawing.text(
            item.setting, at: Drawing.Point(place.x + width + DiagramMetrics.wordGap, place.y),
            size: DiagramMetrics.settingSize, color: .ink)
    }
}

extension DiagramItem.Kind {
    /// The color of the box and of its edge.
    var colors: (fill: Color, edge: Color) {
        switch self {
        case .convolution: (Color(0xdce9f7), Color(0x4a7fb5))
        case .linear: (Color(0xf9dfdb), Color(0xc0564a))
        case .pooling: (Color(0xdcefdc), Color(0x539a55))
        case .normalization: (Color(0xebe3f5), Color(0x8a68b0))
        case .activation: (Color(0xfdebd3), Color(0xcf8a2e))
        case .dropout: (Color(0xf7f7f7), Color(0x9a9a9a))
        case .block: (Color(0xfdf4d2), Color(0xb99a35))
        case .sum, .concatenation: (.white, Color(0x5a5a5a))
        case .other: (Color(0xefefef), Color(0x9a9a9a))
        case .terminal: (Color(0xe9ecef), Color(0x6c757d))
        }
    }

    /// What the legend calls it; nil for what explains itself.
    var legend: String? {
        switch self {
        case .convolution: "convolution"
        case .linear: "linear"
        case .pooling: "pooling"
        case .normalization: "normalization"
        case .activation: "activation"
        case .dropout: "dropout"
        case .block: "block of layers"
        case .sum, .concatenation, .other, .terminal: nil
        }
    }
}
