// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import Glibc

/// Files that are either there as a whole or not at all, whatever happens while they are written.
///
/// The bytes go to a temporary file in the same folder, whose full size is claimed first so that a
/// full disk is noticed early; it is synchronised to disk, renamed over the old file, and the folder
/// is synchronised too. A process that is killed at any moment leaves the old file or the new one.
public enum AtomicFile {
    /// Writes a file, replacing what was there.
    ///
    /// - Parameters:
    ///   - path: Where the file shall be.
    ///   - pieces: Its bytes, in pieces that are written one after the other.
    /// - Throws: An error of the code `.cannotCreate` or `.cannotWrite` that says why.
    public static func write(_ path: String, _ pieces: [[UInt8]]) throws(FoveaError) {
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw FoveaError(
                .cannotCreate, "is not a file, and is not replaced by one.",
                remedy: "Choose another name.", path: path)
        }
        let temporary = temporaryPath(for: path)
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure(.cannotCreate, path) }
        do throws(FoveaError) {
            try fill(file, path, pieces)
            close(file)
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let error = failure(.cannotWrite, path)
            unlink(temporary)
            throw error
        }
        try synchronizeFolder(of: path)
    }

    /// Writes a text file, replacing what was there.
    ///
    /// - Parameters:
    ///   - path: Where the file shall be.
    ///   - text: Its content.
    /// - Throws: An error of the code `.cannotCreate` or `.cannotWrite` that says why.
    public static func write(_ path: String, text: String) throws(FoveaError) {
        try write(path, [Array(text.utf8)])
    }

    /// Removes what writers that were killed have left in a folder.
    ///
    /// - Parameter folder: The folder.
    public static func removeLeftovers(in folder: String) {
        for name in Folders.names(in: folder) where name.hasPrefix(".") {
            guard let ending = name.split(separator: ".").last, ending.hasPrefix("tmp-"),
                let writer = pid_t(ending.dropFirst(4)), writer > 0
            else { continue }
            // Another process may be writing here just now.
            if writer != getpid(), kill(writer, 0) == 0 || errno == EPERM { continue }
            unlink("\(folder)/\(name)")
        }
    }

    /// Reads a whole file.
    ///
    /// - Parameter path: The file.
    /// - Returns: Its bytes.
    /// - Throws: An error of the code `.missing` if there is no such file or it cannot be read.
    public static func read(_ path: String) throws(FoveaError) -> [UInt8] {
        // Without waiting, or a pipe that nobody writes to would be waited for.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw FoveaError(.missing, "cannot be opened: \(reason()).", path: path)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FoveaError(.missing, "is not a file that can be read.", path: path)
        }
        let size = Int(status.st_size)
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        guard size <= memory else {
            throw FoveaError(
                .missing, "has \(size) bytes, and this machine has memory for \(memory).",
                path: path)
        }
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let step = Glibc.read(file, buffer.baseAddress.map { $0 + count }, size - count)
                if step < 0 && errno == EINTR { continue }
                if step <= 0 {
                    failure = step < 0 ? reason() : "it became shorter meanwhile"
                    return
                }
                count += step
            }
        }
        if let failure {
            throw FoveaError(.missing, "cannot be read: \(failure).", path: path)
        }
        return bytes
    }

    private static func temporaryPath(for path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().joined(separator: "/")
        let name = ".\(parts.last ?? "file").tmp-\(getpid())"
        return parts.count > 1 ? "\(folder)/\(name)" : name
    }

    private static func fill(
        _ file: Int32, _ path: String, _ pieces: [[UInt8]]
    ) throws(FoveaError) {
        let size = pieces.reduce(0) { $0 + $1.count }
        if size > 0 {
            let status = posix_fallocate(file, 0, off_t(size))
            // Folders that cannot claim space in advance are written without it.
            if status == ENOSPC || status == EFBIG || status == EDQUOT {
                errno = status
                throw failure(.cannotWrite, path)
            }
        }
        for piece in pieces {
            var written = 0
            while written < piece.count {
                let step = piece.withUnsafeBytes { raw in
                    Glibc.write(
                        file, raw.baseAddress.map { $0 + written }, piece.count - written)
                }
                if step < 0 && errno == EINTR { continue }
                guard step > 0 else { throw failure(.cannotWrite, path) }
                written += step
            }
        }
        guard fsync(file) == 0 else { throw failure(.cannotWrite, path) }
    }

    private static func synchronizeFolder(of path: String) throws(FoveaError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
        let handle = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return }
        defer { close(handle) }
        // Some file systems cannot synchronise folders, and need not.
        guard fsync(handle) == 0 || errno == EINVAL else { throw failure(.cannotWrite, path) }
    }

    private static func failure(_ code: FoveaError.Code, _ path: String) -> FoveaError {
        let remedy =
            switch errno {
            case ENOSPC, EDQUOT: "Make room on the disk, or choose another folder."
            case EACCES, EPERM, EROFS: "Choose a folder you may write to."
            case ENOENT, ENOTDIR: "Create the folder first."
            default: nil as String?
            }
        return FoveaError(code, "cannot be written: \(reason()).", remedy: remedy, path: path)
    }

    private static func reason() -> String {
        switch errno {
        case ENOSPC, EDQUOT: "the disk is full"
        case ENOENT: "there is no such file or folder"
        case EACCES, EPERM: "permission is denied"
        case EROFS: "the disk is read-only"
        case EISDIR: "it is a folder"
        default: strerror(errno).map { String(cString: $0).lowercased() } ?? "unknown error"
        }
    }
}
