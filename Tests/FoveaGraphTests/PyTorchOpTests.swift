// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Foundation
import Testing

/// The reference against PyTorch's own numbers, op by op, forward and backward.
@Suite struct PyTorchOpTests {
    static let fixtures: [OpFixture] = {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = tests.appendingPathComponent("FoveaBackendTests/Fixtures")
        do {
            return try OpFixture.all(in: folder)
        } catch {
            Issue.record("\(error)")
            return []
        }
    }()

    @Test func thereAreFixturesOfTheBooksOps() {
        let ops = Set(Self.fixtures.map { $0.name.prefix { $0 != "/" } })
        #expect(
            ops == [
                "convolution", "linear", "maxPool", "averagePool", "adaptiveAveragePool", "relu",
                "sigmoid", "softmax", "crossEntropy",
            ])
    }

    @Test(arguments: fixtures) func agrees(_ fixture: OpFixture) throws {
        try fixture.graph.verify()
        let results = try ReferenceInterpreter(fixture.graph).run(
            inputs: fixture.inputs, parameters: fixture.parameters)
        for (result, expected) in fixture.expected {
            let found = try #require(results[result], "\(result)")
            if fixture.isExact {
                #expect(found == expected, "\(result)")
            } else {
                // The expected numbers were rounded to 32 bits.
                let difference = Difference(found, from: expected)
                #expect(difference.isWithin(1e-7), "\(result): \(difference)")
            }
        }
    }
}
