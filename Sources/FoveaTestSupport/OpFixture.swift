// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
public import FoveaRuntime
public import Foundation
public import Testing

/// One operation on small inputs, forward and backward, with PyTorch's own numbers.
///
/// `Scripts/fixtures/ops.py` makes the file these are read from and explains it.
public struct OpFixture: Sendable, CustomTestStringConvertible {
    /// The op and its settings in words, such as `convolution/stride 2`.
    public let name: String
    /// Whether every expected number is exact, so that sums come out the same in any order.
    public let isExact: Bool
    /// Whether equal elements meet in a window of a max pooling.
    public let hasTies: Bool
    /// The op, with the outputs `y` and `loss` and the gradients of `x`, `w` and `b`.
    ///
    /// The loss is the sum of y times the input `dy`, so that dy is what arrives at the op.
    public let graph: Graph
    /// The inputs of the graph.
    public let inputs: [String: HostValue]
    /// The parameters of the graph.
    public let parameters: [String: HostValue]
    /// What PyTorch has for the output `y` and the gradients.
    public let expected: [Graph.Result: HostValue]

    /// The name, under which the test's case is reported.
    public var testDescription: String { name }

    /// Reads all fixtures of a folder.
    ///
    /// - Parameter folder: The folder with `ops.json` and `ops.safetensors`.
    /// - Returns: The fixtures in their order.
    /// - Throws: An error if a file is missing or says what is not understood.
    public static func all(in folder: URL) throws -> [OpFixture] {
        let numbers = try Safetensors(
            contentsOf: folder.appendingPathComponent("ops.safetensors").path)
        let text = try Data(contentsOf: folder.appendingPathComponent("ops.json"))
        return try JSONDecoder().decode([Record].self, from: text).map {
            try OpFixture($0, numbers)
        }
    }

    private init(_ record: Record, _ numbers: Safetensors) throws {
        name = record.name
        isExact = record.exact
        hasTies = record.ties
        var given: [String: HostValue] = [:]
        for (role, input) in record.inputs {
            given[role] = try input.values("\(name)/\(role)", classes: record.classes)
        }
        let dy = given["dy"].map { HostValue([1, $0.values.count], $0.values) }
        inputs = given.filter { $0.key == "labels" }.merging(dy.map { ["dy": $0] } ?? [:]) { $1 }
        parameters = given.filter { $0.key != "labels" && $0.key != "dy" }

        var builder = GraphBuilder()
        let y = try record.record(in: &builder, parameters)
        let count = builder.graph[y].shape.count
        let row = builder.derive(.reshape(Op.Reshape(to: [1, count])), [y])
        let arriving = builder.derive(.input(Op.Input("dy", TensorType([1, count]))), [])
        let sum = builder.derive(.linear(Op.Linear()), [row, arriving])
        builder.setResult(.output("y"), to: y)
        builder.setResult(
            .output("loss"), to: builder.derive(.reshape(Op.Reshape(to: [])), [sum]))
        graph = try builder.graph.differentiated()

        var expected: [Graph.Result: HostValue] = [:]
        for role in record.outputs.keys {
            guard let array = numbers["\(name)/\(role)"] else {
                throw FoveaError(.missing, "the fixture has no tensor \(name)/\(role).")
            }
            let result: Graph.Result =
                role == "y" ? .output(role) : .gradient(String(role.dropFirst()))
            expected[result] = HostValue(array)
        }
        self.expected = expected
    }

    /// A case as the file has it.
    private struct Record: Decodable {
        struct Input: Decodable {
            let shape: [Int]
            let fill: String

            func values(_ name: String, classes: Int) throws -> HostValue {
                switch fill {
                case "whole": FormulaValues.whole(name, Shape(shape))
                case "uniform": FormulaValues.uniform(name, Shape(shape))
                case "spread": FormulaValues.uniform(name, Shape(shape), scale: 4)
                case "labels": FormulaValues.labels(name, shape[0], classes: classes)
                default: throw FoveaError(.dataset, "\(name) is filled with \(fill), unknown.")
                }
            }
        }

        struct Attributes: Decodable {
            let kernel, stride, padding, dilation, extent: [Int]?
            let groups: Int?
            let rounding: String?
            let countsPadding: Bool?
            let smoothing: Float?

            var window: Window {
                Window(
                    kernel: Self.extent(kernel, 1), stride: Self.extent(stride, 1),
                    padding: Self.extent(padding, 0), dilation: Self.extent(dilation, 1),
                    rounding: rounding == "up" ? .up : .down)
            }

            var grid: Extent { Self.extent(extent, 1) }

            private static func extent(_ pair: [Int]?, _ usual: Int) -> Extent {
                pair.map { Extent($0[0], $0[1]) } ?? Extent(usual)
            }
        }

        let name, op: String
        let attributes: Attributes
        let inputs: [String: Input]
        let outputs: [String: [Int]]
        let exact, ties: Bool

        var classes: Int { inputs["x"]?.shape.last ?? 0 }

        /// Records the op on its parameters.
        func record(
            in builder: inout GraphBuilder, _ parameters: [String: HostValue]
        ) throws -> Graph.Value {
            var leaves: [String: Graph.Value] = [:]
            for role in ["x", "w", "b"] {
                guard let shape = parameters[role]?.shape else { continue }
                leaves[role] = builder.derive(.parameter(Op.Parameter(role, shape)), [])
            }
            if let labels = inputs["labels"] {
                let type = TensorType(Shape(labels.shape), .i32)
                leaves["labels"] = builder.derive(.input(Op.Input("labels", type)), [])
            }
            let read = ["x", "w", "labels"].compactMap { leaves[$0] }
            let y = Graph.Value(node: try builder.record(try operation(), read))
            guard let bias = leaves["b"] else { return y }
            return builder.derive(.addBias(Op.AddBias()), [y, bias])
        }

        private func operation() throws -> Op {
            let window = attributes.window
            switch op {
            case "convolution":
                return .convolution(Op.Convolution(window, groups: attributes.groups ?? 1))
            case "linear": return .linear(Op.Linear())
            case "maxPool": return .maxPool(Op.MaxPool(window, recordsWinners: true))
            case "averagePool":
                return .averagePool(
                    Op.AveragePool(window, countsPadding: attributes.countsPadding ?? true))
            case "adaptiveAveragePool":
                return .adaptiveAveragePool(Op.AdaptiveAveragePool(to: attributes.grid))
            case "relu": return .activation(Op.Activation(.relu))
            case "sigmoid": return .activation(Op.Activation(.sigmoid))
            case "softmax": return .softmax(Op.Softmax())
            case "crossEntropy":
                return .crossEntropy(Op.CrossEntropy(smoothing: attributes.smoothing ?? 0))
            default: throw FoveaError(.dataset, "\(name) is of the unknown op \(op).")
            }
        }
    }
}
