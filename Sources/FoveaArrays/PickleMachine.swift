// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Reads a pickle of weights without running anything in it.
///
/// A pickle is a program for a stack machine. This one knows the instructions that `torch.save`
/// writes, a short list of names (`PickleGlobal`), and values of its own (`PickleValue`); anything
/// else ends the reading with the reason. What it makes is bounded by the number of instructions:
/// each makes one small value, or counts as one for each element it copies, and texts are no longer
/// than the file.
struct PickleMachine {
    /// More instructions than checkpoints have; the values of so many take a few hundred megabytes.
    static let stepLimit = 4_000_000
    /// No module or function has a longer name.
    static let nameLimit = 255

    private let bytes: [UInt8]
    /// Where the next instruction is; after a run, where the pickle has ended.
    private(set) var position: Int
    /// What the values point to.
    private(set) var heap = PickleHeap()
    /// The instructions so far, and the elements that they have copied.
    private var steps = 0
    private var stack: [PickleValue] = []
    /// How high the stack was at each mark; what lies below the last is out of reach.
    private var marks: [Int] = []
    private var memo: [UInt32: PickleValue] = [:]
    /// What was said of each storage when it was first mentioned.
    private var storages: [String: PickledStorage] = [:]

    /// Gets ready to read a pickle.
    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Reads one pickle to its end.
    mutating func run() throws(PyTorchFlaw) -> PickleValue {
        guard try byte() == 0x80 else { throw .damaged("its pickle does not begin as one") }
        let version = try byte()
        guard version == 2 else {
            throw .unusual(
                "its pickle has the protocol \(version), but torch.save writes 2 unless it is told "
                    + "otherwise")
        }
        while true {
            try count(1)
            let code = try byte()
            guard let operation = PickleOperation(rawValue: code) else {
                throw .foreign(
                    "its pickle has the instruction \(code), which no state dict needs")
            }
            if operation == .stop { return try pop() }
            try perform(operation)
        }
    }

    /// Counts instructions, or as many elements as one of them copies.
    private mutating func count(_ more: Int) throws(PyTorchFlaw) {
        steps += more
        guard steps <= Self.stepLimit else {
            throw .foreign("its pickle has more than \(Self.stepLimit) instructions")
        }
    }

    // MARK: - Instructions

    private mutating func perform(_ operation: PickleOperation) throws(PyTorchFlaw) {
        switch operation {
        case .mark: marks.append(stack.count)
        case .stop: break
        case .none: stack.append(.nothing)
        case .newTrue: stack.append(.boolean(true))
        case .newFalse: stack.append(.boolean(false))
        case .integer: stack.append(.integer(Int(Int32(bitPattern: try word()))))
        case .integer1: stack.append(.integer(Int(try byte())))
        case .integer2:
            stack.append(.integer(try take(2).reversed().reduce(0) { $0 << 8 | Int($1) }))
        case .long1: try long()
        case .float:
            _ = try take(8)
            stack.append(.number)
        case .unicode, .string: try text(Int(try word()))
        case .shortString: try text(Int(try byte()))
        case .emptyTuple: stack.append(.tuple(sequence([])))
        case .tuple: stack.append(.tuple(sequence(try popToMark())))
        case .tuple1: try tuple(1)
        case .tuple2: try tuple(2)
        case .tuple3: try tuple(3)
        case .emptyList: stack.append(.list(sequence([])))
        case .append: try extend(with: [try pop()])
        case .appends: try extend(with: try popToMark())
        case .emptyDictionary: stack.append(dictionary([]))
        case .setItem:
            let value = try pop()
            try set([try pop(), value])
        case .setItems: try set(try popToMark())
        case .put: memo[UInt32(try byte())] = try top()
        case .longPut: memo[try word()] = try top()
        case .get: try recall(UInt32(try byte()))
        case .longGet: try recall(try word())
        case .global: try global()
        case .reduce:
            let arguments = try pop()
            stack.append(try call(try pop(), arguments))
        case .build:
            // The state of a dictionary is what PyTorch notes about versions of layers.
            _ = try pop()
            guard case .dictionary = try top() else {
                throw .foreign("its pickle gives a state to \(try top().kind)")
            }
        case .persistentIdentifier: stack.append(try storage(try pop()))
        }
    }

