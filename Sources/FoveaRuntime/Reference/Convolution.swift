// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Op.Convolution {
    /// y[n, o, i, j] = f(b[o] + Σ x[n, c, i·s − p + u·d, j·s − p + v·d] · w[o, c, u, v]).
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        var y = HostValue(shape, repeating: 0)
        let terms = ConvolutionTerms(window, groups: groups, x: inputs[0].shape, y: shape)
        terms.forEachRow(inputs[0], inputs[1], adding: &y) { row, x, w, y in
            let weight = w[row.w]
            for k in 0..<row.count { y[row.y &+ k] += x[row.x(k)] * weight }
        }
        if hasBias { y = Op.AddBias().evaluate([y, inputs[2]]) }
        return activation.map { Op.Activation($0).evaluate([y]) } ?? y
    }
}

extension Op.ConvolutionDataGradient {
    /// dx[n, c, h, w] = Σ dy · w over all terms of the convolution that read x[n, c, h, w].
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        var dx = HostValue(shape, repeating: 0)
        let terms = ConvolutionTerms(window, groups: groups, x: shape, y: inputs[0].shape)
        terms.forEachRow(inputs[0], inputs[1], adding: &dx) { row, dy, w, dx in
            let weight = w[row.w]
            for k in 0..<row.count { dx[row.x(k)] += dy[row.y &+ k] * weight }
        }
        return dx
    }
}

extension Op.ConvolutionWeightGradient {
    /// dw[o, c, u, v] = Σ dy · x over all terms that read w[o, c, u, v]; db[o] = Σ dy[n, o, i, j].
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> [HostValue] {
        var dw = HostValue(shape, repeating: 0)
        let terms = ConvolutionTerms(
            window, groups: groups, x: inputs[0].shape, y: inputs[1].shape)
        terms.forEachRow(inputs[0], inputs[1], adding: &dw) { row, x, dy, dw in
            var sum = 0.0
            for k in 0..<row.count { sum += dy[row.y &+ k] * x[row.x(k)] }
            dw[row.w] += sum
        }
        return [dw] + (hasBias ? [Op.ChannelSum().evaluate([inputs[1]])] : [])
    }
}

/// The terms of a convolution's sum: which y, x and w belong together.
///
/// A convolution and its two gradients are sums over the same terms, each over another index.
private struct ConvolutionTerms {
    let window: Window
    let outputsPerGroup: Int
    let channelsPerGroup: Int
    let x: Shape
    let y: Shape

    /// Terms along one output row that share an element of the weights.
    struct Row {
        /// The offset of the first term's y; those of the next terms follow.
        let y: Int
        /// The offset of the first term's x.
        let firstX: Int
        /// The distance from one term's x to the next.
        let stride: Int
        /// The offset of the shared w.
        let w: Int
        /// The number of terms.
        let count: Int

        /// The offset of a term's x.
        @inline(__always) func x(_ k: Int) -> Int { firstX &+ k &* stride }
    }

    init(_ window: Window, groups: Int, x: Shape, y: Shape) {
        self.window = window
        self.x = x
        self.y = y
        outputsPerGroup = y.channels / groups
        channelsPerGroup = x.channels / groups
    }

    /// Calls a function with all terms and the elements of two values and of a sum over the terms.
    @inline(__always)
    func forEachRow(
        _ first: HostValue, _ second: HostValue, adding sum: inout HostValue,
        _ body: (
            Row, UnsafeBufferPointer<Double>, UnsafeBufferPointer<Double>,
            UnsafeMutableBufferPointer<Double>
        ) -> Void
    ) {
        sum.values.withUnsafeMutableBufferPointer { sum in
            first.values.withUnsafeBufferPointer { first in
                second.values.withUnsafeBufferPointer { second in
                    forEachRow { body($0, first, second, sum) }
                }
            }
        }
    }

    /// Calls a function with all terms but those whose x lies in the padding, which is zero.
    @inline(__always)
    func forEachRow(_ body: (Row) -> Void) {
        let kernel = window.kernel, stride = window.stride, padding = window.padding
        for n in 0..<y.batch {
            for o in 0..<y.channels {
                for c in 0..<channelsPerGroup {
                    let channel = o / outputsPerGroup * channelsPerGroup + c
                    for u in 0..<kernel.height {
                        for v in 0..<kernel.width {
                            let w =
                                ((o * channelsPerGroup + c) * kernel.height + u)
                                * kernel.width + v
                            let left = v * window.dilation.width - padding.width
                            let columns = inside(left, stride.width, x.width, y.width)
                            for i in 0..<y.height {
                                let h =
                                    i * stride.height - padding.height
                                    + u * window.dilation.height
                                guard h >= 0, h < x.height, !columns.isEmpty else { continue }
                                body(
                                    Row(
                                        y: ((n * y.channels + o) * y.height + i) * y.width
                                            + columns.lowerBound,
                                        firstX: ((n * x.channels + channel) * x.height + h)
                                            * x.width + columns.lowerBound * stride.width + left,
                                        stride: stride.width, w: w, count: columns.count))
                            }
                        }
                    }
                }
            }
        }
    }

    /// The j in 0 ..< count for which first + j·stride is in 0 ..< length.
    private func inside(_ first: Int, _ stride: Int, _ length: Int, _ count: Int) -> Range<Int> {
        let lower = first >= 0 ? 0 : (-first + stride - 1) / stride
        let upper = first >= length ? 0 : (length - 1 - first) / stride + 1
        return min(lower, count)..<max(min(lower, count), min(upper, count))
    }
}
