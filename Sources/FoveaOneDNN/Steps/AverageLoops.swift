// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Averages in loops of our own: those that the library does not have, of grids of unequal cells and
/// of windows that hang over counted padding; and, without AVX-512, those of images in blocks of
/// channels, for which the library takes several times as long as the memory does.
extension OneDNNLibrary {
    // x → y
    func adaptiveAveragePool(
        _ op: Op.AdaptiveAveragePool, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(adaptive: request.inputs[0].shape, to: request.outputs[0].shape)
        return average(cells, "adaptiveAveragePool", .plain, request)
    }

    // dy → dx
    func adaptiveAveragePoolGradient(
        _ op: Op.AdaptiveAveragePoolGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(adaptive: op.inputShape, to: request.inputs[0].shape)
        return share(cells, "adaptiveAveragePoolGradient", .plain, request)
    }

    // x → y
    func averagePoolLoop(
        _ op: Op.AveragePool, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(
            op.window, op.countsPadding, request.inputs[0].shape, to: request.outputs[0].shape)
        return average(cells, "averagePool", arrangement, request)
    }

    // dy → dx
    func averagePoolGradientLoop(
        _ op: Op.AveragePoolGradient, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(op.window, op.countsPadding, op.inputShape, to: request.inputs[0].shape)
        return share(cells, "averagePoolGradient", arrangement, request)
    }

    private func average(
        _ cells: Cells, _ name: String, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let x = request.inputs[0].shape
        let planes = arrangement.planes(of: x)
        let kernel =
            switch arrangement {
            case .blocked8: LoopKernel(name) { cells.average($0, planes, SIMD8<Float>.self) }
            case .blocked16: LoopKernel(name) { cells.average($0, planes, SIMD16<Float>.self) }
            case .plain, .channelsLast: LoopKernel(name) { cells.average($0, planes, Float.self) }
            }
        return request.arranged(arrangement, kernel)
    }

    private func share(
        _ cells: Cells, _ name: String, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let planes = arrangement.planes(of: request.inputs[0].shape)
        let kernel =
            switch arrangement {
            case .blocked8: LoopKernel(name) { cells.share($0, planes, SIMD8<Float>.self) }
            case .blocked16: LoopKernel(name) { cells.share($0, planes, SIMD16<Float>.self) }
            case .plain, .channelsLast: LoopKernel(name) { cells.share($0, planes, Float.self) }
            }
        return request.arranged(arrangement, kernel)
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

    /// Writes the mean of each cell.
    @inline(__always)
    func average<Numbers: PixelNumbers>(
        _ operands: LoopKernel.Operands, _ planes: Int, _: Numbers.Type
    ) {
        let x = operands.inputs[0].assumingMemoryBound(to: Numbers.self)
        let y = operands.outputs[0].assumingMemoryBound(to: Numbers.self)
        Team.split(planes) { part in
            for plane in part {
                let source = x + plane * input.area
                var target = y + plane * factors.count
                forEachCell { row, column, factor in
                    var sum = Numbers.zero
                    for r in row {
                        let line = source + r * input.width
                        for c in column { sum = sum + line[c] }
                    }
                    target.pointee = factor * sum
                    target += 1
                }
            }
        }
    }

    /// Shares each output's gradient equally among its cell.
    @inline(__always)
    func share<Numbers: PixelNumbers>(
        _ operands: LoopKernel.Operands, _ planes: Int, _: Numbers.Type
    ) {
        let dy = operands.inputs[0].assumingMemoryBound(to: Numbers.self)
        let dx = operands.outputs[0].assumingMemoryBound(to: Numbers.self)
        Team.split(planes) { part in
            for plane in part {
                var source = dy + plane * factors.count
                let target = dx + plane * input.area
                target.update(repeating: Numbers.zero, count: input.area)
                forEachCell { row, column, factor in
                    let shared = factor * source.pointee
                    source += 1
                    for r in row {
                        let line = target + r * input.width
                        for c in column { line[c] = line[c] + shared }
                    }
                }
            }
        }
    }

    /// Calls a body with the rows, columns and factor of each output, one after the other.
    @inline(__always)
    private func forEachCell(
        _ body: (_ row: Range<Int>, _ column: Range<Int>, _ factor: Float) -> Void
    ) {
        for (i, row) in rows.enumerated() {
            for (j, column) in columns.enumerated() {
                body(row, column, factors[i * columns.count + j])
            }
        }
    }
}
