// SPDX-License-Identifier: Apache-2.0

/// A part of a network's picture: boxes and lines with a place where lines come in and go out.
///
/// Lines come in at the top and go out at the bottom, both at `axis`.
struct DiagramBlock {
    /// One thing to be drawn.
    enum Shape {
        /// A box; `prefix` is the path that the frame around it already shows.
        case box(DiagramItem, Drawing.Rectangle, prefix: String)
        /// A frame with a name of its own.
        case frame(DiagramItem, Drawing.Rectangle, name: String)
        case line([Drawing.Point], hasHead: Bool)
        /// Where one line leaves another.
        case dot(Drawing.Point)
    }

    var width = 0.0
    var height = 0.0
    /// The distance of the lines that come in and go out from the left.
    var axis = 0.0
    var shapes: [Shape] = []
    /// Where the items of the level are that is laid out.
    var places: [Int: Drawing.Rectangle] = [:]
    /// From where to where lines reach the bottom, if they do so apart.
    var arrivals: ClosedRange<Double>?

    /// The distance from the axis to the right.
    var right: Double { width - axis }

    /// Adds what another block has, with its top left corner at a place.
    mutating func draw(_ other: DiagramBlock, x: Double, y: Double) {
        shapes += other.shapes.map { $0.moved(x, y) }
        places.merge(other.places.mapValues { $0.moved(x, y) }) { $1 }
    }

    /// Puts a block below, with the axes in one line.
    mutating func append(_ other: DiagramBlock) {
        let left = max(axis, other.axis)
        let right = max(right, other.right)
        let (own, its) = (left - axis, left - other.axis)
        shapes = own == 0 ? shapes : shapes.map { $0.moved(own, 0) }
        places = own == 0 ? places : places.mapValues { $0.moved(own, 0) }
        draw(other, x: its, y: height)
        arrivals = other.arrivals.map { $0.lowerBound + its...$0.upperBound + its }
        axis = left
        width = left + right
        height += other.height
    }

    /// Makes room to the left and to the right of the axis.
    mutating func widen(left: Double, right: Double) {
        var wide = DiagramBlock(width: left + right, axis: left)
        wide.append(self)
        self = wide
    }

    /// Makes a frame wider about its axis, its contents staying in line.
    mutating func stretch(to wanted: Double) {
        let left = max(axis, wanted / 2), right = max(self.right, wanted / 2)
        let shift = left - axis
        guard left + right > width else { return }
        let wide = left + right
        func stretched(_ area: Drawing.Rectangle) -> Drawing.Rectangle {
            Drawing.Rectangle(x: 0, y: area.y, width: wide, height: area.height)
        }
        shapes = shapes.enumerated().map { index, shape in
            guard index == 0, case .frame(let item, let area, let name) = shape else {
                return shape.moved(shift, 0)
            }
            return .frame(item, stretched(area), name: name)
        }
        places = places.mapValues(stretched)
        axis = left
        width = wide
    }

    /// Draws a line from place to place.
    mutating func line(_ points: [(Double, Double)], hasHead: Bool = false) {
        shapes.append(.line(points.map { Drawing.Point($0.0, $0.1) }, hasHead: hasHead))
    }

    /// A line straight down.
    static func wire(_ length: Double, hasHead: Bool) -> DiagramBlock {
        var block = DiagramBlock(height: length)
        block.line([(0, 0), (0, length)], hasHead: hasHead)
        return block
    }
}

extension DiagramBlock.Shape {
    fileprivate func moved(_ x: Double, _ y: Double) -> Self {
        switch self {
        case .box(let item, let area, let prefix): .box(item, area.moved(x, y), prefix: prefix)
        case .frame(let item, let area, let name): .frame(item, area.moved(x, y), name: name)
        case .line(let points, let hasHead):
            .line(points.map { Drawing.Point($0.x + x, $0.y + y) }, hasHead: hasHead)
        case .dot(let point): .dot(Drawing.Point(point.x + x, point.y + y))
        }
    }
}

extension Drawing.Rectangle {
    fileprivate func moved(_ x: Double, _ y: Double) -> Drawing.Rectangle {
        Drawing.Rectangle(x: self.x + x, y: self.y + y, width: width, height: height)
    }

    var middle: Drawing.Point { Drawing.Point(x + width / 2, y + height / 2) }
}
