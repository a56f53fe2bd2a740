// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaTestSupport
import Testing

/// Every op's gradient rule against central differences.
@Suite struct GradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let op: Op
        let inputs: [TensorType]

        init(_ op: Op, _ inputs: Shape..., labels: Int? = nil) {
            self.op = op
            self.inputs =
                inputs.map { TensorType($0) } + (labels.map { [TensorType([$0], .i32)] } ?? [])
        }

        var testDescription: String {
            "\(op.definition.name) \(op.definition.attributes) of \(inputs)"
        }
    }

    static func convolution(_ window: Window, groups: Int = 1) -> Op {
        .convolution(Op.Convolution(window, groups: groups))
    }

    static func maxPool(_ window: Window) -> Op {
        .maxPool(Op.MaxPool(window, recordsWinners: true))
    }

    static func averagePool(_ window: Window, countsPadding: Bool = true) -> Op {
        .averagePool(Op.AveragePool(window, countsPadding: countsPadding))
    }

    static func localResponse(
        _ size: Int, alpha: Float, beta: Float = 0.75, k: Float
    ) -> Op {
        .localResponseNormalization(
            Op.LocalResponseNormalization(
                .init(size: size, alpha: alpha, beta: beta, k: k), recordsScales: true))
    }

    static let convolutions = [
        Case(convolution(Window(kernel: 3)), [2, 2, 5, 6], [3, 2, 3, 3]),
        Case(convolution(Window(kernel: 1)), [2, 3, 4, 3], [2, 3, 1, 1]),
        Case(convolution(Window(kernel: 3, stride: 2)), [1, 2, 8, 7], [3, 2, 3, 3]),
        Case(
            convolution(Window(kernel: 3, stride: Extent(2, 3), padding: Extent(2, 1))),
            [2, 1, 5, 8], [2, 1, 3, 3]),
        Case(
            convolution(Window(kernel: Extent(2, 3), padding: 2, dilation: Extent(3, 2))),
            [1, 2, 6, 5], [2, 2, 2, 3]),
        Case(convolution(Window(kernel: 2), groups: 3), [2, 3, 4, 4], [6, 1, 2, 2]),
        Case(convolution(Window(kernel: 3, padding: 1), groups: 2), [1, 4, 3, 4], [6, 2, 3, 3]),
        Case(convolution(Window(kernel: 1, stride: 3)), [1, 2, 5, 7], [2, 2, 1, 1]),
        Case(convolution(Window(kernel: 5, padding: 4)), [1, 1, 3, 2], [2, 1, 5, 5]),
    ]

    static let poolings = [
        Case(maxPool(Window(kernel: 2, stride: 2)), [2, 2, 4, 6]),
        Case(maxPool(Window(kernel: 3, stride: 2)), [1, 3, 7, 8]),
        Case(maxPool(Window(kernel: 3, stride: 2, padding: 1)), [1, 2, 6, 7]),
        Case(maxPool(Window(kernel: 3, stride: 2, rounding: .up)), [1, 2, 6, 8]),
        Case(
            maxPool(Window(kernel: Extent(2, 3), stride: 1, padding: 1, dilation: 2)),
            [1, 1, 5, 6]),
        Case(averagePool(Window(kernel: 2, stride: 2)), [2, 2, 4, 5]),
        Case(averagePool(Window(kernel: 3, stride: 2, padding: 1)), [1, 2, 6, 7]),
        Case(
            averagePool(Window(kernel: 3, stride: 2, padding: 1), countsPadding: false),
            [1, 2, 6, 7]),
        Case(averagePool(Window(kernel: 3, stride: 2, rounding: .up)), [1, 2, 6, 8]),
        Case(
            averagePool(Window(kernel: 3, stride: 2, padding: 1, rounding: .up)), [1, 2, 6, 8]),
        Case(
            averagePool(
                Window(kernel: Extent(3, 2), stride: 2, padding: 1, rounding: .up),
                countsPadding: false), [1, 2, 6, 8]),
        Case(.adaptiveAveragePool(Op.AdaptiveAveragePool(to: Extent(3, 2))), [2, 2, 7, 5]),
        Case(.adaptiveAveragePool(Op.AdaptiveAveragePool(to: Extent(4, 5))), [1, 2, 3, 7]),
        Case(.adaptiveAveragePool(Op.AdaptiveAveragePool(to: 1)), [1, 2, 3, 4]),
    ]

    static let others = [
        Case(.batchNormalization(Op.BatchNormalization(epsilon: 1e-5)), [3, 2, 2, 3], [2], [2]),
        Case(.batchNormalization(Op.BatchNormalization(epsilon: 1e-1)), [4, 3], [3], [3]),
        Case(.batchNormalization(Op.BatchNormalization(epsilon: 1e-3)), [1, 4, 3, 3], [4], [4]),
        Case(localResponse(5, alpha: 1e-4, k: 2), [2, 7, 2, 3]),
        Case(localResponse(5, alpha: 3, k: 1), [2, 7, 2, 3]),
        Case(localResponse(3, alpha: 2, beta: 0.5, k: 1.5), [1, 4, 3, 2]),
        Case(localResponse(9, alpha: 2, beta: 1, k: 1), [1, 4, 2, 2]),
        Case(localResponse(1, alpha: 1, k: 1), [1, 3, 2, 2]),
        Case(.concatenation(Op.Concatenation()), [2, 3, 2, 2], [2, 1, 2, 2], [2, 4, 2, 2]),
        Case(.concatenation(Op.Concatenation()), [3, 2], [3, 5]),
        Case(.linear(Op.Linear()), [3, 5], [4, 5]),
        Case(.linear(Op.Linear()), [2, 2, 3, 2], [4, 12]),
        Case(.addBias(Op.AddBias()), [3, 4], [4]),
        Case(.addBias(Op.AddBias()), [2, 3, 2, 4], [3]),
        Case(.activation(Op.Activation(.relu)), [3, 2, 5]),
        Case(.activation(Op.Activation(.sigmoid)), [3, 2, 5]),
        Case(.add(Op.Add()), [2, 7], [2, 7]),
        Case(.scale(Op.Scale(by: -2.5)), [2, 7]),
        Case(.reshape(Op.Reshape(to: [2, 12])), [2, 3, 4]),
        Case(.dropout(Op.Dropout(rate: 0.4, site: "features.2")), [4, 3, 3, 2]),
        Case(.dropout(Op.Dropout(rate: 0.4, perChannel: true, site: "a")), [4, 6, 3, 2]),
        Case(.softmax(Op.Softmax()), [3, 5]),
        Case(.crossEntropy(Op.CrossEntropy()), [4, 5], labels: 4),
        Case(.crossEntropy(Op.CrossEntropy(smoothing: 0.2)), [4, 5], labels: 4),
    ]

    @Test(arguments: convolutions + poolings + others) func gradient(_ test: Case) throws {
        var check = GradientCheck()
        check.elements = 60
        let mismatches = try check.mismatches(of: test.op, reading: test.inputs)
        #expect(mismatches.isEmpty, "\(mismatches.map(\.description).joined(separator: "\n"))")
    }

    @Test(arguments: 0..<60) func gradientsOfRandomGraphs(seed: Int) throws {
        let network = RandomGraph(seed: UInt64(seed))
        try network.graph.verify()
        var check = GradientCheck()
        check.elements = 4
        let mismatches = try check.mismatches(
            in: network.graph, inputs: network.inputs, parameters: network.parameters)
        #expect(mismatches.isEmpty, "\(mismatches)\n\(network.graph)")
    }

    @Test func aWrongGradientIsFound() throws {
        // Smoothing in the loss but not in its gradient: the check must see it.
        var builder = GraphBuilder()
        let x = builder.derive(.parameter(Op.Parameter("x", [2, 3])), [])
        let labels = builder.derive(.input(Op.Input("labels", TensorType([2], .i32))), [])
        let loss = builder.derive(.crossEntropy(Op.CrossEntropy(smoothing: 0.3)), [x, labels])
        let one = builder.derive(.constant(Op.Constant(1)), [])
        let wrong = builder.derive(
            .crossEntropyGradient(Op.CrossEntropyGradient(smoothing: 0)), [x, labels, one])
        builder.setResult(.output("loss"), to: loss)
        builder.setResult(.gradient("x"), to: wrong)
        let random = RandomValues()
        let mismatches = try GradientCheck().mismatches(
            between: builder.graph, and: builder.graph,
            inputs: random.inputs(of: builder.graph, classes: 3),
            parameters: random.parameters(of: builder.graph))
        #expect(mismatches.count == 6)
    }
}
