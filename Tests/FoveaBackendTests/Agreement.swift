// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

/// How near the CPU's numbers have to be to those of the reference.
enum Agreement: Sendable {
    /// The very same: every sum of the data is exactly representable, in any order.
    case exact
    /// Relative to the largest element, and by Euclidean length; or, where large terms cancel out,
    /// as near as roundings leave it.
    case within(Double, absolute: Double = 0)

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
            case .within(let bound, let absolute):
                difference.isWithin(winograd ? max(bound, Agreement.winograd) : bound)
                    || found.isNear(expected, absolute)
            }
        #expect(
            agrees, "\(what), \(result): \(difference)\n\(prepared.plan)",
            sourceLocation: sourceLocation)
    }
}

extension HostValue {
    /// Whether no element is further than a distance from another value's.
    fileprivate func isNear(_ other: HostValue, _ distance: Double) -> Bool {
        shape == other.shape
            && zip(values, other.values).allSatisfy { abs($0 - $1) <= distance }
    }
}
