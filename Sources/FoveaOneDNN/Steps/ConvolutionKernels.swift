// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// The kernels a convolution may run on in one direction, and which of them to take.
///
/// There are the library's (`ConvolutionPrimitives`) and our own. What each would cost is estimated
/// (`ConvolutionEstimate`); by the selection, those that may be the quickest are run and timed.
struct ConvolutionKernels {
    private let problem: ConvolutionProblem
    private let request: KernelRequest
    private let library: OneDNNLibrary
    private let estimate: ConvolutionEstimate

    init(_ problem: ConvolutionProblem, _ request: KernelRequest, _ library: OneDNNLibrary) {
        self.problem = problem
        self.request = request
        self.library = library
        estimate = ConvolutionEstimate(problem, request)
    }

    /// The kernel that takes the least time, reorders included, as far as is known.
    var best: KernelChoice {
        get throws(FoveaError) {
            let all = candidates.sorted { $0.seconds < $1.seconds }
            let candidates = alike(of: all)
            // None can be made: the plainest request says why.
            guard let expected = candidates.first else { return try primitives.plainest }
            switch library.selection {
            case .estimated: return expected.choice
            case .measured(let timings):
                let likely = likely(of: candidates)
                guard likely.count > 1 else { return expected.choice }
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

    /// The library's kernels.
    private var primitives: ConvolutionPrimitives {
        ConvolutionPrimitives(problem, request, library)
    }

    /// The library's kernels and our own.
    private var candidates: [Candidate] {
        primitives.all.compactMap { Candidate($0, seconds: estimate.seconds($0)) }
            + own.compactMap {
                Candidate($0.choice, seconds: $0.seconds + estimate.secondsOfMoving($0.choice))
            }
    }

    /// Our own kernels.
    ///
    /// With AVX-512 and 32 bits the library has Winograd's itself, and estimates cannot tell which are better.
    private var own: [OwnCandidate] {
        let lanes = library.lanes, precision = library.precision
        if case .estimated = library.selection, lanes == 16, precision == .f32 { return [] }
        let winograd = WinogradCandidates(
            problem, lanes: lanes, keepsWeights: request.lasting.contains(1), precision)
        let patches: OwnCandidate? = precision == .f32 ? .patches(problem, lanes) : nil
        return (winograd?.all ?? []) + [patches].compactMap(\.self)
            + OwnCandidate.pairs(problem, library, estimate)
    }

    /// The candidates that leave the most images as all of the plan shall lie.
    ///
    /// There is one layout for all images, or what one convolution gains its neighbours lose: to reorders,
    /// and to poolings, which in rows are thirteen times slower. The library's reference code does not
    /// count: it takes any layout, and a thousand times as long.
    private func alike(of candidates: [Candidate]) -> [Candidate] {
        let quick = candidates.filter { !$0.choice.kernel.name.hasPrefix("ref") }
        guard let most = quick.map({ imagesArranged($0.choice) }).max() else { return candidates }
        return quick.filter { imagesArranged($0.choice) == most }
    }

    /// The candidates of which one may be the quickest, from the one that is expected to be.
    private func likely(of candidates: [Candidate]) -> [Candidate] {
        // Estimates are seldom wrong by more than this.
        let limit = (candidates.first?.seconds ?? 0) * 3
        return candidates.filter { $0.seconds <= limit }
    }

    /// The candidate that took the least time, with the reorders it asks for.
    private func quickest(of candidates: [Candidate], _ measured: [Double]) -> KernelChoice {
        let seconds = zip(candidates, measured).map { $1 + estimate.secondsOfReorders($0.choice) }
        let best = seconds.indices.min { seconds[$0] < seconds[$1] } ?? 0
        return candidates[best].choice
    }

    private func trial(of candidate: Candidate) -> KernelTrial {
        KernelTrial(key(candidate.choice), candidate.kernel, candidate.choice)
    }

    /// How many images lie as all shall, or have hardly any channels.
    private func imagesArranged(_ choice: KernelChoice) -> Int {
        zip(choice.inputs + choice.outputs, request.inputs + request.outputs).count {
            let (layout, type) = $0
            guard type.shape == problem.x || type.shape == problem.y else { return false }
            return library.arrangement.map { $0 == layout.arrangement } ?? false
                || Processor.isHardlyAny(type.shape.channels, inBlocksOf: library.lanes)
        }
    }

    /// What a timing belongs to.
    private func key(_ choice: KernelChoice) -> String {
        let info = fovea_dnn_library_info()
        let shapes = (request.inputs + request.outputs).map(\.shape.description)
        let layouts = (choice.inputs + choice.outputs).map(\.name)
        return [
            "oneDNN \(info.major).\(info.minor).\(info.patch)",
            "trial \(KernelTrial.version)",
            Processor.instructions, "\(Team.count) threads",
            request.op.definition.name, request.op.definition.attributes,
            shapes.joined(separator: " "), choice.kernel.name, layouts.joined(separator: " "),
            "\(choice.kernel.scratchByteCount)",
        ].joined(separator: "; ")
    }
}
