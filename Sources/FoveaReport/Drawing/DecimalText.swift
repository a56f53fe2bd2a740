// SPDX-License-Identifier: Apache-2.0

/// Numbers as text, the same in every locale.
package enum DecimalText {
    /// A number with exactly `decimals` digits after the point, or "nan", "inf", "-inf".
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
        let decimals = min(max(decimals, 0), 9)
        var power = 1.0
        for _ in 0..<decimals { power *= 10 }
        let scaled = (value.magnitude * power).rounded()
        // Beyond 2^53 the digits after the point are gone anyway.
        guard scaled < 9e15 else { return "\(value)" }
        let digits = String(UInt64(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// A number with at most `decimals` digits after the point and no zeros at its end.
    package static func trimmed(_ value: Double, decimals: Int) -> String {
        var text = fixed(value.isFinite ? value : 0, decimals: decimals)
        guard text.contains("."), !text.contains("e") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// A count with commas between its thousands: "31,204".
    package static func grouped(_ count: Int) -> String {
        var result = ""
        for (index, digit) in String(count.magnitude).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return (count < 0 ? "-" : "") + String(result.reversed())
    }

    /// A rate or a count that may be large, in about six characters: "8.25", "512", "31,204", "1.2M".
    package static func compact(_ value: Double) -> String {
        guard value.isFinite else { return fixed(value, decimals: 0) }
        switch value.magnitude {
        case ..<9.995: return fixed(value, decimals: 2)
        case ..<99.95: return fixed(value, decimals: 1)
        case ..<99_999.5: return grouped(Int(value.rounded()))
        case ..<999_500: return fixed(value / 1e3, decimals: 0) + "k"
        case ..<999_500_000: return fixed(value / 1e6, decimals: 1) + "M"
        case ..<1e15: return fixed(value / 1e9, decimals: 1) + "G"
        default: return "\(value)"
        }
    }

    /// A length of time: "0:41", "12:05", "1:02:33", "5d 03h".
    package static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e12 else { return "–:––" }
        let total = Int(max(seconds, 0).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let hours = total / 3600, minutes = total / 60 % 60
        if hours >= 100 { return "\(hours / 24)d \(two(hours % 24))h" }
        return hours > 0
            ? "\(hours):\(two(minutes)):\(two(total % 60))" : "\(minutes):\(two(total % 60))"
    }
}

extension String {
    /// The text with spaces before it up to `width` terminal columns.
    package func padded(left width: Int) -> String {
        String(repeating: " ", count: max(0, width - terminalColumns)) + self
    }

    /// The text with spaces after it up to `width` terminal columns.
    package func padded(right width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - terminalColumns))
    }
}
