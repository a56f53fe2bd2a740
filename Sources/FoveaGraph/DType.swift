// SPDX-License-Identifier: Apache-2.0

/// The type of a tensor's elements.
public enum DType: String, Sendable, Hashable, CaseIterable {
    case f32, f16, bf16, f64, i64, i32, u8

    /// The size of one element in bytes.
    public var size: Int {
        switch self {
        case .f64, .i64: 8
        case .f32, .i32: 4
        case .f16, .bf16: 2
        case .u8: 1
        }
    }
}
