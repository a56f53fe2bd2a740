// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// The kernels a convolution may run on in one direction, and which of them to take.
///
/// The library is asked for a kernel with the layouts it likes, with those in which the tensors are
/// at hand, with the channels last, and for Winograd's F(4×4, 3×3), which needs a quarter of the
/// multiplications of a direct 3×3 convolution. What each would cost is estimated from the rate of
/// its kind of kernel, the bytes it reads and writes, and the reorders it asks for.
struct ConvolutionKernels {
    /// What a tensor of the convolution is to the step.
    enum Role {
        case input(Int)
        case output
    }

    private let base: fovea_convolution
    private let request: KernelRequest
    private let source, destination: Role
    private let inputs, outputs: [Int]
    private let multiplyAdds: Int

    init(
        _ base: fovea_convolution, _ request: KernelRequest, source: Role, destination: Role,
        inputs: [Int], outputs: [Int]
    ) {
        self.base = base
        self.request = request
        self.source = source
        self.destination = destination
        self.inputs = inputs
        self.outputs = outputs
        multiplyAdds = request.op.definition.multiplyAdds(
            inputs: request.inputs, outputs: request.outputs)
    }

    /// The kernel that is expected to take the least time.
    var best: KernelChoice {
        get throws(FoveaError) {
            var best: (choice: KernelChoice, seconds: Double)?
            for candidate in candidates {
                guard let choice = try? choice(candidate) else { continue }
                let seconds = seconds(choice)
                if seconds < best?.seconds ?? .infinity { best = (choice, seconds) }
            }
            if let best { return best.choice }
            // None can be made: the plainest request says why.
            return try choice(base)
        }
    }

    private var candidates: [fovea_convolution] {
        var direct = base
        direct.algorithm = Int32(FOVEA_DIRECT)
        var atHand = direct
        atHand.source_layout = layout(of: source)
        atHand.destination_layout = layout(of: destination)
        var channelsLast = direct
        channelsLast.source_layout = Self.channelsLast(base.source)
        channelsLast.destination_layout = Self.channelsLast(base.destination)
        var winograd = base
        winograd.algorithm = Int32(FOVEA_WINOGRAD)
        return (isWorthWinograd ? [winograd] : []) + [direct, atHand, channelsLast]
    }

    /// With few channels the transformations cost more than the multiplications saved.
    private var isWorthWinograd: Bool { min(base.weights.0, base.weights.1) >= 32 }

    private func layout(of role: Role) -> fovea_layout {
        if case .input(let index) = role { request.layout(index).native } else { 0 }
    }

    private static func channelsLast(
        _ dimensions: (Int64, Int64, Int64, Int64)
    ) -> fovea_layout {
        let dimensions = [dimensions.0, dimensions.1, dimensions.2, dimensions.3]
        return fovea_layout_make(
            Int32(FOVEA_F32), 4, dimensions, Int32(FOVEA_TAG_CHANNELS_LAST))
    }

    private func choice(_ candidate: fovea_convolution) throws(FoveaError) -> KernelChoice {
        var candidate = candidate
        let primitive = try Primitive(request.op.definition.name) {
            fovea_convolution_make(&candidate, &$0)
        }
        return PrimitiveKernel(primitive, inputs: inputs, outputs: outputs).choice
    }

    // MARK: - Estimates

    private func seconds(_ choice: KernelChoice) -> Double {
        var bytes = choice.outputs.reduce(0) { $0 + $1.byteCount }
        for (index, wanted) in choice.inputs.enumerated() {
            bytes += wanted.byteCount
            let isFree = request.layouts[index] == nil
            let layout = request.layout(index)
            if !isFree, !fovea_layouts_agree(layout.native, wanted.native) {
                bytes += layout.byteCount + wanted.byteCount
            }
        }
        return Double(2 * multiplyAdds) / Self.rate(choice.kernel.name)
            + Double(bytes) / Self.bytesPerSecond
    }

    /// The operations a second of a kind of kernel, multiplications that Winograd saves counted.
    ///
    /// Measured on two cores with AVX-512; what matters is how the kinds compare.
    private static func rate(_ kernel: String) -> Double {
        if kernel.contains("wino") { return 800e9 }
        if kernel.contains("gemm") && !kernel.contains("brgemm") { return 100e9 }
        if kernel.contains("ref") { return 1e9 }
        return kernel.contains("avx512") ? 350e9 : 120e9
    }

    private static let bytesPerSecond = 20e9
}
