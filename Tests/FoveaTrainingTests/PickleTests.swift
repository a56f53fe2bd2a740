// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaTestSupport
import Testing

/// Pickles written by hand: forms that PyTorch no longer writes, and everything that is refused.
@Suite struct PickleTests {
    typealias P = PickleParts

    static func file(_ value: [UInt8], named name: String = "w") -> [UInt8] {
        P.file(P.pickle(P.dictionary([(name, value)])))
    }

    // MARK: - What is read

    @Test("The parts are such that a file can be read")
    func whole() throws {
        let file = try PyTorchFile(bytes: Self.file(P.tensor()), path: "w.pth")
        #expect(file.tensors.map(\.name) == ["w"])
        #expect(file.tensors[0].array == NDArray([2, 3], [0, 1, 2, 3, 4, 5]))
    }

    @Test("A view of a storage begins where it says")
    func view() throws {
        let view = P.tuple(P.text("v"), P.integer(2), P.integer(3))
        let tensor = P.tensor(P.storage(view: view), offset: 1, shape: [2], strides: [1])
        let file = try PyTorchFile(bytes: Self.file(tensor), path: "w.pth")
        #expect(file.tensors[0].array == NDArray([2], [3, 4]))
        let beyond = P.tensor(P.storage(view: view), offset: 2, shape: [2], strides: [1])
        #expect(
            PyTorchFileTests.sentence(Self.file(beyond))
                == "tensor w reaches beyond its storage of 3 elements")
    }

    @Test("Texts, dictionaries and integers of Python 2 are read")
    func pythonTwo() throws {
        let storage =
            P.tuple(
                P.string("storage"), P.global("torch", "FloatStorage"), P.string("k"),
                P.string("cuda:0"), P.integer(6), P.code("N")) + P.code("Q")
        let pair = P.list([P.string("w"), P.tensor(storage)])
        let object =
            P.global("collections", "OrderedDict") + P.tuple(P.list([pair])) + P.code("R")
        let facts = P.pickle(P.dictionary([("little_endian", [0x88])]))
        let keys = P.pickle(P.list([P.string("k")]))
        let file = try PyTorchFile(
            bytes: P.file(P.pickle(object), facts: facts, keys: keys), path: "w.pth")
        #expect(file.tensors.map(\.name) == ["w"])
        #expect(file.tensors[0].array == NDArray([2, 3], [0, 1, 2, 3, 4, 5]))
    }

    @Test("Axes of one element may have any stride, and empty tensors any storage")
    func strides() throws {
        let tensor = P.tensor(shape: [1, 6, 1], strides: [Int.max, 1, Int.max])
        let empty = P.tensor(offset: 7, shape: [0, 5], strides: [Int.max, Int.max])
        let object = P.pickle(P.dictionary([("w", tensor), ("e", empty)]))
        let file = try PyTorchFile(bytes: P.file(object), path: "w.pth")
        #expect(file.tensors[0].array == NDArray([1, 6, 1], [0, 1, 2, 3, 4, 5]))
        #expect(file.tensors[1].array == NDArray([0, 5], []))
    }

    // MARK: - What is refused

    struct Refusal: Sendable, CustomTestStringConvertible {
        let sentence: String
        let bytes: [UInt8]
        var testDescription: String { sentence }

        init(_ sentence: String, _ bytes: [UInt8]) {
            (self.sentence, self.bytes) = (sentence, bytes)
        }

        /// A file whose object is this pickle.
        init(_ sentence: String, object: [UInt8]...) {
            self.init(sentence, P.file([0x80, 2] + object.joined() + P.code(".")))
        }

        init(_ sentence: String, tensor: [UInt8]) {
            self.init(sentence, PickleTests.file(tensor))
        }
    }

    static let names: [Refusal] = [
        Refusal(PyTorchFileTests.names("builtins.eval"), object: P.global("builtins", "eval")),
        Refusal(PyTorchFileTests.names("posix.system"), object: P.global("posix", "system")),
        Refusal(
            PyTorchFileTests.names("a\u{FFFD}[2J.b"), object: P.global("a\u{1B}[2J", "b")),
        Refusal(
            PyTorchFileTests.names(String(repeating: "m", count: 120) + "…"),
            object: P.global(String(repeating: "m", count: 200), "n")),
        Refusal(
            "its pickle has a name of more than 255 bytes",
            object: P.global(String(repeating: "m", count: 1000), "n")),
        Refusal(
            "its pickle has the instruction 129, which no state dict needs",
            object: P.global("collections", "OrderedDict"), P.code(")"), [0x81]),
        Refusal(
            "its pickle has the instruction 105, which no state dict needs",
            object: P.code("(ios\nsystem\n")),
        Refusal(
            "its pickle has the instruction 139, which no state dict needs",
            object: [0x8B, 0xFF, 0xFF, 0xFF, 0x7F]),
        Refusal("its pickle calls a text with a tuple", object: P.text("eval"), P.code(")R")),
        Refusal(
            "its pickle calls a function with a dictionary",
            object: P.global("collections", "OrderedDict"), P.code("}R")),
        Refusal(
            "its pickle calls collections.OrderedDict with other arguments than it has",
            object: P.global("collections", "OrderedDict"), P.integers([1]), P.code("R")),
        Refusal(
            "its pickle calls torch.FloatStorage with other arguments than it has",
            object: P.global("torch", "FloatStorage"), P.code(")R")),
        Refusal(
            "its pickle calls torch._utils._rebuild_parameter with other arguments than it has",
            object: P.global("torch._utils", "_rebuild_parameter"),
            P.tuple(P.text("a"), [0x89], P.orderedDict), P.code("R")),
        Refusal(
            "its pickle calls torch._utils._rebuild_tensor_v2 with other arguments than it has",
            tensor: P.global("torch._utils", "_rebuild_tensor_v2")
                + P.tuple(
                    P.storage(), P.text("0"), P.integers([1]), P.integers([1]), [0x89],
                    P.orderedDict) + P.code("R")),
        Refusal("its pickle gives a state to a list", object: P.code("]}b")),
    ]

    static let machine: [Refusal] = [
        Refusal("its pickle takes a value from an empty stack", object: []),
        Refusal("its pickle takes a value from an empty stack", object: P.code("N(")),
        Refusal("its pickle takes a value from an empty stack", object: P.code("q"), [0]),
        Refusal("its pickle takes a value from an empty stack", object: P.code("](a")),
        Refusal("its pickle goes back to a mark that it has not set", object: P.code("t")),
        Refusal("its pickle sets an entry without a value", object: P.code("}(Nu")),
        Refusal("its pickle sets entries of a list", object: P.code("](NNu")),
        Refusal("its pickle appends to a dictionary", object: P.code("}Na")),
        Refusal(
            "its pickle recalls the value 7, which it has not stored", object: P.code("h"), [7]),
        Refusal(
            "its pickle recalls the value 4294967295, which it has not stored",
            object: P.code("]r"), [0xFF, 0xFF, 0xFF, 0x7F], P.code("j"), [0xFF, 0xFF, 0xFF, 0xFF]),
        Refusal("its pickle is cut short", object: P.code("X"), [0xFF, 0xFF, 0xFF, 0xFF]),
        Refusal("its pickle is cut short", object: P.code("T"), [0xFF, 0xFF, 0xFF, 0xFF]),
        Refusal("its pickle is cut short", P.file([0x80, 2], keys: [], storages: [])),
        Refusal("its pickle does not begin as one", P.file(P.code("(lp0"))),
        Refusal(
            "its pickle has the protocol 5, but torch.save writes 2 unless it is told otherwise",
            P.file([0x80, 5] + P.code("}."))),
        Refusal("it holds a number, not a dictionary of tensors", object: P.integer(-1)),
        Refusal("it holds nothing, not a dictionary of tensors", object: P.code("N")),
        Refusal("it holds a tuple, not a dictionary of tensors", object: P.code(")")),
        Refusal("it holds a storage, not a dictionary of tensors", object: P.storage()),
        Refusal("it holds a dictionary in which nothing is a tensor", object: P.code("}")),
        Refusal(
            "the name w occurs twice",
            object: P.dictionary([("w", P.tensor()), ("w", P.tensor())])),
    ]

    static let tensors: [Refusal] = [
        Refusal("tensor w has 2 extents and 1 strides", tensor: P.tensor(strides: [1])),
        Refusal(
            "tensor w has 65 extents and 65 strides",
            tensor: P.tensor(
                shape: [Int](repeating: 1, count: 65), strides: [Int](repeating: 1, count: 65))),
        Refusal(
            "tensor w has the offset 0, the shape [-2, 3] and the strides [3, 1]",
            tensor: P.tensor(shape: [-2, 3])),
        Refusal(
            "tensor w has the offset -1, the shape [2, 3] and the strides [3, 1]",
            tensor: P.tensor(offset: -1)),
        Refusal(
            "tensor w has the offset 0, the shape [2, 3] and the strides [-3, 1]",
            tensor: P.tensor(strides: [-3, 1])),
        Refusal(
            "tensor w has the shape [4611686018427387904, 4], which no memory holds",
            tensor: P.tensor(shape: [1 << 62, 4])),
        Refusal(
            "tensor w has the shape [4611686018427387904, 4, 0], which no memory holds",
            tensor: P.tensor(shape: [1 << 62, 4, 0], strides: [1, 1, 1])),
        Refusal(
            "tensor w reaches beyond its storage of 6 elements", tensor: P.tensor(offset: 1)),
        Refusal(
            "tensor w reaches beyond its storage of 6 elements",
            tensor: P.tensor(strides: [4, 1])),
        Refusal(
            "tensor w reaches beyond its storage of 6 elements",
            tensor: P.tensor(shape: [3, 2], strides: [Int.max, 1])),
        Refusal(
            "tensor w reaches beyond its storage of 6 elements",
            tensor: P.tensor(offset: Int.max)),
        Refusal(
            "tensor w\u{FFFD} reaches beyond its storage of 6 elements",
            PickleTests.file(P.tensor(offset: 1), named: "w\u{7}")),
        Refusal(
            "its pickle describes a storage in another form than it has",
            tensor: P.tensor(P.storage(count: -1))),
        Refusal(
            "its pickle describes a storage in another form than it has",
            tensor: P.tensor(P.text("k") + P.code("Q"))),
        Refusal(
            "its pickle describes a storage in another form than it has",
            tensor: P.tensor(
                P.storage(view: P.tuple(P.text("v"), P.integer(5), P.integer(2))))),
        Refusal(
            "its storage k is described in two ways",
            object: P.dictionary([
                ("a", P.tensor()), ("b", P.tensor(P.storage(type: "IntStorage"))),
            ])),
    ]

    static let containers: [Refusal] = [
        Refusal("it does not begin as files of torch.save do", P.pickle(P.code("}"))),
        Refusal(
            "it has another version than 1001 of the format",
            P.file(P.pickle(P.code("}")), version: P.pickle([0x4D, 0xEA, 0x03]))),
        Refusal(
            "its numbers are in the order that big-endian machines have",
            P.file(
                P.pickle(P.code("}")),
                facts: P.pickle(P.dictionary([("little_endian", [0x89])])))),
        Refusal(
            "it has no list of its storages",
            P.file(P.pickle(P.dictionary([("w", P.tensor())])), keys: P.pickle(P.code("N")))),
        Refusal(
            "its list of storages does not belong to its tensors",
            P.file(
                P.pickle(P.dictionary([("w", P.tensor())])),
                keys: P.pickle(P.list([P.text("other")])))),
        Refusal(
            "its list of storages does not belong to its tensors",
            P.file(
                P.pickle(P.dictionary([("w", P.tensor())])),
                storages: [P.numbersToFive, P.numbersToFive])),
        Refusal(
            "its storage k is not in its list",
            P.file(P.pickle(P.dictionary([("w", P.tensor())])), storages: [])),
        Refusal(
            "its storage k claims 7 elements of f32, but 24 bytes follow",
            P.file(
                P.pickle(P.dictionary([("w", P.tensor())])),
                storages: [("k", 7, P.numbersToFive.bytes)])),
        Refusal(
            "its storage k claims 18446744073709551615 elements of f32, but 24 bytes follow",
            P.file(
                P.pickle(P.dictionary([("w", P.tensor())])),
                storages: [("k", .max, P.numbersToFive.bytes)])),
        Refusal(
            "the storage of w has 20 bytes, too few for 6 elements of f32",
            P.file(
                P.pickle(P.dictionary([("w", P.tensor())])),
                storages: [("k", 5, P.numbersToFive.bytes)])),
        Refusal(
            "it ends where a storage should begin",
            Array(Self.file(P.tensor()).dropLast(25))),
    ]

    @Test("The reason is told", arguments: names + machine + tensors + containers)
    func refused(_ refusal: Refusal) {
        #expect(PyTorchFileTests.sentence(refusal.bytes) == refusal.sentence)
    }

    // MARK: - Bombs

    @Test("However deep values are nested, they are read flat")
    func nesting() {
        let depth = 1_000_000
        let lists = [UInt8](repeating: UInt8(ascii: "]"), count: depth)
        let appends = [UInt8](repeating: UInt8(ascii: "a"), count: depth - 1)
        let tuples = [UInt8](repeating: 0x85, count: depth)
        let marks = [UInt8](repeating: UInt8(ascii: "("), count: depth)
        let deep: [(kind: String, pickle: [UInt8])] = [
            ("a list", P.pickle(lists, appends)), ("a tuple", P.pickle(P.code("N"), tuples)),
        ]
        for (kind, pickle) in deep {
            #expect(
                PyTorchFileTests.sentence(P.file(pickle))
                    == "it holds \(kind), not a dictionary of tensors")
        }
        #expect(
            PyTorchFileTests.sentence(P.file(P.pickle(marks)))
                == "its pickle takes a value from an empty stack")
        // A list that holds itself, and a dictionary that is its own state dict.
        #expect(
            PyTorchFileTests.sentence(P.file(P.pickle(P.code("]q\u{1}h\u{1}a"))))
                == "it holds a list, not a dictionary of tensors")
        let own = P.code("}q\u{1}(") + P.text("state_dict") + P.code("h\u{1}") + P.code("u")
        #expect(
            PyTorchFileTests.sentence(P.file(P.pickle(own)))
                == "it holds a dictionary in which nothing is a tensor")
    }

    @Test("A list of lists of lists that doubles at each step stays as small as it is written")
    func doubling() {
        var program: [UInt8] = P.code("]q\u{0}")
        for _ in 0..<200 { program += P.code("](h\u{0}h\u{0}eq\u{0}") }
        #expect(
            PyTorchFileTests.sentence(P.file(P.pickle(program)))
                == "it holds a list, not a dictionary of tensors")
    }

    @Test("A pickle without end is given up")
    func endless() {
        let numbers = [UInt8](repeating: UInt8(ascii: "N"), count: 4_000_001)
        #expect(
            PyTorchFileTests.sentence(P.file(P.pickle(numbers)))
                == "its pickle has more than 4000000 instructions")
    }

    @Test("What one instruction copies again and again counts as often")
    func copies() {
        // A list of a thousand pairs, of which five thousand ordered dictionaries are made.
        let pair = P.tuple(P.text("k"), P.integer(1))
        var program = P.list([[UInt8]](repeating: pair, count: 1000)) + P.code("q\u{0}")
        let make = P.global("collections", "OrderedDict") + P.code("h\u{0}") + [0x85] + P.code("R")
        for _ in 0..<5000 { program += make }
        #expect(
            PyTorchFileTests.sentence(P.file(P.pickle(program)))
                == "its pickle has more than 4000000 instructions")
    }

    @Test("Wrappers may be within each other in any order")
    func wrappers() throws {
        for prefix in ["module._orig_mod.", "_orig_mod.module.", "module.module."] {
            let weight = (name: prefix + "weight", value: P.tensor(shape: [2], strides: [1]))
            let file = try PyTorchFile(
                bytes: P.file(P.pickle(P.dictionary([weight]))), path: "weights.pth")
            #expect(file.tensors.map(\.name) == ["weight"])
        }
    }

    @Test("Tensors that repeat a storage cannot take more than the file has")
    func repetition() {
        let wide = P.tensor(shape: [1 << 40], strides: [0])
        let one = P.file(P.pickle(P.dictionary([("w", wide)])))
        #expect(
            PyTorchFileTests.sentence(one)
                == "its tensors take more than the \(one.count) bytes that the file has")
        // Each is small, and differs from the others; together they are too large.
        let views = (0..<3000).map { index in
            (name: "w\(index)", value: P.tensor(shape: [100 + index], strides: [0]))
        }
        let many = P.file(P.pickle(P.dictionary(views)))
        #expect(
            PyTorchFileTests.sentence(many)
                == "its tensors take more than the \(many.count) bytes that the file has")
    }
}
