// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

extension OwnCandidate {
    /// A convolution of few channels, or its weights' gradient, or that of a kernel of 1×1.
    ///
    /// - Returns: Nil where the channels fill half a block, and where the outputs' fill none.
    static func patches(
        _ window: Window, groups: Int, x: Shape, weights: Shape, y: Shape, hasBias: Bool,
        isRectified: Bool = false, isForWeights: Bool, _ request: KernelRequest
    ) -> OwnCandidate? {
        guard let lanes, groups == 1, y.channels % lanes == 0 else { return nil }
        let geometry = PatchGeometry(x: x, weights: weights, y: y, window, lanes: lanes)
        guard x.channels <= lanes / 2 || geometry.isIdentity && isForWeights else { return nil }
        let convolution = PatchConvolution(geometry: geometry)
        let inputs = request.inputs.map { Layout.plain($0) }
        let outputs = request.outputs.map { Layout.plain($0) }
        let choice: KernelChoice
        if isForWeights {
            guard let made = try? convolution.weightGradient(hasBias: hasBias) else { return nil }
            choice = KernelChoice(
                made.kernel,
                inputs: [geometry.isIdentity ? blocked(x, lanes) : inputs[0], blocked(y, lanes)],
                outputs: [made.weights] + outputs.dropFirst())
        } else {
            let made = try? convolution.forward(hasBias: hasBias, isRectified: isRectified)
            guard let made else { return nil }
            choice = KernelChoice(made, inputs: inputs, outputs: [blocked(y, lanes)])
        }
        let pixels = Double(x.batch * geometry.pixels * geometry.channels)
        let products = 2 * pixels * Double(y.channels) / (lanes == 16 ? 250e9 : 160e9)
        let seconds = geometry.isIdentity ? products : products + pixels / 1e9
        return OwnCandidate(choice: choice, seconds: seconds, isEstimated: lanes == 8)
    }

    private static func blocked(_ image: Shape, _ lanes: Int) -> Layout {
        let type = TensorType(image)
        return Layout(type, lanes == 16 ? .blocked16 : .blocked8) ?? .plain(type)
    }
}
