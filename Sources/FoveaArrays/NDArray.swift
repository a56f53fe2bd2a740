// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// Host data: a shape, an element type, and bytes in row-major order.
public struct NDArray: Sendable, Equatable {
    /// What the bytes hold.
    public let type: TensorType
    /// The elements in row-major order, little-endian.
    public private(set) var bytes: [UInt8]

    /// The extents.
    public var shape: Shape { type.shape }
    /// The number of elements.
    public var count: Int { type.shape.count }

    /// Makes an array from raw bytes in row-major order.
    ///
    /// - Parameters:
    ///   - type: What the bytes hold.
    ///   - bytes: The elements; their number must be that of the type.
    public init(_ type: TensorType, bytes: [UInt8]) {
        precondition(bytes.count == type.byteCount, "\(bytes.count) bytes for \(type)")
        self.type = type
        self.bytes = bytes
    }

    /// Makes an array of 32-bit floats.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - values: The elements in row-major order; their number must be that of the shape.
    public init(_ shape: Shape, _ values: [Float]) {
        precondition(values.count == shape.count, "\(values.count) values for \(shape)")
        type = TensorType(shape)
        bytes = values.withUnsafeBytes { Array($0) }
    }

    /// Makes an array of 32-bit floats that are all alike.
    public init(_ shape: Shape, repeating value: Float) {
        self.init(shape, [Float](repeating: value, count: shape.count))
    }

    /// Makes an array of 32-bit floats by writing into its storage.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - fill: Writes the elements of the buffer it is given, which begin as zero.
    public init(_ shape: Shape, filledBy fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
        type = TensorType(shape)
        bytes = [UInt8](repeating: 0, count: type.byteCount)
        bytes.withUnsafeMutableBytes { fill($0.bindMemory(to: Float.self)) }
    }

    /// The elements as an array of 32-bit floats; the element type must be `f32`.
    public var floats: [Float] {
        withFloats { Array($0) }
    }

    /// Reads the elements as 32-bit floats in place.
    ///
    /// - Parameter body: Is given the elements in row-major order.
    /// - Returns: What `body` returns.
    public func withFloats<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        precondition(type.dtype == .f32, "expected f32, found \(type)")
        return try bytes.withUnsafeBytes { try body($0.bindMemory(to: Float.self)) }
    }
}
