// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

extension OneDNNLibrary {
    // x, w, b → y
    func convolution(
        _ op: Op.Convolution, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        var convolution = fovea_convolution(
            op.window, op.groups, x: request.inputs[0].shape, w: request.inputs[1].shape,
            y: request.outputs[0].shape)
        convolution.direction = Int32(
            request.isTraining ? FOVEA_FORWARD_TRAINING : FOVEA_FORWARD_INFERENCE)
        convolution.bias = op.hasBias
        convolution.relu = op.activation == .relu
        convolution.weights_layout = request.layouts[1]?.native ?? 0
        return try ConvolutionKernels(
            convolution, request, selection, source: .input(0), destination: .output,
            inputs: [FOVEA_ARG_SOURCE, FOVEA_ARG_WEIGHTS] + (op.hasBias ? [FOVEA_ARG_BIAS] : []),
            outputs: [FOVEA_ARG_DESTINATION],
            own: own(
                WinogradCandidates(
                    .forward(isRectified: op.activation == .relu), op.window, groups: op.groups,
                    x: request.inputs[0].shape, weights: request.inputs[1].shape,
                    y: request.outputs[0].shape, request),
                .patches(
                    op.window, groups: op.groups, x: request.inputs[0].shape,
                    weights: request.inputs[1].shape, y: request.outputs[0].shape,
                    hasBias: op.hasBias, isRectified: op.activation == .relu, isForWeights: false,
                    request))
        ).best
    }

    // dy, w → dx
    func convolutionDataGradient(
        _ op: Op.ConvolutionDataGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        var convolution = fovea_convolution(
            op.window, op.groups, x: op.inputShape, w: request.inputs[1].shape,
            y: request.inputs[0].shape)
        convolution.direction = Int32(FOVEA_BACKWARD_DATA)
        return try ConvolutionKernels(
            convolution, request, selection, source: .output, destination: .input(0),
            inputs: [FOVEA_ARG_DIFF_DESTINATION, FOVEA_ARG_WEIGHTS],
            outputs: [FOVEA_ARG_DIFF_SOURCE],
            own: own(
                WinogradCandidates(
                    .data, op.window, groups: op.groups, x: op.inputShape,
                    weights: request.inputs[1].shape, y: request.inputs[0].shape, request), nil)
        ).best
    }

    // x, dy → dw, db
    func convolutionWeightGradient(
        _ op: Op.ConvolutionWeightGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        var convolution = fovea_convolution(
            op.window, op.groups, x: request.inputs[0].shape, w: request.outputs[0].shape,
            y: request.inputs[1].shape)
        convolution.direction = Int32(FOVEA_BACKWARD_WEIGHTS)
        convolution.bias = op.hasBias
        return try ConvolutionKernels(
            convolution, request, selection, source: .input(0), destination: .input(1),
            inputs: [FOVEA_ARG_SOURCE, FOVEA_ARG_DIFF_DESTINATION],
            outputs: [FOVEA_ARG_DIFF_WEIGHTS] + (op.hasBias ? [FOVEA_ARG_DIFF_BIAS] : []),
            own: own(
                WinogradCandidates(
                    .weights, op.window, groups: op.groups, x: request.inputs[0].shape,
                    weights: request.outputs[0].shape, y: request.inputs[1].shape, request),
                .patches(
                    op.window, groups: op.groups, x: request.inputs[0].shape,
                    weights: request.outputs[0].shape, y: request.inputs[1].shape,
                    hasBias: op.hasBias, isForWeights: true, request))
        ).best
    }
}

extension OneDNNLibrary {
    /// The kernels of our own.
    private func own(
        _ winograd: WinogradCandidates?, _ patches: OwnCandidate?
    ) -> [OwnCandidate] {
        (winograd?.all ?? []) + (patches.map { [$0] } ?? [])
    }
}

extension fovea_convolution {
    init(_ window: Window, _ groups: Int, x: Shape, w: Shape, y: Shape) {
        self.init()
        dtype = Int32(FOVEA_F32)
        source = x.four
        weights = w.four
        destination = y.four
        self.groups = Int32(groups)
        self.window = fovea_window(window, from: x, to: y)
    }
}

extension fovea_window {
    init(_ window: Window, from x: Shape, to y: Shape) {
        self.init()
        kernel = window.kernel.pair
        stride = window.stride.pair
        dilation = window.dilation.pair
        padding_before = window.padding.pair
        padding_after = window.paddingAfter(x.extent, output: y.extent).pair
    }
}

extension Extent {
    /// Height and width as C has them.
    var pair: (Int32, Int32) { (Int32(height), Int32(width)) }
}

extension Shape {
    /// Up to four extents as C has them, filled up with ones.
    var four: (Int64, Int64, Int64, Int64) {
        func extent(_ axis: Int) -> Int64 { axis < rank ? Int64(self[axis]) : 1 }
        return (extent(0), extent(1), extent(2), extent(3))
    }
}
