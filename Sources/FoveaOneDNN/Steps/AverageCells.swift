// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// What lies at a pixel of a plane: a channel's number, or those of a block of channels.
protocol PixelNumbers {
    static var zero: Self { get }
    static func + (_: Self, _: Self) -> Self
    static func * (_: Float, _: Self) -> Self
}

extension Float: PixelNumbers {}
extension SIMD8: PixelNumbers where Scalar == Float {}
extension SIMD16: PixelNumbers where Scalar == Float {}

/// Which rows and columns each output of an average reads, and what their sum is divided by.
struct AverageCells {
    /// What is written: the mean of each cell, or to each cell its share of an output's gradient.
    enum Direction { case average, share }

    private let input: Extent
    let rows, columns: [Range<Int>]
    /// One over the rows and over the columns that each output counts.
    let heights, widths: [Float]
    /// One over the divisor of each output.
    private let factors: [Float]

    init(adaptive x: Shape, to y: Shape) {
        let rows = (0..<y.height).map {
            Op.AdaptiveAveragePool.cell($0, of: y.height, length: x.height)
        }
        let columns = (0..<y.width).map {
            Op.AdaptiveAveragePool.cell($0, of: y.width, length: x.width)
        }
        self.init(x.extent, rows, columns, counting: rows.map(\.count), columns.map(\.count))
    }

    init(_ window: Window, _ countsPadding: Bool, _ x: Shape, to y: Shape) {
        func spans(
            _ count: Int, _ length: Int, _ kernel: Int, _ stride: Int, _ padding: Int
        ) -> (read: [Range<Int>], counted: [Int]) {
            let starts = (0..<count).map { $0 * stride - padding }
            let read = starts.map { max($0, 0)..<min($0 + kernel, length) }
            let counted = starts.map { min($0 + kernel, length + padding) - $0 }
            return (read, countsPadding ? counted : read.map(\.count))
        }
        let vertical = spans(
            y.height, x.height, window.kernel.height, window.stride.height, window.padding.height)
        let horizontal = spans(
            y.width, x.width, window.kernel.width, window.stride.width, window.padding.width)
        self.init(
            x.extent, vertical.read, horizontal.read, counting: vertical.counted,
            horizontal.counted)
    }

    private init(
        _ input: Extent, _ rows: [Range<Int>], _ columns: [Range<Int>], counting heights: [Int],
        _ widths: [Int]
    ) {
        self.input = input
        self.rows = rows
        self.columns = columns
        self.heights = heights.map { 1 / Float($0) }
        self.widths = widths.map { 1 / Float($0) }
        factors = heights.flatMap { height in widths.map { 1 / Float(height * $0) } }
    }

    /// Reads a tensor of one size and writes one of the other, plane by plane.
    @inline(__always)
    func run<Numbers: PixelNumbers>(
        _ direction: Direction, _ operands: LoopKernel.Operands, _ planes: Int, _: Numbers.Type
    ) {
        let source = operands.inputs[0].assumingMemoryBound(to: Numbers.self)
        let target = operands.outputs[0].assumingMemoryBound(to: Numbers.self)
        let area = input.area, count = factors.count
        Team.split(planes) { part in
            for plane in part {
                switch direction {
                case .average: average(source + plane * area, to: target + plane * count)
                case .share: share(source + plane * count, to: target + plane * area)
                }
            }
        }
    }

    /// Writes the mean of each cell of a plane.
    @inline(__always)
    private func average<Numbers: PixelNumbers>(
        _ x: UnsafeMutablePointer<Numbers>, to y: UnsafeMutablePointer<Numbers>
    ) {
        for (output, factor) in factors.enumerated() {
            var sum = Numbers.zero
            forEachPlace(of: output) { sum = sum + x[$0] }
            y[output] = factor * sum
        }
    }

    /// Shares each output's gradient equally among its cell.
    @inline(__always)
    private func share<Numbers: PixelNumbers>(
        _ dy: UnsafeMutablePointer<Numbers>, to dx: UnsafeMutablePointer<Numbers>
    ) {
        dx.update(repeating: Numbers.zero, count: input.area)
        for (output, factor) in factors.enumerated() {
            let shared = factor * dy[output]
            forEachPlace(of: output) { dx[$0] = dx[$0] + shared }
        }
    }

    /// Calls a body with every place of an output's cell.
    @inline(__always)
    private func forEachPlace(of output: Int, _ body: (Int) -> Void) {
        let (row, column) = output.quotientAndRemainder(dividingBy: columns.count)
        for r in rows[row] {
            for place in columns[column] { body(r * input.width + place) }
        }
    }
}
