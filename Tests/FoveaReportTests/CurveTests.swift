// SPDX-License-Identifier: Apache-2.0

import FoveaGraph
import Foundation
import Testing

@testable import FoveaReport

@Suite struct CurveTests {
    static let points: [TrainingCurves.Point] = [
        .init(epoch: 0.5, trainLoss: 2.5, trainAccuracy: 0.2),
        .init(epoch: 1, trainLoss: 1.5, trainAccuracy: 0.5, testAccuracy: 0.55),
        .init(epoch: 1.5, trainLoss: 1, trainAccuracy: 0.6),
        .init(epoch: 2, trainLoss: 0.75, trainAccuracy: 0.7, testAccuracy: 0.65),
        .init(epoch: 3, trainLoss: 0.5, trainAccuracy: 0.8, testAccuracy: 0.7),
    ]

    @Test func figureEqualsTheGoldenFile() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let golden = try String(
            contentsOf: folder.appendingPathComponent("Fixtures/training-curves.svg"),
            encoding: .utf8)
        #expect(try TrainingCurves(points: Self.points).drawing().svg() == golden)
    }

    /// The lines of the three curves, by their strokes.
    private func lines(_ drawing: Drawing, _ index: Int, _ chart: CurveChart) -> [[Drawing.Point]] {
        let stroke = chart.stroke(of: index)
        let all = drawing.elements.compactMap { element -> [Drawing.Point]? in
            guard case .polyline(let points, stroke) = element else { return nil }
            return points
        }
        // The last one is the curve's handle in the legend.
        return Array(all.dropLast())
    }

    private func circles(_ drawing: Drawing) -> [Drawing.Point] {
        drawing.elements.compactMap { element in
            guard case .circle(let center, _, _) = element else { return nil }
            return center
        }
    }

    @Test func strokesAreTheBooks() {
        let chart = TrainingCurves(points: []).chart
        #expect(chart.stroke(of: 0) == .init(Color(0x1f77b4), width: 1.5))
        #expect(chart.stroke(of: 1).color == Color(0xbf00bf))
        #expect(chart.stroke(of: 1).dashes.count == 2)
        #expect(chart.stroke(of: 2).color == Color(0x008000))
        #expect(chart.stroke(of: 2).dashes.count == 4)
        #expect(chart.size == Drawing.Size(width: 252, height: 180))
    }

    @Test func axisBeginsAtTheFirstEpochAndCutsWhatIsBefore() throws {
        let figure = TrainingCurves(points: Self.points)
        #expect(figure.chart.horizontalRange == 1...3)
        let layout = CurveChartLayout(figure.chart)
        let loss = try #require(lines(figure.drawing(), 0, figure.chart).first)
        // Four of the five points are shown, the first of them on the frame.
        #expect(loss.count == 4)
        #expect(loss[0].x == layout.plot.x)
        #expect(layout.horizontal.ticks == [1, 2, 3])
        #expect(layout.vertical.lower == 0)
    }

    @Test func gapBreaksTheLineAndAMissingValueDoesNot() {
        var points = Self.points
        points[3].trainLoss = .nan
        let figure = TrainingCurves(points: points)
        let drawing = figure.drawing()
        // Before the gap a line, after it a lone point; the test curve passes over its nil values.
        #expect(lines(drawing, 0, figure.chart).map(\.count) == [2])
        #expect(circles(drawing).count == 1)
        #expect(lines(drawing, 2, figure.chart).map(\.count) == [3])
    }

    @Test func youngRunShowsAllItHas() {
        let figure = TrainingCurves(points: [
            .init(epoch: 0.2, trainLoss: 2, trainAccuracy: 0.1)
        ])
        #expect(figure.chart.horizontalRange == 0...1)
        #expect(circles(figure.drawing()).count == 2)
        var planned = figure
        planned.epochs = 10
        #expect(planned.chart.horizontalRange == 0...10)
        planned.points.append(.init(epoch: 1.2, trainLoss: 1))
        #expect(planned.chart.horizontalRange == 1...10)
    }

    @Test(arguments: [
        [], [TrainingCurves.Point(epoch: 1)],
        [.init(epoch: .nan, trainLoss: 1), .init(epoch: 1, trainLoss: .infinity)],
        [.init(epoch: 5, trainLoss: 0, trainAccuracy: 0, testAccuracy: 0)],
        [.init(epoch: 1, trainLoss: 1e308), .init(epoch: 2, trainLoss: -1e308)],
        [.init(epoch: 1, trainLoss: 1e-300), .init(epoch: 1, trainLoss: 1e-307)],
        [.init(epoch: 1e300, trainLoss: 1), .init(epoch: -1e300, trainLoss: 1)],
    ])
    func oddPointsStillMakeAPicture(points: [TrainingCurves.Point]) throws {
        let drawing = TrainingCurves(points: points).drawing()
        let svg = try drawing.svg()
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        #expect(try DecodedPNG(drawing.png()).width == 504)
    }

    @Test func legendKeepsClearOfTheCurves() throws {
        // A falling line leaves the upper right free, a rising one the upper left.
        for (rising, isRight) in [(false, true), (true, false)] {
            let curve = Curve(
                name: "c",
                points: (0...10).map { .init(x: Double($0), y: Double(rising ? $0 : 10 - $0)) })
            let drawing = CurveChart([curve]).drawing()
            let frame = try #require(
                drawing.elements.compactMap { element -> Drawing.Rectangle? in
                    guard case .rectangle(let area, _, _, 2) = element else { return nil }
                    return area
                }.first)
            #expect((frame.x > 126) == isRight)
            #expect(frame.y < 60)
        }
    }

    @Test(arguments: [
        (0.0, 2.49, 6, false, [0, 0.5, 1, 1.5, 2], "1.0"),
        (1, 10, 9, true, Array(stride(from: 1.0, through: 10, by: 1)), "1"),
        (1, 10, 6, true, [2, 4, 6, 8, 10], "2"),
        (1, 200, 6, true, [50, 100, 150, 200], "100"),
        (0, 1, 4, false, [0, 0.25, 0.5, 0.75, 1], "0.25"),
        (0, 0.004, 4, false, [0, 0.001, 0.002, 0.003, 0.004], "0.001"),
        (0, 2.5e7, 5, false, [0, 5e6, 1e7, 1.5e7, 2e7, 2.5e7], "5e6"),
        (3, 3, 4, true, [3, 4], "4"),
    ])
    func ticksAreRound(
        lower: Double, upper: Double, count: Int, whole: Bool, ticks: [Double], second: String
    ) {
        let axis = ChartAxis(from: lower, to: upper, atMost: count, wholeNumbers: whole)
        #expect(axis.ticks.count == ticks.count)
        for (found, expected) in zip(axis.ticks, ticks) {
            #expect((found - expected).magnitude <= 1e-9 * upper)
        }
        let sample = [
            "1.0": 1.0, "1": 1, "2": 2, "100": 100, "0.25": 0.25, "0.001": 0.001, "5e6": 5e6,
            "4": 4,
        ]
        #expect(axis.label(sample[second] ?? .nan) == second)
    }

    @Test func manyPointsAreThinnedToTheirExtremes() {
        let points = (0..<100_000).map {
            Drawing.Point(Double($0) / 500, $0 == 54_321 ? -7 : Double($0 % 3))
        }
        let thin = CurveRuns.thinned(points, to: 0.25)
        #expect(thin.count <= 4 * 801)
        #expect(thin.first == points.first && thin.last == points.last)
        #expect(thin.contains { $0.y == -7 })
    }

    @Test func clippingKeepsThePartsInside() {
        let area = Drawing.Rectangle(x: 0, y: 0, width: 10, height: 10)
        let pieces = CurveRuns.clipped(
            [.init(-5, 5), .init(5, 5), .init(5, 20), .init(8, 20), .init(8, 5)], to: area)
        #expect(
            pieces == [
                [.init(0, 5), .init(5, 5), .init(5, 10)], [.init(8, 10), .init(8, 5)],
            ])
    }
}
