// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Averages that the library does not have: grids of unequal cells, and windows that hang over
/// counted padding.
extension OneDNNLibrary {
    // x → y
    func adaptiveAveragePool(
        _ op: Op.AdaptiveAveragePool, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(adaptive: request.inputs[0].shape, to: request.outputs[0].shape)
        return request.plain(LoopKernel("adaptiveAveragePool", cells.average))
    }

    // dy → dx
    func adaptiveAveragePoolGradient(
        _ op: Op.AdaptiveAveragePoolGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(adaptive: op.inputShape, to: request.inputs[0].shape)
        return request.plain(LoopKernel("adaptiveAveragePoolGradient", cells.share))
    }

    // x → y
    func averagePoolLoop(
        _ window: Window, _ countsPadding: Bool, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(
            window, countsPadding, request.inputs[0].shape, to: request.outputs[0].shape)
        return request.plain(LoopKernel("averagePool", cells.average))
    }

    // dy → dx
    func averagePoolGradientLoop(
        _ op: Op.AveragePoolGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = Cells(
            op.window, op.countsPadding, op.inputShape, to: request.inputs[0].shape)
        return request.plain(LoopKernel("averagePoolGradient", cells.share))
    }
}

/// Which rows and columns each output of an average reads, and what their sum is divided by.
private struct Cells {
    private let images: Int
    private let input: Extent
    private let rows, columns: [Range<Int>]
    /// One over the divisor of each output.
    private let factors: [Float]

    init(adaptive x: Shape, to y: Shape) {
        images = x.batch * x.channels
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
        images = x.batch * x.channels
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
    func average(_ operands: LoopKernel.Operands) {
        let x = operands.input(0), y = operands.output(0)
        Team.split(images) { part in
            for image in part {
                let source = x + image * input.area
                let target = y + image * factors.count
                for (i, row) in rows.enumerated() {
                    for (j, column) in columns.enumerated() {
                        var sum: Float = 0
                        for r in row { for c in column { sum += source[r * input.width + c] } }
                        let output = i * columns.count + j
                        target[output] = sum * factors[output]
                    }
                }
            }
        }
    }

    /// Shares each output's gradient equally among its cell.
    func share(_ operands: LoopKernel.Operands) {
        let dy = operands.input(0), dx = operands.output(0)
        Team.split(images) { part in
            for image in part {
                let source = dy + image * factors.count
                let target = dx + image * input.area
                target.update(repeating: 0, count: input.area)
                for (i, row) in rows.enumerated() {
                    for (j, column) in columns.enumerated() {
                        let output = i * columns.count + j
                        let shared = source[output] * factors[output]
                        for r in row { for c in column { target[r * input.width + c] += shared } }
                    }
                }
            }
        }
    }
}
