// SPDX-License-Identifier: Apache-2.0
public import FoveaArrays
public import FoveaRuntime

/// How far numbers are from those that are expected.
public struct Difference: Sendable, CustomStringConvertible {
    /// ‖found − expected‖ / ‖expected‖, the lengths being Euclidean.
    public let relativeL2: Double
    /// The largest difference of two elements, relative to the largest expected magnitude.
    public let largestRelative: Double
    /// Where that difference is.
    public let worst: Int

    /// Compares two lists of numbers; another length or a number that is not finite is infinitely far.
    ///
    /// - Parameters:
    ///   - found: What was computed.
    ///   - expected: What it should be.
    public init(_ found: [Double], from expected: [Double]) {
        guard found.count == expected.count, found.allSatisfy(\.isFinite) else {
            (relativeL2, largestRelative) = (.infinity, .infinity)
            worst = found.firstIndex { !$0.isFinite } ?? min(found.count, expected.count)
            return
        }
        let differences = zip(found, expected).map { abs($0 - $1) }
        let length = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let largest = expected.reduce(0) { max($0, abs($1)) }
        let distance = differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let most = differences.indices.max { differences[$0] < differences[$1] }
        worst = most ?? 0
        // Nothing to be relative to: the difference itself is told.
        relativeL2 = length == 0 ? distance : distance / length
        largestRelative = most.map { differences[$0] / (largest == 0 ? 1 : largest) } ?? 0
    }

    /// Compares two values; another shape is infinitely far.
    ///
    /// - Parameters:
    ///   - found: What was computed.
    ///   - expected: What it should be.
    public init(_ found: HostValue, from expected: HostValue) {
        self.init(found.shape == expected.shape ? found.values : [], from: expected.values)
    }

    /// Compares two arrays; another shape is infinitely far.
    ///
    /// - Parameters:
    ///   - found: What was computed.
    ///   - expected: What it should be.
    public init(_ found: NDArray, from expected: NDArray) {
        self.init(HostValue(found), from: HostValue(expected))
    }

    /// Whether both measures are within a bound.
    ///
    /// - Parameter bound: The largest relative difference that is allowed.
    /// - Returns: True if they are.
    public func isWithin(_ bound: Double) -> Bool {
        relativeL2 <= bound && largestRelative <= bound
    }

    /// Both measures.
    public var description: String {
        "relative L2 \(relativeL2), largest \(largestRelative) at element \(worst)"
    }
}
