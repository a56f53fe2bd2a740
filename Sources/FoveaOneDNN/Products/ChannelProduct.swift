// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// A product over channels on one thread: the library's convolution of 1×1, or its weights' gradient.
///
/// Every thread of the team has its own. Were each product shared out among all threads, they would wait
/// for each other after every one.
final class ChannelProduct: @unchecked Sendable {
    /// What is multiplied: matrices of blocked channels and so many pixels.
    struct Request {
        let inputs, outputs, pixels: Int
        /// The channels of a block.
        let lanes: Int
        /// Whether the weights' gradient is computed from the other two.
        let isForWeights: Bool
        var hasBias = false
        var isRectified = false
    }

    /// Where the operands of one execution lie.
    struct Operands {
        let x, weights, y: UnsafeMutableRawPointer
        var bias: UnsafeMutableRawPointer?
        let scratch: UnsafeMutableRawPointer?
    }

    private let primitive: Primitive
    private let isForWeights: Bool
    let scratchByteCount: Int
    /// How its weights lie.
    let weightsLayout: Layout

    /// Finds the library's kernels for a whole team.
    ///
    /// - Parameter request: What is multiplied.
    /// - Returns: One for each thread.
    /// - Throws: An error if there is none whose weights lie in blocks as ours do.
    static func team(_ request: Request) throws(FoveaError) -> [ChannelProduct] {
        let threads = Team.count
        return try Team.withOneThread { () throws(FoveaError) in
            var team: [ChannelProduct] = []
            for _ in 0..<threads { team.append(try ChannelProduct(request)) }
            return team
        }
    }

    /// Makes the code of a team ready.
    static func prepare(_ team: [ChannelProduct]) throws(FoveaError) {
        try Team.withOneThread { () throws(FoveaError) in
            for product in team {
                try check(
                    fovea_primitive_prepare(product.primitive.handle), "prepare a product")
            }
        }
    }

    private init(_ request: Request) throws(FoveaError) {
        var product = fovea_convolution()
        isForWeights = request.isForWeights
        product.direction = Int32(isForWeights ? FOVEA_BACKWARD_WEIGHTS : FOVEA_FORWARD_TRAINING)
        product.algorithm = Int32(FOVEA_DIRECT)
        product.dtype = Int32(FOVEA_F32)
        product.groups = 1
        product.window = fovea_window(Window(kernel: 1), from: [1, 1, 1, 1], to: [1, 1, 1, 1])
        product.bias = request.hasBias
        product.relu = request.isRectified
        let x: Shape = [1, request.inputs, 1, request.pixels]
        let y: Shape = [1, request.outputs, 1, request.pixels]
        let arrangement: Arrangement = request.lanes == 16 ? .blocked16 : .blocked8
        product.source = x.four
        product.weights = Shape([request.outputs, request.inputs, 1, 1]).four
        product.destination = y.four
        product.source_layout = Layout(TensorType(x), arrangement)?.native ?? 0
        product.destination_layout = Layout(TensorType(y), arrangement)?.native ?? 0
        primitive = try Primitive("a product over channels") {
            fovea_convolution_make(&product, &$0)
        }
        scratchByteCount = MemoryPlan.aligned(fovea_primitive_scratchpad_bytes(primitive.handle))
        let weights = isForWeights ? FOVEA_ARG_DIFF_WEIGHTS : FOVEA_ARG_WEIGHTS
        weightsLayout = primitive.layout(Int(weights))
        let name = primitive.implementation
        guard name.hasPrefix("jit"),
            weightsLayout.name == "ABcd\(request.lanes)b\(request.lanes)a"
        else {
            throw FoveaError(.bug, "\(name) has its weights as \(weightsLayout).")
        }
    }

    /// Multiplies, on the thread that calls; returns the library's status.
    func execute(_ operands: Operands) -> Int32 {
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
        if scratchByteCount > 0 { bind(FOVEA_ARG_SCRATCHPAD, operands.scratch) }
        return status == 0 ? fovea_primitive_execute(handle) : status
    }
}
