// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Testing

/// The format that weights are kept in: what is written, and what is refused.
@Suite struct SafetensorsTests {
    /// A file with this header, padded to eight bytes, and so many bytes of data.
    static func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
        var text = Array(header.utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        let length = length ?? UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
            + [UInt8](repeating: 0, count: data)
    }

    static let two = Safetensors(
        [
            ("second", NDArray([2, 3], [1, 2, 3, 4, 5, -0.0])),
            ("first \"é\"\n", NDArray([1], [.infinity])),
            ("empty", NDArray([0, 4], [])),
            ("scalar", NDArray([], [7])),
            ("labels", NDArray(TensorType([2], .u8), bytes: [1, 255])),
        ], metadata: ["note": "a\\b\u{1}", "format": "pt"])

    @Test("A file is read as it was written")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/x.safetensors"
        try Self.two.write(to: path)
        let found = try Safetensors(contentsOf: path)
        #expect(found.tensors.map(\.name) == Self.two.tensors.map(\.name))
        #expect(found.tensors.map(\.array) == Self.two.tensors.map(\.array))
        #expect(found.metadata == Self.two.metadata)
        #expect(found["scalar"] == NDArray([], [7]))
        #expect(found["nothing"] == nil)
        #expect(folder.names == ["x.safetensors"])
    }

    @Test("The bytes are those of the format")
    func bytes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/x.safetensors"
        try Safetensors([("a", NDArray([1, 2], [1, -2]))], metadata: ["k": "v"]).write(to: path)
        let header =
            #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#
        let expected =
            Array(Self.file(header)) + [0, 0, 0x80, 0x3F] + [0, 0, 0, 0xC0]
        #expect(try AtomicFile.read(path) == expected)
        #expect(header.utf8.count % 8 != 0, "the padding is seen")
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let sentence: String
        var testDescription: String { sentence }

        init(_ sentence: String, _ header: String, data: Int = 0, length: UInt64? = nil) {
            self.init(sentence, SafetensorsTests.file(header, data: data, length: length))
        }

        init(_ sentence: String, _ bytes: [UInt8]) {
            self.bytes = bytes
            self.sentence = sentence
        }
    }

    static func tensor(_ name: String, _ shape: String, _ from: Int, _ to: Int) -> String {
        #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(from),\#(to)]}"#
    }

    static let damages: [Damage] = [
        Damage("it has 0 bytes", []),
        Damage("it has 7 bytes", [1, 2, 3, 4, 5, 6, 7]),
        Damage("its header is no JSON object", [UInt8](repeating: 0, count: 8)),
        Damage(
            "its header claims 100000000000 bytes, more than 100000000", "{}",
            length: 100_000_000_000),
        Damage(
            "its header claims 18446744073709551615 bytes, more than 100000000", "{}",
            length: .max),
        Damage("its header claims 1000 bytes, but the file has 16", "{}", length: 1000),
        Damage("its header is no JSON object", "[]"),
        Damage("its header is no JSON object", " {}"),
        Damage("its header is no JSON object", #"{"a":"#),
        Damage("its header is no JSON object", String(repeating: #"{"a":"#, count: 5000)),
        Damage("its metadata is not text", #"{"__metadata__":{"a":1}}"#),
        Damage(
            "a name occurs twice in its header",
            "{\(tensor("a", "[1]", 0, 4)),\(tensor("a", "[1]", 0, 4))}", data: 4),
        Damage(
            "a name occurs twice in its header",
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
                + #""\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 4),
        Damage("tensor a lacks a dtype, a shape or two offsets", #"{"a":1}"#),
        Damage(
            "tensor a lacks a dtype, a shape or two offsets",
            #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, data: 4),
        Damage(
            "tensor a lacks a dtype, a shape or two offsets",
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, data: 8),
        Damage(
            "tensor a lacks a dtype, a shape or two offsets",
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e30]}}"#, data: 8),
        Damage(
            "tensor a has the element type F8_E5M2, which is not supported",
            #"{"a":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}}"#, data: 1),
        Damage("tensor a has the offsets [4, 0]", "{\(tensor("a", "[1]", 4, 0))}", data: 4),
        Damage("tensor a has the offsets [-4, 0]", "{\(tensor("a", "[1]", -4, 0))}", data: 4),
        Damage("tensor a has the shape [-1]", "{\(tensor("a", "[-1]", 0, 4))}", data: 4),
        Damage(
            "tensor a has the shape [4611686018427387904, 4]",
            "{\(tensor("a", "[4611686018427387904,4]", 0, 4))}", data: 4),
        Damage(
            "tensor a has the shape [0, 4611686018427387904, 4]",
            "{\(tensor("a", "[0,4611686018427387904,4]", 0, 0))}"),
        Damage(
            "tensor a needs 8 bytes for its shape, but its offsets span 4",
            "{\(tensor("a", "[2]", 0, 4))}", data: 4),
        Damage(
            "tensor b begins at 4, not at 8, where the one before it ends",
            "{\(tensor("a", "[2]", 0, 8)),\(tensor("b", "[1]", 4, 8))}", data: 8),
        Damage(
            "tensor b begins at 8, not at 4, where the one before it ends",
            "{\(tensor("a", "[1]", 0, 4)),\(tensor("b", "[1]", 8, 12))}", data: 12),
        Damage(
            "tensor a begins at 4, not at 0, where the one before it ends",
            "{\(tensor("a", "[1]", 4, 8))}", data: 8),
        Damage("its tensors take 4 bytes, but 3 follow", "{\(tensor("a", "[1]", 0, 4))}", data: 3),
        Damage("its tensors take 4 bytes, but 8 follow", "{\(tensor("a", "[1]", 0, 4))}", data: 8),
        Damage("its tensors take 0 bytes, but 1 follow", "{}", data: 1),
    ]

    @Test("Damage is refused with what it is", arguments: damages)
    func damaged(_ damage: Damage) {
        let error = #expect(throws: FoveaError.self) {
            try Safetensors(bytes: damage.bytes, path: "w.safetensors")
        }
        #expect(error?.code == .weights)
        #expect(
            error?.message
                == "is not a safetensors file that can be read: \(damage.sentence).")
        #expect(error?.remedy == "Fetch or write the file again.")
        #expect(error?.path == "w.safetensors")
    }

    @Test("A file cut short anywhere is refused")
    func cutShort() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/x.safetensors"
        try Self.two.write(to: path)
        let bytes = try AtomicFile.read(path)
        for count in 0..<bytes.count {
            #expect(throws: FoveaError.self) {
                try Safetensors(bytes: Array(bytes.prefix(count)), path: path)
            }
        }
    }

    @Test("A changed byte is read or refused, and never traps")
    func flipped() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/x.safetensors"
        try Self.two.write(to: path)
        let bytes = try AtomicFile.read(path)
        for index in bytes.indices {
            for bit in [0, 3, 6, 7] {
                var changed = bytes
                changed[index] ^= 1 << bit
                guard let file = try? Safetensors(bytes: changed, path: path) else { continue }
                let size = file.tensors.reduce(0) { $0 + $1.array.bytes.count }
                #expect(size == Self.two.tensors.reduce(0) { $0 + $1.array.bytes.count })
            }
        }
    }

    @Test("A file that is not there is missing, and so is a folder")
    func missing() throws {
        let folder = try TemporaryFolder()
        var error = #expect(throws: FoveaError.self) {
            try Safetensors(contentsOf: folder.path + "/none")
        }
        #expect(error?.code == .missing)
        #expect(error?.message == "cannot be opened: there is no such file or folder.")
        error = #expect(throws: FoveaError.self) { try Safetensors(contentsOf: folder.path) }
        #expect(error?.code == .missing)
        #expect(error?.message == "is not a file that can be read.")
    }
}
