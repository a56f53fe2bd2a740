// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
import FoveaOneDNN

/// The element types that activations may have.
package enum Precision {
    /// Checks that a processor computes in an element type.
    ///
    /// - Parameters:
    ///   - name: The name of the type, such as `f32`.
    ///   - instructions: The instruction set; this processor's if left out.
    /// - Throws: An error of the code `.device` if it does not, of `.usage` if there is no such type.
    package static func check(
        _ name: String, instructions: String = OneDNNLibrary.instructions
    ) throws(FoveaError) {
        switch name {
        case DType.f32.rawValue: return
        case DType.bf16.rawValue:
            let isNative = instructions.contains("bf16") || instructions.contains("amx")
            throw FoveaError(
                .device,
                isNative
                    ? "the CPU computes in f32 only so far, not in bf16."
                    : "this processor (\(instructions)) has no instructions for bf16.",
                remedy: "Use --precision f32.")
        default:
            throw FoveaError(
                .usage, "there is no --precision \(name).", remedy: "Use --precision f32.")
        }
    }
}
