// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Every op on the CPU against the reference, forward and backward.
    @Suite struct Conformance {
        /// How the images are given to the op.
        static let arrangements: [Arrangement] = [
            .plain, .channelsLast, .blocked16, .blocked8,
        ]

        @Test(arguments: ConformanceCase.convolutions, arrangements)
        func convolutions(_ example: ConformanceCase, _ arrangement: Arrangement) throws {
            try compare(example, arrangement)
        }

        @Test(arguments: ConformanceCase.poolings, arrangements)
        func poolings(_ example: ConformanceCase, _ arrangement: Arrangement) throws {
            try compare(example, arrangement)
        }

        @Test(arguments: ConformanceCase.elementwise, arrangements)
        func elementwise(_ example: ConformanceCase, _ arrangement: Arrangement) throws {
            try compare(example, arrangement)
        }

        @Test(arguments: ConformanceCase.normalizations, arrangements)
        func normalizations(_ example: ConformanceCase, _ arrangement: Arrangement) throws {
            try compare(example, arrangement)
        }

        @Test(arguments: ConformanceCase.rows, [Arrangement.plain, .blocked16])
        func rows(_ example: ConformanceCase, _ arrangement: Arrangement) throws {
            try compare(example, arrangement)
        }

        @Test(.enabled(if: isOptimized), arguments: networkCases())
        func shapesOfTheCatalog(_ example: ConformanceCase) throws {
            try compare(example)
        }

        @Test func averagesAreNotDilated() throws {
            let op = Op.averagePool(Op.AveragePool(Window(kernel: 3, dilation: 2)))
            #expect {
                try ConformanceCase(op, [2, 3, 9, 8]).graph
            } throws: { error in
                "\(error)".hasSuffix("average pooling 3×3, dilation 2 cannot be dilated.")
            }
        }

        private func compare(
            _ example: ConformanceCase, _ arrangement: Arrangement? = nil
        ) throws {
            try example.expectReference(example.agreement) {
                try PreparedGraph($0, arrangement: arrangement)
            }
        }

        /// Every convolution, pooling and linear layer of the catalog's networks, once.
        static func networkCases() -> [ConformanceCase] {
            var cases: [String: ConformanceCase] = [:]
            let whole = ["lenet", "alexnet-d2l", "nin", "nin-cifar", "nin-imagenet"]
            // The reference takes its time; what differs from the above shows in small images too.
            let small = ["alexnet-2012", "googlenet-bn", "resnet50", "densenet121"]
            for entry in Catalog.all where (whole + small).contains(entry.name) {
                let batch = entry.input[1] > 100 ? 1 : 2
                let side = whole.contains(entry.name) ? entry.input[1] : 80
                let images: Shape = [batch, entry.input[0], side, side]
                guard let traced = try? entry.traced(images: images, mode: .training) else {
                    continue
                }
                for node in traced.graph.nodes {
                    let shapes = node.inputs.map { traced.graph[$0].shape }
                    let example: ConformanceCase? =
                        switch node.op {
                        case .convolution(let op):
                            .block(shapes[0], shapes[1], op, largest: 1)
                        case .maxPool(let op): .maxPool(shapes[0], op.window)
                        case .averagePool(let op): .averagePool(shapes[0], op.window)
                        case .linear: ConformanceCase(node.op, shapes[0], shapes[1])
                        default: nil
                        }
                    if let example { cases[example.name] = example }
                }
            }
            return cases.values.sorted { $0.name < $1.name }
        }
    }
}

extension ConformanceCase {
    /// Runs the case forward and backward, and compares it with the reference.
    ///
    /// - Parameters:
    ///   - agreement: How near the numbers have to be.
    ///   - rounding: What is done to the numbers that the parameters are filled with.
    ///   - prepare: Plans the graph.
    /// - Returns: What was run.
    /// - Throws: An error if it cannot be planned or run.
    @discardableResult
    func expectReference(
        _ agreement: Agreement, rounding: (HostValue) -> HostValue = { $0 },
        _ prepare: (Graph) throws -> PreparedGraph
    ) throws -> PreparedGraph {
        let graph = try graph
        let values = values(graph).mapValues(rounding)
        let count = graph.input(named: "labels")?.shape.batch ?? 1
        let classes = graph.parameters[0].shape.channels
        let inputs = ["labels": FormulaValues.labels("labels", count, classes: classes)]
        let prepared = try prepare(graph)
        prepared.write(values)
        try prepared.run(inputs, seed: 3, step: 5)
        var expected = try ReferenceInterpreter(graph).run(
            inputs: inputs, parameters: values, seed: 3, step: 5)
        // The sum that the gradients are taken of is not the op's affair.
        expected[.output("loss")] = nil
        expectAgreement(prepared, expected, agreement, name)
        return prepared
    }
}
