// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// The gradient of averages over windows of images whose channels lie last.
///
/// A pixel's few channels fill no vector, but all that a row of outputs shares lies side by side: what a row of
/// inputs gets of each is computed in one go, and then put under the columns. The library's kernel takes
/// several times as long.
struct AverageRows<Number: StoredNumber>: Sendable {
    private let batch, channels: Int
    private let input, output: Extent
    /// Which outputs read each row and each column.
    private let rows, columns: [Range<Int>]
    /// One over the rows that each row of outputs counts.
    private let heights: [Float]
    /// One over the columns, for each number of a row.
    private let widths: [Float]
    /// Whether no column is read twice.
    private let areApart: Bool
    private let threads: Int

    init(_ cells: AverageCells, _ x: Shape, to y: Shape) {
        batch = x.batch
        channels = x.channels
        input = x.extent
        output = y.extent
        rows = Self.readers(of: x.height, cells.rows)
        columns = Self.readers(of: x.width, cells.columns)
        areApart = columns.allSatisfy { $0.count <= 1 }
        heights = cells.heights
        widths = cells.widths.flatMap { [Float](repeating: $0, count: x.channels) }
        threads = Team.count
    }

    /// The outputs whose spans hold each of so many places.
    private static func readers(of count: Int, _ spans: [Range<Int>]) -> [Range<Int>] {
        (0..<count).map { place in
            let first = spans.firstIndex { place < $0.upperBound } ?? spans.count
            let end = spans.firstIndex { place < $0.lowerBound } ?? spans.count
            return first..<max(first, end)
        }
    }

    /// The floats of temporary memory: for each thread what a row of outputs shares.
    var scratchCount: Int { threads * shareCount }

    private var shareCount: Int { (widths.count + Self.width + 15) / 16 * 16 }

    /// The numbers that are moved at a time.
    private static var width: Int { 8 }

    /// Shares each output's gradient equally among its window.
    func share(
        _ dy: UnsafeMutablePointer<Number>, to dx: UnsafeMutablePointer<Number>,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        Team.split(threads) { part in
            for thread in part {
                let shares = scratch + thread * shareCount
                for image in batch * thread / threads..<batch * (thread + 1) / threads {
                    share(
                        image: dy + image * output.area * channels,
                        to: dx + image * input.area * channels, shares)
                }
            }
        }
    }

    private func share(
        image dy: UnsafeMutablePointer<Number>, to dx: UnsafeMutablePointer<Number>,
        _ shares: UnsafeMutablePointer<Float>
    ) {
        let length = input.width * channels
        for (row, readers) in rows.enumerated() {
            let line = dx + row * length
            if row > 0, readers == rows[row - 1] {
                line.update(from: line - length, count: length)
            } else if areApart {
                // What is rounded once goes to several columns.
                let rounded = UnsafeMutableRawPointer(shares).assumingMemoryBound(to: Number.self)
                sum(readers, of: dy, to: rounded)
                copy(rounded, to: line)
            } else {
                sum(readers, of: dy, to: shares)
                add(shares, to: line)
            }
        }
    }

    /// What a row of inputs gets of each output in those rows that read it.
    @inline(__always)
    private func sum<Share: StoredNumber>(
        _ readers: Range<Int>, of dy: UnsafeMutablePointer<Number>,
        to shares: UnsafeMutablePointer<Share>
    ) {
        let count = widths.count
        widths.withUnsafeBufferPointer { widths in
            for start in stride(from: 0, to: count, by: 16) {
                let width = min(16, count - start)
                var sum = SIMD16<Float>(repeating: 0)
                for reader in readers {
                    sum += heights[reader] * dy.lanes(reader * count + start, width)
                }
                if width == 16, let widths = widths.baseAddress {
                    sum *= Float.load(widths + start) as SIMD16<Float>
                } else {
                    for lane in 0..<width { sum[lane] *= widths[start + lane] }
                }
                shares.write(sum, start, width)
            }
        }
    }

    /// Writes for each column what the output that reads it shares.
    ///
    /// What a vector writes beyond a pixel's channels is written again with the next pixel.
    @inline(__always)
    private func copy(
        _ shares: UnsafeMutablePointer<Number>, to line: UnsafeMutablePointer<Number>
    ) {
        let whole = (channels + Self.width - 1) / Self.width * Self.width
        let bytes = Self.width * MemoryLayout<Number>.stride
        var target = line
        let end = line + input.width * channels
        columns.withUnsafeBufferPointer { columns in
            for readers in columns {
                let source = shares + readers.lowerBound * channels
                if readers.isEmpty {
                    target.update(repeating: Number(rounding: 0), count: channels)
                } else if target + whole <= end {
                    for start in stride(from: 0, to: channels, by: Self.width) {
                        UnsafeMutableRawPointer(target + start).copyMemory(
                            from: source + start, byteCount: bytes)
                    }
                } else {
                    target.update(from: source, count: channels)
                }
                target += channels
            }
        }
    }

    /// Writes for each column the sum of what the outputs that read it share.
    @inline(__always)
    private func add(
        _ shares: UnsafeMutablePointer<Float>, to line: UnsafeMutablePointer<Number>
    ) {
        for (column, readers) in columns.enumerated() {
            for channel in 0..<channels {
                var sum: Float = 0
                for reader in readers { sum += shares[reader * channels + channel] }
                line[column * channels + channel] = Number(rounding: sum)
            }
        }
    }
}
