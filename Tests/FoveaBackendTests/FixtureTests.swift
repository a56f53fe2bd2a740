// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Foundation
import Testing

extension BackendTests {
    /// Every op against what PyTorch makes of it; `Scripts/fixtures/ops.py` tells how.
    @Suite struct Fixtures {
        @Test(arguments: try PyTorchCase.all())
        func theReferenceIsPyTorch(_ example: PyTorchCase) throws {
            let graph = try example.graph()
            let results = try ReferenceInterpreter(graph).run(
                inputs: example.inputs, parameters: example.parameters)
            for (role, expected) in example.expected {
                let found = try #require(results[PyTorchCase.result(role)])
                // The fixtures themselves are rounded to 32 bits.
                let difference = Difference(found.values, from: expected.values)
                #expect(
                    example.exact ? found.values == expected.values : difference.isWithin(1e-7),
                    "\(role): \(difference)")
            }
        }

        @Test(arguments: try PyTorchCase.all())
        func theCPUIsPyTorch(_ example: PyTorchCase) throws {
            let prepared = try PreparedGraph(example.graph())
            prepared.write(example.parameters)
            try prepared.run(example.inputs)
            for (role, expected) in example.expected {
                let found = try #require(prepared.results[PyTorchCase.result(role)])
                let difference = Difference(found.values, from: expected.values)
                #expect(
                    example.exact ? found.values == expected.values : difference.isWithin(1e-6),
                    "\(role): \(difference)\n\(prepared.plan)")
            }
        }
    }
}

/// One case of the fixtures.
struct PyTorchCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Tensor: Decodable, Sendable {
        let shape: [Int]
        let fill: String
    }

    struct Attributes: Decodable, Sendable {
        let kernel, stride, padding, dilation, extent: [Int]?
        let groups: Int?
        let rounding: String?
        let countsPadding: Bool?
        let smoothing: Float?
    }

    let name, op: String
    let attributes: Attributes
    let exact: Bool
    private let inputTensors: [String: Tensor]
    private let outputs: [String: [Int]]
    private(set) var expected: [String: HostValue] = [:]

    private enum CodingKeys: String, CodingKey {
        case name, op, attributes, exact, inputTensors = "inputs", outputs
    }

    var testDescription: String { name }

    static func all() throws -> [PyTorchCase] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
        let json = try Data(contentsOf: folder.appendingPathComponent("ops.json"))
        let file = try Safetensors(
            contentsOf: folder.appendingPathComponent("ops.safetensors").path)
        return try JSONDecoder().decode([PyTorchCase].self, from: json).map { example in
            var example = example
            for role in example.outputs.keys {
                let array = try #require(file["\(example.name)/\(role)"])
                example.expected[role] = HostValue(array)
            }
            return example
        }
    }

    /// What the graph calls the output of a role.
    static func result(_ role: String) -> Graph.Result {
        role == "y" ? .output("y") : .gradient(String(role.dropFirst()))
    }

    private var roles: [String] { ["x", "w", "b", "labels"].filter { inputTensors[$0] != nil } }

    func graph() throws -> Graph {
        let leaves = roles.map { role in
            let shape = Shape(inputTensors[role]?.shape ?? [])
            // Fully connected layers take their weights as a matrix and flatten their input.
            return (name: role, type: TensorType(shape, role == "labels" ? .i32 : .f32))
        }
        return try OpGraph.make(leaves) { builder, leaves in
            let y = try builder.value(recorded(), Array(leaves.prefix(2)))
            guard leaves.count == 3 else { return y }
            return try builder.value(.addBias(Op.AddBias()), [y, leaves[2]])
        }
    }

    var inputs: [String: HostValue] {
        guard let classes = inputTensors["x"]?.shape[1], inputTensors["labels"] != nil else {
            return [:]
        }
        return ["labels": filled("labels", classes: classes)]
    }

    var parameters: [String: HostValue] {
        var values: [String: HostValue] = [:]
        for role in roles where role != "labels" { values[role] = filled(role) }
        let dy = filled("dy")
        values["dy"] = HostValue([1, dy.shape.count], dy.values)
        return values
    }

    private func filled(_ role: String, classes: Int = 0) -> HostValue {
        let tensor = inputTensors[role] ?? Tensor(shape: [], fill: "none")
        let key = "\(name)/\(role)"
        let shape = Shape(tensor.shape)
        switch tensor.fill {
        case "whole": return FormulaValues.whole(key, shape)
        case "uniform": return FormulaValues.uniform(key, shape)
        case "spread": return FormulaValues.uniform(key, shape, scale: 4)
        case "labels": return FormulaValues.labels(key, shape.count, classes: classes)
        default:
            Issue.record("\(name) has an unknown fill \(tensor.fill)")
            return HostValue(shape, repeating: .nan)
        }
    }

    private func recorded() throws -> Op {
        switch op {
        case "convolution":
            return .convolution(Op.Convolution(window, groups: attributes.groups ?? 1))
        case "linear": return .linear(Op.Linear())
        case "maxPool": return .maxPool(Op.MaxPool(window, recordsWinners: true))
        case "averagePool":
            return .averagePool(
                Op.AveragePool(window, countsPadding: attributes.countsPadding ?? true))
        case "adaptiveAveragePool":
            return .adaptiveAveragePool(Op.AdaptiveAveragePool(to: extent(attributes.extent)))
        case "relu": return .activation(Op.Activation(.relu))
        case "sigmoid": return .activation(Op.Activation(.sigmoid))
        case "softmax": return .softmax(Op.Softmax())
        case "crossEntropy":
            return .crossEntropy(Op.CrossEntropy(smoothing: attributes.smoothing ?? 0))
        default: throw FoveaError(.bug, "the fixture \(name) is of an unknown op \(op).")
        }
    }

    private var window: Window {
        Window(
            kernel: extent(attributes.kernel), stride: extent(attributes.stride),
            padding: extent(attributes.padding, 0), dilation: extent(attributes.dilation),
            rounding: attributes.rounding == "up" ? .up : .down)
    }

    private func extent(_ pair: [Int]?, _ usual: Int = 1) -> Extent {
        pair.map { Extent($0[0], $0[1]) } ?? Extent(usual)
    }
}
