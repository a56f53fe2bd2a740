// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

/// One op, or a few that are fused, on inputs of one shape.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    var name: String
    var leaves: [(name: String, type: TensorType)]
    var agreement = Agreement.exact
    /// The largest magnitude of the whole numbers that the parameters are filled with.
    var largest = 3
    var body: @Sendable (inout GraphBuilder, [Graph.Value]) throws -> Graph.Value

    var testDescription: String { name }

    /// An op that reads its inputs directly.
    init(_ op: Op, _ inputs: Shape..., agreement: Agreement = .exact) {
        let text = inputs.map(\.description).joined(separator: ", ")
        name = "\(op.definition.name) \(op.definition.attributes) of \(text)"
        leaves = inputs.enumerated().map { ("x\($0)", TensorType($1)) }
        self.agreement = agreement
        body = { builder, inputs in try builder.value(op, inputs) }
    }

    /// A graph of several ops.
    init(
        _ name: String, _ leaves: [(name: String, type: TensorType)],
        _ body: @escaping @Sendable (inout GraphBuilder, [Graph.Value]) throws -> Graph.Value
    ) {
        self.name = name
        self.leaves = leaves
        self.body = body
    }

    var graph: Graph { get throws { try OpGraph.make(leaves, body) } }

    /// Whole numbers for every parameter; biases lie between them, so that no sum is zero, where
    /// Winograd's roundings would open or close a ReLU.
    func values(_ graph: Graph) -> [String: HostValue] {
        var values: [String: HostValue] = [:]
        for (name, _, shape) in graph.parameters {
            var value = FormulaValues.whole(name, shape, largest: largest)
            if name == "b" { for i in value.values.indices { value.values[i] += 0.5 } }
            values[name] = value
        }
        return values
    }
}

extension ConformanceCase {
    /// A convolution without bias and activation.
    static func convolution(
        _ x: Shape, _ outputs: Int, _ window: Window, groups: Int = 1
    ) -> ConformanceCase {
        ConformanceCase(
            .convolution(Op.Convolution(window, groups: groups)), x,
            [outputs, x.channels / groups, window.kernel.height, window.kernel.width])
    }

    /// A convolution with bias and ReLU, as networks have it.
    static func block(
        _ x: Shape, _ w: Shape, _ op: Op.Convolution, largest: Int = 3
    ) -> ConformanceCase {
        let leaves = [("x", TensorType(x)), ("w", TensorType(w)), ("b", TensorType([w[0]]))]
        let groups = op.groups == 1 ? "" : ", \(op.groups) groups"
        let name = "\(op.window)\(groups) of \(x) to \(w[0]) with bias and ReLU"
        var result = ConformanceCase(name, leaves) { builder, leaves in
            var y = try builder.value(.convolution(op), [leaves[0], leaves[1]])
            y = try builder.value(.addBias(Op.AddBias()), [y, leaves[2]])
            return try builder.value(.activation(Op.Activation(.relu)), [y])
        }
        result.largest = largest
        return result
    }

    static func maxPool(_ x: Shape, _ window: Window) -> ConformanceCase {
        ConformanceCase(.maxPool(Op.MaxPool(window, recordsWinners: true)), x)
    }

    static func averagePool(
        _ x: Shape, _ window: Window, countsPadding: Bool = true
    ) -> ConformanceCase {
        ConformanceCase(
            .averagePool(Op.AveragePool(window, countsPadding: countsPadding)), x,
            agreement: .within(1e-6))
    }

    static func adaptive(_ x: Shape, to extent: Extent) -> ConformanceCase {
        ConformanceCase(
            .adaptiveAveragePool(Op.AdaptiveAveragePool(to: extent)), x, agreement: .within(1e-6))
    }

    static func dropout(_ x: Shape, _ rate: Float, perChannel: Bool = false) -> ConformanceCase {
        let op = Op.Dropout(rate: rate, perChannel: perChannel, site: "drop")
        return ConformanceCase(.dropout(op), x)
    }

    /// With many classes the logarithm of the sum is large, and so is what its rounding does.
    private static func rowsAgreement(_ x: Shape) -> Agreement {
        .within(x.channels > 100 ? 5e-6 : 1e-6)
    }

