// SPDX-License-Identifier: Apache-2.0
import FoveaData
import FoveaGraph
import Foundation
import Testing

/// The files that Scripts/fixtures/images.py makes.
enum ImageFixtures {
    struct Decoded: CustomTestStringConvertible, Sendable {
        let name: String, channels: Int, height: Int, width: Int
        var testDescription: String { name }
    }

    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/images/\(name)").path
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    /// The lines of a table, each split at blanks.
    static func table(_ name: String) throws -> [[String]] {
        String(decoding: try bytes(name), as: UTF8.self)
            .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    /// All image files, with the shapes of their pixels.
    static let decoded: [Decoded] = {
        let rows = (try? table("decoded.txt")) ?? []
        return rows.compactMap { row in
            let numbers = row.dropFirst().compactMap { Int($0) }
            guard numbers.count == 3 else { return nil }
            return Decoded(
                name: row[0], channels: numbers[0], height: numbers[1], width: numbers[2])
        }
    }()

    /// Pixels that are a function of their index, the same as in the script.
    static func noise(_ channels: Int, _ extent: Extent) -> Image {
        let pixels = (0..<channels * extent.area).map { i in
            var v = UInt32(truncatingIfNeeded: i + 1) &* 2_654_435_761
            v = (v ^ (v >> 15)) &* 2_246_822_519
            return UInt8(v >> 24)
        }
        return Image(
            channels: channels, height: extent.height, width: extent.width, pixels: pixels)
    }
}
