// SPDX-License-Identifier: Apache-2.0

/// The places of a chart's parts, and its picture.
struct CurveChartLayout {
    private static let labelSize = 10.0
    private static let tickLength = 3.5
    private static let margin = 6.0

    let chart: CurveChart
    let horizontal: ChartAxis
    let vertical: ChartAxis
    let plot: Drawing.Rectangle

    init(_ chart: CurveChart) {
        self.chart = chart
        let points = chart.curves.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        let xs = points.map(\.x)
        let shown = chart.horizontalRange ?? Self.range(from: xs.min(), to: xs.max())
        let ys = points.filter { shown.contains($0.x) }.map(\.y)
        let reach = chart.verticalRange ?? Self.verticalRange(ys)

        let size = Self.labelSize
        let perPoint = max(chart.size.height, 40)
        vertical = ChartAxis(
            from: reach.lowerBound, to: reach.upperBound,
            atMost: max(2, Int((perPoint - 50) / 21)), wholeNumbers: false)
        let labels = vertical.ticks.map { [vertical] in
            TextMetrics.width(vertical.label($0), size: size)
        }
        let left =
            Self.margin + (labels.max() ?? 0) + 2 * Self.tickLength
            + (chart.verticalLabel.isEmpty ? 0 : size + 4)
        let top = Self.margin + 3 + (chart.title.isEmpty ? 0 : size + 5)
        let bottom =
            Self.margin + 2 * Self.tickLength + size
            + (chart.horizontalLabel.isEmpty ? 0 : size + 3)
        let right = Self.margin + 5
        plot = Drawing.Rectangle(
            x: left, y: top, width: max(chart.size.width - left - right, 10),
            height: max(chart.size.height - top - bottom, 10))

        let axis = ChartAxis(
            from: shown.lowerBound, to: shown.upperBound, atMost: 9,
            wholeNumbers: chart.countsHorizontally)
        let widest = axis.ticks.map { TextMetrics.width(axis.label($0), size: size) }.max() ?? 0
        horizontal = ChartAxis(
            from: shown.lowerBound, to: shown.upperBound,
            atMost: min(9, max(2, Int(plot.width / (widest + 14)))),
            wholeNumbers: chart.countsHorizontally)
    }

    /// The range of the points, with some room when they share one place.
    private static func range(from lower: Double?, to upper: Double?) -> ClosedRange<Double> {
        guard let lower, let upper else { return 0...1 }
        return lower < upper ? lower...upper : (lower - 0.5)...(upper + 0.5)
    }

    /// From 0 (or a smaller value) to a little more than the largest.
    private static func verticalRange(_ values: [Double]) -> ClosedRange<Double> {
        let largest = max(values.max() ?? 0, 0), smallest = min(values.min() ?? 0, 0)
        let span = largest - smallest
        // A span of almost nothing, or one that overflows, has no readable scale of its own.
        guard span > 1e-9, span < 1e300 else { return 0...1 }
        return (smallest < 0 ? smallest - 0.05 * span : 0)...(largest + 0.05 * span)
    }

    func drawing() -> Drawing {
        let names = chart.curves.map(\.name).joined(separator: ", ")
        var drawing = Drawing(
            size: chart.size, title: chart.title.isEmpty ? names : "\(chart.title): \(names)")
        drawGrid(on: &drawing)
        var traces: [Drawing.Point] = []
        for index in chart.curves.indices {
            traces += draw(curve: index, on: &drawing)
        }
        drawFrame(on: &drawing)
        if chart.curves.contains(where: { !$0.points.isEmpty }) {
            guard chart.hasLegend else { return drawing }
            CurveLegend(chart).draw(within: plot, avoiding: traces, on: &drawing)
        } else {
            drawing.text(
                "no points yet",
                at: Drawing.Point(plot.x + plot.width / 2, plot.y + plot.height / 2),
                color: .quiet, anchor: .middle)
        }
        return drawing
    }

    private func place(_ x: Double, _ y: Double) -> Drawing.Point {
        Drawing.Point(
            plot.x + horizontal.fraction(x) * plot.width,
            plot.maxY - vertical.fraction(y) * plot.height)
    }

    private func drawGrid(on drawing: inout Drawing) {
        let stroke = Drawing.Stroke(.grid, width: 0.6)
        for tick in horizontal.ticks {
            let x = place(tick, vertical.lower).x
            drawing.line(
                from: Drawing.Point(x, plot.y), to: Drawing.Point(x, plot.maxY), stroke)
        }
        for tick in vertical.ticks {
            let y = place(horizontal.lower, tick).y
            drawing.line(
                from: Drawing.Point(plot.x, y), to: Drawing.Point(plot.maxX, y), stroke)
        }
    }

    private func drawFrame(on drawing: inout Drawing) {
        let stroke = Drawing.Stroke(.ink, width: 0.8)
        let size = Self.labelSize, length = Self.tickLength
        drawing.rectangle(plot, stroke: stroke)
        for tick in horizontal.ticks {
            let x = place(tick, vertical.lower).x
            drawing.line(
                from: Drawing.Point(x, plot.maxY), to: Drawing.Point(x, plot.maxY + length), stroke)
            drawing.text(
                horizontal.label(tick), at: Drawing.Point(x, plot.maxY + 2 * length + 0.75 * size),
                size: size, color: .ink, anchor: .middle)
        }
        for tick in vertical.ticks {
            let y = place(horizontal.lower, tick).y
            drawing.line(
                from: Drawing.Point(plot.x - length, y), to: Drawing.Point(plot.x, y), stroke)
            drawing.text(
                vertical.label(tick), at: Drawing.Point(plot.x - 2 * length, y + 0.36 * size),
                size: size, color: .ink, anchor: .end)
        }
        let middle = Drawing.Point(plot.x + plot.width / 2, plot.y + plot.height / 2)
        if !chart.horizontalLabel.isEmpty {
            drawing.text(
                chart.horizontalLabel,
                at: Drawing.Point(middle.x, chart.size.height - Self.margin - 0.2 * size),
                size: size, color: .ink, anchor: .middle)
        }
        if !chart.verticalLabel.isEmpty {
            drawing.text(
                chart.verticalLabel, at: Drawing.Point(Self.margin + 0.75 * size, middle.y),
                size: size, color: .ink, anchor: .middle, rotation: -90)
        }
        if !chart.title.isEmpty {
            let title = TextMetrics.fitted(
                chart.title, size: size, within: chart.size.width - 2 * Self.margin, weight: .bold)
            drawing.text(
                title, at: Drawing.Point(chart.size.width / 2, Self.margin + 0.75 * size),
                size: size, weight: .bold, color: .ink, anchor: .middle)
        }
    }

    /// Draws one curve and returns places along it, for the legend to keep clear of.
    private func draw(curve index: Int, on drawing: inout Drawing) -> [Drawing.Point] {
        let stroke = chart.stroke(of: index)
        var trace: [Drawing.Point] = []
        for run in CurveRuns.split(chart.curves[index].points) {
            let points = run.map { place($0.x, $0.y) }
            if let only = points.first, points.count == 1 {
                guard plot.grown(by: 0.01).contains(only) else { continue }
                drawing.circle(center: only, radius: 2, fill: stroke.color)
                trace.append(only)
                continue
            }
            for piece in CurveRuns.clipped(CurveRuns.thinned(points, to: 0.25), to: plot) {
                drawing.polyline(piece, stroke)
                trace += CurveRuns.sampled(piece, every: 2)
            }
        }
        return trace
    }
}
