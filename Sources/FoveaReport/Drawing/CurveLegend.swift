// SPDX-License-Identifier: Apache-2.0
import FoveaArrays

/// The names of a chart's curves in a frame, where it hides least of them.
struct CurveLegend {
    private static let size = 9.0
    private static let padding = 4.0
    private static let pitch = 13.0
    private static let handle = 20.0
    private static let gap = 6.0

    private let chart: CurveChart
    private let names: [String]

    init(_ chart: CurveChart) {
        self.chart = chart
        let room = max(chart.size.width * 0.5, 40)
        names = chart.curves.map {
            TextMetrics.fitted($0.name.printable, size: Self.size, within: room)
        }
    }

    private var width: Double {
        let widest = names.map { TextMetrics.width($0, size: Self.size) }.max() ?? 0
        return 2 * Self.padding + Self.handle + Self.gap + widest
    }

    private var height: Double {
        2 * Self.padding + Double(names.count) * Self.pitch - (Self.pitch - Self.size)
    }

    func draw(
        within plot: Drawing.Rectangle, avoiding trace: [Drawing.Point],
        on drawing: inout Drawing
    ) {
        guard !names.isEmpty else { return }
        let box = place(within: plot.grown(by: -5), avoiding: trace)
        drawing.rectangle(
            box, fill: Color(0xffffff, opacity: 0.85),
            stroke: Drawing.Stroke(.frame, width: 0.8), radius: 2)
        for (index, name) in names.enumerated() {
            let baseline =
                box.y + Self.padding + 0.86 * Self.size + Double(index) * Self.pitch
            let middle = baseline - 0.35 * Self.size
            let start = box.x + Self.padding
            drawing.line(
                from: Drawing.Point(start, middle),
                to: Drawing.Point(start + Self.handle, middle), chart.stroke(of: index))
            drawing.text(
                name, at: Drawing.Point(start + Self.handle + Self.gap, baseline),
                size: Self.size, color: .ink)
        }
    }

    /// The place that covers the fewest points; of equal ones, the nearest to a preferred corner.
    private func place(
        within room: Drawing.Rectangle, avoiding trace: [Drawing.Point]
    ) -> Drawing.Rectangle {
        var candidates = [(1.0, 0.0), (0, 0), (0, 1), (1, 1)]
        for column in [1.0, 0, 0.5, 0.75, 0.25] {
            candidates += stride(from: 0.0, through: 1, by: 0.05).map { (column, $0) }
        }
        var best = Drawing.Rectangle(x: room.maxX - width, y: room.y, width: width, height: height)
        var least = Int.max
        for (column, row) in candidates {
            let box = Drawing.Rectangle(
                x: room.x + column * max(room.width - width, 0),
                y: room.y + row * max(room.height - height, 0), width: width, height: height)
            let clear = box.grown(by: 3)
            let covered = trace.count { clear.contains($0) }
            if covered < least {
                least = covered
                best = box
            }
        }
        return best
    }
}
