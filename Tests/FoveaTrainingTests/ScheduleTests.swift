// SPDX-License-Identifier: Apache-2.0
import FoveaTraining
import Testing

@Suite struct ScheduleTests {
    /// The rates of a run of eight steps with the peak 1.
    static let tables: [(schedule: Schedule, rates: [Double])] = [
        (.constant, [1, 1, 1, 1, 1, 1, 1, 1]),
        (.step, [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]),
        (
            .cosine,
            [1, 0.961_939_8, 0.853_553_4, 0.691_341_7, 0.5, 0.308_658_3, 0.146_446_6, 0.038_060_2]
        ),
        (.oneCycle, [0.04, 0.52, 1, 0.933_012_7, 0.75, 0.5, 0.25, 0.066_987_3]),
    ]

    @Test(arguments: tables) func rates(_ schedule: Schedule, _ expected: [Double]) {
        for (step, expected) in expected.enumerated() {
            for peak in [1, 0.3] as [Float] {
                let rate = Double(schedule.rate(step: step, of: 8, peak: peak))
                #expect(abs(rate - expected * Double(peak)) < 1e-6, "step \(step)")
            }
        }
    }

    @Test("Rates end near zero, and never below", arguments: [Schedule.cosine, .oneCycle])
    func end(_ schedule: Schedule) {
        for total in [1, 2, 7, 1000] {
            for step in 0...total {
                let rate = schedule.rate(step: step, of: total, peak: 0.5)
                #expect(rate >= 0 && rate <= 0.5)
            }
            #expect(schedule.rate(step: total, of: total, peak: 0.5) < 1e-6)
        }
    }

    @Test("Schedules are known by the names of the command")
    func names() {
        #expect(
            Schedule.allCases.map(\.rawValue) == ["constant", "step", "cosine", "one-cycle"])
    }
}
