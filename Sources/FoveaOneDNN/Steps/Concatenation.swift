// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Copies between a tensor and its channels' parts, which are runs of memory in every arrangement.
extension OneDNNLibrary {
    // x₀, x₁, … → y
    func concatenation(_ request: KernelRequest) -> KernelChoice {
        let counts = request.inputs.map(\.shape.channels)
        let bounds = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        // The largest input decides, so that the fewest bytes are reordered.
        let largest = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        let arrangement = Self.arrangement(
            like: request.layout(largest), startingAt: bounds, request.inputs[largest])
        let dtype = request.imageType(largest)
        let runs = ChannelRuns(request.outputs[0].shape, arrangement, dtype)
        let leading = request.whole.flatMap {
            Layout(leading: request.outputs[0], of: $0, arrangement, dtype)
        }
        let all = leading?.leading(request.outputs[0])?.allChannels ?? bounds[counts.count]
        // The first input lies where the output begins if it is of the same whole.
        let continued: Layout? =
            leading == nil || !request.mayContinue
            ? nil
            : request.whole.flatMap { whole in
                Layout(leading: request.inputs[0], of: whole, arrangement, dtype).flatMap {
                    $0 == request.layouts[0] ? $0 : nil
                }
            }
        let copied = counts.indices.dropFirst(continued == nil ? 0 : 1)
        let kernel = LoopKernel("concatenation") { operands in
            Team.split(runs.count) { part in
                for index in copied {
                    let count = counts[index]
                    runs.copy(
                        part, of: count, from: operands.inputs[index], startingAt: 0, of: count,
                        to: operands.outputs[0], startingAt: bounds[index], of: all)
                }
            }
        }
        let choice = request.arranged(arrangement, kernel, as: dtype)
        guard let leading else { return choice }
        return KernelChoice(
            kernel,
            inputs: (continued.map { [$0] } ?? [choice.inputs[0]]) + choice.inputs.dropFirst(),
            outputs: [leading], continuesInput: continued != nil)
    }

    // x → some of its channels
    func channelSlice(_ op: Op.ChannelSlice, _ request: KernelRequest) -> KernelChoice {
        let arrangement = Self.arrangement(
            like: request.layout(0), startingAt: [op.channels.lowerBound, op.channels.upperBound],
            request.inputs[0])
        // Where a block would be cut, the first channels of a wider tensor are reordered, too.
        let leading = request.leading(0).flatMap { $0.arrangement == arrangement ? $0 : nil }
        let all = leading?.allChannels ?? request.inputs[0].shape.channels
        let dtype = request.imageType(0)
        let runs = ChannelRuns(request.outputs[0].shape, arrangement, dtype)
        let kernel = LoopKernel("channelSlice") { operands in
            Team.split(runs.count) { part in
                runs.copy(
                    part, of: op.channels.count, from: operands.inputs[0],
                    startingAt: op.channels.lowerBound, of: all, to: operands.outputs[0],
                    startingAt: 0, of: op.channels.count)
            }
        }
        let choice = request.arranged(arrangement, kernel, as: dtype)
        guard leading != nil, let layout = request.layouts[0] else { return choice }
        return KernelChoice(kernel, inputs: [layout], outputs: choice.outputs)
    }

    /// An arrangement like that of a layout in which parts that start at these channels are runs.
    private static func arrangement(
        like layout: Layout, startingAt channels: [Int], _ type: TensorType
    ) -> Arrangement {
        guard type.shape.rank == 4,
            let arrangement = layout.leading(type)?.arrangement ?? layout.arrangement
        else { return .plain }
        guard let block = arrangement.block else { return arrangement }
        return channels.allSatisfy { $0 % block == 0 } ? arrangement : .channelsLast
    }
}

/// The pieces in which the channels of a tensor lie: one for each image, or for each pixel.
private struct ChannelRuns {
    /// The number of pieces.
    let count: Int
    /// The bytes of one channel in a piece.
    private let size: Int

    init(_ shape: Shape, _ arrangement: Arrangement, _ dtype: DType) {
        let area = shape.perImage.count / shape.channels
        switch arrangement {
        case .plain, .blocked16, .blocked8: (count, size) = (shape.batch, area * dtype.size)
        case .channelsLast: (count, size) = (shape.batch * area, dtype.size)
        }
    }

    /// Copies some channels of some pieces.
    func copy(
        _ part: Range<Int>, of channels: Int, from source: UnsafeMutableRawPointer,
        startingAt first: Int, of sourceChannels: Int, to target: UnsafeMutableRawPointer,
        startingAt start: Int, of targetChannels: Int
    ) {
        for run in part {
            (target + (run * targetChannels + start) * size).copyMemory(
                from: source + (run * sourceChannels + first) * size, byteCount: channels * size)
        }
    }
}

extension KernelRequest {
    /// The type in which the numbers of an image lie: 16 or 32 bits; rows of numbers lie in 32.
    func imageType(_ index: Int) -> DType {
        inputs[index].shape.rank == 4 && layouts[index]?.dtype == .bf16 ? .bf16 : .f32
    }

    /// A choice that takes every tensor with its channels arranged in a way, and images of a type.
    func arranged(
        _ arrangement: Arrangement, _ kernel: any Kernel, as dtype: DType = .f32
    ) -> KernelChoice {
        func layout(_ type: TensorType) -> Layout {
            let isImage = type.shape.rank == 4 && type.dtype == .f32
            let stored = isImage ? TensorType(type.shape, dtype) : type
            return Layout(stored, arrangement) ?? .plain(stored)
        }
        return KernelChoice(kernel, inputs: inputs.map(layout), outputs: outputs.map(layout))
    }
}
