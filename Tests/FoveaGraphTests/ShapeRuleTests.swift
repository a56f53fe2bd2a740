// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@Suite struct ShapeRuleTests {
    /// An op, what it reads, and what its shape rule says: the outputs or the complaint.
    struct Rule: Sendable, CustomTestStringConvertible {
        let op: Op
        let inputs: [TensorType]
        let outputs: [TensorType]
        let complaint: String?

        init(_ op: Op, _ inputs: [Shape], _ outputs: Shape...) {
            self.init(op, types: inputs.map { TensorType($0) }, outputs.map { TensorType($0) })
        }

        init(_ op: Op, _ inputs: [Shape], complains complaint: String) {
            self.init(op, types: inputs.map { TensorType($0) }, [], complaint)
        }

        init(
            _ op: Op, types: [TensorType], _ outputs: [TensorType], _ complaint: String? = nil
        ) {
            (self.op, self.inputs, self.outputs, self.complaint) = (op, types, outputs, complaint)
        }

        var testDescription: String {
            "\(op.definition.name) \(op.definition.attributes) of \(inputs)"
        }
    }

    static func convolution(
        _ kernel: Extent, stride: Extent = 1, padding: Extent = 0, dilation: Extent = 1,
        groups: Int = 1, hasBias: Bool = false
    ) -> Op {
        .convolution(
            Op.Convolution(
                Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation),
                groups: groups, hasBias: hasBias))
    }

    static func maxPool(
        _ kernel: Extent, stride: Extent, padding: Extent = 0, rounding: Window.Rounding = .down
    ) -> Op {
        .maxPool(
            Op.MaxPool(
                Window(kernel: kernel, stride: stride, padding: padding, rounding: rounding)))
    }

    static let convolutions = [
        Rule(
            convolution(11, stride: 4, padding: 1), [[2, 1, 224, 224], [96, 1, 11, 11]],
            [2, 96, 54, 54]),
        Rule(convolution(5, padding: 2), [[1, 6, 14, 14], [16, 6, 5, 5]], [1, 16, 14, 14]),
        Rule(convolution(3, dilation: 2), [[1, 2, 9, 8], [4, 2, 3, 3]], [1, 4, 5, 4]),
        Rule(
            convolution(Extent(1, 7), stride: Extent(2, 3), padding: Extent(0, 3)),
            [[1, 2, 5, 9], [4, 2, 1, 7]], [1, 4, 3, 3]),
        Rule(convolution(3, groups: 2), [[1, 4, 5, 5], [6, 2, 3, 3]], [1, 6, 3, 3]),
        Rule(convolution(1, hasBias: true), [[1, 4, 5, 5], [6, 4, 1, 1], [6]], [1, 6, 5, 5]),
        Rule(
            convolution(5), [[2, 6, 4, 9], [16, 6, 5, 5]],
            complains: "convolution 5×5 needs at least 5×5, but its input is 6×4×9."),
        Rule(
            convolution(5, padding: 1), [[2, 6, 2, 2], [16, 6, 5, 5]],
            complains: "convolution 5×5, padding 1 needs at least 3×3, but its input is 6×2×2."),
        Rule(
            convolution(3), [[1, 5, 5, 5], [6, 4, 3, 3]],
            complains: "convolution 3×3 with weights 6×4×3×3 does not fit 5 channels."),
        Rule(
            convolution(3, groups: 2), [[1, 4, 5, 5], [3, 2, 3, 3]],
            complains: "convolution 3×3 with weights 3×2×3×3 does not fit 4 channels."),
        Rule(
            convolution(3, groups: 0), [[1, 4, 5, 5], [3, 4, 3, 3]],
            complains: "convolution 3×3 with weights 3×4×3×3 does not fit 4 channels."),
        Rule(
            convolution(3, hasBias: true), [[1, 4, 5, 5], [3, 4, 3, 3], [4]],
            complains: "convolution 3×3 with weights 3×4×3×3 does not fit 4 channels."),
        Rule(
            convolution(3, stride: 0), [[1, 4, 5, 5], [3, 4, 3, 3]],
            complains: "convolution 3×3, stride 0 needs a stride of at least 1."),
        Rule(
            convolution(3), [[4, 25], [3, 4, 3, 3]],
            complains: "needs inputs of the ranks [4, 4], but has f32[4×25], f32[3×4×3×3]."),
    ]

    static let poolings = [
        Rule(maxPool(3, stride: 2), [[2, 96, 54, 54]], [2, 96, 26, 26]),
        Rule(maxPool(3, stride: 2, rounding: .up), [[1, 96, 32, 32]], [1, 96, 16, 16]),
        Rule(maxPool(2, stride: 2, padding: 1, rounding: .up), [[1, 1, 5, 4]], [1, 1, 3, 3]),
        Rule(
            .maxPool(Op.MaxPool(Window(kernel: 2, stride: 2), recordsWinners: true)),
            types: [TensorType([1, 2, 4, 6])],
            [TensorType([1, 2, 2, 3]), TensorType([1, 2, 2, 3], .u8)]),
        Rule(.averagePool(Op.AveragePool(.covering(Extent(5, 7)))), [[3, 9, 5, 7]], [3, 9, 1, 1]),
        Rule(
            .adaptiveAveragePool(Op.AdaptiveAveragePool(to: Extent(6, 2))), [[3, 9, 13, 5]],
            [3, 9, 6, 2]),
        Rule(
            maxPool(3, stride: 2), [[2, 480, 2, 2]],
            complains:
                "max pooling 3×3, stride 2 needs at least 3×3, but its input is 480×2×2."),
        Rule(
            maxPool(3, stride: 2, rounding: .up), [[2, 480, 1, 1]],
            complains: "max pooling 3×3, stride 2, rounding up needs at least 2×2, "
                + "but its input is 480×1×1."),
        Rule(
            .averagePool(Op.AveragePool(Window(kernel: 2, stride: 2))), [[2, 16, 1, 4]],
            complains:
                "average pooling 2×2, stride 2 needs at least 2×2, but its input is 16×1×4."),
        Rule(
            maxPool(3, stride: 1, padding: 2), [[2, 4, 8, 8]],
            complains: "max pooling 3×3, padding 2 needs a padding of at most half its kernel."),
        Rule(
            maxPool(0, stride: 1), [[2, 4, 8, 8]],
            complains: "max pooling 0×0 needs a kernel of at least 1×1."),
        Rule(
            .adaptiveAveragePool(Op.AdaptiveAveragePool(to: 0)), [[3, 9, 13, 5]],
            complains: "adaptiveAveragePool needs a grid of at least 1×1, but has 0×0."),
        Rule(
            .averagePool(Op.AveragePool(Window(kernel: 2))), [[3, 9]],
            complains: "needs inputs of the ranks [4], but has f32[3×9]."),
    ]

    static let others = [
        Rule(.linear(Op.Linear()), [[8, 400], [120, 400]], [8, 120]),
        Rule(.linear(Op.Linear(hasBias: true)), [[8, 16, 5, 5], [120, 400], [120]], [8, 120]),
        Rule(
            .linear(Op.Linear()), [[8, 399], [120, 400]],
            complains: "linear with weights 120×400 does not fit an input of 399."),
        Rule(
            .linear(Op.Linear()), [[8], [120, 400]],
            complains: "linear does not take f32[8], f32[120×400]."),
        Rule(.addBias(Op.AddBias()), [[8, 6, 5, 5], [6]], [8, 6, 5, 5]),
        Rule(.addBias(Op.AddBias()), [[8, 6], [6]], [8, 6]),
        Rule(
            .addBias(Op.AddBias()), [[8, 6], [8]],
            complains: "addBias does not take f32[8×6], f32[8]."),
        Rule(.channelSum(Op.ChannelSum()), [[8, 6, 5, 5]], [6]),
        Rule(.activation(Op.Activation(.relu)), [[8, 6, 5]], [8, 6, 5]),
        Rule(.add(Op.Add()), [[8, 6], [8, 6]], [8, 6]),
        Rule(
            .add(Op.Add()), [[8, 6], [6, 8]],
            complains: "needs 2 inputs of one type, but has f32[8×6], f32[6×8]."),
        Rule(.scale(Op.Scale(by: 2)), [[3]], [3]),
        Rule(.reshape(Op.Reshape(to: [2, 12])), [[2, 3, 2, 2]], [2, 12]),
        Rule(
            .reshape(Op.Reshape(to: [2, 11])), [[2, 3, 2, 2]],
            complains: "cannot reshape f32[2×3×2×2] to 2×11."),
        Rule(.dropout(Op.Dropout(rate: 0.5, site: "")), [[2, 3]], [2, 3]),
        Rule(
            .dropout(Op.Dropout(rate: 1, site: "")), [[2, 3]],
            complains: "dropout needs a rate from 0 to below 1, but has 1.0."),
        Rule(
            .dropout(Op.Dropout(rate: .nan, site: "")), [[2, 3]],
            complains: "dropout needs a rate from 0 to below 1, but has nan."),
        Rule(.softmax(Op.Softmax()), [[4, 10]], [4, 10]),
        Rule(
            .crossEntropy(Op.CrossEntropy()),
            types: [TensorType([4, 10]), TensorType([4], .i32)], [TensorType([])]),
        Rule(
            .crossEntropy(Op.CrossEntropy()),
            types: [TensorType([4, 10]), TensorType([5], .i32)], [],
            "crossEntropy needs one label an image, but has i32[5]."),
    ]

    /// What the compiler makes of normalizations and sums.
    static let fused: [Rule] = {
        var sum = Op.Add()
        sum.activation = .relu
        var residual = Op.BatchNormalization(epsilon: 1e-5)
        residual.addsShortcut = true
        residual.activation = .relu
        var running = residual
        running.running = Op.MovingAverage(momentum: 0.1, factor: 1.25)
        var gradient = Op.BatchNormalizationGradient(epsilon: 1e-5)
        gradient.addsShortcut = true
        gradient.activation = .relu
        let x: Shape = [2, 6, 4, 4]
        return [
            Rule(.add(sum), [x, x, x], x),
            Rule(.add(Op.Add()), [x], complains: "needs 2 inputs of one type, but has \(text(x))."),
            Rule(.batchNormalization(residual), [x, [6], [6], x], x, [6], [6]),
            Rule(
                .batchNormalization(running), [x, [6], [6], x, [6], [6]], x, [6], [6], [6], [6]),
            Rule(
                .batchNormalization(residual), [x, [6], [6], [6]],
                complains: "batchNormalization does not take \(text(x)), f32[6], f32[6], f32[6]."),
            Rule(
                .batchNormalizationGradient(gradient), [x, x, [6], [6], [6], x], x, [6], [6], x),
            Rule(
                .batchNormalizationGradient(gradient), [x, x, [6], [6], [6], [6]],
                complains: "batchNormalizationGradient does not take \(text(x)), \(text(x)), "
                    + "f32[6], f32[6], f32[6], f32[6]."),
        ]
    }()

    private static func text(_ shape: Shape) -> String { TensorType(shape).description }

    @Test(arguments: convolutions + poolings + others + fused) func shapes(_ rule: Rule) {
        if let complaint = rule.complaint {
            #expect {
                try rule.op.definition.outputs(for: rule.inputs)
            } throws: { error in
                (error as? Diagnostic) == Diagnostic(complaint)
            }
        } else {
            let outputs = try? rule.op.definition.outputs(for: rule.inputs)
            #expect(outputs == rule.outputs)
        }
    }

    @Test(arguments: [(5, 3), (3, 3), (13, 6), (2, 4), (7, 1)])
    func adaptiveCellsCoverTheAxisAndAreNeverEmpty(_ length: Int, _ count: Int) {
        let cells = (0..<count).map { Op.AdaptiveAveragePool.cell($0, of: count, length: length) }
        #expect(cells.first?.lowerBound == 0)
        #expect(cells.last?.upperBound == length)
        #expect(cells.allSatisfy { !$0.isEmpty })
        for (cell, next) in zip(cells, cells.dropFirst()) {
            #expect(next.lowerBound <= cell.upperBound)
        }
    }

    @Test func adaptiveCellsArePyTorchs() {
        let cells = (0..<3).map { Op.AdaptiveAveragePool.cell($0, of: 3, length: 5) }
        #expect(cells == [0..<2, 1..<4, 3..<5])
    }
}
