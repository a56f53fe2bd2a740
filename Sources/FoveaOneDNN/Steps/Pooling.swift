// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

extension OneDNNLibrary {
    // x → y, winners
    func maxPool(_ op: Op.MaxPool, _ request: KernelRequest) throws(FoveaError) -> KernelChoice {
        let request = Self.poolable(request, op.window)
        let loop = maxPoolLoop(
            op.window, x: request.inputs[0].shape, y: request.outputs[0].shape,
            request.layout(0).arrangement, request)
        if let loop { return loop }
        var pooling = fovea_pooling(
            op.window, FOVEA_POOL_MAX, x: request.inputs[0].shape, y: request.outputs[0].shape)
        pooling.direction = Int32(
            op.recordsWinners ? FOVEA_FORWARD_TRAINING : FOVEA_FORWARD_INFERENCE)
        pooling.dtype = request.imageType(0).native
        pooling.source_layout = request.layout(0).native
        let primitive = try Primitive("max pooling \(op.window)") {
            fovea_pooling_make(&pooling, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_SOURCE],
            outputs: [FOVEA_ARG_DESTINATION]
                + (op.recordsWinners ? [FOVEA_ARG_WORKSPACE] : [])
        ).choice
    }

    // dy, winners → dx
    func maxPoolGradient(
        _ op: Op.MaxPoolGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let request = Self.poolable(request, op.window)
        let loop = maxPoolGradientLoop(
            op.window, x: op.inputShape, y: request.inputs[0].shape,
            request.layout(1).arrangement, request)
        if let loop { return loop }
        var pooling = fovea_pooling(
            op.window, FOVEA_POOL_MAX, x: op.inputShape, y: request.inputs[0].shape)
        pooling.direction = Int32(FOVEA_BACKWARD_DATA)
        // The winners lie as the forward output lay; dy has to lie the same way.
        let arrangement = request.layout(1).arrangement ?? .plain
        pooling.dtype = request.imageType(0).native
        let gradient = TensorType(request.inputs[0].shape, request.imageType(0))
        pooling.destination_layout = (Layout(gradient, arrangement) ?? request.layout(0)).native
        let primitive = try Primitive("the gradient of max pooling \(op.window)") {
            fovea_pooling_make(&pooling, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_DIFF_DESTINATION, FOVEA_ARG_WORKSPACE],
            outputs: [FOVEA_ARG_DIFF_SOURCE]
        ).choice
    }

    /// The request in 32 bits if the window is so large that the library's kernel for 16 bits loses the
    /// winners' places, as it does with 16×16.
    private static func poolable(_ request: KernelRequest, _ window: Window) -> KernelRequest {
        window.kernel.area <= 127 ? request : request.inFloats
    }

    // x → y
    func averagePool(
        _ op: Op.AveragePool, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let x = request.inputs[0].shape, y = request.outputs[0].shape
        if poolsInLoops, let arrangement = request.blocks {
            return averagePoolLoop(op, arrangement, request)
        }
        guard let kind = Self.averageKind(op.window, op.countsPadding, x: x, y: y) else {
            return averagePoolLoop(op, .plain, request)
        }
        var pooling = fovea_pooling(op.window, kind, x: x, y: y)
        pooling.direction = Int32(
            request.isTraining ? FOVEA_FORWARD_TRAINING : FOVEA_FORWARD_INFERENCE)
        pooling.dtype = request.imageType(0).native
        pooling.source_layout = request.layout(0).native
        let primitive = try Primitive("average pooling \(op.window)") {
            fovea_pooling_make(&pooling, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_SOURCE], outputs: [FOVEA_ARG_DESTINATION]
        ).choice
    }

    // dy → dx
    func averagePoolGradient(
        _ op: Op.AveragePoolGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let x = op.inputShape, y = request.inputs[0].shape
        // What arrives in another layout is small beside what goes on to the convolution before the
        // pooling, which wants its own.
        let lying = request.blocks ?? usual(for: y)
        if let lying, poolsInLoops || lying == .channelsLast {
            return averagePoolGradientLoop(op, lying, request)
        }
        guard let kind = Self.averageKind(op.window, op.countsPadding, x: x, y: y) else {
            return averagePoolGradientLoop(op, .plain, request)
        }
        var pooling = fovea_pooling(op.window, kind, x: x, y: y)
        pooling.direction = Int32(FOVEA_BACKWARD_DATA)
        pooling.dtype = request.imageType(0).native
        let gradient = TensorType(y, request.imageType(0))
        pooling.destination_layout =
            (lying.flatMap { Layout(gradient, $0) } ?? request.layout(0)).native
        let primitive = try Primitive("the gradient of average pooling \(op.window)") {
            fovea_pooling_make(&pooling, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_DIFF_DESTINATION], outputs: [FOVEA_ARG_DIFF_SOURCE]
        ).choice
    }

    /// How convolutions want images, unless those have hardly any channels.
    private func usual(for images: Shape) -> Arrangement? {
        Processor.isHardlyAny(images.channels, inBlocksOf: lanes) ? nil : arrangement
    }

    /// Which of the library's averages has the right divisor, if any has.
    ///
    /// Its "including" one divides by the whole kernel, also where the last window hangs over the
    /// declared padding, which is never counted; its "excluding" one by what lies inside the input.
    private static func averageKind(
        _ window: Window, _ countsPadding: Bool, x: Shape, y: Shape
    ) -> Int? {
        if window.padding == 0 || !countsPadding { return FOVEA_POOL_AVERAGE_EXCLUDING_PADDING }
        let after = window.paddingAfter(x.extent, output: y.extent)
        let hangsOver =
            after.height > window.padding.height || after.width > window.padding.width
        return hangsOver ? nil : FOVEA_POOL_AVERAGE_COUNTING_PADDING
    }
}

extension fovea_pooling {
    init(_ window: Window, _ kind: Int, x: Shape, y: Shape) {
        self.init()
        self.kind = Int32(kind)
        dtype = Int32(FOVEA_F32)
        source = x.four
        destination = y.four
        self.window = fovea_window(window, from: x, to: y)
    }
}
