// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// The library's kernels for one direction of a convolution.
///
/// It is asked for a kernel with the layouts it likes, with those in which the tensors are at hand, with the
/// channels last, and for Winograd's F(4×4, 3×3), which needs a quarter of the multiplications of a direct
/// 3×3 convolution.
struct ConvolutionPrimitives {
    private let problem: ConvolutionProblem
    private let request: KernelRequest
    /// The type in which images lie.
    private let precision: DType
    /// How the plan's images lie.
    private let arrangement: Arrangement?

    init(_ problem: ConvolutionProblem, _ request: KernelRequest, _ library: OneDNNLibrary) {
        self.problem = problem
        self.request = request
        precision = library.precision
        arrangement = library.arrangement
    }

    /// All that can be made, none of them twice.
    var all: [KernelChoice] {
        var choices: [KernelChoice] = []
        for description in descriptions {
            if let choice = try? choice(description), !choices.contains(where: choice.isSame) {
                choices.append(choice)
            }
        }
        return choices
    }

    /// What the library has if nothing is asked for.
    var plainest: KernelChoice {
        get throws(FoveaError) { try choice(native) }
    }

    /// The problem for the library, with the weights as they lie if another plan has put them in blocks.
    private var native: fovea_convolution {
        var native = problem.native
        native.dtype = precision.native
        if case .forward = problem.direction, let layout = request.layouts[1], !layout.isPlain,
            layout.dtype == precision
        {
            native.weights_layout = layout.native
        }
        return native
    }

    private var descriptions: [fovea_convolution] {
        var direct = native
        direct.algorithm = Int32(FOVEA_DIRECT)
        var atHand = direct
        let images = problem.images
        atHand.source_layout = images.source.map { request.layout($0).with(precision).native } ?? 0
        atHand.destination_layout =
            images.destination.map { request.layout($0).with(precision).native } ?? 0
        var inPixels = direct
        inPixels.source_layout = channelsLast(problem.x)
        inPixels.destination_layout = channelsLast(problem.y)
        var winograd = native
        winograd.algorithm = Int32(FOVEA_WINOGRAD)
        // With few channels those that the library likes best are not its quickest.
        let kernels: Range<Int32> = arrangement == .channelsLast ? 0..<3 : 0..<1
        let allInPixels = kernels.map { skipped in
            inPixels.skipped = skipped
            return inPixels
        }
        return (isWorthWinograd ? [winograd] : []) + [direct, atHand] + allInPixels
    }

    /// With few channels the transformations cost more than the multiplications saved; 16 bits the
    /// library's Winograd does not know.
    private var isWorthWinograd: Bool {
        precision == .f32 && min(problem.weights[0], problem.weights[1]) >= 32
    }

    private func channelsLast(_ images: Shape) -> fovea_layout {
        Layout(TensorType(images, precision), .channelsLast)?.native ?? 0
    }

    private func choice(_ candidate: fovea_convolution) throws(FoveaError) -> KernelChoice {
        var candidate = candidate
        let primitive = try Primitive(request.op.definition.name) {
            fovea_convolution_make(&candidate, &$0)
        }
        let arguments = problem.arguments
        return PrimitiveKernel(
            primitive, inputs: arguments.inputs, outputs: arguments.outputs
        ).choice
    }
}

extension KernelChoice {
    /// Whether two choices of the library's kernels are the same kernel with the same layouts.
    fileprivate func isSame(as other: KernelChoice) -> Bool {
        kernel.name == other.kernel.name && inputs == other.inputs && outputs == other.outputs
    }
}