    static func softmax(_ x: Shape) -> ConformanceCase {
        ConformanceCase(.softmax(Op.Softmax()), x, agreement: rowsAgreement(x))
    }

    static func crossEntropy(_ x: Shape, smoothing: Float) -> ConformanceCase {
        let leaves = [("x", TensorType(x)), ("labels", TensorType([x.batch], .i32))]
        let name = "crossEntropy of \(x), smoothing \(smoothing)"
        var result = ConformanceCase(name, leaves) { builder, leaves in
            try builder.value(.crossEntropy(Op.CrossEntropy(smoothing: smoothing)), leaves)
        }
        result.agreement = rowsAgreement(x)
        return result
    }

    // MARK: - The table

    static let convolutions: [ConformanceCase] =
        [
            convolution([2, 3, 7, 6], 4, Window(kernel: 1)),
            convolution([2, 16, 7, 6], 32, Window(kernel: 1)),
            convolution([2, 17, 7, 6], 18, Window(kernel: 1, stride: 2)),
            convolution([2, 3, 7, 6], 5, Window(kernel: 3)),
            convolution([1, 1, 9, 9], 1, Window(kernel: 3, padding: 1)),
            convolution([2, 1, 8, 6], 1, Window(kernel: 3, padding: 1)),
            convolution([2, 1, 8, 6], 3, Window(kernel: 3, padding: 1)),
            convolution([2, 3, 8, 6], 1, Window(kernel: 3, padding: 1)),
            convolution([3, 1, 7, 1], 2, Window(kernel: Extent(3, 1))),
            convolution([2, 16, 8, 8], 16, Window(kernel: 3, padding: 1)),
            convolution([2, 17, 5, 4], 18, Window(kernel: 3, padding: 1)),
            convolution([2, 40, 9, 11], 48, Window(kernel: 3, padding: 1)),
            convolution([1, 33, 13, 13], 35, Window(kernel: 3, padding: 1)),
            convolution([2, 32, 8, 7], 64, Window(kernel: 3, stride: 2)),
            convolution([2, 3, 8, 7], 2, Window(kernel: 3, stride: 2)),
            convolution([2, 3, 8, 9], 5, Window(kernel: 3, stride: Extent(2, 3), padding: 1)),
            convolution([2, 20, 9, 9], 12, Window(kernel: 3, dilation: 2)),
            convolution(
                [1, 20, 9, 9], 12,
                Window(kernel: Extent(3, 2), padding: Extent(1, 0), dilation: Extent(2, 1))),
            convolution([2, 3, 9, 9], 4, Window(kernel: 3, stride: 2, padding: 2, dilation: 2)),
            convolution([1, 3, 5, 5], 4, Window(kernel: 3, padding: 3)),
            convolution([1, 16, 5, 5], 16, Window(kernel: 1, padding: 1)),
            convolution([2, 20, 7, 17], 24, Window(kernel: Extent(1, 15), padding: Extent(0, 7))),
            convolution([2, 20, 17, 7], 24, Window(kernel: Extent(7, 1), padding: Extent(3, 0))),
            convolution([2, 16, 9, 8], 32, Window(kernel: 5, padding: 2)),
            convolution([2, 6, 14, 13], 16, Window(kernel: 5)),
            convolution([2, 5, 8, 7], 7, Window(kernel: 3, stride: 2, padding: 1)),
            convolution([1, 1, 30, 31], 20, Window(kernel: 11, stride: 4, padding: 1)),
            convolution([1, 3, 30, 31], 96, Window(kernel: 11, stride: 4)),
            convolution([2, 3, 4, 5], 3, Window(kernel: Extent(4, 5))),
            convolution([1, 1, 1, 1], 1, Window(kernel: 1)),
            convolution([2, 4, 6, 5], 6, Window(kernel: 3, padding: 1), groups: 2),
            convolution([2, 32, 6, 5], 64, Window(kernel: 3, padding: 1), groups: 2),
            convolution([2, 48, 6, 5], 48, Window(kernel: 5, padding: 2), groups: 3),
            convolution([2, 6, 6, 5], 9, Window(kernel: 3, stride: 2), groups: 3),
            convolution([2, 16, 6, 5], 16, Window(kernel: 3, padding: 1), groups: 16),
            convolution([2, 20, 6, 5], 20, Window(kernel: 3, stride: 2, padding: 1), groups: 20),
            convolution([2, 5, 6, 5], 10, Window(kernel: 3, padding: 1), groups: 5),
        ] + [
            block([2, 1, 8, 6], [1, 1, 3, 3], Op.Convolution(Window(kernel: 3, padding: 1))),
            block([2, 1, 8, 6], [3, 1, 3, 3], Op.Convolution(Window(kernel: 3, padding: 1))),
            block([2, 3, 8, 6], [1, 3, 3, 3], Op.Convolution(Window(kernel: 3, padding: 1))),
            block([2, 7, 9, 8], [12, 7, 3, 3], Op.Convolution(Window(kernel: 3, padding: 1))),
            block([2, 17, 9, 8], [20, 17, 3, 3], Op.Convolution(Window(kernel: 3, padding: 1))),
            block([2, 32, 9, 8], [48, 32, 3, 3], Op.Convolution(Window(kernel: 3, padding: 1))),
            block(
                [2, 6, 9, 8], [4, 3, 5, 5],
                Op.Convolution(Window(kernel: 5, padding: 2), groups: 2)),
        ]

