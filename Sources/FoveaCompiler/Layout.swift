// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// How a device lays a tensor out in memory: in which order, and as numbers of which type.
///
/// The type need not be the tensor's: what a graph computes in 32-bit floats may lie in 16 bits.
/// The compiler compares layouts and counts their bytes; what they mean is the affair of the kernel
/// library that made them.
public struct Layout: Hashable, Sendable, CustomStringConvertible {
    /// The library's own number for it.
    package let token: Int32
    /// A short name, such as `abcd`, `aBcd16b` or `bf16:aBcd16b`.
    public let name: String
    /// The size in memory, padding included.
    public let byteCount: Int
    /// The type of the elements in memory.
    public let dtype: DType
    /// Whether the order is row-major.
    public let isPlain: Bool
    /// Whether its numbers are computed from the tensor's, which cannot be had back from them.
    public let isTransformed: Bool

    /// Makes a layout; for kernel libraries.
    package init(
        token: Int32, name: String, byteCount: Int, dtype: DType = .f32, isPlain: Bool,
        isTransformed: Bool = false
    ) {
        self.token = token
        self.name = name
        self.byteCount = byteCount
        self.dtype = dtype
        self.isPlain = isPlain
        self.isTransformed = isTransformed
    }

    /// The name.
    public var description: String { name }
}
