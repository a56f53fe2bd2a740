// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

/// How near the CPU's numbers have to be to those of the reference.
enum Agreement: Sendable {
    /// The very same: every sum of the data is exactly representable, in any order.
    case exact
    /// Relative to the largest element, and by Euclidean length.
    case within(Double)

    /// What Winograd's kernels reach, whose transformations round, by Euclidean length.
    static let winograd = 2e-5
}

/// Expects the results of a plan to be those of the reference.
func expectAgreement(
    _ prepared: PreparedGraph, _ expected: [Graph.Result: HostValue], _ agreement: Agreement,
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    let found = prepared.results
    let winograd = prepared.kernels.contains { $0.contains("wino") }
    for (result, expected) in expected {
        guard let found = found[result] else {
            Issue.record("\(what): there is no \(result)", sourceLocation: sourceLocation)
            continue
        }
        let difference = Difference(found, from: expected)
        let agrees =
            switch agreement {
            case .exact where winograd: difference.relativeL2 <= Agreement.winograd
            case .exact: found == expected
            case .within(let bound):
                winograd
                    ? difference.relativeL2 <= max(bound, Agreement.winograd)
                    : difference.isWithin(bound)
            }
        #expect(
            agrees, "\(what), \(result): \(difference)\n\(prepared.plan)",
            sourceLocation: sourceLocation)
    }
}
