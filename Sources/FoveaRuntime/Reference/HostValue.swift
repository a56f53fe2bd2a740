// SPDX-License-Identifier: Apache-2.0
public import FoveaArrays
public import FoveaGraph

/// A tensor on the host as the reference computes with it: 64-bit floats in row-major order.
public struct HostValue: Sendable, Equatable {
    /// The extents.
    public var shape: Shape
    /// The elements in row-major order; labels and winners are whole numbers.
    public var values: [Double]

    /// Makes a value from its elements.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - values: The elements in row-major order; their number must be that of the shape.
    public init(_ shape: Shape, _ values: [Double]) {
        precondition(values.count == shape.count, "\(values.count) values for \(shape)")
        self.shape = shape
        self.values = values
    }

    /// Makes a value whose elements are all alike.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - value: Every element.
    public init(_ shape: Shape, repeating value: Double) {
        self.init(shape, [Double](repeating: value, count: shape.count))
    }

    /// Takes over an array, whatever its element type.
    public init(_ array: NDArray) {
        func read<T>(_: T.Type, _ convert: (T) -> Double) -> [Double] {
            array.bytes.withUnsafeBytes { bytes in
                (0..<array.count).map { index in
                    convert(
                        bytes.loadUnaligned(
                            fromByteOffset: index * MemoryLayout<T>.size, as: T.self))
                }
            }
        }
        let values =
            switch array.type.dtype {
            case .f64: read(Double.self) { $0 }
            case .f32: read(Float.self) { Double($0) }
            case .f16: read(Float16.self) { Double($0) }
            case .bf16: read(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
            case .i64: read(Int64.self) { Double($0) }
            case .i32: read(Int32.self) { Double($0) }
            case .u8: read(UInt8.self) { Double($0) }
            }
        self.init(array.shape, values)
    }

    /// The elements rounded to 32-bit floats.
    public var array: NDArray { NDArray(shape, values.map { Float($0) }) }
}
