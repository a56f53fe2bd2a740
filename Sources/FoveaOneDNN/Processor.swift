// SPDX-License-Identifier: Apache-2.0
import COneDNN
package import FoveaGraph

/// What the library found out about the processor.
package enum Processor {
    /// The instruction set that kernels are made for, such as `avx2` or `avx512_core_amx`.
    static let instructions = String(cString: fovea_dnn_library_info().instruction_set)

    /// Whether vectors are of 512 bits.
    package static let hasAVX512 = instructions.hasPrefix("avx512")

    /// How the library's kernels like images best; nil without vectors of eight numbers.
    package static let arrangement: Arrangement? =
        hasAVX512 ? .blocked16 : instructions.hasPrefix("avx2") ? .blocked8 : nil

    /// The arrangement that suits the images of a graph.
    ///
    /// Blocks of channels are the quickest where they are full. LeNet's six leave a quarter of a block of
    /// eight empty, and more than half of one of sixteen: all that is done to each number takes so much
    /// longer. All images of a plan lie alike, since no convolution reads one way and writes another.
    ///
    /// - Parameter graph: The graph.
    /// - Returns: `arrangement`, or the channels last where blocks would take a fifth more memory.
    package static func arrangement(for graph: Graph) -> Arrangement? {
        guard let arrangement, let block = arrangement.block else { return arrangement }
        var count = 0, filledUp = 0
        for node in graph.nodes {
            if node.op.kind == .leaf { continue }
            if case .convolutionWeightGradient = node.op { continue }
            for shape in node.outputs.map(\.shape) where shape.rank == 4 {
                let blocks = (shape.channels + block - 1) / block
                count += shape.count
                filledUp += shape.count / shape.channels * blocks * block
            }
        }
        return filledUp * 5 > count * 6 ? .channelsLast : arrangement
    }

    /// Whether so few channels would leave a block half empty, so that images have none.
    static func isHardlyAny(_ channels: Int, inBlocksOf lanes: Int?) -> Bool {
        channels <= (lanes ?? 0) / 2
    }
}
