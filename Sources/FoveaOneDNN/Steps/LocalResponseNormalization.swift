// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import Glibc

/// Local response normalizations, in loops of our own: oneDNN 2.6.3 has quick kernels for some sizes
/// and layouts only, and leaves the others to its reference.
extension OneDNNLibrary {
    // x → y, s
    func localResponseNormalization(
        _ op: Op.LocalResponseNormalization, _ request: KernelRequest
    ) -> KernelChoice {
        let arrangement = Self.channelArrangement(request, like: 0)
        let pixels = PixelRows(request.inputs[0].shape, arrangement)
        let reach = op.reach, channels = pixels.channels
        let kernel = LoopKernel("localResponseNormalization", worksInPlace: true) { operands in
            Team.split(pixels.count) { part in
                withRows(3, channels) { rows in
                    let x = rows, squares = rows + channels, s = rows + 2 * channels
                    for pixel in part {
                        pixels.read(pixel, operands.input(0), into: x)
                        for i in 0..<channels { squares[i] = x[i] * x[i] }
                        reach.sum(squares, channels, into: s)
                        for i in 0..<channels { s[i] = reach.k + reach.weight * s[i] }
                        if op.recordsScales { pixels.write(s, pixel, to: operands.output(1)) }
                        for i in 0..<channels { x[i] *= reach.power(s[i]) }
                        pixels.write(x, pixel, to: operands.output(0))
                    }
                }
            }
        }
        return request.arranged(arrangement, kernel)
    }

    // dy, x, s → dx
    func localResponseNormalizationGradient(
        _ op: Op.LocalResponseNormalizationGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let arrangement = Self.channelArrangement(request, like: 1)
        let pixels = PixelRows(request.inputs[0].shape, arrangement)
        let reach = op.reach, channels = pixels.channels
        let slope = 2 * reach.weight * reach.beta
        let kernel = LoopKernel("localResponseNormalizationGradient", worksInPlace: true) {
            operands in
            Team.split(pixels.count) { part in
                withRows(5, channels) { rows in
                    let dy = rows, x = rows + channels, s = rows + 2 * channels
                    let terms = rows + 3 * channels, sums = rows + 4 * channels
                    for pixel in part {
                        pixels.read(pixel, operands.input(0), into: dy)
                        pixels.read(pixel, operands.input(1), into: x)
                        pixels.read(pixel, operands.input(2), into: s)
                        for i in 0..<channels {
                            dy[i] *= reach.power(s[i])
                            terms[i] = dy[i] * x[i] / s[i]
                        }
                        reach.sum(terms, channels, into: sums)
                        for i in 0..<channels { dy[i] -= slope * x[i] * sums[i] }
                        pixels.write(dy, pixel, to: operands.output(0))
                    }
                }
            }
        }
        return request.arranged(arrangement, kernel)
    }
}

/// Rows of memory for a while.
private func withRows(
    _ count: Int, _ channels: Int, _ body: (UnsafeMutablePointer<Float>) -> Void
) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count * channels) { buffer in
        if let base = buffer.baseAddress { body(base) }
    }
}

/// The channels of each pixel of a tensor, one after the other.
private struct PixelRows {
    /// The number of pixels of all images.
    let count: Int
    let channels: Int
    private let area: Int
    private let width: Int

    init(_ shape: Shape, _ arrangement: Arrangement) {
        channels = shape.channels
        area = shape.extent.area
        count = shape.batch * area
        width = arrangement.block ?? channels
    }

    /// Where some channels of a pixel begin that lie side by side.
    private func position(_ pixel: Int, _ block: Int) -> Int {
        let blocks = (channels + width - 1) / width
        return ((pixel / area * blocks + block) * area + pixel % area) * width
    }

    func read(
        _ pixel: Int, _ source: UnsafeMutablePointer<Float>, into row: UnsafeMutablePointer<Float>
    ) {
        for (block, start) in stride(from: 0, to: channels, by: width).enumerated() {
            (row + start).update(
                from: source + position(pixel, block), count: min(width, channels - start))
        }
    }

    func write(
        _ row: UnsafeMutablePointer<Float>, _ pixel: Int, to target: UnsafeMutablePointer<Float>
    ) {
        for (block, start) in stride(from: 0, to: channels, by: width).enumerated() {
            let present = min(width, channels - start)
            let position = position(pixel, block)
            (target + position).update(from: row + start, count: present)
            // Lanes that fill a block up hold zeros.
            for lane in present..<width { target[position + lane] = 0 }
        }
    }
}

extension Op.LocalResponseNormalization.Reach {
    /// α / size.
    fileprivate var weight: Float { alpha / Float(size) }

    /// s^−β.
    fileprivate func power(_ s: Float) -> Float {
        // The β of every network there is; roots are much quicker than powers.
        if beta == 0.75 {
            let root = s.squareRoot()
            return 1 / (root * root.squareRoot())
        }
        return pow(s, -beta)
    }

    /// For each channel the sum of a row over the channels around it.
    fileprivate func sum(
        _ row: UnsafeMutablePointer<Float>, _ count: Int, into sums: UnsafeMutablePointer<Float>
    ) {
        for channel in 0..<count {
            var sum: Float = 0
            for other in channels(around: channel, of: count) { sum += row[other] }
            sums[channel] = sum
        }
    }
}
