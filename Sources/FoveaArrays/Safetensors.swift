// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import Foundation

/// A file in the safetensors format: named tensors and text metadata, and nothing that can execute.
///
/// Eight bytes of length, a JSON header, then the tensors without holes or overlaps, row-major and
/// little-endian. What is read is checked before any of it is used.
public struct Safetensors: Sendable {
    /// The tensors in the order in which they lie.
    public var tensors: [(name: String, array: NDArray)]
    /// What the header says beside the tensors.
    public var metadata: [String: String]

    /// The largest header that is read, as the format's own library has it.
    static let headerLimit = 100_000_000

    /// Gathers tensors for writing.
    public init(_ tensors: [(name: String, array: NDArray)], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Whether data begin as files of this format do: with a length, and a JSON object.
    public static func recognizes(_ bytes: [UInt8]) -> Bool {
        bytes.count > 8 && bytes[8] == UInt8(ascii: "{")
    }

    /// Reads a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: An error of the code `.missing` if it is not there, `.weights` if it is damaged.
    public init(contentsOf path: String) throws(FoveaError) {
        try self.init(bytes: try AtomicFile.read(path), path: path)
    }

    /// Reads the bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - path: What to call it in errors.
    /// - Throws: An error of the code `.weights` that says what is wrong with it.
    public init(bytes: [UInt8], path: String) throws(FoveaError) {
        func damaged(_ what: String) -> FoveaError {
            FoveaError(
                .weights, "is not a safetensors file that can be read: \(what).",
                remedy: "Fetch or write the file again.", path: path)
        }
        guard bytes.count >= 8 else { throw damaged("it has \(bytes.count) bytes") }
        let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= Self.headerLimit else {
            throw damaged("its header claims \(length) bytes, more than \(Self.headerLimit)")
        }
        let start = 8 + Int(length)
        guard start <= bytes.count else {
            throw damaged("its header claims \(length) bytes, but the file has \(bytes.count)")
        }
        guard length > 0, bytes[8] == UInt8(ascii: "{"),
            let header = try? JSONSerialization.jsonObject(with: Data(bytes[8..<start])),
            let header = header as? [String: Any]
        else { throw damaged("its header is no JSON object") }
        guard Self.memberCount(bytes[8..<start]) == header.count else {
            throw damaged("a name occurs twice in its header")
        }

        metadata = [:]
        var entries: [Entry] = []
        for (name, value) in header {
            if name == "__metadata__" {
                guard let text = value as? [String: String] else {
                    throw damaged("its metadata is not text")
                }
                metadata = text
                continue
            }
            do throws(Entry.Flaw) {
                entries.append(try Entry(name, value))
            } catch {
                throw damaged("tensor \(name) \(error.what)")
            }
        }
        entries.sort { ($0.range.lowerBound, $0.name) < ($1.range.lowerBound, $1.name) }
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw damaged(
                    "tensor \(entry.name) begins at \(entry.range.lowerBound), not at \(end), "
                        + "where the one before it ends")
            }
            end = entry.range.upperBound
        }
        guard end == bytes.count - start else {
            throw damaged("its tensors take \(end) bytes, but \(bytes.count - start) follow")
        }
        tensors = entries.map { entry in
            let range = start + entry.range.lowerBound..<start + entry.range.upperBound
            return (entry.name, NDArray(entry.type, bytes: Array(bytes[range])))
        }
    }

    /// The number of members of a JSON object: the colons that lie in no text and no inner object.
    private static func memberCount(_ object: ArraySlice<UInt8>) -> Int {
        var (count, depth, isInText, isEscaped) = (0, 0, false, false)
        for byte in object {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\"): isEscaped = isInText
            case UInt8(ascii: "\""): isInText.toggle()
            case _ where isInText: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":"): count += depth == 1 ? 1 : 0
            default: break
            }
        }
        return count
    }

    /// The tensor of this name, if there is one.
    public subscript(name: String) -> NDArray? {
        tensors.first { $0.name == name }?.array
    }

    /// Writes a file, whole or not at all.
    ///
    /// - Parameter path: Where it shall be.
    /// - Throws: An error of the code `.cannotCreate` or `.cannotWrite` that says why.
    public func write(to path: String) throws(FoveaError) {
        try AtomicFile.write(path, [header()] + tensors.map(\.array.bytes))
    }

    /// The length and the header, padded so that the tensors begin at a multiple of eight bytes.
    private func header() -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                "\(jsonText($0.key)):\(jsonText($0.value))"
            }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for (name, array) in tensors {
            let shape = array.shape.dimensions.map(String.init).joined(separator: ",")
            let end = offset + array.bytes.count
            fields.append(
                "\(jsonText(name)):{\"dtype\":\"\(array.type.dtype.rawValue.uppercased())\","
                    + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Array("{\(fields.joined(separator: ","))}".utf8)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let length = UInt64(header.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header
    }
}

/// What a header says about one tensor.
private struct Entry {
    struct Flaw: Error { let what: String }

    let name: String
    let type: TensorType
    let range: Range<Int>

    init(_ name: String, _ value: Any) throws(Flaw) {
        self.name = name
        guard let fields = value as? [String: Any], let code = fields["dtype"] as? String,
            let dimensions = fields["shape"] as? [Int],
            let offsets = fields["data_offsets"] as? [Int], offsets.count == 2
        else { throw Flaw(what: "lacks a dtype, a shape or two offsets") }
        guard let dtype = DType(rawValue: code.lowercased()) else {
            throw Flaw(what: "has the element type \(code), which is not supported")
        }
        guard offsets[0] >= 0, offsets[0] <= offsets[1] else {
            throw Flaw(what: "has the offsets \(offsets)")
        }
        // Extents that only a zero among them keeps small are no more to be trusted than others.
        var size = dtype.size
        for dimension in dimensions {
            let (product, overflow) = size.multipliedReportingOverflow(by: max(dimension, 1))
            guard dimension >= 0, !overflow else { throw Flaw(what: "has the shape \(dimensions)") }
            size = product
        }
        if dimensions.contains(0) { size = 0 }
        guard offsets[1] - offsets[0] == size else {
            throw Flaw(
                what: "needs \(size) bytes for its shape, but its offsets span "
                    + "\(offsets[1] - offsets[0])")
        }
        type = TensorType(Shape(dimensions), dtype)
        range = offsets[0]..<offsets[1]
    }
}

/// A text as JSON writes it, in quotes.
///
/// - Parameter text: Any text.
/// - Returns: The quoted text.
package func jsonText(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case let control where control.value < 0x20:
            let digits = String(control.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
