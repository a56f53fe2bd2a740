// SPDX-License-Identifier: Apache-2.0

/// Works out terms such as "⌊(224 − 11 + 2·0)/4⌋ + 1", as a reader with a pencil would.
///
/// It knows nothing of layers. Divisions are exact, so that only the brackets round.
struct PaperArithmetic {
    /// A number as a fraction with a positive denominator.
    struct Fraction: Equatable {
        var numerator: Int
        var denominator = 1
    }

    private var rest: Substring

    /// The value of the terms, or nil if they are none or do not come to a whole number.
    static func value(of terms: String) -> Int? {
        var reader = PaperArithmetic(rest: terms.filter { $0 != " " }[...])
        guard let sum = reader.sum(), reader.rest.isEmpty, sum.numerator % sum.denominator == 0
        else { return nil }
        return sum.numerator / sum.denominator
    }

    private mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func sum() -> Fraction? {
        guard var value = product() else { return nil }
        while true {
            let sign = take("+") ? 1 : take("−") ? -1 : 0
            guard sign != 0 else { return value }
            guard let next = product() else { return nil }
            value = Fraction(
                numerator: value.numerator * next.denominator
                    + sign * next.numerator * value.denominator,
                denominator: value.denominator * next.denominator)
        }
    }

    private mutating func product() -> Fraction? {
        guard var value = factor() else { return nil }
        while true {
            if take("·") {
                guard let next = factor() else { return nil }
                value.numerator *= next.numerator
                value.denominator *= next.denominator
            } else if take("/") {
                guard let next = factor(), next.numerator > 0 else { return nil }
                value.numerator *= next.denominator
                value.denominator *= next.numerator
            } else {
                return value
            }
        }
    }

    private mutating func factor() -> Fraction? {
        for (open, close) in [("(", ")"), ("⌊", "⌋"), ("⌈", "⌉")] as [(Character, Character)]
        where take(open) {
            guard let inner = sum(), take(close) else { return nil }
            let remainder =
                (inner.numerator % inner.denominator + inner.denominator) % inner.denominator
            let whole = (inner.numerator - remainder) / inner.denominator
            switch open {
            case "⌊": return Fraction(numerator: whole)
            case "⌈": return Fraction(numerator: whole + (remainder == 0 ? 0 : 1))
            default: return inner
            }
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        return Int(digits).map { Fraction(numerator: $0) }
    }
}
