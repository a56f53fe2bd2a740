// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

extension OwnCandidate {
    /// A convolution of few channels, or its weights' gradient, or that of a kernel of 1×1.
    ///
    /// - Returns: Nil where the channels fill more than half a block, and where the outputs' do not.
    static func patches(
        _ problem: ConvolutionProblem, _ lanes: Int?
    ) -> OwnCandidate? {
        if case .data = problem.direction { return nil }
        guard let lanes, problem.groups == 1, problem.y.channels > lanes / 2
        else { return nil }
        let geometry = PatchGeometry(problem, lanes: lanes)
        let isForWeights = problem.isForWeights
        let isPlainGradient =
            geometry.isIdentity && isForWeights && geometry.outputs == problem.y.channels
        guard problem.x.channels <= lanes / 2 || isPlainGradient else {
            return nil
        }
        let found = try? PatchConvolution(
            geometry, isForWeights: isForWeights, hasBias: problem.hasBias,
            isRectified: problem.isRectified)
        guard let convolution = found else { return nil }
        let x =
            geometry.isIdentity
            ? Layout.blocked(problem.x, by: lanes) : .plain(TensorType(problem.x))
        let y = Layout.blocked(problem.y, by: lanes)
        let bias = problem.hasBias ? [Layout.plain(TensorType([problem.y.channels]))] : []
        let weights = convolution.weightsLayout
        let pixels = Double(problem.x.batch * geometry.pixels * geometry.channels)
        let products = 2 * pixels * Double(geometry.outputs) / (lanes == 16 ? 250e9 : 160e9)
        return OwnCandidate(
            choice: isForWeights
                ? KernelChoice(
                    convolution.weightGradient, inputs: [x, y], outputs: [weights] + bias)
                : KernelChoice(convolution.forward, inputs: [x, weights] + bias, outputs: [y]),
            seconds: geometry.isIdentity ? products : products + pixels / 1e9)
    }
}
