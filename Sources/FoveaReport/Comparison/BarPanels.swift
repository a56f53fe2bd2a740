// SPDX-License-Identifier: Apache-2.0
import FoveaArrays

/// Rows of bars under a common column of names, one panel for each measure.
///
/// Every bar begins at nought and has its value written at its end, so that the smallest can be read
/// beside the largest.
struct BarPanels {
    /// One bar.
    struct Bar {
        let value: Double
        let label: String
        let color: Color
    }

    /// The bars of one measure.
    struct Panel {
        let title: String
        let subtitle: String
        /// A bar for each row, nil where nothing is known.
        let bars: [Bar?]
        /// The value of a bar as long as the panel; the largest value if nil.
        var full: Double?
    }

    /// What a color stands for.
    struct Key {
        let name: String
        let color: Color
    }

    /// The names of the rows.
    var names: [String]
    /// How each row's line is drawn in the charts above, if it has one; empty if there are none.
    var strokes: [Drawing.Stroke?] = []
    /// The measures, from the left.
    var panels: [Panel]
    /// What colors stand for.
    var keys: [Key] = []
    /// Sentences below the bars.
    var notes: [String] = []

    private static let nameSize = 9.5
    private static let titleSize = 9.5
    private static let smallSize = 8.0
    private static let rowPitch = 19.0
    private static let barHeight = 10.0
    private static let headHeight = 34.0
    private static let gap = 20.0
    private static let handle = 20.0
    private static let lineHeight = 13.0
    /// The width of the names and panels together, unless the panels would become too narrow for it.
    private static let wantedWidth = 780.0

    private var texts: [String] {
        names.map { TextMetrics.fitted($0.printable, size: Self.nameSize, within: 170) }
    }

    private var nameWidth: Double {
        let widest = texts.map { TextMetrics.width($0, size: Self.nameSize) }.max() ?? 0
        return widest + (strokes.isEmpty ? 0 : Self.handle + 6) + 14
    }

    private var panelWidth: Double {
        let count = Double(max(panels.count, 1))
        let share = (Self.wantedWidth - nameWidth - (count - 1) * Self.gap) / count
        return min(max(share, 92), 240)
    }

    /// The extent of the whole.
    var size: Drawing.Size {
        let count = Double(panels.count)
        return Drawing.Size(
            width: nameWidth + count * panelWidth + max(count - 1, 0) * Self.gap,
            height: Self.headHeight + Double(names.count) * Self.rowPitch
                + (keys.isEmpty ? 0 : Self.lineHeight + 8)
                + (notes.isEmpty ? 0 : Double(notes.count) * Self.lineHeight + 8))
    }

    /// Draws the rows with their top left corner at a place.
    func draw(at origin: Drawing.Point, on drawing: inout Drawing) {
        drawRows(at: origin, on: &drawing)
        for (index, panel) in panels.enumerated() {
            let x = origin.x + nameWidth + Double(index) * (panelWidth + Self.gap)
            draw(panel, at: Drawing.Point(x, origin.y), on: &drawing)
        }
        drawFoot(at: origin, on: &drawing)
    }

    private func drawRows(at origin: Drawing.Point, on drawing: inout Drawing) {
        for (index, name) in texts.enumerated() {
            let top = origin.y + Self.headHeight + Double(index) * Self.rowPitch
            if index.isMultiple(of: 2) {
                drawing.rectangle(
                    Drawing.Rectangle(
                        x: origin.x - 6, y: top, width: size.width + 12, height: Self.rowPitch),
                    fill: .stripe, radius: 3)
            }
            var x = origin.x
            let middle = top + Self.rowPitch / 2
            if let stroke = strokes.isEmpty ? nil : strokes[index] {
                drawing.line(
                    from: Drawing.Point(x, middle), to: Drawing.Point(x + Self.handle, middle),
                    stroke)
            }
            if !strokes.isEmpty { x += Self.handle + 6 }
            drawing.text(
                name, at: Drawing.Point(x, middle + 0.36 * Self.nameSize), size: Self.nameSize,
                color: .ink)
        }
    }

    private func draw(_ panel: Panel, at origin: Drawing.Point, on drawing: inout Drawing) {
        func fitted(_ text: String, _ size: Double, _ weight: Drawing.Label.Weight) -> String {
            TextMetrics.fitted(text, size: size, within: panelWidth + Self.gap - 4, weight: weight)
        }
        drawing.text(
            fitted(panel.title, Self.titleSize, .bold),
            at: Drawing.Point(origin.x, origin.y + 10), size: Self.titleSize, weight: .bold,
            color: .ink)
        drawing.text(
            fitted(panel.subtitle, Self.smallSize, .normal),
            at: Drawing.Point(origin.x, origin.y + 22), size: Self.smallSize, color: .quiet)
        let bars = panel.bars.compactMap { $0 }
        let room = bars.map { TextMetrics.width($0.label, size: Self.smallSize) }.max() ?? 0
        let longest = max(panelWidth - room - 4, 10)
        let full = panel.full ?? bars.map(\.value).filter(\.isFinite).max() ?? 0
        for (index, bar) in panel.bars.enumerated() {
            let middle =
                origin.y + Self.headHeight + (Double(index) + 0.5) * Self.rowPitch
            let share = bar.map { full > 0 && $0.value.isFinite ? $0.value / full : 0 } ?? 0
            let length = min(max(share, 0), 1) * longest
            if let bar, length > 0 {
                drawing.rectangle(
                    Drawing.Rectangle(
                        x: origin.x, y: middle - Self.barHeight / 2, width: max(length, 0.8),
                        height: Self.barHeight), fill: bar.color)
            }
            drawing.text(
                bar?.label ?? "–",
                at: Drawing.Point(
                    origin.x + (bar == nil ? 3 : max(length, 0.8) + 4),
                    middle + 0.36 * Self.smallSize), size: Self.smallSize,
                color: bar == nil ? .quiet : .ink)
        }
        drawing.line(
            from: Drawing.Point(origin.x, origin.y + Self.headHeight),
            to: Drawing.Point(
                origin.x, origin.y + Self.headHeight + Double(panel.bars.count) * Self.rowPitch),
            Drawing.Stroke(.frame, width: 0.8))
    }

    private func drawFoot(at origin: Drawing.Point, on drawing: inout Drawing) {
        var y = origin.y + Self.headHeight + Double(names.count) * Self.rowPitch + 8
        if !keys.isEmpty {
            // The key stands below the first panel, whose colors it explains.
            var x = origin.x + nameWidth
            for key in keys {
                drawing.rectangle(
                    Drawing.Rectangle(x: x, y: y + 2.5, width: 8, height: 8), fill: key.color)
                drawing.text(
                    key.name, at: Drawing.Point(x + 12, y + 9.5), size: Self.smallSize, color: .ink)
                x += TextMetrics.width(key.name, size: Self.smallSize) + 27
            }
            y += Self.lineHeight + 4
        }
        for note in notes {
            y += Self.lineHeight
            drawing.text(
                TextMetrics.fitted(note, size: Self.smallSize, within: size.width),
                at: Drawing.Point(origin.x, y - 3), size: Self.smallSize, color: .quiet)
        }
    }
}

extension Color {
    /// The ground of every other row.
    static let stripe = Color(0xf4f6f8)
    /// Bars of what no color is for.
    static let neutral = Color(0x9aa5b1)
}