    private mutating func long() throws(PyTorchFlaw) {
        let digits = try take(Int(try byte()))
        guard digits.count <= 8 else {
            stack.append(.number)
            return
        }
        let isNegative = digits.last.map { $0 >= 0x80 } ?? false
        var value: UInt64 = isNegative ? .max : 0
        for digit in digits.reversed() { value = value << 8 | UInt64(digit) }
        stack.append(.integer(Int(Int64(bitPattern: value))))
    }

    private mutating func text(_ count: Int) throws(PyTorchFlaw) {
        stack.append(.text(String(decoding: try take(count), as: UTF8.self)))
    }

    private mutating func tuple(_ count: Int) throws(PyTorchFlaw) {
        var elements: [PickleValue] = []
        for _ in 0..<count { elements.append(try pop()) }
        stack.append(.tuple(sequence(elements.reversed())))
    }

    private mutating func extend(with elements: [PickleValue]) throws(PyTorchFlaw) {
        guard case .list(let place) = try top() else {
            throw .damaged("its pickle appends to \(try top().kind)")
        }
        heap.sequences[place] += elements
    }

    private mutating func set(_ items: [PickleValue]) throws(PyTorchFlaw) {
        guard case .dictionary(let place) = try top() else {
            throw .damaged("its pickle sets entries of \(try top().kind)")
        }
        guard items.count.isMultiple(of: 2) else {
            throw .damaged("its pickle sets an entry without a value")
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            heap.dictionaries[place].append((items[index], items[index + 1]))
        }
    }

    private mutating func recall(_ index: UInt32) throws(PyTorchFlaw) {
        guard let value = memo[index] else {
            throw .damaged("its pickle recalls the value \(index), which it has not stored")
        }
        stack.append(value)
    }

    private mutating func global() throws(PyTorchFlaw) {
        let name = try "\(line()).\(line())"
        if let known = PickleGlobal(rawValue: name) {
            stack.append(.global(known))
        } else if name.hasPrefix("torch."), name.hasSuffix("Storage") {
            throw .foreign(
                "it holds tensors of \(legibleName(name)), for which Fovea has no type")
        } else {
            throw .foreign(
                "it names \(legibleName(name)), which no state dict needs and Fovea does "
                    + "not run")
        }
    }

    // MARK: - Bytes

