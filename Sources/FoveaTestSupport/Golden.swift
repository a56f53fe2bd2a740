// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Testing

/// Expects a text to be that of a file in the folder `Golden` beside the test's own file.
///
/// With `FOVEA_RECORD=1` in the environment the file is written instead, for `git diff` to show.
///
/// - Parameters:
///   - text: The text.
///   - name: The name of the file.
///   - filePath: The test's own file.
///   - sourceLocation: Where a difference is reported.
/// - Throws: An error if the file cannot be written.
public func expectGolden(
    _ text: String, _ name: String, filePath: StaticString = #filePath,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let folder = URL(fileURLWithPath: "\(filePath)").deletingLastPathComponent()
        .appendingPathComponent("Golden")
    let file = folder.appendingPathComponent(name)
    let ended = text.hasSuffix("\n") ? text : text + "\n"
    if ProcessInfo.processInfo.environment["FOVEA_RECORD"] == "1" {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(ended.utf8).write(to: file)
        return
    }
    guard let expected = try? String(contentsOf: file, encoding: .utf8) else {
        Issue.record("Golden/\(name) is not there; FOVEA_RECORD=1 writes it.")
        return
    }
    let (found, wanted) = (ended.split(separator: "\n"), expected.split(separator: "\n"))
    let line =
        zip(found, wanted).enumerated().first { $1.0 != $1.1 }?.offset
        ?? min(found.count, wanted.count)
    #expect(
        ended == expected,
        """
        Golden/\(name) differs from line \(line + 1) on; FOVEA_RECORD=1 rewrites it.
        expected: \(line < wanted.count ? wanted[line] : "the end")
        found:    \(line < found.count ? found[line] : "the end")
        """, sourceLocation: sourceLocation)
}