    static let poolings: [ConformanceCase] = [
        maxPool([2, 20, 7, 6], Window(kernel: 2, stride: 2)),
        maxPool([2, 16, 7, 6], Window(kernel: 3, stride: 2)),
        maxPool([2, 20, 8, 6], Window(kernel: 3, stride: 2, rounding: .up)),
        maxPool([1, 20, 7, 6], Window(kernel: 3, padding: 1)),
        maxPool([2, 3, 8, 6], Window(kernel: 3, stride: 2, padding: 1, rounding: .up)),
        maxPool([2, 3, 6, 7], Window(kernel: 2, stride: 3, rounding: .up)),
        maxPool([2, 3, 5, 7], Window(kernel: 2, stride: 2, padding: 1, rounding: .up)),
        maxPool([2, 20, 9, 8], Window(kernel: 3, stride: 2, dilation: 2)),
        maxPool(
            [2, 5, 7, 6],
            Window(kernel: Extent(3, 2), stride: Extent(2, 1), padding: Extent(1, 0))),
        maxPool([1, 20, 21, 20], Window(kernel: 16, stride: 2)),
        maxPool([2, 48, 9, 8], Window(kernel: 3, stride: 1, padding: 1)),
        maxPool([2, 24, 9, 8], Window(kernel: 3, stride: 2, padding: 1)),
        maxPool([1, 8, 7, 6], Window(kernel: 2, stride: 3, padding: 1, rounding: .up)),
        averagePool([2, 20, 8, 6], Window(kernel: 2, stride: 2)),
        averagePool([2, 16, 7, 6], Window(kernel: 3, stride: 2)),
        averagePool([2, 20, 8, 6], Window(kernel: 3, stride: 2, rounding: .up)),
        averagePool([2, 20, 7, 6], Window(kernel: 3, stride: 2, padding: 1)),
        averagePool([2, 20, 7, 6], Window(kernel: 3, stride: 2, padding: 1), countsPadding: false),
        averagePool([2, 20, 8, 6], Window(kernel: 3, stride: 2, padding: 1, rounding: .up)),
        averagePool(
            [2, 20, 8, 6], Window(kernel: 3, stride: 2, padding: 1, rounding: .up),
            countsPadding: false),
        averagePool([2, 3, 6, 7], Window(kernel: 2, stride: 3, rounding: .up)),
        averagePool(
            [2, 3, 7, 6],
            Window(kernel: Extent(3, 2), stride: Extent(2, 1), padding: Extent(1, 0))),
        averagePool([2, 20, 7, 6], .covering(Extent(7, 6))),
        adaptive([2, 20, 7, 6], to: 1),
        adaptive([2, 20, 7, 6], to: Extent(3, 4)),
        adaptive([2, 3, 7, 6], to: 5),
        adaptive([2, 2, 4, 3], to: Extent(9, 8)),
    ]

