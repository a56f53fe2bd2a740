// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A numbered axis: its range and the places of its round numbers.
package struct ChartAxis: Equatable, Sendable {
    package let lower: Double
    package let upper: Double
    /// The numbered places, in rising order.
    package let ticks: [Double]
    /// The distance between two of them.
    package let step: Double

    /// Makes an axis with at most `count` intervals between round numbers.
    package init(from lower: Double, to upper: Double, atMost count: Int, wholeNumbers: Bool) {
        // Ranges without an extent, or with one that overflows, get one that can be divided.
        let spans = (upper - lower).isFinite
        let lower = spans ? lower : 0
        let upper = !spans ? 1 : upper > lower ? upper : lower + max(1, lower.magnitude / 1000)
        self.lower = lower
        self.upper = upper
        let wanted = (upper - lower) / Double(max(count, 1))
        let power = pow(10, floor(log10(wanted)))
        // The smallest round step that is wide enough; the slack forgives rounding in `wanted`.
        let factors = wholeNumbers ? [1.0, 2, 5, 10] : [1, 2, 2.5, 5, 10]
        var step = power * (factors.first { $0 * power >= wanted * 0.999_999 } ?? 10)
        if wholeNumbers { step = max(step.rounded(), 1) }
        self.step = step
        let first = ceil(lower / step - 1e-9), last = floor(upper / step + 1e-9)
        ticks =
            last - first < 1000 && first <= last
            ? stride(from: first, through: last, by: 1).map { $0 * step } : []
    }

    /// How far along the axis a value lies: 0 at its start, 1 at its end.
    ///
    /// Values that are very far outside are moved closer, so that no place overflows.
    package func fraction(_ value: Double) -> Double {
        min(max((value - lower) / (upper - lower), -1e6), 1e6)
    }

    /// The text beside a tick, with as many decimals as the step needs.
    package func label(_ tick: Double) -> String {
        let largest = max(lower.magnitude, upper.magnitude)
        if largest >= 1e6 || largest < 1e-4 { return Self.scientific(tick) }
        var decimals = 0, scaled = step
        while decimals < 6, (scaled - scaled.rounded()).magnitude > 1e-6 * scaled {
            decimals += 1
            scaled *= 10
        }
        return DecimalText.fixed(tick, decimals: decimals)
    }

    private static func scientific(_ value: Double) -> String {
        guard value != 0 else { return "0" }
        var exponent = Int(floor(log10(value.magnitude)))
        var mantissa = value / pow(10, Double(exponent))
        if mantissa.magnitude > 9.9995 {
            mantissa /= 10
            exponent += 1
        }
        return DecimalText.trimmed(mantissa, decimals: 2) + "e\(exponent)"
    }
}
