// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// The weights in a file that PyTorch's `torch.save` wrote: a state dict, or a checkpoint with one.
///
/// Both containers are read: the zip archive of PyTorch 1.6 and later, and the pickles in a row of
/// those before. Nothing in the file is executed (`PickleMachine`), every size is checked before
/// memory is taken, and the tensors never take more bytes than the file has.
public struct PyTorchFile: Sendable {
    /// The tensors in the order of the state dict, row-major, without what wrappers put before
    /// all names: `module.` and `_orig_mod.`.
    public let tensors: [(name: String, array: NDArray)]

    /// Whether data begin as files of `torch.save` do, or at least as pickles do.
    public static func recognizes(_ bytes: [UInt8]) -> Bool {
        isZip(bytes) || bytes.first == 0x80 || isTar(bytes)
    }

    /// Reads a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: An error of the code `.missing` if it is not there, `.weights` if it holds
    ///   something else, or more, or is damaged.
    public init(contentsOf path: String) throws(FoveaError) {
        try self.init(bytes: try AtomicFile.read(path), path: path)
    }

    /// Reads the bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - path: What to call it in errors.
    /// - Throws: An error of the code `.weights` that says why it is refused.
    public init(bytes: [UInt8], path: String) throws(FoveaError) {
        do throws(PyTorchFlaw) {
            if Self.isZip(bytes) {
                tensors = Self.withoutPrefix(try Self.zipTensors(bytes))
            } else if bytes.starts(with: Self.legacyBeginning) {
                tensors = Self.withoutPrefix(try Self.legacyTensors(bytes))
            } else if Self.isTar(bytes) {
                throw .unusual("it is a tar archive, as PyTorch wrote before its version 0.1.10")
            } else {
                throw .foreign("it does not begin as files of torch.save do")
            }
        } catch {
            throw FoveaError(
                .weights, "is not a PyTorch file that can be read: \(error.what).",
                remedy: error.remedy, path: path)
        }
    }

    private static func isZip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
    }

    private static func isTar(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 512 && bytes[257..<262].elementsEqual("ustar".utf8)
    }

    // MARK: - What of it is weights

    /// The entries under which checkpoints keep a state dict beside other things.
    static let stateDictEntries = ["state_dict", "model_state_dict", "model", "net"]

    /// What wrappers put before the name of every tensor.
    static let prefixes = ["module.", "_orig_mod."]

    /// The tensors of a state dict, or of the one in a checkpoint.
    static func stateDict(
        _ value: PickleValue, _ heap: PickleHeap
    ) throws(PyTorchFlaw) -> [(name: String, tensor: PickledTensor)] {
        guard case .dictionary(let place) = value else {
            throw .foreign("it holds \(value.kind), not a dictionary of tensors")
        }
        let entries = heap.dictionaries[place]
        for name in stateDictEntries {
            for entry in entries {
                guard case .text(name) = entry.key, case .dictionary(let inner) = entry.value
                else { continue }
                let found = try tensors(in: heap.dictionaries[inner], heap)
                if !found.isEmpty { return found }
            }
        }
        let found = try tensors(in: entries, heap)
        guard !found.isEmpty else {
            throw .foreign("it holds a dictionary in which nothing is a tensor")
        }
        return found
    }

    private static func tensors(
        in entries: [(key: PickleValue, value: PickleValue)], _ heap: PickleHeap
    ) throws(PyTorchFlaw) -> [(name: String, tensor: PickledTensor)] {
        var names: Set<String> = []
        var result: [(name: String, tensor: PickledTensor)] = []
        for entry in entries {
            guard case .text(let name) = entry.key, case .tensor(let place) = entry.value
            else { continue }
            guard names.insert(name).inserted else {
                throw .damaged("the name \(legibleName(name)) occurs twice")
            }
            result.append((name, heap.tensors[place]))
        }
        return result
    }

    private static func withoutPrefix(
        _ tensors: [(name: String, array: NDArray)]
    ) -> [(name: String, array: NDArray)] {
        var result = tensors
        // One wrapper may be within another, in any order.
        while !result.isEmpty,
            let prefix = prefixes.first(where: { prefix in
                result.allSatisfy { $0.name.hasPrefix(prefix) }
            })
        {
            result = result.map { (String($0.name.dropFirst(prefix.count)), $0.array) }
        }
        return result
    }
}
