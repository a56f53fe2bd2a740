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
    private let problem: ConvolutionProblem
    private let request: KernelRequest
    private let selection: ConvolutionSelection
    /// The type in which images lie.
    private let precision: DType
    /// The channels of a block.
    private let lanes: Int?

    init(_ problem: ConvolutionProblem, _ request: KernelRequest, _ library: OneDNNLibrary) {
        self.problem = problem
        self.request = request
        selection = library.selection
        precision = library.precision
        lanes = library.lanes
    }

    /// The kernel that takes the least time, reorders included, as far as is known.
    var best: KernelChoice {
        get throws(FoveaError) {
            let all = candidates.sorted { $0.seconds < $1.seconds }
            let candidates = alike(of: all)
            // None can be made: the plainest request says why.
            guard let expected = candidates.first else { return try choice(native) }
            switch selection {
            case .estimated: return expected.choice
            case .measured(let timings):
                let likely = likely(of: candidates)
                return quickest(of: likely, try timings.seconds(of: likely.map(trial)))
            case .known(let timings):
                let likely = likely(of: candidates)
                let seconds = likely.compactMap { timings.seconds(key($0.choice)) }
                // What is not known of all that may be it is not known.
                return seconds.count == likely.count
                    ? quickest(of: likely, seconds) : expected.choice
            case .named(let name):
                return (all.first { $0.choice.kernel.name.contains(name) } ?? expected)
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
            if let choice = try? choice(primitive), !choices.contains(where: choice.isSame) {
                choices.append(choice)
            }
        }
        if let filledUp { choices.append(filledUp) }
        let winograd = WinogradCandidates(
            problem, lanes: lanes, keepsWeights: request.lasting.contains(1), precision)
        let forFewChannels: [OwnCandidate?] =
            precision == .f32 ? [.patches(problem, lanes), .rows(problem, lanes)] : []
        let own = (winograd?.all ?? []) + forFewChannels.compactMap(\.self)
        return choices.compactMap { Candidate($0, seconds: seconds($0)) }
            + own.filter(isOffered).compactMap {
                Candidate($0.choice, seconds: $0.seconds + secondsOfMoving($0.choice))
            }
    }

    /// With AVX-512 the library has Winograd's kernels itself, and estimates cannot tell which are better.
    private func isOffered(_ candidate: OwnCandidate) -> Bool {
        if case .estimated = selection { return candidate.isEstimated }
        return true
    }

    /// The candidates that leave the most images in blocks of channels.
    ///
    /// There is one layout for all images, or what one convolution gains its neighbours lose: to reorders,
    /// and to poolings, which in rows are thirteen times slower. The library's reference code does not
    /// count: it takes any layout, and a thousand times as long.
    private func alike(of candidates: [Candidate]) -> [Candidate] {
        let quick = candidates.filter { !$0.choice.kernel.name.hasPrefix("ref") }
        guard let most = quick.map({ imagesInBlocks($0.choice) }).max() else { return candidates }
        return quick.filter { imagesInBlocks($0.choice) == most }
    }

    /// The candidates of which one may be the quickest, from the one that is expected to be.
    private func likely(of candidates: [Candidate]) -> [Candidate] {
        // Estimates are seldom wrong by more than this.
        let limit = (candidates.first?.seconds ?? 0) * 3
        return candidates.filter { $0.seconds <= limit }
    }

    /// The candidate that took the least time, with the reorders it asks for.
    private func quickest(of candidates: [Candidate], _ measured: [Double]) -> KernelChoice {
        let seconds = zip(candidates, measured).map { $1 + secondsOfReorders($0.choice) }
        let best = seconds.indices.min { seconds[$0] < seconds[$1] } ?? 0
        return candidates[best].choice
    }

    private func trial(of candidate: Candidate) -> KernelTrial {
        KernelTrial(key(candidate.choice), candidate.kernel, candidate.choice)
    }

    /// How many images lie in blocks of channels, or have hardly any.
    private func imagesInBlocks(_ choice: KernelChoice) -> Int {
        zip(choice.inputs + choice.outputs, request.inputs + request.outputs).count {
            let (layout, type) = $0
            guard type.shape == problem.x || type.shape == problem.y else { return false }
            return layout.arrangement?.block.map { $0 == lanes } ?? false
                || isHardlyAny(type.shape.channels)
        }
    }

    private func isHardlyAny(_ channels: Int) -> Bool {
        Processor.isHardlyAny(channels, inBlocksOf: lanes)
    }

    /// What a timing belongs to.
    private func key(_ choice: KernelChoice) -> String {
        let info = fovea_dnn_library_info()
        let shapes = (request.inputs + request.outputs).map(\.shape.description)
        let layouts = (choice.inputs + choice.outputs).map(\.name)
        return [
            "oneDNN \(info.major).\(info.minor).\(info.patch)",
            Processor.instructions, "\(Team.count) threads",
            request.op.definition.name, request.op.definition.attributes,
            shapes.joined(separator: " "), choice.kernel.name, layouts.joined(separator: " "),
            "\(choice.kernel.scratchByteCount)",
        ].joined(separator: "; ")
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

    /// What the library is asked for.
    private var primitives: [fovea_convolution] {
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
            let lanes, channels < lanes, !isHardlyAny(channels),
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
        guard let lanes, !isHardlyAny(images.channels) else { return 0 }
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

    // MARK: - Estimates

    private func seconds(_ choice: KernelChoice) -> Double {
        let multiplyAdds = request.op.definition.multiplyAdds(
            inputs: request.inputs, outputs: request.outputs)
        return Double(2 * multiplyAdds) * filling(choice) / rate(choice.kernel.name)
            + secondsOfMoving(choice)
    }

    /// How many times as much is multiplied where channels that do not fill one block are filled up with
    /// zeros.
    private func filling(_ choice: KernelChoice) -> Double {
        zip(choice.inputs + choice.outputs, request.inputs + request.outputs).reduce(1) {
            let (layout, type) = $1
            guard type.shape == problem.x || type.shape == problem.y,
                let block = layout.arrangement?.block, type.shape.channels < block
            else { return $0 }
            return $0 * Double(block) / Double(type.shape.channels)
        }
    }

    /// What reading and writing costs, with the reorders that a choice asks for.
    private func secondsOfMoving(_ choice: KernelChoice) -> Double {
        let bytes = (choice.inputs + choice.outputs).reduce(0) { $0 + $1.byteCount }
        return Double(bytes) / Self.bytesPerSecond + secondsOfReorders(choice)
    }

    /// What the reorders cost that a choice asks for.
    private func secondsOfReorders(_ choice: KernelChoice) -> Double {
        var bytes = 0
        for (index, wanted) in choice.inputs.enumerated()
        where request.layouts[index] != nil && !request.lasting.contains(index) {
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
        if kernel.contains("bf16") { return 430e9 }
        if kernel.contains("avx512") { return 350e9 }
        return problem.isForWeights ? 130e9 : 170e9
    }

    private static let bytesPerSecond = 20e9
}

extension KernelChoice {
    /// Whether two choices of the library's kernels are the same kernel with the same layouts.
    fileprivate func isSame(as other: KernelChoice) -> Bool {
        kernel.name == other.kernel.name && inputs == other.inputs && outputs == other.outputs
    }
}
