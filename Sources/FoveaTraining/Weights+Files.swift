// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph

extension Weights {
    /// Reads a weights file: safetensors, or what PyTorch's `torch.save` wrote.
    ///
    /// Which of them it is its content says, not its name. Of a PyTorch file the state dict is read,
    /// in whatever container it lies (`PyTorchFile`), and nothing in it is executed.
    ///
    /// - Parameter path: The file.
    /// - Throws: An error of the code `.missing` if it is not there, `.weights` if it is damaged, or
    ///   is something else.
    public init(contentsOf path: String) throws(FoveaError) {
        let bytes = try AtomicFile.read(path)
        if Safetensors.recognizes(bytes) {
            let file = try Safetensors(bytes: bytes, path: path)
            self.init(file.tensors, metadata: file.metadata)
        } else if PyTorchFile.recognizes(bytes) {
            self.init(try PyTorchFile(bytes: bytes, path: path).tensors)
        } else {
            let digits = bytes.prefix(4).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
            let beginning =
                bytes.isEmpty ? "it is empty" : "it begins with " + digits.joined(separator: " ")
            throw FoveaError(
                .weights, "is no weights file that Fovea knows: \(beginning).",
                remedy: "Fovea reads safetensors files, and state dicts that PyTorch saved.",
                path: path)
        }
    }
}
