// SPDX-License-Identifier: Apache-2.0

/// Widths of text set in DejaVu Sans, known without asking a font.
///
/// Layout must not depend on the fonts of the machine that draws, or the same run would give
/// different SVG text in different places.
package enum TextMetrics {
    /// Advance widths of the scalars U+0020 to U+007E in thousandths of the font size.
    private static let advances: [UInt16] = [
        318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
        636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
        1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
        603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
        500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
        635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
    ]

    /// The width of a line of text in points.
    package static func width(
        _ text: String, size: Double, weight: Drawing.Label.Weight = .normal
    ) -> Double {
        var thousandths = 0
        for scalar in text.unicodeScalars {
            let index = Int(scalar.value) - 32
            if advances.indices.contains(index) {
                thousandths += Int(advances[index])
            } else {
                thousandths += scalar == "…" ? 1000 : 640 * scalar.terminalColumns
            }
        }
        let boldness = weight == .bold ? 1.12 : 1
        return Double(thousandths) / 1000 * size * boldness
    }

    /// The text, cut with an ellipsis so that it is at most `width` points wide.
    package static func fitted(
        _ text: String, size: Double, within width: Double,
        weight: Drawing.Label.Weight = .normal
    ) -> String {
        guard self.width(text, size: size, weight: weight) > width else { return text }
        var kept = text
        while !kept.isEmpty {
            kept.removeLast()
            while kept.last == " " { kept.removeLast() }
            if self.width(kept + "…", size: size, weight: weight) <= width { break }
        }
        return kept + "…"
    }
}

extension String {
    /// The number of terminal columns that the text takes.
    package var terminalColumns: Int {
        unicodeScalars.reduce(0) { $0 + $1.terminalColumns }
    }
}

extension Unicode.Scalar {
    /// 0 for marks that join the scalar before, 2 for wide East Asian scalars and emoji, else 1.
    fileprivate var terminalColumns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
