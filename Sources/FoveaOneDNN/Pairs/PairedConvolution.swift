// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph
import FoveaRuntime

/// One of the library's kernels for a convolution of pairs of pixels, as a step that knows single pixels.
final class PairedConvolution: OneDNNKernel, @unchecked Sendable {
    let name: String
    let scratchByteCount: Int
    let worksInPlace = false
    private let pairs: PixelPairs
    private let convolution: PrimitiveKernel
    /// Brings the pairs' weights to where the convolution wants them, or its gradient from there.
    private let reorder: PrimitiveKernel
    /// The bytes of the pairs' weights in rows and as the convolution has them, and of their biases.
    private let parts: [Int]
    private var weights: UnsafeMutablePointer<Float>?
    private var bias: UnsafeMutablePointer<Float>?
    private var scratch: [UnsafeMutablePointer<Float>] = []

    /// Makes the kernel.
    ///
    /// - Parameters:
    ///   - pairs: The convolution.
    ///   - precision: The type in which images lie.
    ///   - skipped: How many of the library's kernels are passed over.
    /// - Throws: An error if the library has no other.
    init(_ pairs: PixelPairs, precision: DType, skipped: Int32) throws(FoveaError) {
        let problem = pairs.problem
        var native = pairs.native
        native.dtype = precision.native
        native.algorithm = Int32(FOVEA_DIRECT)
        native.skipped = skipped
        func lying(_ images: Shape) -> fovea_layout {
            let type = TensorType(pairs.paired(images), precision)
            guard let layout = Layout(type, .channelsLast) else {
                preconditionFailure("\(type) has no channels")
            }
            return layout.native
        }
        native.source_layout = lying(problem.x)
        native.destination_layout = lying(problem.y)
        let primitive = try Primitive("a convolution of pairs") {
            fovea_convolution_make(&native, &$0)
        }
        let arguments = problem.arguments
        convolution = PrimitiveKernel(
            primitive, inputs: arguments.inputs, outputs: arguments.outputs)
        let choice = convolution.choice
        let wanted = problem.isForWeights ? choice.outputs[0] : choice.inputs[1]
        let plain = Layout.plain(TensorType(pairs.weights))
        let (from, to) = problem.isForWeights ? (wanted, plain) : (plain, wanted)
        reorder = PrimitiveKernel(
            try Primitive("a reorder of weights") {
                fovea_reorder_make(from.native, to.native, &$0)
            }, inputs: [FOVEA_ARG_SOURCE], outputs: [FOVEA_ARG_DESTINATION])
        self.pairs = pairs
        name = "pairs:" + convolution.name
        parts = [plain.byteCount, wanted.byteCount, 2 * problem.y.channels * 4].map(
            MemoryPlan.aligned)
        scratchByteCount =
            parts.reduce(0, +) + max(convolution.scratchByteCount, reorder.scratchByteCount)
    }

    func prepare() throws(FoveaError) {
        try convolution.prepare()
        try reorder.prepare()
    }

    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) throws(FoveaError) {
        var next = scratch
        self.scratch = parts.map { size in
            defer { next += size }
            return next.assumingMemoryBound(to: Float.self)
        }
        let rows = UnsafeMutableRawPointer(self.scratch[0])
        let wanted = UnsafeMutableRawPointer(self.scratch[1])
        let paired = [wanted] + (hasBias ? [UnsafeMutableRawPointer(self.scratch[2])] : [])
        let own: [UnsafeMutableRawPointer]
        if pairs.problem.isForWeights {
            own = outputs
            try convolution.bind(inputs: inputs, outputs: paired, scratch: next)
            try reorder.bind(inputs: [wanted], outputs: [rows], scratch: next)
        } else {
            own = Array(inputs.dropFirst())
            try convolution.bind(inputs: [inputs[0]] + paired, outputs: outputs, scratch: next)
            try reorder.bind(inputs: [rows], outputs: [wanted], scratch: next)
        }
        weights = own[0].assumingMemoryBound(to: Float.self)
        bias = hasBias ? own[1].assumingMemoryBound(to: Float.self) : nil
    }

    func rebind(input: Int, to address: UnsafeMutableRawPointer) throws(FoveaError) {
        if input == 0 || pairs.problem.isForWeights {
            try convolution.rebind(input: input, to: address)
        } else if input == 1 {
            weights = address.assumingMemoryBound(to: Float.self)
        } else {
            bias = address.assumingMemoryBound(to: Float.self)
        }
    }

    func execute(_ draw: RandomDraw) throws(FoveaError) {
        guard let weights else { preconditionFailure("a kernel runs before it is bound") }
        let outputs = pairs.problem.y.channels
        if pairs.problem.isForWeights {
            try convolution.execute(draw)
            try reorder.execute(draw)
            pairs.gather(scratch[0], to: weights)
            if let bias {
                for output in 0..<outputs {
                    bias[output] = scratch[2][output] + scratch[2][outputs + output]
                }
            }
        } else {
            pairs.expand(weights, to: scratch[0])
            try reorder.execute(draw)
            if let bias {
                for output in 0..<2 * outputs { scratch[2][output] = bias[output % outputs] }
            }
            try convolution.execute(draw)
        }
    }

    /// Whether it is the library's reference code, which takes a thousand times as long.
    fileprivate var isReference: Bool { convolution.name.hasPrefix("ref") }

    private var hasBias: Bool { pairs.problem.hasBias }
}

extension OwnCandidate {
    /// The kernels for pairs of pixels, where channels that are written leave a quarter of a vector empty.
    ///
    /// - Parameters:
    ///   - problem: The convolution.
    ///   - library: How images lie.
    ///   - estimate: What kernels are expected to cost.
    /// - Returns: None where images do not have their channels last.
    static func pairs(
        _ problem: ConvolutionProblem, _ library: OneDNNLibrary, _ estimate: ConvolutionEstimate
    ) -> [OwnCandidate] {
        guard library.arrangement == .channelsLast, estimate.filling(vectorsOf: 1) >= 4 / 3.0,
            let pairs = PixelPairs(problem),
            let x = Layout(TensorType(problem.x, library.precision), .channelsLast),
            let y = Layout(TensorType(problem.y, library.precision), .channelsLast)
        else { return [] }
        let weights = Layout.plain(TensorType(problem.weights))
        let bias = problem.hasBias ? [Layout.plain(TensorType([problem.y.channels]))] : []
        return (Int32(0)..<3).compactMap { skipped in
            let kernel = try? PairedConvolution(
                pairs, precision: library.precision, skipped: skipped)
            guard let kernel, !kernel.isReference else { return nil }
            let choice =
                switch problem.direction {
                case .forward: KernelChoice(kernel, inputs: [x, weights] + bias, outputs: [y])
                case .data: KernelChoice(kernel, inputs: [y, weights], outputs: [x])
                case .weights: KernelChoice(kernel, inputs: [x, y], outputs: [weights] + bias)
                }
            return OwnCandidate(
                choice: choice, seconds: estimate.secondsOfProducts(choice, ofPairs: pairs))
        }
    }
}
