// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// A product over channels on one thread: the library's convolution of 1×1, or its weights' gradient.
final class ChannelProduct: @unchecked Sendable {
    /// What is multiplied: matrices of blocked channels and so many pixels.
    struct Request {
        let inputs, outputs, pixels: Int
        /// The channels of a block.
        let lanes: Int
        /// The type of what is multiplied; sums are of 32-bit floats.
        var factors = DType.f32
        /// Whether the weights' gradient is computed from the other two.
        let isForWeights: Bool
        var hasBias = false
        var isRectified = false
    }

    /// Where the operands of one execution lie.
    struct Operands {
        let x, weights, y: UnsafeMutableRawPointer
        var bias: UnsafeMutableRawPointer?
    }

    private let primitive: Primitive
    private let isForWeights: Bool
    let scratchByteCount: Int
    /// How its weights lie.
    let weightsLayout: Layout

    /// Finds the library's kernel.
    ///
    /// - Parameter request: What is multiplied.
    /// - Throws: An error if it has none whose weights lie in blocks as ours do.
    init(_ request: Request) throws(FoveaError) {
        var product = fovea_convolution()
        isForWeights = request.isForWeights
        product.direction = Int32(isForWeights ? FOVEA_BACKWARD_WEIGHTS : FOVEA_FORWARD_TRAINING)
        product.algorithm = Int32(FOVEA_DIRECT)
        product.dtype = request.factors.native
        product.groups = 1
        product.window = fovea_window(Window(kernel: 1), from: [1, 1, 1, 1], to: [1, 1, 1, 1])
        product.bias = request.hasBias
        product.relu = request.isRectified
        let x: Shape = [1, request.inputs, 1, request.pixels]
        let y: Shape = [1, request.outputs, 1, request.pixels]
        product.source = x.four
        product.weights = Shape([request.outputs, request.inputs, 1, 1]).four
        product.destination = y.four
        product.source_layout = Layout.blocked(x, by: request.lanes, request.factors).native
        product.destination_layout = Layout.blocked(y, by: request.lanes).native
        primitive = try Primitive("a product over channels") {
            fovea_convolution_make(&product, &$0)
        }
        scratchByteCount = MemoryPlan.aligned(fovea_primitive_scratchpad_bytes(primitive.handle))
        let weights = isForWeights ? FOVEA_ARG_DIFF_WEIGHTS : FOVEA_ARG_WEIGHTS
        weightsLayout = primitive.layout(Int(weights))
        let name = primitive.implementation
        let lanes = request.lanes
        let expected =
            request.factors == .bf16
            ? "bf16:ABcd\(lanes / 2)b\(lanes)a2b" : "ABcd\(lanes)b\(lanes)a"
        guard name.hasPrefix("jit"), weightsLayout.name == expected else {
            throw FoveaError(.bug, "\(name) has its weights as \(weightsLayout).")
        }
    }

    /// Makes the code ready.
    func prepare() throws(FoveaError) {
        try check(fovea_primitive_prepare(primitive.handle), "prepare a product over channels")
    }

    /// Multiplies, on the thread that calls; returns the library's status.
    func execute(_ operands: Operands, scratch: UnsafeMutableRawPointer) -> Int32 {
        let handle = primitive.handle
        var status: Int32 = 0
        func bind(_ argument: Int, _ address: UnsafeMutableRawPointer?) {
            guard status == 0, let address else { return }
            status = fovea_primitive_bind(handle, Int32(argument), address)
        }
        bind(FOVEA_ARG_SOURCE, operands.x)
        bind(isForWeights ? FOVEA_ARG_DIFF_WEIGHTS : FOVEA_ARG_WEIGHTS, operands.weights)
        bind(isForWeights ? FOVEA_ARG_DIFF_BIAS : FOVEA_ARG_BIAS, operands.bias)
        bind(isForWeights ? FOVEA_ARG_DIFF_DESTINATION : FOVEA_ARG_DESTINATION, operands.y)
        if scratchByteCount > 0 { bind(FOVEA_ARG_SCRATCHPAD, scratch) }
        return status == 0 ? fovea_primitive_execute(handle) : status
    }
}
