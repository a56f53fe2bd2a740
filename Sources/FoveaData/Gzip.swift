// SPDX-License-Identifier: Apache-2.0
import CDeflate
import FoveaGraph

/// Unpacking of gzip data with limits.
enum Gzip {
    /// No data set in these formats unpacks to more.
    static let largest = 1 << 30
    /// Pictures of digits and clothes shrink to a fifth; no data set shrinks to less than this.
    static let largestRatio = 200
    /// Small files may shrink as they like.
    static let harmless = 64 << 20

    /// Whether data begin as gzip data do.
    static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// Unpacks gzip data of one member.
    ///
    /// The size is taken from the last four bytes. If the data are cut short that is a number
    /// without meaning, so an unlikely one is not believed but limited.
    ///
    /// - Parameters:
    ///   - bytes: The packed data.
    ///   - path: The file they came from, for messages.
    /// - Returns: The unpacked data.
    /// - Throws: `FoveaError` if the data are damaged or unpack to too much.
    static func unpacked(_ bytes: [UInt8], path: String) throws(FoveaError) -> [UInt8] {
        let damaged = FoveaError(
            .dataset, "The gzip data of \(bytes.count) bytes are cut short or damaged.",
            remedy: "Delete the file and fetch it again.", path: path)
        guard bytes.count >= 18 else { throw damaged }
        let declared = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let limit = min(largest, max(harmless, bytes.count * largestRatio))
        guard let decompressor = libdeflate_alloc_decompressor() else {
            throw FoveaError(.dataset, "There is not enough memory to unpack.", path: path)
        }
        defer { libdeflate_free_decompressor(decompressor) }
        var result = LIBDEFLATE_BAD_DATA
        var consumed = 0
        let content = [UInt8](unsafeUninitializedCapacity: min(declared, limit)) { buffer, count in
            result = libdeflate_gzip_decompress_ex(
                decompressor, bytes, bytes.count, buffer.baseAddress, min(declared, limit),
                &consumed, &count)
            if result != LIBDEFLATE_SUCCESS { count = 0 }
        }
        if result == LIBDEFLATE_INSUFFICIENT_SPACE, declared > limit {
            throw FoveaError(
                .dataset,
                "The gzip data of \(bytes.count) bytes unpack to more than the \(limit) bytes"
                    + " that a data set of this size may have.", path: path)
        }
        guard result == LIBDEFLATE_SUCCESS else { throw damaged }
        guard consumed == bytes.count else {
            throw FoveaError(
                .dataset,
                "The gzip data end after \(consumed) bytes, but \(bytes.count - consumed) bytes"
                    + " follow.", remedy: damaged.remedy, path: path)
        }
        return content
    }
}
