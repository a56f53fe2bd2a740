// SPDX-License-Identifier: Apache-2.0
public import FoveaArrays
import FoveaGraph

/// The parts of PyTorch's files, as bytes, for tests that write some by hand.
///
/// The container is the legacy one: it has no checksums, so that any part may be wrong.
public enum PickleParts {
    /// A storage that follows the pickles: its key, the number of elements it claims, its bytes.
    public typealias Storage = (key: String, count: UInt64, bytes: [UInt8])

    /// A whole pickle of protocol 2.
    public static func pickle(_ parts: [UInt8]...) -> [UInt8] {
        [0x80, 2] + parts.joined() + code(".")
    }

    /// Instructions without operands, by the letters they have in Python's `pickletools`.
    public static func code(_ letters: String) -> [UInt8] { Array(letters.utf8) }

    /// A text.
    public static func text(_ text: String) -> [UInt8] {
        let utf8 = Array(text.utf8)
        return code("X") + little(UInt32(utf8.count)) + utf8
    }

    /// A text of less than 256 bytes as Python 2 writes it.
    public static func string(_ text: String) -> [UInt8] {
        code("U") + [UInt8(text.utf8.count)] + text.utf8
    }

    /// An integer, in eight bytes.
    public static func integer(_ value: Int) -> [UInt8] {
        [0x8A, 8] + little(UInt64(bitPattern: Int64(value)))
    }

    /// The name of a function or a class.
    public static func global(_ module: String, _ name: String) -> [UInt8] {
        code("c\(module)\n\(name)\n")
    }

    /// A tuple.
    public static func tuple(_ parts: [UInt8]...) -> [UInt8] {
        code("(") + parts.joined() + code("t")
    }

    /// A tuple of integers.
    public static func integers(_ values: [Int]) -> [UInt8] {
        code("(") + values.flatMap(integer) + code("t")
    }

    /// A list.
    public static func list(_ parts: [[UInt8]]) -> [UInt8] {
        code("](") + parts.joined() + code("e")
    }

    /// A dictionary.
    public static func dictionary(_ entries: [(name: String, value: [UInt8])]) -> [UInt8] {
        code("}(") + entries.flatMap { text($0.name) + $0.value } + code("u")
    }

    /// An ordered dictionary without entries.
    public static let orderedDict = global("collections", "OrderedDict") + code(")R")

    /// A storage as tensors mention it.
    ///
    /// - Parameters:
    ///   - key: Its name within the file.
    ///   - type: The name of its class.
    ///   - count: The number of its elements.
    ///   - view: Which part of it is meant, None for all.
    /// - Returns: The instructions.
    public static func storage(
        _ key: String = "k", type: String = "FloatStorage", count: Int = 6,
        view: [UInt8] = code("N")
    ) -> [UInt8] {
        tuple(
            text("storage"), global("torch", type), text(key), text("cpu"), integer(count), view)
            + code("Q")
    }

    /// A tensor.
    ///
    /// - Parameters:
    ///   - storage: Where its elements are.
    ///   - offset: Which of them is the first.
    ///   - shape: The extents.
    ///   - strides: How far apart neighbours are.
    /// - Returns: The instructions.
    public static func tensor(
        _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int] = [2, 3],
        strides: [Int] = [3, 1]
    ) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2")
            + tuple(
                storage, integer(offset), integers(shape), integers(strides), [0x89], orderedDict)
            + code("R")
    }

    /// A file.
    ///
    /// - Parameters:
    ///   - object: The pickle of the object.
    ///   - version: The pickle of the version of the format.
    ///   - facts: The pickle of facts about the machine.
    ///   - keys: The pickle of the storages' keys; that of `storages` if nil.
    ///   - storages: The storages that follow, in their order.
    /// - Returns: The bytes.
    public static func file(
        _ object: [UInt8], version: [UInt8] = pickle([0x4D, 0xE9, 0x03]),
        facts: [UInt8] = pickle(code("}")), keys: [UInt8]? = nil,
        storages: [Storage] = [numbersToFive]
    ) -> [UInt8] {
        let magic: [UInt8] = [
            0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
        ]
        let keys = keys ?? pickle(list(storages.map { text($0.key) }))
        return magic + version + facts + object + keys
            + storages.flatMap { little($0.count) + $0.bytes }
    }

    /// A file with a state dict of 32-bit floats.
    ///
    /// - Parameter tensors: The tensors with their names.
    /// - Returns: The bytes.
    public static func file(_ tensors: [(name: String, array: NDArray)]) -> [UInt8] {
        var entries: [(name: String, value: [UInt8])] = []
        var storages: [Storage] = []
        for (index, (name, array)) in tensors.enumerated() {
            let extents = array.shape.dimensions
            let strides = extents.indices.map { extents[($0 + 1)...].reduce(1, *) }
            let storage = storage("\(index)", count: array.count)
            entries.append((name, tensor(storage, shape: extents, strides: strides)))
            storages.append(("\(index)", UInt64(array.count), array.bytes))
        }
        return file(pickle(dictionary(entries)), storages: storages)
    }

    /// A storage named k with the numbers from 0 to 5.
    public static let numbersToFive: Storage = (
        "k", 6, (0..<6).flatMap { little(Float($0).bitPattern) }
    )

    /// The bytes of an integer, the lowest first.
    public static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
