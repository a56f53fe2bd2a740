// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Glibc
import Testing

/// The oracle itself, on numbers that were worked out by hand.
@Suite struct ReferenceInterpreterTests {
    /// What an op yields for tensors that are given as parameters.
    static func evaluate(
        _ op: Op, _ inputs: [HostValue], types: [DType] = [], seed: UInt64 = 0, step: Int = 0
    ) throws -> [HostValue] {
        var builder = GraphBuilder()
        var values: [Graph.Value] = []
        var given: [String: HostValue] = [:]
        for (index, input) in inputs.enumerated() {
            let type = TensorType(input.shape, index < types.count ? types[index] : .f32)
            given["\(index)"] = input
            values.append(builder.derive(.input(Op.Input("\(index)", type)), []))
        }
        let node = try builder.record(op, values)
        let all = try ReferenceInterpreter(builder.graph).allValues(
            inputs: given, parameters: [:], seed: seed, step: step)
        return builder.graph.nodes[node].outputs.indices.compactMap {
            all[Graph.Value(node: node, output: $0)]
        }
    }

    static func counting(_ shape: Shape, from first: Double = 1) -> HostValue {
        HostValue(shape, (0..<shape.count).map { first + Double($0) })
    }

    // MARK: - Convolutions

    @Test func aConvolutionIsACrossCorrelation() throws {
        let x = Self.counting([1, 1, 3, 3])
        let w = HostValue([1, 1, 2, 2], [1, 10, 100, 1000])
        let y = try Self.evaluate(.convolution(Op.Convolution(Window(kernel: 2))), [x, w])
        #expect(y == [HostValue([1, 1, 2, 2], [5421, 6532, 8754, 9865])])
    }

    @Test func aConvolutionStridesPadsAndDilates() throws {
        let x = Self.counting([1, 1, 3, 4])
        let w = HostValue([1, 1, 2, 2], [1, 10, 100, 1000])
        let window = Window(kernel: 2, stride: Extent(2, 3), padding: 1, dilation: Extent(2, 1))
        let y = try Self.evaluate(.convolution(Op.Convolution(window)), [x, w])
        // Rows −1 and 1, then 1 and 3; columns −1 and 0, then 2 and 3.
        #expect(y == [HostValue([1, 1, 2, 2], [5000, 8700, 50, 87])])
    }

    @Test func groupsReadTheirOwnChannels() throws {
        let x = HostValue([1, 4, 1, 1], [1, 2, 3, 4])
        let w = HostValue([2, 2, 1, 1], [1, 10, 100, 1000])
        let op = Op.Convolution(
            Window(kernel: 1), groups: 2, hasBias: true, activation: .relu)
        let y = try Self.evaluate(.convolution(op), [x, w, HostValue([2], [-30, 0.5])])
        #expect(y == [HostValue([1, 2, 1, 1], [0, 4300.5])])
    }

    // MARK: - Poolings

    @Test func theFirstOfEqualElementsWins() throws {
        let x = HostValue([1, 1, 2, 4], [3, 7, 7, 5, 7, 1, 5, 5])
        let op = Op.MaxPool(Window(kernel: 2, stride: 2), recordsWinners: true)
        let y = try Self.evaluate(.maxPool(op), [x])
        #expect(y == [HostValue([1, 1, 1, 2], [7, 7]), HostValue([1, 1, 1, 2], [1, 0])])
    }

