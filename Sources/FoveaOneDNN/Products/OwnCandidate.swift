// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler

/// A kernel of our own for a convolution, with what it is expected to cost.
struct OwnCandidate {
    let choice: KernelChoice
    let seconds: Double
    /// Whether the estimate can be trusted with this processor's instructions.
    let isEstimated: Bool

    /// The channels of a block with this processor's instructions; nil with those that have no vectors
    /// of eight numbers.
    static let lanes: Int? = {
        let instructions = String(cString: fovea_dnn_library_info().instruction_set)
        if instructions.hasPrefix("avx512") { return 16 }
        return instructions.hasPrefix("avx2") ? 8 : nil
    }()
}
