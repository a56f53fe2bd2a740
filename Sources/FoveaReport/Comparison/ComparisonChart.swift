// SPDX-License-Identifier: Apache-2.0
import FoveaTraining

/// The picture of a comparison: the curves of its runs, and bars for every measure.
struct ComparisonChart {
    private static let margin = 16.0
    private static let gap = 14.0
    /// So many runs have colors of their own; more of them share some.
    private static let colorful = CurveChart.Palette.colorBlindSafe.colors.count

    private let comparison: Comparison
    private let names: [String]
    /// The entry of each curve, and what it is called.
    private let runs: [(index: Int, run: Comparison.Run)]

    init(_ comparison: Comparison) {
        self.comparison = comparison
        names = comparison.shortNames
        runs = comparison.entries.enumerated().compactMap { index, entry in
            entry.run.map { (index, $0) }
        }
    }

    func drawing() -> Drawing {
        let bars = BarPanels(
            names: names, strokes: runs.isEmpty ? [] : names.indices.map(stroke), panels: panels,
            keys: keys, notes: notes)
        let curves = hasCurves ? curvesHeight + Self.gap : 0
        var drawing = Drawing(
            size: Drawing.Size(
                width: (bars.size.width + 2 * Self.margin).rounded(.up),
                height: (bars.size.height + curves + 2 * Self.margin).rounded(.up)),
            title: "Comparison of " + names.joined(separator: ", "))
        if hasCurves { drawCurves(width: bars.size.width, on: &drawing) }
        bars.draw(at: Drawing.Point(Self.margin, Self.margin + curves), on: &drawing)
        return drawing
    }

    private var notes: [String] {
        [
            comparison.measuredOn.map { "Speeds of networks on random data: \($0)." },
            comparison.verdict,
        ]
        .compactMap { $0 }
    }

    // MARK: - Curves

    private var hasCurves: Bool { runs.contains { !$0.run.points.isEmpty } }

    private var curvesHeight: Double { runs.count > Self.colorful ? 290 : 210 }

    private func drawCurves(width: Double, on drawing: inout Drawing) {
        let accuracies = runs.map { run in
            curve(run.index, run.run.points.filter { $0.split == "test" }, \.accuracy)
        }
        let losses = runs.map { run in
            curve(run.index, run.run.points.filter { $0.split == "train" }, \.loss)
        }
        let half = (width - Self.gap) / 2
        for (column, curves) in [accuracies, losses].enumerated() {
            var chart = CurveChart(
                curves, title: column == 0 ? "test accuracy" : "training loss",
                horizontalLabel: "epoch")
            chart.palette = .colorBlindSafe
            chart.size = Drawing.Size(width: half, height: curvesHeight)
            chart.hasLegend = false
            let last = curves.flatMap(\.points).map(\.x).max() ?? 1
            chart.countsHorizontally = last >= 2
            chart.horizontalRange = column == 0 && last > 1 ? 1...last : 0...max(last, 1)
            if column == 0 {
                chart.verticalRange = Self.range(of: curves.flatMap(\.points).map(\.y))
            }
            drawing.place(
                chart.drawing(),
                at: Drawing.Point(Self.margin + Double(column) * (half + Self.gap), Self.margin))
        }
    }

    private func curve(
        _ index: Int, _ points: [MetricPoint], _ value: (MetricPoint) -> Double
    ) -> Curve {
        let patterns = Curve.Pattern.allCases
        return Curve(
            name: names[index], points: points.map { .init(x: $0.epoch, y: value($0)) },
            tint: index % Self.colorful, pattern: patterns[index / Self.colorful % patterns.count])
    }

    /// The stroke of an entry's curve, if it is a run.
    private func stroke(_ index: Int) -> Drawing.Stroke? {
        guard comparison.entries[index].run != nil else { return nil }
        var chart = CurveChart([curve(index, [], \.loss)])
        chart.palette = .colorBlindSafe
        return chart.stroke(of: 0)
    }

    /// Accuracies from where most runs soon are to the best, as all of them begin far below.
    static func range(of values: [Double]) -> ClosedRange<Double>? {
        let sorted = values.filter(\.isFinite).sorted()
        guard let most = sorted.last else { return nil }
        let typical = sorted[sorted.count / 4]
        let room = max(0.02, (most - typical) * 0.25)
        let lower = max(0, ((typical - room) * 50).rounded(.down) / 50)
        return lower...max(min(most + room * 0.5, max(1, most)), lower + 0.02)
    }

