// SPDX-License-Identifier: Apache-2.0

/// A name from a file as messages may show it: without control characters, and not without end.
///
/// - Parameter name: Any text, which may have been made to disturb a terminal.
/// - Returns: At most 120 of its characters, with a replacement for each that moves a cursor or
///   turns the direction of writing.
package func legibleName(_ name: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in name.unicodeScalars.prefix(120) {
        let isControl = scalar.properties.generalCategory == .control
        result.append(isControl || scalar.properties.isBidiControl ? "\u{FFFD}" : scalar)
    }
    return String(result) + (name.unicodeScalars.dropFirst(120).isEmpty ? "" : "…")
}
