// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaTestSupport
import Foundation
import Testing

/// Files of `torch.save`, as PyTorch wrote them: what is read, and what is refused.
@Suite struct PyTorchFileTests {
    /// What `Scripts/fixtures/pth.py` says that its files hold.
    struct Fixtures {
        let values: Safetensors
        /// Names and keys of the values, by file.
        let files: [String: [[String]]]

        static let shared = Result { try Fixtures() }

        private init() throws {
            values = try Safetensors(contentsOf: fixture("pth/values.safetensors"))
            let text = try #require(values.metadata["fixtures"])
            files = try JSONDecoder().decode([String: [[String]]].self, from: Data(text.utf8))
        }
    }

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: fixture("pth"))) ?? []
        return files.filter { $0.hasSuffix(".pth") }.map { String($0.dropLast(4)) }.sorted()
    }()

    @Test("Every tensor comes as PyTorch has it", arguments: names.filter { !isRefused($0) })
    func read(_ name: String) throws {
        let fixtures = try Fixtures.shared.get()
        let object = name.hasSuffix("-legacy") ? String(name.dropLast(7)) : name
        let expected = try #require(fixtures.files[object])
        let file = try PyTorchFile(contentsOf: fixture("pth/\(name).pth"))
        #expect(file.tensors.map(\.name) == expected.map { $0[0] })
        for ((_, array), pair) in zip(file.tensors, expected) {
            #expect(array == fixtures.values[pair[1]], "\(pair[0])")
        }
    }

    @Test("All fixtures are looked at")
    func all() throws {
        let fixtures = try Fixtures.shared.get()
        #expect(Self.names.filter { !Self.isRefused($0) }.count == 2 * fixtures.files.count - 1)
        #expect(
            Self.names.filter(Self.isRefused) == Self.refusals.map { "refused-\($0.name)" }.sorted()
        )
    }

    static func isRefused(_ name: String) -> Bool { name.hasPrefix("refused-") }

    // MARK: - What PyTorch writes and Fovea does not read

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name, sentence, remedy: String
        var testDescription: String { name }

        init(_ name: String, _ sentence: String, _ remedy: String = PyTorchFileTests.onlyWeights) {
            (self.name, self.sentence, self.remedy) = (name, sentence, remedy)
        }
    }

    static let onlyWeights =
        "Only a state dict can be read; to save one in PyTorch: "
        + "torch.save(model.state_dict(), \"weights.pth\")"
    static let saveAgain =
        "Save it again in PyTorch: torch.save(torch.load(\"old.pth\"), \"weights.pth\")"
    static let fetchAgain = "Fetch or write the file again."

    static func names(_ name: String) -> String {
        "it names \(name), which no state dict needs and Fovea does not run"
    }

    static let refusals: [Refusal] = [
        Refusal("module", names("torch.nn.modules.linear.Linear")),
        Refusal("module-legacy", names("torch.nn.modules.linear.Linear")),
        Refusal("script", names("__torch__.torch.nn.modules.linear.Linear")),
        Refusal("eval", names("__builtin__.eval")),
        Refusal("eval-legacy", names("__builtin__.eval")),
        Refusal("set", names("__builtin__.set")),
        Refusal("numpy", names("numpy._core.multiarray._reconstruct")),
        Refusal("sparse", names("torch._utils._rebuild_sparse_tensor")),
        Refusal("quantized", names("torch._utils._rebuild_qtensor")),
        Refusal("uint16", names("torch._utils._rebuild_tensor_v3")),
        Refusal("bool", "it holds tensors of torch.BoolStorage, for which Fovea has no type"),
        Refusal(
            "complex", "it holds tensors of torch.ComplexFloatStorage, for which Fovea has no type"),
        Refusal("tensor", "it holds a tensor, not a dictionary of tensors"),
        Refusal("list", "it holds a list, not a dictionary of tensors"),
        Refusal("nested", "it holds a dictionary in which nothing is a tensor"),
        Refusal("no-pickle", "it is a zip archive without what torch.save puts into one"),
        Refusal(
            "protocol",
            "its pickle has the protocol 4, but torch.save writes 2 unless it is told otherwise",
            saveAgain),
        Refusal("protocol-legacy", "it does not begin as files of torch.save do"),
        Refusal(
            "compressed",
            "its entry state/data.pkl is compressed or encrypted, as torch.save writes none",
            saveAgain),
        Refusal(
            "big-endian", "its numbers are in the order that big-endian machines have", saveAgain),
        Refusal(
            "expanded", "its tensors take more than the {size} bytes that the file has",
            "Save copies in PyTorch: torch.save({k: v.clone() for k, v in "
                + "model.state_dict().items()}, \"weights.pth\")"),
        Refusal("overlapping", "its entries take more than the {size} bytes it has", fetchAgain),
        Refusal("no-storage", "it has no entry state/data/1", fetchAgain),
        Refusal(
            "short-storage",
            "the storage of 0.weight has 68 bytes, too few for 18 elements of f32", fetchAgain),
    ]

    @Test("What is no state dict is refused with the reason", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let path = fixture("pth/refused-\(refusal.name).pth")
        let error = #expect(throws: FoveaError.self) { try PyTorchFile(contentsOf: path) }
        #expect(error?.code == .weights)
        let size = try AtomicFile.read(path).count
        let sentence = refusal.sentence.replacing("{size}", with: "\(size)")
        #expect(error?.message == "is not a PyTorch file that can be read: \(sentence).")
        #expect(error?.remedy == refusal.remedy)
        #expect(error?.path == path)
    }

    // MARK: - Damage

    /// The sentence with which bytes are refused, or what else came of them.
    static func sentence(_ bytes: [UInt8]) -> String {
        do throws(FoveaError) {
            let file = try PyTorchFile(bytes: bytes, path: "w.pth")
            return "read: \(file.tensors.map(\.name))"
        } catch {
            let beginning = "is not a PyTorch file that can be read: "
            guard error.code == .weights, error.path == "w.pth", error.remedy != nil,
                error.message.hasPrefix(beginning), error.message.hasSuffix(".")
            else { return "\(error)" }
            return String(error.message.dropFirst(beginning.count).dropLast())
        }
    }

    @Test("An archive that is cut short is told, and so is a changed number")
    func damagedArchive() throws {
        let bytes = try AtomicFile.read(fixture("pth/state.pth"))
        #expect(
            Self.sentence(Array(bytes.dropLast())) == "its zip directory is cut off or damaged")
        #expect(
            Self.sentence(Array(bytes.prefix(2000))) == "its zip directory is cut off or damaged")
        let values = try Fixtures.shared.get().values
        let weight = try #require(values["state/0.weight"])
        var changed = bytes
        let place = try #require(bytes.firstRange(of: weight.bytes))
        changed[place.lowerBound + 5] ^= 1
        #expect(
            Self.sentence(changed)
                == "its entry state/data/0 is cut short, or its checksum differs")
        #expect(Self.sentence(bytes).hasPrefix("read: "))
    }

    @Test("Sizes that an archive claims are not believed")
    func sizes() throws {
        var bytes = try AtomicFile.read(fixture("pth/rewritten.pth"))
        // The central directory's record of the first storage: compressed size, then size.
        let name = try #require(bytes.ranges(of: Array("state/data/0".utf8)).last)
        let record = name.lowerBound - 46
        #expect(bytes[record..<record + 4].elementsEqual([0x50, 0x4B, 1, 2]))
        let claim = PickleParts.little(UInt32(0xFFFF_FFF0))
        bytes.replaceSubrange(record + 20..<record + 28, with: claim + claim)
        #expect(
            Self.sentence(bytes)
                == "its entry state/data/0 claims 4294967280 bytes, but the file has "
                + "\(bytes.count)")
    }

    @Test("A file that is not there is missing")
    func missing() {
        let error = #expect(throws: FoveaError.self) {
            try PyTorchFile(contentsOf: fixture("pth/none.pth"))
        }
        #expect(error?.code == .missing)
    }

    @Test("Other files are not taken for PyTorch's")
    func recognition() throws {
        for name in Self.names {
            #expect(PyTorchFile.recognizes(try AtomicFile.read(fixture("pth/\(name).pth"))))
        }
        let values = try AtomicFile.read(fixture("pth/values.safetensors"))
        #expect(!PyTorchFile.recognizes(values) && Safetensors.recognizes(values))
        #expect(!PyTorchFile.recognizes([]) && !Safetensors.recognizes([]))
        var tar = [UInt8](repeating: 0, count: 1024)
        tar.replaceSubrange(257..<262, with: "ustar".utf8)
        #expect(PyTorchFile.recognizes(tar))
        #expect(
            Self.sentence(tar)
                == "it is a tar archive, as PyTorch wrote before its version 0.1.10")
    }
}
