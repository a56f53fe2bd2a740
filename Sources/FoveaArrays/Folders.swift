// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What is asked of folders on the disk.
package enum Folders {
    /// Whether a path names a folder.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a folder, and those around it, unless it is there.
    ///
    /// - Parameter path: The folder.
    /// - Returns: Whether it is there now; if not, `errno` says why.
    package static func make(_ path: String) -> Bool {
        var made = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            made += component + "/"
            // A folder on a disk that cannot be written to is there as well.
            if mkdir(made, 0o777) != 0, errno != EEXIST, !isFolder(made) { return false }
        }
        guard isFolder(path) else {
            errno = ENOTDIR
            return false
        }
        return true
    }

    /// The names in a folder.
    ///
    /// - Parameter path: The folder.
    /// - Returns: The names of files and folders, in no order; none if there is no such folder.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