    static let elementwise: [ConformanceCase] = [
        ConformanceCase(.activation(Op.Activation(.relu)), [2, 20, 5, 4]),
        ConformanceCase(.activation(Op.Activation(.relu)), [3, 7]),
        ConformanceCase(
            .activation(Op.Activation(.sigmoid)), [2, 20, 5, 4], agreement: .within(1e-6)),
        ConformanceCase(.activation(Op.Activation(.sigmoid)), [3, 7], agreement: .within(1e-6)),
        ConformanceCase(.add(Op.Add()), [2, 20, 5, 4], [2, 20, 5, 4]),
        ConformanceCase(.add(Op.Add()), [1, 1], [1, 1]),
        ConformanceCase(.scale(Op.Scale(by: -0.75)), [2, 20, 5, 4]),
        ConformanceCase(.scale(Op.Scale(by: 3)), [70, 70]),
        ConformanceCase(.addBias(Op.AddBias()), [2, 20, 5, 4], [20]),
        ConformanceCase(.addBias(Op.AddBias()), [3, 7], [7]),
        ConformanceCase(
            "a rectified sum of four",
            (0..<4).map { ("x\($0)", TensorType([2, 20, 70, 4])) }
        ) { builder, leaves in
            var sum = leaves[0]
            for leaf in leaves.dropFirst() { sum = try builder.value(.add(Op.Add()), [sum, leaf]) }
            return try builder.value(.activation(Op.Activation(.relu)), [sum])
        },
        ConformanceCase("the sum of a tensor and itself", [("x", TensorType([2, 20, 5, 4]))]) {
            builder, leaves in
            try builder.value(.add(Op.Add()), [leaves[0], leaves[0]])
        },
        dropout([2, 20, 5, 4], 0.5),
        dropout([2, 20, 5, 4], 0.75, perChannel: true),
        dropout([3, 33, 3, 3], 0.5, perChannel: true),
        dropout([2, 16, 5, 4], 0),
        dropout([3, 70], 0.5),
        dropout([3, 70], 0.75, perChannel: true),
    ]

    /// A batch normalization of a sum, with or without a ReLU; its statistics move.
    static func batchNormalization(_ x: Shape, relu: Bool = false) -> ConformanceCase {
        let channels = TensorType([x.channels])
        let leaves = [
            ("x", TensorType(x)), ("scale", channels), ("shift", channels),
        ]
        let name = "batchNormalization of \(x)" + (relu ? " with ReLU" : "")
        var result = ConformanceCase(name, leaves) { builder, leaves in
            let node = try builder.record(
                .batchNormalization(Op.BatchNormalization(epsilon: 1e-3)), leaves)
            let running = builder.derive(
                .parameter(Op.Parameter("running", [x.channels], role: .statistic)), [])
            let next = builder.derive(
                .movingAverage(Op.MovingAverage(momentum: 0.1, factor: 1.25)),
                [running, Graph.Value(node: node, output: 2)])
            builder.setResult(.update("running"), to: next)
            let y = Graph.Value(node: node)
            return relu ? try builder.value(.activation(Op.Activation(.relu)), [y]) : y
        }
        // Where roundings open or close a ReLU, or large terms cancel out.
        result.agreement = .within(1e-5, absolute: 1e-4)
        return result
    }

    /// The end of a residual block: normalized, added to a shortcut, rectified.
    static func residual(_ x: Shape, shortcutFirst: Bool = false) -> ConformanceCase {
        let channels = TensorType([x.channels])
        let leaves = [
            ("x", TensorType(x)), ("scale", channels), ("shift", channels),
            ("shortcut", TensorType(x)),
        ]
        var result = ConformanceCase("a residual of \(x)", leaves) { builder, leaves in
            let running = ["mean", "variance"].map {
                builder.derive(
                    .parameter(Op.Parameter($0, [x.channels], role: .statistic)), [])
            }
            let node = try builder.record(
                .batchNormalization(Op.BatchNormalization(epsilon: 1e-3)), Array(leaves[..<3]))
            let averages = [
                Op.MovingAverage(momentum: 0.1), Op.MovingAverage(momentum: 0.1, factor: 1.25),
            ]
            for (index, name) in ["mean", "variance"].enumerated() {
                let batch = Graph.Value(node: node, output: index + 1)
                let next = builder.derive(
                    .movingAverage(averages[index]), [running[index], batch])
                builder.setResult(.update(name), to: next)
            }
            let terms = [Graph.Value(node: node), leaves[3]]
            let sum = try builder.value(
                .add(Op.Add()), shortcutFirst ? terms.reversed() : terms)
            return try builder.value(.activation(Op.Activation(.relu)), [sum])
        }
        result.agreement = .within(1e-5, absolute: 1e-4)
        return result
    }

