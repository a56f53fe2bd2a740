// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@Suite struct VerifierTests {
    /// x · wᵀ, then its ReLU, with a gradient for w.
    static func sound() -> (nodes: [Graph.Node], results: KeyValuePairs<Graph.Result, Graph.Value>)
    {
        var builder = GraphBuilder()
        let x = builder.derive(.input(Op.Input("images", TensorType([4, 3]))), [])
        let w = builder.derive(
            .parameter(Op.Parameter("fc.weight", [2, 3])), [], path: "fc.weight")
        let y = builder.derive(.linear(Op.Linear()), [x, w], path: "fc")
        let z = builder.derive(.activation(Op.Activation(.relu)), [y], path: "relu")
        let dw = builder.derive(.linearWeightGradient(Op.LinearWeightGradient()), [x, z])
        return (builder.graph.nodes, [.output("logits"): z, .gradient("fc.weight"): dw])
    }

    @Test func acceptsASoundGraph() throws {
        let (nodes, results) = Self.sound()
        try Graph(nodes: nodes, results: results).verify()
        try Graph().verify()
    }

    /// Breaks the sound graph in one way and says what the verifier shall find.
    struct Damage: Sendable, CustomTestStringConvertible {
        let complaint: String
        let change: @Sendable (inout [Graph.Node]) -> Void
        var results: KeyValuePairs<Graph.Result, Graph.Value>?

        init(
            _ complaint: String, results: KeyValuePairs<Graph.Result, Graph.Value>? = nil,
            _ change: @escaping @Sendable (inout [Graph.Node]) -> Void = { _ in }
        ) {
            (self.complaint, self.change, self.results) = (complaint, change, results)
        }

        var testDescription: String { complaint }
    }

    static let damages = [
        Damage("relu: node 3 believes to be node 7") { $0[3].index = 7 },
        Damage("fc: node 2 reads %3, which does not come before it") { $0[2].inputs[0].node = 3 },
        Damage("fc: node 2 reads %2, which does not come before it") { $0[2].inputs[1].node = 2 },
        Damage("fc: node 2 reads %-1, which does not come before it") { $0[2].inputs[0].node = -1 },
        Damage("relu: node 3 reads %2.1, which does not exist") { $0[3].inputs[0].output = 1 },
        Damage("fc: node 2: linear does not take f32[4×3].") { $0[2].inputs.removeLast() },
        Damage("fc: node 2: linear with weights 2×5 does not fit an input of 3.") {
            $0[1].op = .parameter(Op.Parameter("fc.weight", [2, 5]))
            $0[1].outputs = [TensorType([2, 5])]
        },
        Damage("fc: node 2 yields f32[4×3], its shape rule says f32[4×2]") {
            $0[2].outputs = [TensorType([4, 3])]
        },
        Damage("relu: node 3 yields f32[4×2], f32[4×2], its shape rule says f32[4×2]") {
            $0[3].outputs.append(TensorType([4, 2]))
        },
        Damage("other: parameter fc.weight stands in two nodes") {
            var copy = $0[1]
            copy.index = $0.count
            copy.path = "other"
            $0.append(copy)
        },
        Damage(
            "logits is a value that does not exist",
            results: [
                .output("logits"): Graph.Value(node: 9)
            ]),
        Damage(
            "logits is a value that does not exist",
            results: [
                .output("logits"): Graph.Value(node: 3, output: 1)
            ]),
        Damage(
            "fc.weight: its gradient has the shape 4×2",
            results: [
                .gradient("fc.weight"): Graph.Value(node: 3)
            ]),
        Damage(
            "fc.bias: has a gradient, but is no parameter",
            results: [
                .gradient("fc.bias"): Graph.Value(node: 4)
            ]),
    ]

    @Test(arguments: damages) func rejectsABrokenGraph(_ damage: Damage) {
        var (nodes, results) = Self.sound()
        damage.change(&nodes)
        let graph = Graph(nodes: nodes, results: damage.results ?? results)
        do throws(Diagnostic) {
            try graph.verify()
            Issue.record("the verifier found nothing")
        } catch {
            #expect(error.description == damage.complaint)
        }
    }
}
