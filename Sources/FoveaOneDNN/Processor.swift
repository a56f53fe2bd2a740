// SPDX-License-Identifier: Apache-2.0
import COneDNN
package import FoveaGraph

/// What the library found out about the processor.
package enum Processor {
    /// The instruction set that kernels are made for, such as `avx2` or `avx512_core_amx`.
    static let instructions = String(cString: fovea_dnn_library_info().instruction_set)

    /// Whether vectors are of 512 bits.
    package static let hasAVX512 = instructions.hasPrefix("avx512")

    /// The channels of a block as the library's kernels like it; nil without vectors of eight numbers.
    package static let lanes: Int? = hasAVX512 ? 16 : instructions.hasPrefix("avx2") ? 8 : nil

    /// The channels of a block that suits the images of a graph.
    ///
    /// Blocks of sixteen are the quicker ones where they are full. LeNet's six channels leave most of them
    /// empty: its images would take twice the memory, and its convolutions twice the multiplications.
    /// All images of a plan have blocks of one size, since no convolution reads one and writes the other.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - precision: The type in which images lie; those of 16 bits have blocks of sixteen only.
    /// - Returns: Eight where blocks of sixteen would be half as large again, otherwise `lanes`.
    package static func lanes(for graph: Graph, _ precision: DType = .f32) -> Int? {
        guard lanes == 16, precision == .f32 else { return lanes }
        let images = graph.nodes.flatMap(\.outputs).map(\.shape).filter {
            $0.rank == 4 && !isHardlyAny($0.channels, inBlocksOf: 8)
        }
        func elements(inBlocksOf lanes: Int) -> Int {
            images.reduce(0) { sum, shape in
                let blocks = (shape.channels + lanes - 1) / lanes
                return sum + shape.count / shape.channels * blocks * lanes
            }
        }
        return elements(inBlocksOf: 16) * 2 >= elements(inBlocksOf: 8) * 3 ? 8 : 16
    }

    /// Whether so few channels would leave a block half empty, so that images have none.
    static func isHardlyAny(_ channels: Int, inBlocksOf lanes: Int?) -> Bool {
        channels <= (lanes ?? 0) / 2
    }
}
