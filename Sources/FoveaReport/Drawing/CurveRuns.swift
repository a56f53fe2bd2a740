// SPDX-License-Identifier: Apache-2.0

/// The geometry of broken lines: where they break, what of them is visible, what the eye can tell.
enum CurveRuns {
    /// Splits points into runs without a gap; every value that is not finite is a gap.
    static func split(_ points: [Curve.Point]) -> [[Curve.Point]] {
        var runs: [[Curve.Point]] = [], run: [Curve.Point] = []
        for point in points {
            if point.x.isFinite, point.y.isFinite {
                run.append(point)
            } else if !run.isEmpty {
                runs.append(run)
                run = []
            }
        }
        return run.isEmpty ? runs : runs + [run]
    }

    /// Keeps, of the points that share a column of `width`, only the first, extremes and last.
    ///
    /// A run may log every step; thousands of points within a pixel only make the file large.
    static func thinned(_ points: [Drawing.Point], to width: Double) -> [Drawing.Point] {
        guard points.count > 2000 else { return points }
        var result: [Drawing.Point] = []
        var start = 0
        while start < points.count {
            let column = (points[start].x / width).rounded(.down)
            var end = start + 1, low = start, high = start
            while end < points.count, (points[end].x / width).rounded(.down) == column {
                if points[end].y < points[low].y { low = end }
                if points[end].y > points[high].y { high = end }
                end += 1
            }
            result += Set([start, low, high, end - 1]).sorted().map { points[$0] }
            start = end
        }
        return result
    }

    /// The parts of a broken line within a rectangle.
    static func clipped(
        _ points: [Drawing.Point], to area: Drawing.Rectangle
    ) -> [[Drawing.Point]] {
        var pieces: [[Drawing.Point]] = []
        for (start, end) in zip(points, points.dropFirst()) {
            guard let (from, to) = clipped(from: start, to: end, area) else { continue }
            if let last = pieces.indices.last, pieces[last].last == from {
                pieces[last].append(to)
            } else {
                pieces.append([from, to])
            }
        }
        return pieces
    }

    /// The part of a segment within a rectangle (Liang and Barsky, 1984).
    private static func clipped(
        from start: Drawing.Point, to end: Drawing.Point, _ area: Drawing.Rectangle
    ) -> (Drawing.Point, Drawing.Point)? {
        let dx = end.x - start.x, dy = end.y - start.y
        var enter = 0.0, leave = 1.0
        let edges = [
            (-dx, start.x - area.x), (dx, area.maxX - start.x), (-dy, start.y - area.y),
            (dy, area.maxY - start.y),
        ]
        for (direction, distance) in edges {
            if direction == 0 {
                if distance < 0 { return nil }
            } else if direction < 0 {
                enter = max(enter, distance / direction)
            } else {
                leave = min(leave, distance / direction)
            }
        }
        // A segment that only touches the edge adds nothing but a doubled point.
        guard leave - enter > 1e-9 else { return nil }
        func point(_ part: Double) -> Drawing.Point {
            switch part {
            case 0: start
            case 1: end
            default: Drawing.Point(start.x + part * dx, start.y + part * dy)
            }
        }
        return (point(enter), point(leave))
    }

    /// Places along a line, at most `distance` apart.
    static func sampled(_ points: [Drawing.Point], every distance: Double) -> [Drawing.Point] {
        var result: [Drawing.Point] = []
        for (start, end) in zip(points, points.dropFirst()) {
            let dx = end.x - start.x, dy = end.y - start.y
            let count = max(1, Int((dx.magnitude + dy.magnitude) / distance))
            for index in 0...count {
                let part = Double(index) / Double(count)
                result.append(Drawing.Point(start.x + part * dx, start.y + part * dy))
            }
        }
        return result
    }
}
