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
        func kernel<Lanes, Number: StoredNumber>(
            _ groups: ChannelGroups<Lanes>, _: Number.Type
        ) -> LoopKernel {
            LoopKernel("batchNormalization", worksInPlace: true, scratch: groups.scratch) {
                operands in
                let mean = operands.output(1), variance = operands.output(2)
                let x = operands.input(0, Number.self)
                groups.measure(
                    x, into: mean, variance, sums: operands.scratch)
                groups.normalize(
                    x, to: operands.output(0, Number.self),
                    groups.scales(operands.input(1), variance, op.epsilon, operands.scratch),
                    mean: mean, shift: operands.input(2),
                    shortcut: op.addsShortcut ? operands.input(3, Number.self) : nil, op.activation)
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
            kernel(ChannelGroups<SIMD8<Float>>($0, $1, gap: $2), Float.self)
        } or: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2), Float.self)
        } short: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2), BFloat16.self)
        }
    }

    // x, mean, variance, scale, shift → y
    func normalization(_ op: Op.Normalization, _ request: KernelRequest) -> KernelChoice {
        func kernel<Lanes, Number: StoredNumber>(
            _ groups: ChannelGroups<Lanes>, _: Number.Type
        ) -> LoopKernel {
            LoopKernel("normalization", worksInPlace: true, scratch: groups.scratch) { operands in
                groups.normalize(
                    operands.input(0, Number.self), to: operands.output(0, Number.self),
                    groups.scales(
                        operands.input(3), operands.input(2), op.epsilon, operands.scratch),
                    mean: operands.input(1), shift: operands.input(4), shortcut: nil,
                    op.activation)
            }
        }
        return channelKernel(request, like: 0) {
            kernel(ChannelGroups<SIMD8<Float>>($0, $1, gap: $2), Float.self)
        } or: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2), Float.self)
        } short: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2), BFloat16.self)
        }
    }

    // dy, x, scale, mean, variance and perhaps shift, or y → dx, dscale, dshift and, with y, the
    // shortcut's gradient
    func batchNormalizationGradient(
        _ op: Op.BatchNormalizationGradient, _ request: KernelRequest
    ) -> KernelChoice {
        func kernel<Lanes, Number: StoredNumber>(
            _ groups: ChannelGroups<Lanes>, _: Number.Type
        ) -> LoopKernel {
            LoopKernel("batchNormalizationGradient", worksInPlace: true, scratch: groups.scratch) {
                operands in
                let isGated = op.activation != nil
                let backward = BatchNormalizationBackward(
                    groups: groups, dy: operands.input(0, Number.self),
                    x: operands.input(1, Number.self),
                    mean: operands.input(3),
                    scales: groups.scales(
                        operands.input(2), operands.input(4), op.epsilon, operands.scratch),
                    shift: isGated && !op.addsShortcut ? operands.input(5) : nil,
                    y: isGated && op.addsShortcut ? operands.input(5, Number.self) : nil,
                    passed: op.addsShortcut ? operands.output(3, Number.self) : nil)
                let dscale = operands.output(1), dshift = operands.output(2)
                backward.gather(into: dscale, dshift, sums: operands.scratch)
                backward.write(
                    to: operands.output(0, Number.self), dscale: dscale, dshift: dshift)
            }
        }
        return channelKernel(request, like: 1) {
            kernel(ChannelGroups<SIMD8<Float>>($0, $1, gap: $2), Float.self)
        } or: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2), Float.self)
        } short: {
            kernel(ChannelGroups<SIMD16<Float>>($0, $1, gap: $2), BFloat16.self)
        }
    }

    /// A kernel that works on blocks of eight channels where those are at hand, or else on sixteen.
    ///
    /// Numbers of 16 bits there are on processors with blocks of sixteen only. The tensor that decides may
    /// be the first channels of a wider one; all others have no gaps.
    private func channelKernel(
        _ request: KernelRequest, like index: Int, eight: (Shape, Arrangement, Int) -> LoopKernel,
        or sixteen: (Shape, Arrangement, Int) -> LoopKernel,
        short: (Shape, Arrangement, Int) -> LoopKernel
    ) -> KernelChoice {
        let shape = request.inputs[index].shape
        let leading = request.leading(index)
        let arrangement = leading?.arrangement ?? Self.channelArrangement(request, like: index)
        let dtype = arrangement == .blocked8 ? .f32 : request.imageType(index)
        let gap = leading?.gap(shape) ?? 0
        let make = dtype == .bf16 ? short : arrangement == .blocked8 ? eight : sixteen
        let choice = request.arranged(arrangement, make(shape, arrangement, gap), as: dtype)
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
