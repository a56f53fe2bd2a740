// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The container of PyTorch 1.6 and later: an archive with the pickle and a file for each storage.
extension PyTorchFile {
    /// The tensors of such a file.
    static func zipTensors(
        _ bytes: [UInt8]
    ) throws(PyTorchFlaw) -> [(name: String, array: NDArray)] {
        try bytes.withUnsafeBufferPointer {
            (buffer) throws(PyTorchFlaw) -> [(name: String, array: NDArray)] in
            let archive = try ZipArchive(buffer)
            let stem = archive.firstFolder
            guard let pickle = try archive.entry(named: "\(stem)/data.pkl") else {
                throw .foreign("it is a zip archive without what torch.save puts into one")
            }
            if let order = try archive.entry(named: "\(stem)/byteorder"),
                try archive.read(order) != Array("little".utf8)
            {
                throw .unusual("its numbers are in the order that big-endian machines have")
            }
            var machine = PickleMachine(try archive.read(pickle))
            let tensors = try stateDict(try machine.run(), machine.heap)
            // Entries that lie on top of each other could make a small file unpack to a large one.
            var taken = 0
            return try arrays(of: tensors, limit: bytes.count) { (storage) throws(PyTorchFlaw) in
                let name = "\(stem)/data/\(storage.key)"
                guard let entry = try archive.entry(named: name) else {
                    throw .damaged("it has no entry \(legibleName(name))")
                }
                taken += entry.size
                guard taken <= bytes.count else {
                    throw .damaged("its entries take more than the \(bytes.count) bytes it has")
                }
                return try archive.read(entry)[...]
            }
        }
    }
}
