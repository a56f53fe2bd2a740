// SPDX-License-Identifier: Apache-2.0

/// A file that is published somewhere, and how to tell that it arrived whole.
package struct RemoteFile: Sendable, Equatable {
    /// The name of the file, with which addresses end.
    package let name: String
    /// The size of the file.
    package let byteCount: Int
    /// The MD5 of the file in lower-case hexadecimal digits.
    package let md5: String

    /// Makes a file from what its publisher says of it.
    package init(_ name: String, byteCount: Int, md5: String) {
        self.name = name
        self.byteCount = byteCount
        self.md5 = md5
    }
}

/// How far a download has come.
public struct DownloadProgress: Sendable, Hashable {
    /// The name of the file.
    public let file: String
    /// The name of the computer that it comes from.
    public let host: String
    /// How many bytes are on the disk, with those of an earlier attempt that was resumed.
    public let bytesReceived: Int
    /// The size of the whole file.
    public let byteCount: Int
}
