// SPDX-License-Identifier: Apache-2.0
import Foundation
package import FoveaGraph

/// JSON text for the values that files keep; `testAccuracy` is written as `test_accuracy`.
package enum JSON {
    /// Writes a value with its keys in order.
    ///
    /// - Parameters:
    ///   - value: Any value.
    ///   - isPretty: Whether each key has a line of its own.
    /// - Returns: The text.
    /// - Throws: An error if a number is not finite.
    package static func text(
        _ value: some Encodable, isPretty: Bool = false
    ) throws(FoveaError) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw FoveaError(.bug, "a value cannot be written as JSON: \(error).")
        }
    }

    /// Reads a value.
    ///
    /// - Parameters:
    ///   - type: What is expected.
    ///   - text: The text.
    /// - Returns: The value, or nil if the text is something else.
    package static func value<T: Decodable>(_ type: T.Type, from text: String) -> T? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(type, from: Data(text.utf8))
    }
}
