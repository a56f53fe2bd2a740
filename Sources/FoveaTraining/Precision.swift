// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
import FoveaOneDNN

/// The numbers that a network computes with.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
    /// 32-bit floats.
    case f32
    /// Images and their gradients as bfloat16; weights, their gradients and all sums in 32 bits.
    case bf16

    /// Finds a precision by its name.
    ///
    /// - Parameters:
    ///   - name: The name, such as `bf16`.
    ///   - instructions: The instruction set; this processor's if left out.
    /// - Throws: An error of the code `.usage` if there is none, of `.device` if the processor lacks it.
    package init(
        named name: String, instructions: String = OneDNNLibrary.instructions
    ) throws(FoveaError) {
        guard let precision = Precision(rawValue: name) else {
            throw FoveaError(
                .usage, "there is no --precision \(name).", remedy: "Use --precision f32 or bf16.")
        }
        try precision.check(instructions: instructions)
        self = precision
    }

    /// Checks that a processor computes in this precision.
    ///
    /// - Parameter instructions: The instruction set; this processor's if left out.
    /// - Throws: An error of the code `.device` if it does not.
    package func check(
        instructions: String = OneDNNLibrary.instructions
    ) throws(FoveaError) {
        guard self == .f32 || OneDNNLibrary.hasSixteenBits(instructions) else {
            throw FoveaError(
                .device, "this processor (\(instructions)) has no instructions for bf16.",
                remedy: "Use --precision f32.")
        }
    }

    /// Those that this processor computes in.
    package static var available: [Precision] {
        allCases.filter { (try? $0.check()) != nil }
    }

    /// The type in which images lie.
    var dtype: DType { self == .bf16 ? .bf16 : .f32 }
}
