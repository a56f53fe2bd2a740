// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Foundation
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// What the compiler makes of random networks against the reference of what was recorded.
    ///
    /// `FOVEA_RANDOM_GRAPHS=2000` tries more of them, `FOVEA_RANDOM_SEED=77` begins at another one.
    @Suite struct RandomGraphs {
        static let seeds: Range<UInt64> = {
            let environment = ProcessInfo.processInfo.environment
            let first = environment["FOVEA_RANDOM_SEED"].flatMap { UInt64($0) } ?? 0
            let count = environment["FOVEA_RANDOM_GRAPHS"].flatMap { UInt64($0) } ?? 200
            return first..<first + count
        }()

        @Test func planEqualsTheUnfusedReference() throws {
            for seed in Self.seeds { try compare(seed) }
        }

        /// Layouts that differ in axes of size 1 only were mistaken for each other in these.
        @Test(arguments: [216, 343, 394, 4716] as [UInt64])
        func axesOfSizeOneAreKeptApart(_ seed: UInt64) throws {
            try compare(seed, normalizes: false)
        }

        private func compare(_ seed: UInt64, normalizes: Bool = true) throws {
            let random = RandomGraph(seed: seed, normalizes: normalizes)
            let graph = try random.graph.differentiated()
            let parameters = random.parameters.mapValues(\.rounded)
            let inputs = random.inputs.mapValues(\.rounded)
            // Their channels are few; every other one has them in blocks nevertheless.
            let prepared = try PreparedGraph(
                graph, arrangement: seed.isMultiple(of: 2) ? nil : Processor.arrangement)
            prepared.write(parameters)
            try prepared.run(inputs, seed: seed, step: 1)
            let expected = try ReferenceInterpreter(graph).run(
                inputs: inputs, parameters: parameters, seed: seed, step: 1)
            expectAgreement(prepared, expected, .within(2e-5, absolute: 1e-6), "seed \(seed)")
        }
    }
}

extension HostValue {
    /// The same numbers as the device has them, in 32 bits.
    var rounded: HostValue { HostValue(array) }
}