    @Test func paddingNeverWins() throws {
        let x = HostValue([1, 1, 2, 2], [-1, -2, -3, -4])
        let op = Op.MaxPool(
            Window(kernel: 2, stride: 2, padding: 1), recordsWinners: true)
        let y = try Self.evaluate(.maxPool(op), [x])
        #expect(
            y == [
                HostValue([1, 1, 2, 2], [-1, -2, -3, -4]), HostValue([1, 1, 2, 2], [3, 2, 1, 0]),
            ])
    }

    @Test func whatHangsOverIsNotAveraged() throws {
        let x = Self.counting([1, 1, 1, 4])
        let window = Window(
            kernel: Extent(1, 3), stride: Extent(1, 2), padding: Extent(0, 1), rounding: .up)
        // Windows at −1, 1 and 3; the last holds column 3 and one place of padding.
        let counted = try Self.evaluate(.averagePool(Op.AveragePool(window)), [x])
        #expect(counted == [HostValue([1, 1, 1, 3], [1, 3, 2])])
        let inside = try Self.evaluate(
            .averagePool(Op.AveragePool(window, countsPadding: false)), [x])
        #expect(inside == [HostValue([1, 1, 1, 3], [1.5, 3, 4])])
    }

    @Test func adaptiveCellsOverlapWhereTheGridDoesNotDivide() throws {
        let y = try Self.evaluate(
            .adaptiveAveragePool(Op.AdaptiveAveragePool(to: Extent(1, 3))),
            [Self.counting([1, 1, 1, 5])])
        #expect(y == [HostValue([1, 1, 1, 3], [1.5, 3, 4.5])])
    }

    // MARK: - Losses

    @Test func crossEntropyWithAndWithoutSmoothing() throws {
        // Softmax of the logarithms of 1, 2 and 5 is 1/8, 2/8 and 5/8.
        let x = HostValue([1, 3], [0, log(2), log(5)])
        let labels = HostValue([1], [2])
        let plain = try Self.evaluate(
            .crossEntropy(Op.CrossEntropy()), [x, labels], types: [.f32, .i32])
        #expect(abs(plain[0].values[0] - 0.4700036292457356) < 1e-14)
        let smoothed = try Self.evaluate(
            .crossEntropy(Op.CrossEntropy(smoothing: 0.75)), [x, labels], types: [.f32, .i32])
        // A quarter of the above and a quarter of each class's −log.
        let expected =
            0.25 * 0.4700036292457356 + 0.25
            * (0.4700036292457356 + 2.0794415416798357
                + 1.3862943611198906)
        #expect(abs(smoothed[0].values[0] - expected) < 1e-14)
    }

    @Test func largeLogitsDoNotOverflow() throws {
        let x = HostValue([1, 2], [1e6, 0])
        let y = try Self.evaluate(.softmax(Op.Softmax()), [x])
        #expect(y == [HostValue([1, 2], [1, 0])])
        let loss = try Self.evaluate(
            .crossEntropy(Op.CrossEntropy()), [x, HostValue([1], [1])], types: [.f32, .i32])
        #expect(loss[0].values == [1e6])
    }

    @Test(arguments: [3.0, -1, 0.5]) func aLabelThatIsNoClassIsRefused(_ label: Double) {
        #expect {
            try Self.evaluate(
                .crossEntropy(Op.CrossEntropy()),
                [HostValue([1, 3], [0, 0, 0]), HostValue([1], [label])],
                types: [.f32, .i32])
        } throws: { error in
            (error as? FoveaError)?.message == "the label \(label) is none of the 3 classes."
        }
    }

    // MARK: - Dropout

    @Test func dropoutKeepsTheShareAndTheMean() throws {
        let ones = HostValue([20, 10, 5, 5], repeating: 1)
        let op = Op.Dropout(rate: 0.3, site: "features.2")
        let y = try Self.evaluate(.dropout(op), [ones], seed: 7)[0]
        let kept = y.values.count { $0 != 0 }
        #expect(abs(Double(kept) / 5000 - 0.7) < 0.03)
        #expect(y.values.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
    }

    @Test func dropoutDependsOnSeedStepAndSiteOnly() throws {
        let ones = HostValue([1, 400], repeating: 1)
        func drop(_ site: String, _ seed: UInt64, _ step: Int) throws -> [Double] {
            try Self.evaluate(
                .dropout(Op.Dropout(rate: 0.5, site: site)), [ones], seed: seed, step: step)[0]
                .values
        }
        let masks = try [drop("a", 1, 0), drop("a", 1, 1), drop("a", 2, 0), drop("b", 1, 0)]
        #expect(Set(masks).count == 4)
        #expect(try drop("a", 1, 1) == masks[1])
    }

    @Test func aWholeChannelGoesAtOnce() throws {
        let op = Op.Dropout(rate: 0.5, perChannel: true, site: "features.2")
        let y = try Self.evaluate(.dropout(op), [HostValue([8, 8, 3, 3], repeating: 1)], seed: 1)[0]
        var kept = 0
        for channel in 0..<64 {
            let values = Set(y.values[channel * 9..<channel * 9 + 9])
            #expect(values.count == 1)
            kept += values == [2] ? 1 : 0
        }
        #expect(kept > 16 && kept < 48)
    }

    // MARK: - What is given

    @Test func valuesThatAreMissingOrMisshapenAreTold() throws {
        let graph = smallNetwork()
        let random = RandomValues()
        let inputs = random.inputs(of: graph, classes: 3)
        var parameters = random.parameters(of: graph)
        parameters["fc.weight"] = HostValue([3, 15], repeating: 0)
        let interpreter = ReferenceInterpreter(graph)
        #expect {
            try interpreter.run(inputs: inputs, parameters: parameters)
        } throws: {
            "\($0)" == "fc.weight: the value given has the shape 3×15, but 3×16 is needed."
        }
        #expect {
            try interpreter.run(inputs: [:], parameters: parameters)
        } throws: {
            "\($0)" == "images: no value is given; its shape is 2×1×8×8."
        }
    }

    @Test func arraysOfEveryTypeAreRead() {
        let types: [(DType, [UInt8])] = [
            (.u8, [2, 254]), (.i32, [2, 0, 0, 0, 254, 255, 255, 255]),
            (.i64, [2, 0, 0, 0, 0, 0, 0, 0] + [254] + [UInt8](repeating: 255, count: 7)),
            (.f32, [0, 0, 0, 0x40, 0, 0, 0, 0xC0]), (.f16, [0, 0x40, 0, 0xC0]),
            (.bf16, [0, 0x40, 0, 0xC0]),
            (
                .f64,
                [0, 0, 0, 0, 0, 0, 0, 0x40]
                    + [0, 0, 0, 0, 0, 0, 0, 0xC0]
            ),
        ]
        for (type, bytes) in types {
            let value = HostValue(NDArray(TensorType([2], type), bytes: bytes))
            #expect(value.values == (type == .u8 ? [2, 254] : [2, -2]), "\(type)")
        }
        #expect(HostValue([2], [2, -2]).array == NDArray([2], [2, -2]))
    }
}
