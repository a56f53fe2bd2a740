// SPDX-License-Identifier: Apache-2.0

/// How a device lays a tensor out in memory.
///
/// The compiler compares layouts and counts their bytes; what they mean is the affair of the kernel
/// library that made them.
public struct Layout: Hashable, Sendable, CustomStringConvertible {
    /// The library's own number for it.
    package let token: Int32
    /// A short name, such as `abcd` or `aBcd16b`.
    public let name: String
    /// The size in memory, padding included.
    public let byteCount: Int
    /// Whether the bytes are those of the row-major order.
    public let isPlain: Bool
    /// Whether its numbers are computed from the tensor's, which cannot be had back from them.
    public let isTransformed: Bool

    /// Makes a layout; for kernel libraries.
    package init(
        token: Int32, name: String, byteCount: Int, isPlain: Bool, isTransformed: Bool = false
    ) {
        self.token = token
        self.name = name
        self.byteCount = byteCount
        self.isPlain = isPlain
        self.isTransformed = isTransformed
    }

    /// The name.
    public var description: String { name }
}
