// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaRuntime

/// Images whose channels lie in blocks, of which the last may be filled up with zeros.
///
/// The library's element-wise kernels leave such zeros alone, in code that is much slower; seen as a
/// tensor with so many channels more, the same bytes have none.
struct PaddedChannels {
    /// The layout of the same bytes if what fills blocks up were channels.
    let filled: Layout
    private let shape: Shape
    private let block: Int
    /// The channels of the last block that are there.
    private let used: Int

    /// Looks at how a tensor lies.
    init(_ layout: Layout, _ type: TensorType) {
        shape = type.shape
        let channels = shape.rank == 4 ? shape.channels : 0
        block = layout.arrangement?.block ?? 1
        used = channels % block
        filled =
            used > 0 ? layout.with(channels - used + block, alongAxis: 1) ?? layout : layout
    }

    /// Whether there are zeros that belong to no channel.
    var isPadded: Bool { used > 0 }

    /// Writes zeros where no channel is.
    func clear<Number: StoredNumber>(_ tensor: UnsafeMutablePointer<Number>) {
        let area = shape.extent.area, blocks = shape.channels / block + 1
        Team.split(shape.batch) { images in
            for image in images {
                let last = tensor + (image * blocks + blocks - 1) * area * block
                for pixel in 0..<area {
                    for lane in used..<block { last[pixel * block + lane] = Number(rounding: 0) }
                }
            }
        }
    }
}

/// A kernel of the library after which what fills the blocks of its output up is made zero again.
final class ClearingKernel: OneDNNKernel, @unchecked Sendable {
    private let kernel: PrimitiveKernel
    private let channels: PaddedChannels
    private var output: UnsafeMutableRawPointer?

    init(_ kernel: PrimitiveKernel, _ channels: PaddedChannels) {
        self.kernel = kernel
        self.channels = channels
    }

    var name: String { kernel.name }
    var scratchByteCount: Int { kernel.scratchByteCount }
    var worksInPlace: Bool { kernel.worksInPlace }

    func prepare() throws(FoveaError) { try kernel.prepare() }

    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) throws(FoveaError) {
        try kernel.bind(inputs: inputs, outputs: outputs, scratch: scratch)
        output = outputs[0]
    }

    func rebind(input: Int, to address: UnsafeMutableRawPointer) throws(FoveaError) {
        try kernel.rebind(input: input, to: address)
    }

    func execute(_ draw: RandomDraw) throws(FoveaError) {
        try kernel.execute(draw)
        guard let output else { return }
        if channels.filled.dtype == .bf16 {
            channels.clear(output.assumingMemoryBound(to: BFloat16.self))
        } else {
            channels.clear(output.assumingMemoryBound(to: Float.self))
        }
    }
}
