// SPDX-License-Identifier: Apache-2.0
import COneDNN
package import FoveaCompiler
package import FoveaGraph

/// The CPU's kernels: oneDNN's where it has them, loops of our own for the rest.
package struct OneDNNLibrary: KernelLibrary {
    /// How convolutions choose among their kernels.
    let selection: ConvolutionSelection
    /// The type in which images lie between convolutions, and in which their products are computed.
    let precision: DType
    /// How convolutions have images; nil if that is left to each of them.
    let arrangement: Arrangement?

    /// Makes the collection.
    package init(
        _ selection: ConvolutionSelection = .estimated, precision: DType = .f32,
        arrangement: Arrangement? = Processor.arrangement
    ) {
        self.selection = selection
        self.precision = precision
        self.arrangement = arrangement
    }

    /// The channels of the blocks in which convolutions have images, if there are blocks.
    var lanes: Int? { arrangement?.block }

    /// Whether poolings are loops of ours: the library's are written for vectors of 512 bits.
    ///
    /// With such vectors plans have blocks of eight in tests alone, which ask for the loops.
    var poolsInLoops: Bool { !Processor.hasAVX512 || arrangement == .blocked8 }

    package var name: String {
        let info = fovea_dnn_library_info()
        return "oneDNN \(info.major).\(info.minor).\(info.patch), "
            + Self.instructions
    }

    /// The instruction set that kernels are made for, such as `avx2` or `avx512_core_amx`.
    package static var instructions: String { Processor.instructions }

    /// Whether a processor multiplies bfloat16; in software that takes several times as long as 32 bits.
    ///
    /// - Parameter instructions: The instruction set; this processor's if left out.
    /// - Returns: True if it has the instructions.
    package static func hasSixteenBits(_ instructions: String = instructions) -> Bool {
        instructions.contains("bf16") || instructions.contains("amx")
    }

    package func plainLayout(of type: TensorType) -> Layout { .plain(type) }

    package func agree(_ first: Layout, _ second: Layout) -> Bool {
        first == second || fovea_layouts_agree(first.native, second.native)
    }

    package func reshaped(_ layout: Layout, of type: TensorType, to shape: Shape) -> Layout? {
        let plain = Layout.plain(TensorType(shape, layout.dtype))
        return layout.isPlain ? plain : nil
    }

    package func reorder(
        _ type: TensorType, from: Layout, to: Layout
    ) throws(FoveaError) -> any Kernel {
        if let weights = WinogradWeights(to) { return weights.kernel(type.shape) }
        let primitive = try Primitive("a reorder of \(type) from \(from) to \(to)") {
            fovea_reorder_make(from.native, to.native, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [Int(FOVEA_ARG_SOURCE)], outputs: [Int(FOVEA_ARG_DESTINATION)])
    }

    package func kernel(for request: KernelRequest) throws(FoveaError) -> KernelChoice {
        switch request.op {
        case .batchNormalization, .batchNormalizationGradient, .normalization, .concatenation,
            .channelSlice, .add:
            try kernel(forAny: request)
        case .convolution, .convolutionDataGradient, .convolutionWeightGradient, .maxPool,
            .maxPoolGradient, .averagePool, .averagePoolGradient, .dropout, .activation,
            .activationGradient:
            try kernel(forAny: request.withoutGaps)
        // Linear layers, too: to bring their weights into 16 bits takes as long as they do.
        default: try kernel(forAny: request.withoutGaps.inFloats)
        }
    }

    private func kernel(forAny request: KernelRequest) throws(FoveaError) -> KernelChoice {
        switch request.op {
        case .input, .parameter, .constant, .reshape:
            preconditionFailure("\(request.op.definition.name) computes nothing")
        case .convolution(let op): try convolution(op, request)
        case .convolutionDataGradient(let op): try convolutionDataGradient(op, request)
        case .convolutionWeightGradient(let op): try convolutionWeightGradient(op, request)
        case .linear(let op): try linear(op, request)
        case .linearDataGradient(let op): try linearDataGradient(op, request)
        case .linearWeightGradient(let op): try linearWeightGradient(op, request)
        case .addBias: addBias(request)
        case .channelSum: channelSum(request)
        case .activation(let op): try activation(op, request)
        case .activationGradient(let op): try activationGradient(op, request)
        case .maxPool(let op): try maxPool(op, request)
        case .maxPoolGradient(let op): try maxPoolGradient(op, request)
        case .averagePool(let op): try averagePool(op, request)
        case .averagePoolGradient(let op): try averagePoolGradient(op, request)
        case .adaptiveAveragePool(let op): adaptiveAveragePool(op, request)
        case .adaptiveAveragePoolGradient(let op): adaptiveAveragePoolGradient(op, request)
        case .batchNormalization(let op): batchNormalization(op, request)
        case .batchNormalizationGradient(let op): batchNormalizationGradient(op, request)
        case .normalization(let op): normalization(op, request)
        case .foldNormalization(let op): foldNormalization(op, request)
        case .movingAverage(let op): movingAverage(op, request)
        case .localResponseNormalization(let op): localResponseNormalization(op, request)
        case .localResponseNormalizationGradient(let op):
            localResponseNormalizationGradient(op, request)
        case .concatenation: concatenation(request)
        case .channelSlice(let op): channelSlice(op, request)
        case .dropout(let op): dropout(op, request)
        case .softmax: softmax(request)
        case .softmaxGradient: softmaxGradient(request)
        case .crossEntropy(let op): crossEntropy(op, request)
        case .crossEntropyGradient(let op): crossEntropyGradient(op, request)
        case .add(let op): add(op, request)
        case .scale(let op): scale(op, request)
        }
    }
}

extension KernelRequest {
    /// The same request as if all numbers lay in 32 bits, for kernels that know no others.
    var inFloats: KernelRequest {
        var result = self
        result.layouts = layouts.map { $0?.dtype == .bf16 ? $0?.with(.f32) : $0 }
        return result
    }

    /// How an input lies; row-major if that is still free.
    func layout(_ index: Int) -> Layout { layouts[index] ?? .plain(inputs[index]) }

    /// A choice that takes everything in the row-major layout.
    func plain(_ kernel: any Kernel) -> KernelChoice {
        KernelChoice(
            kernel, inputs: inputs.map { .plain($0) }, outputs: outputs.map { .plain($0) })
    }

    /// A choice that takes everything as one of the inputs lies.
    func alike(_ index: Int, _ kernel: any Kernel) -> KernelChoice {
        let layout = layout(index)
        return KernelChoice(
            kernel, inputs: inputs.map { _ in layout }, outputs: outputs.map { _ in layout })
    }
}
