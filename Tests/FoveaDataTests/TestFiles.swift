// SPDX-License-Identifier: Apache-2.0
import CDeflate
import Foundation

/// A folder that is removed with all it holds at the end of a test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/fovea-data-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file into the folder, and into a folder below it if the name says so.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    /// The bytes of a file in the folder, or nil if there is none.
    func read(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { Array($0) }
    }
}

/// An IDX file of bytes.
func idx(_ dimensions: [UInt32], _ elements: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(dimensions.count)]
        + dimensions.flatMap { d in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: d >> $0) } }
        + elements
}

/// Bytes without pattern, which do not shrink.
func noise(_ count: Int, seed: UInt32 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
}

/// Packs bytes with gzip.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    guard let compressor = libdeflate_alloc_compressor(6) else { throw POSIXError(.ENOMEM) }
    defer { libdeflate_free_compressor(compressor) }
    var packed = [UInt8](
        repeating: 0, count: libdeflate_gzip_compress_bound(compressor, bytes.count))
    let size = libdeflate_gzip_compress(
        compressor, bytes, bytes.count, &packed, packed.count)
    return Array(packed[..<size])
}
