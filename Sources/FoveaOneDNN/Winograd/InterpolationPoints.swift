// SPDX-License-Identifier: Apache-2.0

/// The points at which Winograd's convolutions evaluate polynomials: 0, ±1, ±2, …, and infinity.
///
/// A correlation of m outputs with a kernel of r numbers, y[i] = Σ x[i + k] · w[k], takes
/// n = m + r − 1 multiplications: y = Aᵀ((G w) ⊙ (Bᵀ x)), where A[p][i] = point pⁱ, G[p][k] = point pᵏ
/// over the product of its distances to the other points, and Bᵀ[p] has the coefficients of the
/// polynomial whose zeros are the other points (Lavin and Gray, "Fast Algorithms for Convolutional
/// Neural Networks", 2015; the matrices as Cook and Toom make them). In two dimensions each is applied to
/// the columns and then to the rows.
///
/// Points come in pairs ±a, so that sums over even and odd powers serve both. More points save more
/// multiplications and lose more digits.
protocol InterpolationPoints {
    /// The number of points, infinity included.
    static var count: Int { get }

    /// The finite points, each with the factor that its row of G has: the inverse of its distances'
    /// product, with the sign that its row of Bᵀ has here.
    static var finite: [(point: Double, factor: Double)] { get }

    /// Writes Bᵀ x: n numbers from n numbers.
    static func spread<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to: UnsafeMutablePointer<Lanes>, _ step: Int)

    /// Writes Aᵀ x: so many outputs from n numbers.
    static func gather<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int)
}

/// Points that serve the gradient of the weights, too.
protocol GradientPoints: InterpolationPoints {
    /// Writes A y: n numbers from so many outputs' gradients.
    static func scatter<Lanes: ChannelLanes>(
        _ y: UnsafePointer<Lanes>, _ stride: Int, to: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int)
}

/// 0, ±1, ±2 and infinity: 4 outputs of a kernel of 3, or 2 of a kernel of 5.
enum SixPoints: GradientPoints {
    static var count: Int { 6 }
    static var finite: [(point: Double, factor: Double)] {
        [(0, 1 / 4), (1, -1 / 6), (-1, -1 / 6), (2, 1 / 24), (-2, 1 / 24)]
    }

    @inline(__always)
    static func spread<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to y: UnsafeMutablePointer<Lanes>, _ step: Int
    ) {
        let x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride], x4 = x[4 * stride]
        y[0] = 4 * x[0] - 5 * x2 + x4
        y[5 * step] = 4 * x1 - 5 * x3 + x[5 * stride]
        let even = x4 - 4 * x2, odd = x3 - 4 * x1
        y[step] = even + odd
        y[2 * step] = even - odd
        let even2 = x4 - x2, odd2 = 2 * (x3 - x1)
        y[3 * step] = even2 + odd2
        y[4 * step] = even2 - odd2
    }

    @inline(__always)
    static func gather<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to y: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int
    ) {
        let one = x[stride], minusOne = x[2 * stride]
        let two = x[3 * stride], minusTwo = x[4 * stride], last = x[5 * stride]
        let sum1 = one + minusOne, sum2 = two + minusTwo
        let difference1 = one - minusOne, difference2 = two - minusTwo
        y[0] = x[0] + sum1 + sum2
        let y1 = difference1 + 2 * difference2
        guard outputs > 2 else {
            y[step] = y1 + last
            return
        }
        y[step] = y1
        y[2 * step] = sum1 + 4 * sum2
        y[3 * step] = difference1 + 8 * difference2 + last
    }

    @inline(__always)
    static func scatter<Lanes: ChannelLanes>(
        _ y: UnsafePointer<Lanes>, _ stride: Int, to x: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int
    ) {
        let y0 = y[0], y1 = y[stride]
        x[0] = y0
        guard outputs > 2 else {
            x[step] = y0 + y1
            x[2 * step] = y0 - y1
            x[3 * step] = y0 + 2 * y1
            x[4 * step] = y0 - 2 * y1
            x[5 * step] = y1
            return
        }
        let y2 = y[2 * stride], y3 = y[3 * stride]
        let even = y0 + y2, odd = y1 + y3
        x[step] = even + odd
        x[2 * step] = even - odd
        let even2 = y0 + 4 * y2, odd2 = 2 * y1 + 8 * y3
        x[3 * step] = even2 + odd2
        x[4 * step] = even2 - odd2
        x[5 * step] = y3
    }
}

