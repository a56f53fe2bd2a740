// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@testable import FoveaTraining

@Suite struct PrecisionTests {
    @Test(arguments: [
        (
            "bf16", "avx2", FoveaError.Code.device,
            "this processor (avx2) has no instructions for bf16."
        ),
        (
            "bf16", "avx512_core_vnni", .device,
            "this processor (avx512_core_vnni) has no instructions for bf16."
        ),
        ("bf16", "avx512_core_amx", .device, "the CPU computes in f32 only so far, not in bf16."),
        ("u8", "avx2", .usage, "there is no --precision u8."),
    ])
    func whatIsRefused(
        _ name: String, _ instructions: String, _ code: FoveaError.Code, _ message: String
    ) throws {
        try Precision.check("f32", instructions: instructions)
        do throws(FoveaError) {
            try Precision.check(name, instructions: instructions)
            Issue.record("\(name) was accepted")
        } catch {
            #expect(error.code == code && error.message == message)
            #expect(error.remedy == "Use --precision f32.")
        }
    }
}
