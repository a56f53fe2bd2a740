// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Averages in loops of our own: those that the library does not have, of grids of unequal cells and
/// of windows that hang over counted padding; and those of images in blocks of eight channels, for
/// which the library takes several times as long as the memory does.
extension OneDNNLibrary {
    // x → y
    func adaptiveAveragePool(
        _ op: Op.AdaptiveAveragePool, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(adaptive: request.inputs[0].shape, to: request.outputs[0].shape)
        return kernel(
            "adaptiveAveragePool", cells, .average, request.blocks ?? .plain, request)
    }

    // dy → dx
    func adaptiveAveragePoolGradient(
        _ op: Op.AdaptiveAveragePoolGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(adaptive: op.inputShape, to: request.inputs[0].shape)
        return kernel(
            "adaptiveAveragePoolGradient", cells, .share, request.blocks ?? .plain, request)
    }

    // x → y
    func averagePoolLoop(
        _ op: Op.AveragePool, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(
            op.window, op.countsPadding, request.inputs[0].shape, to: request.outputs[0].shape)
        return kernel("averagePool", cells, .average, arrangement, request)
    }

    // dy → dx
    func averagePoolGradientLoop(
        _ op: Op.AveragePoolGradient, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(op.window, op.countsPadding, op.inputShape, to: request.inputs[0].shape)
        return kernel("averagePoolGradient", cells, .share, arrangement, request)
    }

    private func kernel(
        _ name: String, _ cells: Cells, _ direction: Cells.Direction, _ arrangement: Arrangement,
        _ request: KernelRequest
    ) -> KernelChoice {
        let planes = arrangement.planes(of: request.inputs[0].shape)
        let kernel =
            switch arrangement {
            case .blocked8:
                LoopKernel(name) { cells.run(direction, $0, planes, SIMD8<Float>.self) }
            case .blocked16:
                LoopKernel(name) { cells.run(direction, $0, planes, SIMD16<Float>.self) }
            case .plain, .channelsLast:
                LoopKernel(name) { cells.run(direction, $0, planes, Float.self) }
            }
        return request.arranged(arrangement, kernel)
    }
}

extension KernelRequest {
    /// The blocks of channels in which the first input lies, if it does.
    var blocks: Arrangement? {
        guard let arrangement = layout(0).arrangement, arrangement.block != nil else { return nil }
        return arrangement
    }
}

extension Arrangement {
    /// The planes of pixels in which images lie: one a channel, or one a block of channels.
    fileprivate func planes(of images: Shape) -> Int {
        let block = block ?? 1
        return images.batch * ((images.channels + block - 1) / block)
    }
}

/// What lies at a pixel of a plane: a channel's number, or those of a block of channels.
private protocol PixelNumbers {
    static var zero: Self { get }
    static func + (_: Self, _: Self) -> Self
    static func * (_: Float, _: Self) -> Self
}

extension Float: PixelNumbers {}
extension SIMD8: PixelNumbers where Scalar == Float {}
extension SIMD16: PixelNumbers where Scalar == Float {}

/// Which rows and columns each output of an average reads, and what their sum is divided by.
private struct Cells {
    /// What is written: the mean of each cell, or to each cell its share of an output's gradient.
    enum Direction { case average, share }

    private let input: Extent
    private let rows, columns: [Range<Int>]
    /// One over the divisor of each output.
    private let factors: [Float]

    init(adaptive x: Shape, to y: Shape) {
        input = x.extent
        rows = (0..<y.height).map {
            Op.AdaptiveAveragePool.cell($0, of: y.height, length: x.height)
        }
        columns = (0..<y.width).map {
            Op.AdaptiveAveragePool.cell($0, of: y.width, length: x.width)
        }
        let columns = columns
        factors = rows.flatMap { row in columns.map { 1 / Float(row.count * $0.count) } }
    }

    init(_ window: Window, _ countsPadding: Bool, _ x: Shape, to y: Shape) {
        input = x.extent
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
        rows = vertical.read
        columns = horizontal.read
        factors = vertical.counted.flatMap { height in
            horizontal.counted.map { 1 / Float(height * $0) }
        }
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
