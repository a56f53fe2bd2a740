// SPDX-License-Identifier: Apache-2.0
import COneDNN

/// What the library found out about the processor.
enum Processor {
    /// The instruction set that kernels are made for, such as `avx2` or `avx512_core_amx`.
    static let instructions = String(cString: fovea_dnn_library_info().instruction_set)

    /// Whether vectors are of 512 bits.
    static let hasAVX512 = instructions.hasPrefix("avx512")

    /// Whether it multiplies 16-bit floats; to do so in software takes several times as long as 32 bits.
    static let hasSixteenBits = instructions.contains("bf16") || instructions.contains("amx")

    /// The channels of a block as the library's kernels like it; nil without vectors of eight numbers.
    static let lanes: Int? = hasAVX512 ? 16 : instructions.hasPrefix("avx2") ? 8 : nil
}