/// 0, ±1, ±2, ±½ and infinity: 6 outputs of a kernel of 3, or 4 of a kernel of 5.
enum EightPoints: GradientPoints {
    static var count: Int { 8 }
    static var finite: [(point: Double, factor: Double)] {
        [
            (0, 1), (1, -2 / 9), (-1, -2 / 9), (2, 1 / 90), (-2, 1 / 90), (0.5, 32 / 45),
            (-0.5, 32 / 45),
        ]
    }

    @inline(__always)
    static func spread<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to y: UnsafeMutablePointer<Lanes>, _ step: Int
    ) {
        let x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride], x4 = x[4 * stride]
        let x5 = x[5 * stride], x6 = x[6 * stride]
        y[0] = x[0] - x6 + 5.25 * (x4 - x2)
        y[7 * step] = x[7 * stride] - x1 + 5.25 * (x3 - x5)
        let even = x2 + x6 - 4.25 * x4, odd = x1 + x5 - 4.25 * x3
        y[step] = even + odd
        y[2 * step] = even - odd
        let even2 = x6 + 0.25 * x2 - 1.25 * x4, odd2 = 0.5 * x1 - 2.5 * x3 + 2 * x5
        y[3 * step] = even2 + odd2
        y[4 * step] = even2 - odd2
        let evenHalf = x6 + 4 * x2 - 5 * x4, oddHalf = 2 * x1 - 2.5 * x3 + 0.5 * x5
        y[5 * step] = evenHalf + oddHalf
        y[6 * step] = evenHalf - oddHalf
    }

    @inline(__always)
    static func gather<Lanes: ChannelLanes>(
        _ x: UnsafePointer<Lanes>, _ stride: Int, to y: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int
    ) {
        let sum1 = x[stride] + x[2 * stride], difference1 = x[stride] - x[2 * stride]
        let sum2 = x[3 * stride] + x[4 * stride], difference2 = x[3 * stride] - x[4 * stride]
        let sumHalf = x[5 * stride] + x[6 * stride]
        let differenceHalf = x[5 * stride] - x[6 * stride]
        y[0] = x[0] + sum1 + sum2 + sumHalf
        y[step] = difference1 + 2 * difference2 + 0.5 * differenceHalf
        y[2 * step] = sum1 + 4 * sum2 + 0.25 * sumHalf
        let y3 = difference1 + 8 * difference2 + 0.125 * differenceHalf
        guard outputs > 4 else {
            y[3 * step] = y3 + x[7 * stride]
            return
        }
        y[3 * step] = y3
        y[4 * step] = sum1 + 16 * sum2 + 0.0625 * sumHalf
        y[5 * step] = difference1 + 32 * difference2 + 0.03125 * differenceHalf + x[7 * stride]
    }

    @inline(__always)
    static func scatter<Lanes: ChannelLanes>(
        _ y: UnsafePointer<Lanes>, _ stride: Int, to x: UnsafeMutablePointer<Lanes>, _ step: Int,
        outputs: Int
    ) {
        let y0 = y[0], y1 = y[stride], y2 = y[2 * stride], y3 = y[3 * stride]
        var even = y0 + y2, odd = y1 + y3
        var even2 = y0 + 4 * y2, odd2 = 2 * y1 + 8 * y3
        var evenHalf = y0 + 0.25 * y2, oddHalf = 0.5 * y1 + 0.125 * y3
        x[7 * step] = y3
        if outputs > 4 {
            let y4 = y[4 * stride], y5 = y[5 * stride]
            even += y4
            odd += y5
            even2 += 16 * y4
            odd2 += 32 * y5
            evenHalf += 0.0625 * y4
            oddHalf += 0.03125 * y5
            x[7 * step] = y5
        }
        x[0] = y0
        x[step] = even + odd
        x[2 * step] = even - odd
        x[3 * step] = even2 + odd2
        x[4 * step] = even2 - odd2
        x[5 * step] = evenHalf + oddHalf
        x[6 * step] = evenHalf - oddHalf
    }
}
