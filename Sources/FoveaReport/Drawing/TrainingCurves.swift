// SPDX-License-Identifier: Apache-2.0

/// The curves of a run as the book draws them: training loss and both accuracies over the epochs.
public struct TrainingCurves: Equatable, Sendable {
    /// What was known at one moment of a run.
    public struct Point: Equatable, Sendable {
        /// How many epochs had been trained: 0.2 after a fifth of the first.
        public var epoch: Double
        /// The mean loss over the epoch so far; nil when it was not measured here.
        public var trainLoss: Double?
        /// The accuracy over the epoch so far; nil when it was not measured here.
        public var trainAccuracy: Double?
        /// The accuracy on the test images; nil when it was not measured here.
        public var testAccuracy: Double?

        /// Makes a point.
        ///
        /// - Parameters:
        ///   - epoch: How many epochs had been trained.
        ///   - trainLoss: The mean loss over the epoch so far.
        ///   - trainAccuracy: The accuracy over the epoch so far.
        ///   - testAccuracy: The accuracy on the test images.
        public init(
            epoch: Double, trainLoss: Double? = nil, trainAccuracy: Double? = nil,
            testAccuracy: Double? = nil
        ) {
            self.epoch = epoch
            self.trainLoss = trainLoss
            self.trainAccuracy = trainAccuracy
            self.testAccuracy = testAccuracy
        }
    }

    /// The points, by rising epoch; a value that is not finite leaves a gap in its curve.
    public var points: [Point]
    /// What stands above the figure; empty for none, as in the book.
    public var title: String
    /// The colors.
    public var palette: CurveChart.Palette
    /// The number of epochs that the axis shows; nil shows those that have points.
    public var epochs: Int?

    /// Makes the figure of a run.
    ///
    /// - Parameter points: What was logged, by rising epoch.
    public init(points: [Point]) {
        self.points = points
        title = ""
        palette = .book
        epochs = nil
    }

    /// The chart, for those who want to change it before it is drawn.
    public var chart: CurveChart {
        func curve(_ name: String, _ value: (Point) -> Double?) -> Curve {
            // A value that was not measured is no gap: test accuracies come once per epoch.
            let measured = points.compactMap { point in
                value(point).map { Curve.Point(x: point.epoch, y: $0) }
            }
            return Curve(name: name, points: measured)
        }
        var chart = CurveChart(
            [
                curve("train loss", \.trainLoss), curve("train acc", \.trainAccuracy),
                curve("test acc", \.testAccuracy),
            ], title: title, horizontalLabel: "epoch")
        chart.palette = palette
        let reached = points.map(\.epoch).filter(\.isFinite).max() ?? 0
        let last = max(reached, Double(epochs ?? 0))
        chart.countsHorizontally = last >= 2
        // The book's axis begins after the first epoch; a run that is younger shows all it has.
        chart.horizontalRange = last >= 2 && reached > 1 ? 1...last : 0...max(last, 1)
        return chart
    }

    /// Gives the figure as a picture of 3.5 by 2.5 inches.
    ///
    /// - Returns: The picture.
    public func drawing() -> Drawing {
        chart.drawing()
    }
}