    // MARK: - Bars

    private var panels: [BarPanels.Panel] {
        let batches = Set(comparison.entries.map(\.batch))
        let step = batches.count == 1 ? "batch \(batches.first ?? 0)" : "each at its batch"
        func compact(_ value: Int?) -> (Double, String)? {
            value.map { (Double($0), DecimalText.compact(Double($0))) }
        }
        func speed(_ value: Double?) -> (Double, String)? {
            value.map { ($0, DecimalText.compact($0)) }
        }
        let all = [
            accuracyPanel,
            panel("parameters", "") { compact($0.parameters) },
            panel("multiply-adds", "for one image") { compact($0.multiplyAdds) },
            panel("memory", "training, \(step)") { entry in
                entry.memory.map { (Double($0.total), NetworkSummary.bytes($0.total)) }
            },
            panel("images/s", "training, \(step)", .speed) { speed($0.trainingSpeed) },
            panel("images/s", "inference, \(step)", .speed) { speed($0.inferenceSpeed) },
            panel("time", "of the whole run") { entry in
                entry.run?.seconds.map { ($0, DecimalText.duration(seconds: $0)) }
            },
        ]
        return all.filter { panel in panel.bars.contains { $0 != nil } }
    }

    private func panel(
        _ title: String, _ subtitle: String, _ color: Color = .cost,
        _ value: (Comparison.Entry) -> (Double, String)?
    ) -> BarPanels.Panel {
        // With more runs than colors, only their accuracies have them, or all would be motley.
        let isPlain = runs.isEmpty || runs.count > Self.colorful
        return BarPanels.Panel(
            title: title, subtitle: subtitle,
            bars: comparison.entries.enumerated().map { index, entry in
                value(entry).map {
                    BarPanels.Bar(
                        value: $0, label: $1,
                        color: isPlain ? color : stroke(index)?.color ?? .neutral)
                }
            })
    }

    /// Test accuracies of runs, and what is published about networks, colored by the data.
    private var accuracyPanel: BarPanels.Panel {
        let bars = comparison.entries.enumerated().map { index, entry -> BarPanels.Bar? in
            if let best = entry.run?.bestTestAccuracy {
                return BarPanels.Bar(
                    value: best, label: DecimalText.fixed(best, decimals: 3),
                    color: stroke(index)?.color ?? .neutral)
            }
            guard let published = entry.publishedAccuracy.flatMap({ PublishedAccuracy($0) }) else {
                return nil
            }
            let color = keys.first { $0.name == published.data }?.color ?? .neutral
            return BarPanels.Bar(
                value: published.value, label: DecimalText.fixed(published.value, decimals: 3),
                color: color)
        }
        let subtitle =
            runs.isEmpty
            ? "as published"
            : runs.count == names.count ? "best on the test images" : "best test, or published"
        return BarPanels.Panel(title: "accuracy", subtitle: subtitle, bars: bars, full: 1)
    }

    /// The data that published accuracies are for, each with a color, where no runs have colors.
    private var keys: [BarPanels.Key] {
        guard runs.isEmpty else { return [] }
        var data: [String] = []
        for entry in comparison.entries {
            if let found = entry.publishedAccuracy.flatMap({ PublishedAccuracy($0) })?.data,
                !data.contains(found)
            {
                data.append(found)
            }
        }
        let colors = Array(CurveChart.Palette.colorBlindSafe.colors.dropFirst())
        return data.enumerated().map { index, name in
            BarPanels.Key(name: name, color: colors[index % colors.count])
        }
    }
}

extension Color {
    /// Bars of what costs something.
    fileprivate static let cost = Color(0x0072b2)
    /// Bars of how fast it goes.
    fileprivate static let speed = Color(0x56b4e9)
}

extension Comparison {
    /// Gives the comparison as a picture: the curves of its runs, and bars for every measure.
    ///
    /// - Returns: The picture.
    public func drawing() -> Drawing { ComparisonChart(self).drawing() }
}
