// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Max poolings in loops of our own.
///
/// Where the library's vectors are of 256 bits its poolings take several times as long as the memory
/// does. These go through images whose channels lie side by side, a vector of channels at a time, and
/// keep the winner's place in its window, row · KW + column, in a byte.
struct MaxPoolLoops<Lanes: ChannelLanes>: Sendable {
    private let window: Window
    private let input, output: Extent
    /// The number of images times that of vectors of channels.
    private let parts: Int
    private let blocks: Int
    private let isBlocked: Bool
    /// The distance from a pixel to the next.
    private let stride: Int

    init(_ window: Window, x: Shape, y: Shape, _ arrangement: Arrangement) {
        self.window = window
        input = x.extent
        output = y.extent
        blocks = (x.channels + Lanes.scalarCount - 1) / Lanes.scalarCount
        parts = x.batch * blocks
        isBlocked = arrangement.block != nil
        stride = isBlocked ? Lanes.scalarCount : x.channels
    }

    /// Where a part of a tensor with so many pixels begins.
    private func start(_ part: Int, _ pixels: Int) -> Int {
        isBlocked
            ? part * pixels * stride
            : part / blocks * pixels * stride + part % blocks * Lanes.scalarCount
    }

    /// Writes the largest element of each window and, if they are wanted, the winners' places.
    func largest(
        of x: UnsafeMutablePointer<Float>, to y: UnsafeMutablePointer<Float>,
        winners: UnsafeMutablePointer<UInt8>?
    ) {
        let kernel = window.kernel
        Team.split(parts) { parts in
            for part in parts {
                let source = x + start(part, input.area), target = start(part, output.area)
                for row in 0..<output.height {
                    let top = row * window.stride.height - window.padding.height
                    let rows = max(0, -top)..<min(kernel.height, input.height - top)
                    for column in 0..<output.width {
                        let left = column * window.stride.width - window.padding.width
                        let columns = max(0, -left)..<min(kernel.width, input.width - left)
                        var place = Int32(rows.lowerBound * kernel.width + columns.lowerBound)
                        var places = Lanes.places(place)
                        var best = Lanes(repeating: -.infinity)
                        var isFirst = true
                        for i in rows {
                            let line = source + ((top + i) * input.width + left) * stride
                            place = Int32(i * kernel.width + columns.lowerBound)
                            for j in columns {
                                let found: Lanes = line.lanes(j * stride, Lanes.scalarCount)
                                if isFirst {
                                    best = found
                                    isFirst = false
                                } else {
                                    best.rise(to: found, &places, place)
                                }
                                place += 1
                            }
                        }
                        let position = target + (row * output.width + column) * stride
                        y.write(best, position, Lanes.scalarCount)
                        if let winners { Lanes.write(places, to: winners + position) }
                    }
                }
            }
        }
    }

    /// Writes for each element the sum of the gradients of the windows that it won.
    func share(
        _ dy: UnsafeMutablePointer<Float>, _ winners: UnsafeMutablePointer<UInt8>,
        to dx: UnsafeMutablePointer<Float>
    ) {
        Team.split(parts) { parts in
            for part in parts {
                let source = start(part, output.area), target = start(part, input.area)
                for row in 0..<input.height {
                    let rows = Self.windows(
                        over: row + window.padding.height, window.kernel.height,
                        window.stride.height, output.height)
                    for column in 0..<input.width {
                        let columns = Self.windows(
                            over: column + window.padding.width, window.kernel.width,
                            window.stride.width, output.width)
                        var sum = Lanes(repeating: 0)
                        for i in rows {
                            let down = row + window.padding.height - i * window.stride.height
                            let right = column + window.padding.width
                            for j in columns {
                                let position = source + (i * output.width + j) * stride
                                let arriving: Lanes = dy.lanes(position, Lanes.scalarCount)
                                let place =
                                    down * window.kernel.width + right - j * window.stride.width
                                sum += arriving.taken(
                                    at: Int32(place), of: Lanes.places(at: winners + position))
                            }
                        }
                        dx.write(
                            sum, target + (row * input.width + column) * stride,
                            Lanes.scalarCount)
                    }
                }
            }
        }
    }

    /// The windows of which a place, counted from where the padding begins, is part.
    @inline(__always)
    private static func windows(
        over place: Int, _ kernel: Int, _ stride: Int, _ count: Int
    ) -> Range<Int> {
        let first = place < kernel ? 0 : (place - kernel) / stride + 1
        let last = min(place / stride, count - 1)
        return first..<max(first, last + 1)
    }
}

extension OneDNNLibrary {
    /// The kernels of a max pooling in a loop, if its tensor lies so that there is one.
    func maxPoolLoop(
        _ window: Window, x: Shape, y: Shape, _ arrangement: Arrangement?, _ request: KernelRequest
    ) -> KernelChoice? {
        guard let arrangement, hasLoop(window, x, arrangement) else { return nil }
        func kernel<Lanes>(_ loops: MaxPoolLoops<Lanes>) -> KernelChoice {
            request.arranged(
                arrangement,
                LoopKernel("maxPool") { operands in
                    loops.largest(
                        of: operands.input(0), to: operands.output(0),
                        winners: operands.outputs.count > 1
                            ? operands.outputs[1].assumingMemoryBound(to: UInt8.self) : nil)
                })
        }
        return Self.prefersSixteen(x, arrangement)
            ? kernel(MaxPoolLoops<SIMD16<Float>>(window, x: x, y: y, arrangement))
            : kernel(MaxPoolLoops<SIMD8<Float>>(window, x: x, y: y, arrangement))
    }

    /// The kernel of a max pooling's gradient in a loop, where the pooling was one.
    func maxPoolGradientLoop(
        _ window: Window, x: Shape, y: Shape, _ arrangement: Arrangement?, _ request: KernelRequest
    ) -> KernelChoice? {
        guard let arrangement, hasLoop(window, x, arrangement) else { return nil }
        func kernel<Lanes>(_ loops: MaxPoolLoops<Lanes>) -> KernelChoice {
            request.arranged(
                arrangement,
                LoopKernel("maxPoolGradient") { operands in
                    loops.share(
                        operands.input(0),
                        operands.inputs[1].assumingMemoryBound(to: UInt8.self),
                        to: operands.output(0))
                })
        }
        return Self.prefersSixteen(x, arrangement)
            ? kernel(MaxPoolLoops<SIMD16<Float>>(window, x: x, y: y, arrangement))
            : kernel(MaxPoolLoops<SIMD8<Float>>(window, x: x, y: y, arrangement))
    }

    /// Whether a pooling is computed in a loop, which its gradient has to know again.
    private func hasLoop(_ window: Window, _ x: Shape, _ arrangement: Arrangement) -> Bool {
        guard poolsInLoops, window.dilation == 1, window.kernel.area <= 256,
            window.padding.height < window.kernel.height,
            window.padding.width < window.kernel.width
        else { return false }
        return arrangement.block != nil
            || arrangement == .channelsLast && x.channels.isMultiple(of: 8)
    }

    private static func prefersSixteen(_ x: Shape, _ arrangement: Arrangement) -> Bool {
        arrangement == .blocked16 || arrangement == .channelsLast && x.channels.isMultiple(of: 16)
    }
}
