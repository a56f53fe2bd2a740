// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// The kernels a convolution may run on in one direction, and which of them to take.
///
/// The library is asked for a kernel with the layouts it likes, with those in which the tensors are
/// at hand, with the channels last, and for Winograd's F(4×4, 3×3), which needs a quarter of the
/// multiplications of a direct 3×3 convolution; and there are kernels of our own. What each would cost is
/// estimated from the rate of its kind of kernel, the bytes it reads and writes, and the reorders it
/// asks for.
struct ConvolutionKernels {
    /// What a tensor of the convolution is to the step.
    enum Role {
        case input(Int)
        case output
    }

    private let base: fovea_convolution
    private let request: KernelRequest
    private let selection: ConvolutionSelection
    private let source, destination: Role
    private let inputs, outputs: [Int]
    private let multiplyAdds: Int
    private let own: [OwnCandidate]

    init(
        _ base: fovea_convolution, _ request: KernelRequest, _ selection: ConvolutionSelection,
        source: Role, destination: Role, inputs: [Int], outputs: [Int], own: [OwnCandidate]
    ) {
        self.base = base
        self.request = request
        self.selection = selection
        self.source = source
        self.destination = destination
        self.inputs = inputs
        self.outputs = outputs
        self.own = own
        multiplyAdds = request.op.definition.multiplyAdds(
            inputs: request.inputs, outputs: request.outputs)
    }

    /// The kernel that takes the least time, reorders included, as far as is known.
    var best: KernelChoice {
        get throws(FoveaError) {
            let candidates = candidates.sorted { $0.seconds < $1.seconds }
            // None can be made: the plainest request says why.
            guard let expected = candidates.first else { return try choice(base) }
            switch selection {
            case .estimated: return expected.choice
            case .measured(let timings):
                return try quickest(of: candidates) { (candidate) throws(FoveaError) in
                    try timings.seconds(
                        key(candidate.choice), of: candidate.kernel,
                        inputs: candidate.choice.inputs.map(\.byteCount),
                        outputs: candidate.choice.outputs.map(\.byteCount))
                } ?? expected.choice
            case .known(let timings):
                return quickest(of: candidates) { timings.seconds(key($0.choice)) }
                    ?? expected.choice
            case .named(let name):
                return (candidates.first { $0.choice.kernel.name.contains(name) } ?? expected)
                    .choice
            }
        }
    }

    // MARK: - Candidates

    /// A kernel, and what it is expected to take.
    private struct Candidate {
        let kernel: any OneDNNKernel
        let choice: KernelChoice
        let seconds: Double

        init?(_ choice: KernelChoice, seconds: Double) {
            guard let kernel = choice.kernel as? any OneDNNKernel else { return nil }
            self.kernel = kernel
            self.choice = choice
            self.seconds = seconds
        }
    }

    /// All kernels, but not those that ask for what another asks for.
    private var candidates: [Candidate] {
        var choices: [KernelChoice] = []
        for primitive in primitives {
            if let choice = try? choice(primitive), !choices.contains(where: { $0 == choice }) {
                choices.append(choice)
            }
        }
        let ours = own.filter(isOffered)
        return choices.compactMap { Candidate($0, seconds: seconds($0)) }
            + ours.compactMap {
                Candidate($0.choice, seconds: $0.seconds + secondsOfMoving($0.choice))
            }
    }

    /// With AVX-512 the library has Winograd's kernels itself, and estimates cannot tell which are better.
    private func isOffered(_ candidate: OwnCandidate) -> Bool {
        if case .estimated = selection { return candidate.isEstimated }
        return true
    }

    /// The candidate that took the least time; nil if that is not known of all that may be it.
    private func quickest<Failure: Error>(
        of candidates: [Candidate], _ measured: (Candidate) throws(Failure) -> Double?
    ) throws(Failure) -> KernelChoice? {
        var best: (choice: KernelChoice, seconds: Double)?
        // One layout for all images, or what one convolution gains its neighbours lose to reorders.
        let blocked = candidates.filter { !$0.choice.hasChannelsLast }
        let alike = blocked.isEmpty ? candidates : blocked
        // Estimates are seldom wrong by more than this.
        let limit = alike[0].seconds * 3
        for candidate in alike where candidate.seconds <= limit {
            guard let measured = try measured(candidate) else { return nil }
            let seconds = measured + secondsOfReorders(candidate.choice)
            if seconds < best?.seconds ?? .infinity { best = (candidate.choice, seconds) }
        }
        return best?.choice
    }

    /// What a timing belongs to.
    private func key(_ choice: KernelChoice) -> String {
        let info = fovea_dnn_library_info()
        let shapes = (request.inputs + request.outputs).map(\.shape.description)
        let layouts = (choice.inputs + choice.outputs).map(\.name)
        return [
            "oneDNN \(info.major).\(info.minor).\(info.patch)",
            String(cString: info.instruction_set), "\(Team.count) threads",
            request.op.definition.name, request.op.definition.attributes,
            shapes.joined(separator: " "), choice.kernel.name, layouts.joined(separator: " "),
            "\(choice.kernel.scratchByteCount)",
        ].joined(separator: "; ")
    }

    /// What the library is asked for.
    private var primitives: [fovea_convolution] {
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
        Double(2 * multiplyAdds) / rate(choice.kernel.name) + secondsOfMoving(choice)
    }

    /// What reading and writing costs, with the reorders that a choice asks for.
    private func secondsOfMoving(_ choice: KernelChoice) -> Double {
        let bytes = (choice.inputs + choice.outputs).reduce(0) { $0 + $1.byteCount }
        return Double(bytes) / Self.bytesPerSecond + secondsOfReorders(choice)
    }

    /// What the reorders cost that a choice asks for.
    private func secondsOfReorders(_ choice: KernelChoice) -> Double {
        var bytes = 0
        for (index, wanted) in choice.inputs.enumerated() where request.layouts[index] != nil {
            let layout = request.layout(index)
            if !fovea_layouts_agree(layout.native, wanted.native) {
                bytes += layout.byteCount + wanted.byteCount
            }
        }
        return Double(bytes) / Self.bytesPerSecond
    }

    /// The operations a second of a kind of kernel, multiplications that Winograd saves counted.
    ///
    /// Measured on two cores with AVX-512; what matters is how the kinds compare.
    private func rate(_ kernel: String) -> Double {
        if kernel.contains("wino") { return 800e9 }
        if kernel.contains("gemm") && !kernel.contains("brgemm") { return 100e9 }
        if kernel.contains("ref") { return 1e9 }
        if kernel.contains("avx512") { return 350e9 }
        return base.direction == Int32(FOVEA_BACKWARD_WEIGHTS) ? 130e9 : 170e9
    }

    private static let bytesPerSecond = 20e9
}

extension KernelChoice {
    /// Whether an image has its channels last.
    fileprivate var hasChannelsLast: Bool {
        (inputs + outputs).contains { $0.arrangement == .channelsLast }
    }

    /// Whether two choices of the library's kernels are the same kernel with the same layouts.
    fileprivate static func == (first: KernelChoice, second: KernelChoice) -> Bool {
        first.kernel.name == second.kernel.name && first.inputs == second.inputs
            && first.outputs == second.outputs
    }
}
