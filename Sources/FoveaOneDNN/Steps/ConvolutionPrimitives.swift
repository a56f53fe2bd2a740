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
    /// The channels of a block.
    private let lanes: Int?

    init(_ problem: ConvolutionProblem, _ request: KernelRequest, _ library: OneDNNLibrary) {
        self.problem = problem
        self.request = request
        precision = library.precision
        lanes = library.lanes
    }

    /// All that can be made, but not those that ask for what another asks for.
    var all: [KernelChoice] {
        var choices: [KernelChoice] = []
        for description in descriptions {
            if let choice = try? choice(description), !choices.contains(where: choice.isSame) {
                choices.append(choice)
            }
        }
        return choices + (filledUp.map { [$0] } ?? [])
    }

    /// What the library has if nothing is asked for.
    var plainest: KernelChoice {
        get throws(FoveaError) { try choice(native) }
    }

    /// The problem for the library, with the weights as they lie if another plan has put them in blocks,
    /// and images in blocks where those that it would choose are too large.
    private var native: fovea_convolution {
        var native = problem.native
        native.dtype = precision.native
        if lanes != Processor.lanes {
            native.source_layout = inBlocks(problem.x)
            native.destination_layout = inBlocks(problem.y)
        }
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
        return (isWorthWinograd ? [winograd] : []) + [direct, atHand, inPixels]
    }

    /// The library's kernel if the zeros that fill up the only block of channels were channels, too.
    ///
    /// Forward it reads fewer channels than a block has in rows alone; its gradients read them in blocks.
    private var filledUp: KernelChoice? {
        let channels = problem.x.channels
        guard case .forward = problem.direction, precision == .f32, problem.groups == 1,
            let lanes, channels < lanes, !Processor.isHardlyAny(channels, inBlocksOf: lanes),
            let images = Layout.blocked(problem.x, by: lanes).with(lanes, alongAxis: 1)
        else { return nil }
        var filledUp = native
        filledUp.algorithm = Int32(FOVEA_DIRECT)
        filledUp.source.1 = Int64(lanes)
        filledUp.source_layout = images.native
        filledUp.weights.1 = Int64(lanes)
        if native.weights_layout != 0 {
            guard let lying = request.layouts[1]?.with(lanes, alongAxis: 1) else { return nil }
            filledUp.weights_layout = lying.native
        }
        guard let choice = try? choice(filledUp),
            let source = choice.inputs[0].with(channels, alongAxis: 1),
            let weights = choice.inputs[1].with(channels, alongAxis: 1)
        else { return nil }
        return KernelChoice(
            choice.kernel, inputs: [source, weights] + choice.inputs.dropFirst(2),
            outputs: choice.outputs)
    }

    /// With few channels the transformations cost more than the multiplications saved; 16 bits the
    /// library's Winograd does not know.
    private var isWorthWinograd: Bool {
        precision == .f32 && min(problem.weights[0], problem.weights[1]) >= 32
    }

    private func inBlocks(_ images: Shape) -> fovea_layout {
        guard let lanes, !Processor.isHardlyAny(images.channels, inBlocksOf: lanes) else {
            return 0
        }
        return Layout.blocked(images, by: lanes, precision).native
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
