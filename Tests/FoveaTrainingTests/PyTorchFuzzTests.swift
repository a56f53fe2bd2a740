// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaTestSupport
import Testing

@testable import FoveaArrays

/// Files of PyTorch that were cut and changed, and pickles by chance: read or refused, never a trap.
@Suite struct PyTorchFuzzTests {
    /// Files that are damaged: each kind of object in each container, and some that are refused.
    static let names = PyTorchFileTests.names.filter { !$0.hasPrefix("checkpoint-m") }

    static func seed(_ name: String) -> UInt64 { name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) } }

    /// Reads damaged bytes; whatever comes of it is no larger than the file, and said in a sentence.
    static func check(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
        do throws(FoveaError) {
            let file = try PyTorchFile(bytes: bytes, path: "w.pth")
            let largest = file.tensors.map(\.array.bytes.count).max() ?? 0
            #expect(largest <= bytes.count, sourceLocation: sourceLocation)
            return true
        } catch {
            #expect(
                error.code == .weights && error.message.hasSuffix(".") && error.remedy != nil
                    && error.message.utf8.count < 2000, "\(error)", sourceLocation: sourceLocation)
            return false
        }
    }

    @Test("A file cut short anywhere is refused", arguments: names)
    func cut(_ name: String) throws {
        let bytes = try AtomicFile.read(fixture("pth/\(name).pth"))
        for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 300)) {
            #expect(!Self.check(Array(bytes.prefix(count))), "\(count) bytes")
        }
    }

    @Test("A changed byte is read or refused", arguments: names)
    func changed(_ name: String) throws {
        let bytes = try AtomicFile.read(fixture("pth/\(name).pth"))
        var stream = RandomStream(seed: Self.seed(name), purpose: .input)
        var accepted = 0
        for _ in 0..<400 {
            var changed = bytes
            changed[stream.whole(below: bytes.count)] = UInt8(stream.whole(below: 256))
            if Self.check(changed) { accepted += 1 }
        }
        if PyTorchFileTests.isRefused(name) { return }
        // Numbers in the old container have no checksum, so that many changes go unseen.
        #expect(accepted > 0 || !name.hasSuffix("-legacy"))
    }

    @Test("Bytes that are left out, put in or repeated are read or refused", arguments: names)
    func moved(_ name: String) throws {
        let bytes = try AtomicFile.read(fixture("pth/\(name).pth"))
        var stream = RandomStream(seed: Self.seed(name) &+ 1, purpose: .input)
        for _ in 0..<150 {
            var changed = bytes
            let place = stream.whole(below: bytes.count)
            let end = min(bytes.count, place + 1 + stream.whole(below: 12))
            switch stream.whole(below: 3) {
            case 0: changed.removeSubrange(place..<end)
            case 1: changed.insert(contentsOf: bytes[place..<end], at: place)
            default:
                for index in place..<end { changed[index] = [0, 0xFF, 0x7F][index % 3] }
            }
            _ = Self.check(changed)
        }
    }

    @Test("Programs by chance of all instructions come to an end", arguments: 0..<20)
    func programs(_ seed: Int) {
        let codes = (0...255).compactMap { PickleOperation(rawValue: $0) }
        let globals = ["collections\nOrderedDict\n", "torch\nFloatStorage\n"].map { Array($0.utf8) }
        let calls = ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"].map {
            Array("torch._utils\n\($0)\n".utf8)
        }
        var stream = RandomStream(seed: UInt64(seed), purpose: .input)
        var endings = 0
        for _ in 0..<400 {
            var program: [UInt8] = [0x80, 2]
            for _ in 0..<(1 + stream.whole(below: 120)) {
                let code = codes[stream.whole(below: codes.count)]
                if code == .stop && stream.whole(below: 8) > 0 { continue }
                program.append(code.rawValue)
                // Small operands, so that instructions find what others have made.
                let small = UInt8(stream.whole(below: 4))
                switch code {
                case .global: program += (globals + calls)[stream.whole(below: 5)]
                case .put, .get, .integer1, .shortString: program.append(small)
                case .integer2: program += [small, 0]
                case .longPut, .longGet, .integer: program += [small, 0, 0, 0]
                case .unicode, .string: program += PickleParts.text("storage").dropFirst()
                case .long1: program += [small] + [UInt8](repeating: 0x80, count: Int(small))
                case .float: program += [UInt8](repeating: small, count: 8)
                default: break
                }
                if code == .shortString {
                    program += [UInt8](repeating: UInt8(ascii: "k"), count: Int(small))
                }
            }
            var machine = PickleMachine(program + PickleParts.code("."))
            if (try? machine.run()) != nil { endings += 1 }
            _ = Self.check(PickleParts.file(program + PickleParts.code(".")))
        }
        #expect(endings > 0)
    }
}
