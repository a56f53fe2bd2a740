// SPDX-License-Identifier: Apache-2.0

/// A name from a file as messages may show it: without control characters, and not without end.
///
/// - Parameter name: Any text, which may have been made to disturb a terminal.
/// - Returns: At most 120 of its characters, with a replacement for each that moves a cursor or
///   turns the direction of writing.
package func legibleName(_ name: String) -> String {
    let scalars = name.unicodeScalars
    let beginning = String(String.UnicodeScalarView(scalars.prefix(120))).printable
    return beginning + (scalars.dropFirst(120).isEmpty ? "" : "…")
}

extension String {
    /// The text with a replacement for each control character, which could drive a terminal or spoil an XML
    /// file.
    package var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            result.append(scalar.isControl ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}

extension Unicode.Scalar {
    /// C0 and C1 controls, and the scalars that reorder text or are no characters in XML.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069,
            0xFFFE...0xFFFF:
            true
        default: false
        }
    }
}
