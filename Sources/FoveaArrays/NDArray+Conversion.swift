// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension NDArray {
    /// The elements as 32-bit floats, rounded if they were wider, or nil if they are whole numbers.
    ///
    /// - Returns: The array of the type `f32`.
    public func convertedToFloats() -> NDArray? {
        switch type.dtype {
        case .f32: self
        case .f64: converted { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
        case .f16: converted { Float(Float16(bitPattern: UInt16(littleEndian: $0))) }
        case .bf16: converted { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
        case .i64, .i32, .u8: nil
        }
    }

    private func converted<Bits: BitwiseCopyable>(_ float: (Bits) -> Float) -> NDArray {
        NDArray(shape) { target in
            bytes.withUnsafeBytes { source in
                for index in target.indices {
                    target[index] = float(
                        source.loadUnaligned(
                            fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
                }
            }
        }
    }
}
