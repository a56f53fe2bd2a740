// SPDX-License-Identifier: Apache-2.0

/// A line of a chart: a name and points in the order of their x.
public struct Curve: Equatable, Sendable {
    /// One measured point; a y that is not finite leaves a gap in the line.
    public struct Point: Equatable, Sendable {
        /// Where on the horizontal axis.
        public var x: Double
        /// The value there.
        public var y: Double

        /// Makes a point.
        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// How a line is broken up, so that curves stay apart in gray print.
    public enum Pattern: CaseIterable, Sendable {
        /// An unbroken line.
        case solid
        /// Dashes.
        case dashed
        /// A dash and a dot in turn.
        case dashDotted
        /// Dots.
        case dotted
    }

    /// What the legend calls the curve.
    public var name: String
    /// The points, by rising x.
    public var points: [Point]
    /// The place of its color in the chart's palette; nil takes the curve's own place in the chart.
    public var tint: Int?
    /// How the line is broken up; nil takes the pattern of the curve's place in the chart.
    public var pattern: Pattern?

    /// Makes a curve.
    public init(name: String, points: [Point], tint: Int? = nil, pattern: Pattern? = nil) {
        self.name = name
        self.points = points
        self.tint = tint
        self.pattern = pattern
    }
}

/// Curves over a common axis, with a grid and a legend.
public struct CurveChart: Equatable, Sendable {
    /// The colors of a chart's curves.
    public enum Palette: Sendable {
        /// Blue, magenta and green, as the book draws them.
        case book
        /// Colors that people with any kind of color vision tell apart (Okabe and Ito, 2008).
        case colorBlindSafe

        var colors: [Color] {
            switch self {
            case .book:
                [0x1f77b4, 0xbf00bf, 0x008000, 0xd62728, 0xff7f0e, 0x8c564b, 0x17becf, 0x7f7f7f]
                    .map { Color($0) }
            case .colorBlindSafe:
                [0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xe69f00, 0x000000]
                    .map { Color($0) }
            }
        }
    }

    /// The curves, drawn and listed in this order.
    public var curves: [Curve]
    /// What the chart shows, written above it; empty for none.
    public var title: String
    /// The name of the horizontal axis; empty for none.
    public var horizontalLabel: String
    /// The name of the vertical axis; empty for none.
    public var verticalLabel: String
    /// The part of the horizontal axis to show; nil shows all points.
    public var horizontalRange: ClosedRange<Double>?
    /// The part of the vertical axis to show; nil goes from 0 to the largest value shown.
    public var verticalRange: ClosedRange<Double>?
    /// Whether the horizontal axis counts something, so that only whole numbers stand at it.
    public var countsHorizontally: Bool
    /// The colors.
    public var palette: Palette
    /// Whether the names of the curves stand within the chart.
    public var hasLegend: Bool
    /// The extent in points; at first 3.5 by 2.5 inches.
    public var size: Drawing.Size

    /// Makes a chart of the book's size.
    ///
    /// - Parameters:
    ///   - curves: The curves, in the order of the legend.
    ///   - title: What stands above the chart.
    ///   - horizontalLabel: The name of the horizontal axis.
    ///   - verticalLabel: The name of the vertical axis.
    public init(
        _ curves: [Curve], title: String = "", horizontalLabel: String = "",
        verticalLabel: String = ""
    ) {
        self.curves = curves
        self.title = title
        self.horizontalLabel = horizontalLabel
        self.verticalLabel = verticalLabel
        horizontalRange = nil
        verticalRange = nil
        countsHorizontally = false
        palette = .book
        hasLegend = true
        size = Drawing.Size(width: 252, height: 180)
    }

    /// Gives the chart as a picture.
    ///
    /// - Returns: The picture.
    public func drawing() -> Drawing {
        CurveChartLayout(self).drawing()
    }

    /// The color and the pattern of the curve at a place in the chart.
    func stroke(of index: Int) -> Drawing.Stroke {
        let curve = curves[index], colors = palette.colors
        let tint = curve.tint ?? index
        let place = ((tint % colors.count) + colors.count) % colors.count
        let patterns = Curve.Pattern.allCases
        let width = 1.5
        // The lengths are those of Matplotlib's dash patterns, in multiples of the line's width.
        let dashes: [Double] =
            switch curve.pattern ?? patterns[index % patterns.count] {
            case .solid: []
            case .dashed: [3.7, 1.6]
            case .dashDotted: [6.4, 1.6, 1, 1.6]
            case .dotted: [1, 1.65]
            }
        return Drawing.Stroke(colors[place], width: width, dashes: dashes.map { $0 * width })
    }
}
