// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc
import Synchronization

/// A file that is still being written and that only one process writes.
final class PartialFile: Sendable {
    let path: String
    private let file: Int32
    private let failure = Mutex<String?>(nil)

    /// Opens or makes the file and waits until no other process works on it.
    init(_ path: String) throws(FoveaError) {
        self.path = path
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard file >= 0 else {
            throw FoveaError(
                .cannotCreate, "The file cannot be created: \(systemReason()).",
                remedy: "FOVEA_CACHE may name another place for data sets.", path: path)
        }
        while flock(file, LOCK_EX) != 0, errno == EINTR {}
    }

    deinit { close(file) }

    /// The number of bytes so far.
    var size: Int {
        var status = stat()
        return fstat(file, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Why the last write failed.
    var problem: String? { failure.withLock { $0 } }

    /// Makes the file empty.
    func clear() {
        if ftruncate(file, 0) != 0 { note(systemReason()) }
    }

    /// Adds bytes at the end; a failure is kept as the `problem`.
    func append(_ bytes: UnsafeRawBufferPointer) {
        var position = size
        var rest = bytes
        while !rest.isEmpty, problem == nil {
            let count = pwrite(file, rest.baseAddress, rest.count, position)
            if count > 0 {
                position += count
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if count == 0 || errno != EINTR {
                note(count == 0 ? "the device takes no more data" : systemReason())
            }
        }
    }

    /// Whether the file is too short to tell or begins as gzip files do.
    func beginsAsGzip() throws(FoveaError) -> Bool {
        var start: [UInt8] = [0, 0]
        return pread(file, &start, 2, 0) < 2 || Gzip.isGzip(start)
    }

    /// The MD5 of the bytes so far.
    func digest() throws(FoveaError) -> String { try Self.digest(of: file, path) }

    /// Makes sure that the bytes are on the disk, and gives the file its final name.
    func rename(to target: String) throws(FoveaError) {
        guard fsync(file) == 0, Glibc.rename(path, target) == 0 else {
            throw FoveaError(
                .cannotWrite, "The file could not be finished: \(systemReason()).", path: target)
        }
        let end = target.lastIndex(of: "/") ?? target.startIndex
        let folder = open(String(target[..<end]) + "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    /// The MD5 of a file, or nil if there is none.
    static func digest(of path: String) throws(FoveaError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return try digest(of: file, path)
    }

    private static func digest(of file: Int32, _ path: String) throws(FoveaError) -> String {
        var digest = Digest(.md5)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var position = 0
        while true {
            let count = pread(file, &buffer, buffer.count, position)
            if count == 0 { return digest.hexadecimal }
            if count > 0 {
                buffer.withUnsafeBytes {
                    digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count]))
                }
                position += count
            } else if errno != EINTR {
                throw FoveaError(
                    .missing, "The file cannot be read: \(systemReason()).", path: path)
            }
        }
    }

    private func note(_ reason: String) { failure.withLock { $0 = $0 ?? reason } }
}