    private mutating func byte() throws(PyTorchFlaw) -> UInt8 {
        guard position < bytes.count else { throw .damaged("its pickle is cut short") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws(PyTorchFlaw) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw .damaged("its pickle is cut short") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func word() throws(PyTorchFlaw) -> UInt32 {
        try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func line() throws(PyTorchFlaw) -> String {
        let rest = bytes[position...].prefix(Self.nameLimit + 1)
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            throw rest.count > Self.nameLimit
                ? PyTorchFlaw.foreign("its pickle has a name of more than \(Self.nameLimit) bytes")
                : PyTorchFlaw.damaged("its pickle is cut short")
        }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    // MARK: - Stack and heap

    private func top() throws(PyTorchFlaw) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else {
            throw .damaged("its pickle takes a value from an empty stack")
        }
        return value
    }

    private mutating func pop() throws(PyTorchFlaw) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func popToMark() throws(PyTorchFlaw) -> [PickleValue] {
        guard let start = marks.popLast() else {
            throw .damaged("its pickle goes back to a mark that it has not set")
        }
        defer { stack.removeSubrange(start...) }
        return Array(stack[start...])
    }

    private mutating func sequence(_ elements: [PickleValue]) -> Int {
        heap.sequences.append(elements)
        return heap.sequences.count - 1
    }

    private mutating func dictionary(
        _ entries: [(key: PickleValue, value: PickleValue)]
    ) -> PickleValue {
        heap.dictionaries.append(entries)
        return .dictionary(heap.dictionaries.count - 1)
    }
}

// MARK: - The names that may be called

extension PickleMachine {
    /// What a call of one of the known names stands for.
    private mutating func call(
        _ callee: PickleValue, _ arguments: PickleValue
    ) throws(PyTorchFlaw) -> PickleValue {
        guard case .global(let function) = callee, case .tuple(let place) = arguments else {
            throw .damaged("its pickle calls \(callee.kind) with \(arguments.kind)")
        }
        let arguments = heap.sequences[place]
        switch function {
        case .orderedDict:
            if arguments.isEmpty { return dictionary([]) }
            if let entries = try entries(arguments) { return dictionary(entries) }
        case .rebuildTensor where arguments.count == 4,
            .rebuildTensorV2 where arguments.count == 6 || arguments.count == 7:
            if case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
                let shape = try integers(arguments[2]), let strides = try integers(arguments[3])
            {
                heap.tensors.append(
                    PickledTensor(
                        storage: heap.storages[storage], offset: offset, shape: shape,
                        strides: strides))
                return .tensor(heap.tensors.count - 1)
            }
        case .rebuildParameter where arguments.count == 3:
            if case .tensor = arguments[0] { return arguments[0] }
        default: break
        }
        throw .damaged("its pickle calls \(function.rawValue) with other arguments than it has")
    }

    /// The entries of an ordered dictionary as Python 2 writes them: one list of pairs.
    private mutating func entries(
        _ arguments: [PickleValue]
    ) throws(PyTorchFlaw) -> [(key: PickleValue, value: PickleValue)]? {
        guard arguments.count == 1, case .list(let place) = arguments[0] else { return nil }
        try count(heap.sequences[place].count)
        var entries: [(key: PickleValue, value: PickleValue)] = []
        for pair in heap.sequences[place] {
            guard let pair = elements(pair), pair.count == 2 else { return nil }
            entries.append((pair[0], pair[1]))
        }
        return entries
    }

    private func elements(_ value: PickleValue) -> [PickleValue]? {
        switch value {
        case .tuple(let place), .list(let place): heap.sequences[place]
        default: nil
        }
    }

    private mutating func integers(_ value: PickleValue) throws(PyTorchFlaw) -> [Int]? {
        guard case .tuple(let place) = value else { return nil }
        try count(heap.sequences[place].count)
        var result: [Int] = []
        for element in heap.sequences[place] {
            guard case .integer(let number) = element else { return nil }
            result.append(number)
        }
        return result
    }

    /// The storage that a persistent identifier stands for.
    ///
    /// It is ('storage', type, key, location, count), and in the legacy container a sixth element
    /// that is None or (key, offset, count) for a view. The location, such as `cuda:0`, says where
    /// the numbers were; they are in the file all the same.
    private mutating func storage(_ identifier: PickleValue) throws(PyTorchFlaw) -> PickleValue {
        let flaw = PyTorchFlaw.damaged("its pickle describes a storage in another form than it has")
        guard case .tuple(let place) = identifier else { throw flaw }
        let fields = heap.sequences[place]
        guard fields.count == 5 || fields.count == 6, case .text("storage") = fields[0],
            case .global(let global) = fields[1], let dtype = global.elementType,
            case .text(let key) = fields[2], case .integer(let count) = fields[4], count >= 0
        else { throw flaw }
        var view = 0..<count
        switch fields.count == 6 ? fields[5] : PickleValue.nothing {
        case .nothing: break
        case .tuple(let place):
            let parts = heap.sequences[place]
            guard parts.count == 3, case .integer(let offset) = parts[1],
                case .integer(let length) = parts[2], (0...count).contains(offset),
                (0...count - offset).contains(length)
            else { throw flaw }
            view = offset..<offset + length
        default: throw flaw
        }
        let found = PickledStorage(key: key, dtype: dtype, count: count, view: view)
        if let first = storages[key], first.dtype != dtype || first.count != count {
            throw .damaged("its storage \(legibleName(key)) is described in two ways")
        }
        if storages[key] == nil { storages[key] = found }
        heap.storages.append(found)
        return .storage(heap.storages.count - 1)
    }
}
