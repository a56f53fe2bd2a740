// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// What a kernel for a convolution is expected to take: its arithmetic over the rate of its kind of kernel,
/// the bytes that it reads and writes, and the reorders that it asks for.
struct ConvolutionEstimate {
    private let problem: ConvolutionProblem
    private let request: KernelRequest

    init(_ problem: ConvolutionProblem, _ request: KernelRequest) {
        self.problem = problem
        self.request = request
    }

    /// What computing takes, and what reading and writing does.
    func seconds(_ choice: KernelChoice) -> Double {
        secondsOfProducts(choice, times: filling(choice)) + secondsOfMoving(choice)
    }

    /// What computing takes over pairs of pixels.
    func secondsOfProducts(_ choice: KernelChoice, ofPairs pairs: PixelPairs) -> Double {
        secondsOfProducts(choice, times: pairs.work * filling(vectorsOf: 2))
    }

    /// How many times as much is multiplied where the channels that are written of so many pixels are filled
    /// up to a vector.
    func filling(vectorsOf pixels: Int) -> Double {
        let images = if case .data = problem.direction { problem.x } else { problem.y }
        let channels = pixels * images.channels, lanes = Processor.hasAVX512 ? 16 : 8
        return Double((channels + lanes - 1) / lanes * lanes) / Double(channels)
    }

    private func secondsOfProducts(_ choice: KernelChoice, times work: Double) -> Double {
        let multiplyAdds = request.op.definition.multiplyAdds(
            inputs: request.inputs, outputs: request.outputs)
        return Double(2 * multiplyAdds) * work / rate(choice.kernel.name)
    }

    /// How many times as much is multiplied where channels that do not fill one block, or with the channels
    /// last one vector, are filled up with zeros.
    private func filling(_ choice: KernelChoice) -> Double {
        var work = 1.0
        for (layout, type) in zip(
            choice.inputs + choice.outputs, request.inputs + request.outputs)
        where type.shape == problem.x || type.shape == problem.y {
            guard let arrangement = layout.arrangement else { continue }
            if arrangement == .channelsLast { work = max(work, filling(vectorsOf: 1)) }
            guard let block = arrangement.block, type.shape.channels < block else { continue }
            work *= Double(block) / Double(type.shape.channels)
        }
        return work
    }

    /// What reading and writing costs, with the reorders that a choice asks for.
    func secondsOfMoving(_ choice: KernelChoice) -> Double {
        let bytes = (choice.inputs + choice.outputs).reduce(0) { $0 + $1.byteCount }
        return Double(bytes) / Self.bytesPerSecond + secondsOfReorders(choice)
    }

    /// What the reorders cost that a choice asks for.
    func secondsOfReorders(_ choice: KernelChoice) -> Double {
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
        if kernel.contains("brgconv") { return 250e9 }
        if kernel.contains("bf16") { return 430e9 }
        if kernel.contains("avx512") { return 350e9 }
        return problem.isForWeights ? 130e9 : 170e9
    }

    private static let bytesPerSecond = 20e9
}
