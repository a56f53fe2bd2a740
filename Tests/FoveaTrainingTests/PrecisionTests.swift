// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@testable import FoveaTraining

@Suite struct PrecisionTests {
    /// Whether this processor computes with 16 bits.
    static let hasSixteenBits = (try? Precision(named: "bf16")) != nil

    @Test(arguments: [
        (
            "bf16", "avx2", FoveaError.Code.device,
            "this processor (avx2) has no instructions for bf16."
        ),
        (
            "bf16", "avx512_core_vnni", .device,
            "this processor (avx512_core_vnni) has no instructions for bf16."
        ),
        ("u8", "avx512_core_bf16", .usage, "there is no --precision u8."),
    ])
    func whatIsRefused(
        _ name: String, _ instructions: String, _ code: FoveaError.Code, _ message: String
    ) throws {
        #expect(try Precision(named: "f32", instructions: instructions) == .f32)
        do throws(FoveaError) {
            _ = try Precision(named: name, instructions: instructions)
            Issue.record("\(name) was accepted")
        } catch {
            #expect(error.code == code && error.message == message)
            #expect(error.remedy == "Use --precision f32\(code == .usage ? " or bf16" : "").")
        }
    }

    @Test(arguments: ["avx512_core_bf16", "avx512_core_amx"])
    func whatIsAccepted(_ instructions: String) throws {
        #expect(try Precision(named: "bf16", instructions: instructions) == .bf16)
    }
}
