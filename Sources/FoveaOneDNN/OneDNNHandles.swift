// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// The owner of one of the library's primitives.
struct Primitive: ~Copyable {
    let handle: OpaquePointer

    /// Takes over what a `fovea_…_make` call made.
    init(
        _ what: @autoclosure () -> String, _ make: (inout OpaquePointer?) -> Int32
    ) throws(FoveaError) {
        var result: OpaquePointer?
        try check(make(&result), what())
        guard let result else { throw FoveaError(.bug, "oneDNN made no primitive.") }
        handle = result
    }

    deinit {
        fovea_primitive_destroy(handle)
    }

    /// The layout it wants for an argument.
    func layout(_ argument: Int) -> Layout {
        Layout(fovea_primitive_layout(handle, Int32(argument)))
    }

    /// Which of the library's kernels it is.
    var implementation: String { String(cString: fovea_primitive_implementation(handle)) }
}

extension Layout {
    /// Describes a layout of the library.
    init(_ token: fovea_layout) {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = Int(fovea_layout_name(token, &buffer, 64))
        let name = String(
            decoding: buffer.prefix(min(length, 63)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let dtype = DType(native: fovea_layout_dtype(token))
        self.init(
            token: token, name: dtype == .bf16 ? "bf16:" + name : name,
            byteCount: fovea_layout_bytes(token), dtype: dtype,
            isPlain: fovea_layout_is_plain(token),
            isTransformed: fovea_layout_is_transformed(token))
    }

    /// The layout in the library's words.
    var native: fovea_layout { token }

    /// The layout of a tensor with its channels arranged in a way, or nil if that does not fit it.
    init?(_ type: TensorType, _ arrangement: Arrangement) {
        var dimensions = type.shape.dimensions.map(Int64.init)
        if dimensions.isEmpty { dimensions = [1] }
        let token = fovea_layout_make(
            type.dtype.native, Int32(dimensions.count), dimensions, arrangement.tag)
        guard token != 0 else { return nil }
        self.init(token)
    }

    /// The row-major layout of a tensor.
    static func plain(_ type: TensorType) -> Layout {
        guard let layout = Layout(type, .plain) else {
            preconditionFailure("\(type) has no row-major layout")
        }
        return layout
    }

    /// The layout of images whose channels lie in blocks of eight or sixteen.
    static func blocked(_ images: Shape, by lanes: Int, _ dtype: DType = .f32) -> Layout {
        let type = TensorType(images, dtype)
        guard let layout = Layout(type, lanes == 16 ? .blocked16 : .blocked8) else {
            preconditionFailure("\(type) has no channels")
        }
        return layout
    }

    /// The same bytes with so many entries along an axis, more or fewer of the last block's being zeros that
    /// fill it up; nil if they would not be the same bytes.
    func with(_ extent: Int, alongAxis axis: Int) -> Layout? {
        let token = fovea_layout_with_extent(native, Int32(axis), Int64(extent))
        return token == 0 ? nil : Layout(token)
    }

    /// The same order of elements of another type.
    func with(_ dtype: DType) -> Layout {
        guard dtype != self.dtype else { return self }
        let token = fovea_layout_with_dtype(native, dtype.native)
        precondition(token != 0, "\(self) has no order that \(dtype.rawValue) could have")
        return Layout(token)
    }

    /// How the channels are arranged; nil where it is none of the common ways.
    var arrangement: Arrangement? {
        switch fovea_layout_channel_block(token) {
        case 1: .plain
        case -1: .channelsLast
        case 16: .blocked16
        case 8: .blocked8
        default: isPlain ? .plain : nil
        }
    }
}

/// A common way to arrange the channels of a tensor.
package enum Arrangement: Sendable {
    /// Row-major: a channel's image lies in one piece.
    case plain
    /// A pixel's channels lie in one piece.
    case channelsLast
    /// Sixteen channels of a pixel lie in one piece, padded with zeros.
    case blocked16
    /// Eight channels of a pixel lie in one piece, padded with zeros.
    case blocked8

    /// The number of channels of a block, if there are blocks.
    var block: Int? {
        switch self {
        case .plain, .channelsLast: nil
        case .blocked16: 16
        case .blocked8: 8
        }
    }

    var tag: Int32 {
        switch self {
        case .plain: Int32(FOVEA_TAG_PLAIN)
        case .channelsLast: Int32(FOVEA_TAG_CHANNELS_LAST)
        case .blocked16: Int32(FOVEA_TAG_BLOCKED16)
        case .blocked8: Int32(FOVEA_TAG_BLOCKED8)
        }
    }
}

extension DType {
    /// Recognises a type of the library.
    fileprivate init(native: Int32) {
        switch native {
        case Int32(FOVEA_BF16): self = .bf16
        case Int32(FOVEA_U8): self = .u8
        case Int32(FOVEA_S32): self = .i32
        default: self = .f32
        }
    }

    /// The element type in the library's words.
    var native: Int32 {
        switch self {
        case .f32: Int32(FOVEA_F32)
        case .bf16: Int32(FOVEA_BF16)
        case .u8: Int32(FOVEA_U8)
        case .i32: Int32(FOVEA_S32)
        case .f16, .f64, .i64: preconditionFailure("the CPU has no kernels for \(rawValue)")
        }
    }
}