    static func localResponse(
        _ x: Shape, _ size: Int, alpha: Float = 0.5, beta: Float = 0.75, k: Float = 1
    ) -> ConformanceCase {
        let reach = Op.LocalResponseNormalization.Reach(
            size: size, alpha: alpha, beta: beta, k: k)
        return ConformanceCase(
            .localResponseNormalization(
                Op.LocalResponseNormalization(reach, recordsScales: true)), x,
            agreement: .within(1e-5))
    }

    static let normalizations: [ConformanceCase] = [
        batchNormalization([2, 16, 5, 4]),
        batchNormalization([2, 32, 5, 4], relu: true),
        batchNormalization([3, 20, 5, 4]),
        batchNormalization([3, 20, 5, 4], relu: true),
        batchNormalization([4, 3, 3, 3], relu: true),
        // So many pixels that they are cut into two pieces, of unlike lengths.
        batchNormalization([4, 6, 56, 56], relu: true),
        batchNormalization([5, 70]),
        batchNormalization([5, 70], relu: true),
        batchNormalization([2, 64, 1, 1]),
        residual([2, 32, 5, 4]),
        residual([3, 20, 5, 4], shortcutFirst: true),
        residual([5, 70]),
        localResponse([2, 16, 5, 4], 5),
        localResponse([2, 96, 5, 4], 5, alpha: 1e-4, k: 2),
        localResponse([2, 20, 5, 4], 5, k: 2),
        localResponse([1, 64, 3, 3], 3, beta: 0.5),
        localResponse([1, 3, 4, 4], 5),
        ConformanceCase(.concatenation(Op.Concatenation()), [2, 16, 5, 4], [2, 32, 5, 4]),
        ConformanceCase(
            .concatenation(Op.Concatenation()), [2, 20, 5, 4], [2, 16, 5, 4], [2, 3, 5, 4]),
        ConformanceCase(.concatenation(Op.Concatenation()), [3, 7], [3, 2]),
    ]

    static let rows: [ConformanceCase] = [
        ConformanceCase(.linear(Op.Linear()), [3, 5], [4, 5]),
        ConformanceCase(.linear(Op.Linear()), [7, 33], [17, 33]),
        ConformanceCase(.linear(Op.Linear()), [1, 1], [1, 1]),
        ConformanceCase(.linear(Op.Linear()), [2, 20, 4, 3], [10, 240]),
        ConformanceCase(.linear(Op.Linear()), [1, 32, 5, 5], [64, 800]),
        ConformanceCase(
            "a linear layer behind a flattening",
            [
                ("x", TensorType([2, 20, 4, 3])), ("w", TensorType([10, 240])),
                ("b", TensorType([10])),
            ]
        ) { builder, leaves in
            var y = try builder.value(.reshape(Op.Reshape(to: [2, 240])), [leaves[0]])
            y = try builder.value(.linear(Op.Linear()), [y, leaves[1]])
            y = try builder.value(.addBias(Op.AddBias()), [y, leaves[2]])
            return try builder.value(.activation(Op.Activation(.relu)), [y])
        },
        softmax([4, 10]),
        softmax([3, 1]),
        softmax([2, 1000]),
        crossEntropy([4, 10], smoothing: 0),
        crossEntropy([5, 7], smoothing: 0.1),
        crossEntropy([3, 4], smoothing: 1),
        crossEntropy([2, 1000], smoothing: 0.1),
    ]
}
