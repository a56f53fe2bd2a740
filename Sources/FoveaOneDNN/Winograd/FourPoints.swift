// SPDX-License-Identifier: Apache-2.0

/// 0, ±1 and infinity: 2 outputs of a kernel of 3.
///
/// It saves fewer multiplications than more points do, but its sums have no large factors: with numbers of 16
/// bits it is wrong by twice as much as a direct convolution is, and with six points by some ten times as much.
enum FourPoints: InterpolationPoints {
    static var count: Int { 4 }
    static var finite: [(point: Double, factor: Double)] { [(0, -1), (1, 1 / 2), (-1, 1 / 2)] }

    @inline(__always)
    static func spread<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to y: UnsafeMutablePointer<Lanes>, _ step: Int
    ) {
        let x1 = x[stride], x2 = x[2 * stride]
        y[0] = x2 - x[0]
        y[step] = x2 + x1
        y[2 * step] = x2 - x1
        y[3 * step] = x[3 * stride] - x1
    }

    @inline(__always)
    static func gather<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to y: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int
    ) {
        let one = x[stride], minusOne = x[2 * stride]
        y[0] = x[0] + one + minusOne
        y[step] = one - minusOne + x[3 * stride]
    }
}
