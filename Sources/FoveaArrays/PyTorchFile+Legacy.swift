// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The container of PyTorch before 1.6: five pickles in a row, then the storages.
///
/// The pickles are a magic number, the number of the protocol, facts about the machine, the object
/// itself, and the keys of the storages in the order in which they follow. A storage is the number
/// of its elements in eight bytes, then the elements.
extension PyTorchFile {
    /// The first pickle: its protocol, the magic number 0x1950a86a20f9469cfc6c, its end.
    static let legacyBeginning: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// The tensors of such a file.
    static func legacyTensors(
        _ bytes: [UInt8]
    ) throws(PyTorchFlaw) -> [(name: String, array: NDArray)] {
        var position = legacyBeginning.count
        func next() throws(PyTorchFlaw) -> (value: PickleValue, heap: PickleHeap) {
            var machine = PickleMachine(bytes, at: position)
            let value = try machine.run()
            position = machine.position
            return (value, machine.heap)
        }

        guard case .integer(1001) = try next().value else {
            throw .damaged("it has another version than 1001 of the format")
        }
        let machine = try next()
        if case .dictionary(let place) = machine.value {
            for entry in machine.heap.dictionaries[place] {
                guard case .text("little_endian") = entry.key, case .boolean(false) = entry.value
                else { continue }
                throw .unusual("its numbers are in the order that big-endian machines have")
            }
        }
        let object = try next()
        let tensors = try stateDict(object.value, object.heap)
        let types = Dictionary(
            object.heap.storages.map { ($0.key, $0.dtype) }, uniquingKeysWith: { first, _ in first }
        )
        let keys = try next()
        guard case .list(let place) = keys.value else {
            throw .damaged("it has no list of its storages")
        }
        var places: [String: Range<Int>] = [:]
        for key in keys.heap.sequences[place] {
            guard case .text(let key) = key, let type = types[key], places[key] == nil else {
                throw .damaged("its list of storages does not belong to its tensors")
            }
            let range = try storage(key, type, in: bytes, at: position)
            places[key] = range
            position = range.upperBound
        }
        return try arrays(of: tensors, limit: bytes.count) { (storage) throws(PyTorchFlaw) in
            guard let range = places[storage.key] else {
                throw .damaged("its storage \(legibleName(storage.key)) is not in its list")
            }
            return bytes[range]
        }
    }

    /// Where the elements of a storage are.
    private static func storage(
        _ key: String, _ type: DType, in bytes: [UInt8], at position: Int
    ) throws(PyTorchFlaw) -> Range<Int> {
        let rest = bytes.count - position
        guard rest >= 8 else { throw .damaged("it ends where a storage should begin") }
        let count = bytes[position..<position + 8].reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        guard count <= UInt64(rest - 8) / UInt64(type.size) else {
            throw .damaged(
                "its storage \(legibleName(key)) claims \(count) elements of \(type), but "
                    + "\(rest - 8) bytes follow")
        }
        return position + 8..<position + 8 + Int(count) * type.size
    }
}
