// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Glibc

/// Reading whole files, with a sentence for everything that can go wrong.
enum FileBytes {
    /// The bytes of a regular file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: More bytes than this are refused before any memory is taken.
    /// - Returns: The bytes.
    /// - Throws: `FoveaError` with the reason of the system.
    static func read(_ path: String, limit: Int) throws(FoveaError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw FoveaError(.missing, "The file cannot be read: \(systemReason()).", path: path)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FoveaError(.missing, "A file was expected here, but this is none.", path: path)
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw FoveaError(
                .dataset, "The file has \(size) bytes; at most \(limit) are expected.", path: path)
        }
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let taken = Glibc.read(file, rest.baseAddress, rest.count)
                if taken > 0 {
                    count += taken
                } else if taken == 0 || errno != EINTR {
                    failure = taken == 0 ? "it became shorter meanwhile" : systemReason()
                    return
                }
            }
        }
        if let failure {
            throw FoveaError(.missing, "The file cannot be read: \(failure).", path: path)
        }
        return bytes
    }

    /// Whether a path names a regular file.
    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

/// What the system says about the call that has just failed.
func systemReason() -> String {
    let number = errno
    return strerror(number).map { String(cString: $0) } ?? "error \(number)"
}
