// SPDX-License-Identifier: Apache-2.0
import COneDNN

/// What the library found out about the processor.
enum Processor {
    /// The instruction set that kernels are made for, such as `avx2` or `avx512_core_amx`.
    static let instructions = String(cString: fovea_dnn_library_info().instruction_set)

    /// Whether vectors are of 512 bits.
    static let hasAVX512 = instructions.hasPrefix("avx512")

    /// The channels of a block as the library's kernels like it; nil without vectors of eight numbers.
    static let lanes: Int? = hasAVX512 ? 16 : instructions.hasPrefix("avx2") ? 8 : nil
}
