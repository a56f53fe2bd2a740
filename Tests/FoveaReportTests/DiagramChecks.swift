// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import FoveaReport

/// What must hold for the picture of every network, whatever it looks like.
struct DiagramChecks {
    private let level: DiagramLevel
    private let block: DiagramBlock
    private var boxes: [Drawing.Rectangle] = []
    private var frames: [Drawing.Rectangle] = []
    private var lines: [[Drawing.Point]] = []

    init(_ level: DiagramLevel) {
        self.level = level
        block = DiagramLayout(level).block(hasEnds: false)
        for shape in block.shapes {
            switch shape {
            case .box(_, let area, _): boxes.append(area)
            case .frame(_, let area, _): frames.append(area)
            case .line(let points, _): lines.append(points)
            case .dot: break
            }
        }
    }

    /// Checks everything.
    func check(_ name: String) {
        #expect(boxes.count == level.boxCount, "\(name)")
        nothingOverlaps(name)
        noLineCrossesABox(name)
        linesLeadWhereTheyShould(name)
        everythingIsInside(name)
    }

    private func nothingOverlaps(_ name: String) {
        for (index, box) in boxes.enumerated() {
            for other in boxes[(index + 1)...] {
                #expect(!box.meets(other), "\(name): \(box) and \(other)")
            }
            for frame in frames {
                #expect(!box.meets(frame) || frame.holds(box), "\(name): \(box) and \(frame)")
            }
        }
        for (index, frame) in frames.enumerated() {
            for other in frames[(index + 1)...] where frame.meets(other) {
                #expect(frame.holds(other) || other.holds(frame), "\(name)")
            }
        }
    }

    private func noLineCrossesABox(_ name: String) {
        for line in lines {
            for (start, end) in zip(line, line.dropFirst()) {
                #expect(start.x == end.x || start.y == end.y, "\(name): an oblique line")
                let area = Drawing.Rectangle(
                    x: min(start.x, end.x), y: min(start.y, end.y),
                    width: abs(start.x - end.x), height: abs(start.y - end.y))
                for box in boxes {
                    #expect(!area.meets(box.grown(by: -0.5)), "\(name): \(line) through \(box)")
                }
            }
        }
    }

    private func everythingIsInside(_ name: String) {
        let whole = Drawing.Rectangle(x: 0, y: 0, width: block.width, height: block.height)
            .grown(by: 0.01)
        for area in boxes + frames { #expect(whole.holds(area), "\(name): \(area)") }
        for point in lines.joined() { #expect(whole.contains(point), "\(name): \(point)") }
    }

    /// For each arrow between boxes of the level, some connected lines touch both.
    private func linesLeadWhereTheyShould(_ name: String) {
        var group = Array(lines.indices)
        func find(_ line: Int) -> Int {
            var line = line
            while group[line] != line { line = group[line] }
            return line
        }
        for one in lines.indices {
            for other in lines.indices where other != one {
                let ends = [lines[one].first, lines[one].last].compactMap { $0 }
                if ends.contains(where: { touches($0, lines[other]) }) {
                    group[find(one)] = find(other)
                }
            }
        }
        func groups(at item: Int) -> Set<Int> {
            guard let place = block.places[item] else { return [] }
            return Set(
                lines.indices.filter { line in
                    [lines[line].first, lines[line].last].contains { end in
                        end.map { place.grown(by: 0.01).contains($0) } ?? false
                    }
                }.map(find))
        }
        for link in level.links
        where link.from != DiagramLevel.entry && link.to != DiagramLevel.exit {
            #expect(
                !groups(at: link.from).isDisjoint(with: groups(at: link.to)),
                "\(name): \(link) is not drawn")
        }
    }

    private func touches(_ point: Drawing.Point, _ line: [Drawing.Point]) -> Bool {
        zip(line, line.dropFirst()).contains { start, end in
            point.x >= min(start.x, end.x) - 0.01 && point.x <= max(start.x, end.x) + 0.01
                && point.y >= min(start.y, end.y) - 0.01
                && point.y <= max(start.y, end.y) + 0.01
        }
    }
}

extension Drawing.Rectangle {
    /// Whether two rectangles have more than an edge in common.
    func meets(_ other: Drawing.Rectangle) -> Bool {
        let slack = 0.001
        return x < other.maxX - slack && other.x < maxX - slack && y < other.maxY - slack
            && other.y < maxY - slack
    }

    fileprivate func holds(_ other: Drawing.Rectangle) -> Bool {
        x <= other.x && y <= other.y && maxX >= other.maxX && maxY >= other.maxY
    }
}
