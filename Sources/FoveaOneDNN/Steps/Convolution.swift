// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

extension OneDNNLibrary {
    // x, w, b → y
    func convolution(
        _ op: Op.Convolution, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let problem = ConvolutionProblem(
            direction: .forward(isTraining: request.isTraining), window: op.window,
            groups: op.groups, x: request.inputs[0].shape, weights: request.inputs[1].shape,
            y: request.outputs[0].shape, hasBias: op.hasBias, isRectified: op.activation == .relu)
        return try ConvolutionKernels(problem, request, self).best
    }

    // dy, w → dx
    func convolutionDataGradient(
        _ op: Op.ConvolutionDataGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let problem = ConvolutionProblem(
            direction: .data, window: op.window, groups: op.groups, x: op.inputShape,
            weights: request.inputs[1].shape, y: request.inputs[0].shape)
        return try ConvolutionKernels(problem, request, self).best
    }

    // x, dy → dw, db
    func convolutionWeightGradient(
        _ op: Op.ConvolutionWeightGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let problem = ConvolutionProblem(
            direction: .weights, window: op.window, groups: op.groups,
            x: request.inputs[0].shape, weights: request.outputs[0].shape,
            y: request.inputs[1].shape, hasBias: op.hasBias)
        return try ConvolutionKernels(problem, request, self).best
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
