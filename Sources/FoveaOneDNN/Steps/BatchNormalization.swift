// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Batch normalizations, in loops of our own.
///
/// oneDNN's read the input three times and store a mask of the ReLU; these read it twice, the second
/// time to write, and find the mask again from what the gradient reads anyway.
extension OneDNNLibrary {
    // x, scale, shift, perhaps a shortcut, perhaps running mean and variance
    // → y, mean, variance, perhaps the next running mean and variance
    func batchNormalization(
        _ op: Op.BatchNormalization, _ request: KernelRequest
    ) -> KernelChoice {
        func kernel<Lanes>(_ groups: ChannelGroups<Lanes>) -> LoopKernel {
            LoopKernel("batchNormalization", worksInPlace: true, scratch: groups.scratch) {
                operands in
                let mean = operands.output(1), variance = operands.output(2)
                groups.measure(
                    operands.input(0), into: mean, variance, sums: operands.scratch)
                groups.normalize(
                    operands.input(0), to: operands.output(0),
                    groups.scales(operands.input(1), variance, op.epsilon, operands.scratch),
                    mean: mean, shift: operands.input(2),
                    shortcut: op.addsShortcut ? operands.input(3) : nil, op.activation)
                if let running = op.running {
                    let first = operands.inputs.count - 2, channels = groups.channels
                    running.move(
                        operands.input(first), towards: mean, times: 1, to: operands.output(3),
                        channels)
                    running.move(
                        operands.input(first + 1), towards: variance, times: running.factor,
                        to: operands.output(4), channels)
                }
            }
        }
        return channelKernel(request, like: 0) {
            kernel(ChannelGroups<SIMD8<Float>>($0, $1, gap: $2))
        } or: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2))
        }
    }

    // x, mean, variance, scale, shift → y
    func normalization(_ op: Op.Normalization, _ request: KernelRequest) -> KernelChoice {
        func kernel<Lanes>(_ groups: ChannelGroups<Lanes>) -> LoopKernel {
            LoopKernel("normalization", worksInPlace: true, scratch: groups.scratch) { operands in
                groups.normalize(
                    operands.input(0), to: operands.output(0),
                    groups.scales(
                        operands.input(3), operands.input(2), op.epsilon, operands.scratch),
                    mean: operands.input(1), shift: operands.input(4), shortcut: nil,
                    op.activation)
            }
        }
        return channelKernel(request, like: 0) {
            kernel(ChannelGroups<SIMD8<Float>>($0, $1, gap: $2))
        } or: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2))
        }
    }

    // dy, x, scale, mean, variance and perhaps shift, or y → dx, dscale, dshift and, with y, the
    // shortcut's gradient
    func batchNormalizationGradient(
        _ op: Op.BatchNormalizationGradient, _ request: KernelRequest
    ) -> KernelChoice {
        func kernel<Lanes>(_ groups: ChannelGroups<Lanes>) -> LoopKernel {
            LoopKernel("batchNormalizationGradient", worksInPlace: true, scratch: groups.scratch) {
                operands in
                let mask = op.activation == nil ? nil : operands.input(5)
                let backward = BatchNormalizationBackward(
                    groups: groups, dy: operands.input(0), x: operands.input(1),
                    mean: operands.input(3),
                    scales: groups.scales(
                        operands.input(2), operands.input(4), op.epsilon, operands.scratch),
                    shift: op.addsShortcut ? nil : mask, y: op.addsShortcut ? mask : nil,
                    passed: op.addsShortcut ? operands.output(3) : nil)
                let dscale = operands.output(1), dshift = operands.output(2)
                backward.gather(into: dscale, dshift, sums: operands.scratch)
                backward.write(to: operands.output(0), dscale: dscale, dshift: dshift)
            }
        }
        return channelKernel(request, like: 1) {
            kernel(ChannelGroups<SIMD8<Float>>($0, $1, gap: $2))
        } or: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2))
        }
    }

    /// A kernel that works on blocks of eight channels where those are at hand, or else on sixteen.
    ///
    /// The tensor that decides may be the first channels of a wider one; all others have no gaps.
    private func channelKernel(
        _ request: KernelRequest, like index: Int, eight: (Shape, Arrangement, Int) -> LoopKernel,
        or sixteen: (Shape, Arrangement, Int) -> LoopKernel
    ) -> KernelChoice {
        let shape = request.inputs[index].shape
        let leading = request.leading(index)
        let arrangement = leading?.arrangement ?? Self.channelArrangement(request, like: index)
        let gap = leading?.gap(shape) ?? 0
        let choice = request.arranged(
            arrangement,
            arrangement == .blocked8
                ? eight(shape, arrangement, gap) : sixteen(shape, arrangement, gap))
        guard leading != nil, let layout = request.layouts[index] else { return choice }
        var inputs = choice.inputs
        inputs[index] = layout
        return KernelChoice(choice.kernel, inputs: inputs, outputs: choice.outputs)
    }

    /// Blocks of channels where they are at hand, otherwise the channels last.
    static func channelArrangement(_ request: KernelRequest, like index: Int) -> Arrangement {
        guard request.inputs[index].shape.rank == 4 else { return .plain }
        let arrangement = request.layout(index).arrangement
        return arrangement.flatMap { $0.block == nil ? nil : $0 } ?? .channelsLast
    }
}
