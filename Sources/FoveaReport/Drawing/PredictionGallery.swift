// SPDX-License-Identifier: Apache-2.0

import FoveaArrays
import FoveaGraph

/// Images in a grid, each titled with its true class and the predicted one.
public struct PredictionGallery: Equatable, Sendable {
    /// One image and what was said about it.
    public struct Item: Equatable, Sendable {
        /// The image.
        public var image: Raster
        /// The name of its class; nil when nobody knows.
        public var truth: String?
        /// The name of the predicted class.
        public var prediction: String
        /// The probability that the network gave its prediction, from 0 to 1.
        public var probability: Double?

        /// Makes an item.
        ///
        /// - Parameters:
        ///   - image: The image.
        ///   - truth: The name of its class.
        ///   - prediction: The name of the predicted class.
        ///   - probability: The probability of the prediction, from 0 to 1.
        public init(
            image: Raster, truth: String?, prediction: String, probability: Double? = nil
        ) {
            self.image = image
            self.truth = truth
            self.prediction = prediction
            self.probability = probability
        }

        /// Whether the prediction is known to be wrong.
        public var isWrong: Bool { truth.map { $0 != prediction } ?? false }
    }

    /// The items, row by row.
    public var items: [Item]
    /// What stands above the grid; empty for none.
    public var title: String

    /// Makes a gallery.
    ///
    /// - Parameter items: The images, row by row.
    public init(items: [Item]) {
        self.items = items
        title = ""
    }

    /// The number of columns for a number of items: one row at first, then a little wider than tall.
    package static func columns(for count: Int) -> Int {
        guard count > 6 else { return max(count, 1) }
        guard count <= 36 else { return 9 }
        func cost(_ columns: Int) -> Double {
            let rows = (count + columns - 1) / columns
            let ratio = Double(columns) / Double(rows) / 1.6
            return Double(rows * columns - count) + 2 * max(ratio, 1 / ratio)
        }
        return (3...9).min { cost($0) < cost($1) } ?? 6
    }

    private static let nameSize = 8.5
    private static let smallSize = 7.0
    private static let gap = 10.0
    private static let margin = 10.0
    /// The longest side of an image of which all pixels are drawn.
    package static let mostPixels = 252

    /// The side of a cell in points, at which the largest image's pixels keep whole sizes.
    ///
    /// PNG files have two pixels per point, so half points are whole pixels there.
    private var side: Double {
        let pixels = items.map { max($0.image.extent.height, $0.image.extent.width) }.max() ?? 28
        guard pixels <= Self.mostPixels else { return Double(Self.mostPixels) / 2 }
        let wanted = 168.0
        let halves = max(1, (wanted / Double(pixels)).rounded())
        return max(Double(pixels) * halves / 2, 64)
    }

    /// Gives the gallery as a picture.
    ///
    /// - Returns: The picture.
    public func drawing() -> Drawing {
        let columns = Self.columns(for: items.count)
        let rows = max((items.count + columns - 1) / columns, 1)
        let side = side, head = 2 * 11.0 + 4
        let top = Self.margin + (title.isEmpty ? 0 : 20)
        let pitch = (x: side + Self.gap, y: head + side + Self.gap)
        var drawing = Drawing(
            size: Drawing.Size(
                width: 2 * Self.margin + Double(columns) * pitch.x - Self.gap,
                height: top + Double(rows) * pitch.y - Self.gap + Self.margin),
            title: title.isEmpty ? "Images with their true and predicted classes" : title)
        if !title.isEmpty {
            drawing.text(
                title, at: Drawing.Point(Self.margin, Self.margin + 9), size: 11, weight: .bold,
                color: .ink)
        }
        for (index, item) in items.enumerated() {
            let x = Self.margin + Double(index % columns) * pitch.x
            let y = top + Double(index / columns) * pitch.y
            drawTitle(of: item, x: x, y: y, on: &drawing)
            draw(item.image, x: x, y: y + head, on: &drawing)
        }
        return drawing
    }

    /// Two lines as in the book, the true class above the predicted one.
    private func drawTitle(of item: Item, x: Double, y: Double, on drawing: inout Drawing) {
        let color = item.isWrong ? Color.wrong : .ink
        let middle = x + side / 2
        if let truth = item.truth {
            drawing.text(
                TextMetrics.fitted(truth.printable, size: Self.nameSize, within: side),
                at: Drawing.Point(middle, y + 9), size: Self.nameSize, color: color,
                anchor: .middle)
        }
        let chance = item.probability.map { Self.percent($0) } ?? ""
        let room = TextMetrics.width(chance, size: Self.smallSize)
        let space = chance.isEmpty ? 0 : 3.5
        let name = TextMetrics.fitted(
            item.prediction.printable, size: Self.nameSize, within: side - room - space)
        let nameWidth = TextMetrics.width(name, size: Self.nameSize)
        let start = middle - (nameWidth + space + room) / 2
        drawing.text(
            name, at: Drawing.Point(start, y + 20), size: Self.nameSize, color: color)
        drawing.text(
            chance, at: Drawing.Point(start + nameWidth + space, y + 20), size: Self.smallSize,
            color: item.isWrong ? color : .quiet)
    }

    private func draw(_ image: Raster, x: Double, y: Double, on drawing: inout Drawing) {
        let longest = Double(max(image.extent.height, image.extent.width))
        let width = side * Double(image.extent.width) / longest
        let height = side * Double(image.extent.height) / longest
        drawing.image(
            image,
            in: Drawing.Rectangle(
                x: x + (side - width) / 2, y: y + (side - height) / 2, width: width,
                height: height))
    }

    /// A probability in percent, never rounded up to a certainty that was not given.
    package static func percent(_ probability: Double) -> String {
        guard probability.isFinite else { return "–" }
        let percent = probability * 100
        if percent > 99, percent < 100 { return percent >= 99.5 ? ">99%" : "99%" }
        return DecimalText.fixed(percent, decimals: 0) + "%"
    }
}
