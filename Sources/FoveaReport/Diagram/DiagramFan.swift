// SPDX-License-Identifier: Apache-2.0

/// Branches side by side between the place where they part and the one where they meet.
struct DiagramFan {
    /// The distance from the top to the line at which the branches part.
    let top: Double
    /// The height of the tallest branch.
    let height: Double
    /// What the branches meet at, which decides how their lines arrive.
    let end: DiagramItem.Kind?
    /// Whether lines end in an arrow.
    let hasHead: Bool
    /// The size of what they meet at, if lines reach its sides.
    var endSize = Drawing.Size(width: 0, height: 0)

    /// Draws the branches.
    ///
    /// - Parameters:
    ///   - columns: The branches from the left; unless centred, the first is in line with the rest.
    ///   - isDirect: Whether a line passes the branches by.
    ///   - isCentred: Whether the axis is in the middle of the branches.
    /// - Returns: The branches and all lines.
    func block(_ columns: [DiagramBlock], isDirect: Bool, isCentred: Bool) -> DiagramBlock {
        var block = DiagramBlock()
        var lanes: [(x: Double, from: Double, to: Double)] = []
        for (index, column) in columns.enumerated() {
            let left = index == 0 ? 0 : block.width + DiagramMetrics.columnGap
            let y = top + (height - column.height) / 2
            block.draw(column, x: left, y: y)
            lanes.append((left + column.axis, y, y + column.height))
            block.width = left + column.width
        }
        if isDirect {
            let x = block.width + 12
            lanes.append((x, top, top))
            block.width = x + 4
        }
        let outer = (lanes.first?.x ?? 0, lanes.last?.x ?? 0)
        block.axis = isCentred ? (outer.0 + outer.1) / 2 : outer.0
        block.height = top + height + 12
        draw(lanes, on: &block)
        if end == .concatenation { block.arrivals = outer.0...outer.1 }
        return block
    }

    private func draw(
        _ lanes: [(x: Double, from: Double, to: Double)], on block: inout DiagramBlock
    ) {
        let axis = block.axis, bottom = block.height
        block.line([(axis, 0), (axis, top)])
        for lane in lanes {
            let isStraight = lane.x == axis
            block.line([(axis, top), (lane.x, top), (lane.x, lane.from)])
            switch end {
            case .concatenation:
                block.line([(lane.x, lane.to), (lane.x, bottom)], hasHead: hasHead)
            case .sum where !isStraight:
                let side = endSize.width / 2, y = bottom + endSize.height / 2
                let x = lane.x > axis ? axis + side : axis - side
                block.line([(lane.x, lane.to), (lane.x, y), (x, y)], hasHead: hasHead)
            case .sum:
                block.line([(lane.x, lane.to), (lane.x, bottom)], hasHead: hasHead)
            default:
                block.line([(lane.x, lane.to), (lane.x, bottom - 8), (axis, bottom - 8)])
            }
        }
        switch end {
        case .concatenation, .sum: break
        default: block.line([(axis, bottom - 8), (axis, bottom)], hasHead: hasHead)
        }
    }
}

/// A column of boxes with rails at its right, along which outputs run to boxes further down.
struct DiagramRails {
    /// A line from below one box to above others.
    struct Rail {
        /// The gap it leaves from, counted from the top.
        let from: Int
        /// The gaps it leads to.
        let to: [Int]
        /// The last of these.
        let last: Int
    }

    let rails: [Rail]
    /// For each gap, whether the box below it reads the one above it.
    let straight: [Bool]
    /// For each gap, whether what is below it is a box and not a frame.
    let isBoxed: [Bool]
    /// Whether the last line ends in an arrow.
    let hasHead: Bool

    private static let gap = 24.0
    private static let distance = 7.0

    /// Draws the column.
    ///
    /// - Parameter boxes: The boxes from the top; there is a gap above each and one below the last.
    /// - Returns: The boxes, the lines between them and the rails.
    func block(_ boxes: [DiagramBlock]) -> DiagramBlock {
        var block = DiagramBlock()
        var gaps: [Double] = []
        for (gap, isStraight) in straight.enumerated() {
            gaps.append(block.height)
            let head = isBoxed[gap] && (hasHead || gap < straight.count - 1)
            block.append(
                isStraight ? .wire(Self.gap, hasHead: head) : DiagramBlock(height: Self.gap))
            if gap < boxes.count { block.append(boxes[gap]) }
        }
        let lanes = assigned()
        let edge = block.width + 10
        for (rail, lane) in zip(rails, lanes) {
            let x = edge + Double(lane) * Self.distance
            let start = gaps[rail.from] + 6
            block.line([(block.axis, gaps[rail.from]), (block.axis, start), (x, start)])
            for target in rail.to {
                let y = gaps[target] + Self.gap - 9
                let head = isBoxed[target] && (hasHead || target < straight.count - 1)
                block.line(
                    [(x, start), (x, y), (block.axis, y), (block.axis, gaps[target] + Self.gap)],
                    hasHead: head)
                if target != rail.last { block.shapes.append(.dot(Drawing.Point(x, y))) }
            }
        }
        block.width = edge + Double((lanes.max() ?? -1) + 1) * Self.distance
        return block
    }

    /// A lane for each rail, so that no two overlap.
    private func assigned() -> [Int] {
        var ends: [Int] = []
        return rails.map { rail in
            let lane = ends.firstIndex { $0 < rail.from } ?? ends.count
            if lane == ends.count { ends.append(rail.last) } else { ends[lane] = rail.last }
            return lane
        }
    }
}
