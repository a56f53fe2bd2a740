// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@Suite struct DifferentiationTests {
    @Test func theFirstLayersDataGradientIsNeverRecorded() throws {
        let graph = try smallNetwork().differentiated()
        try graph.verify()
        #expect(count(graph) { if case .convolutionDataGradient = $0 { true } else { false } } == 0)
        #expect(
            count(graph) { if case .convolutionWeightGradient = $0 { true } else { false } } == 1)
        #expect(count(graph) { if case .linearDataGradient = $0 { true } else { false } } == 1)
    }

    @Test func everyWeightGetsAGradientAndOutputsStay() throws {
        let network = smallNetwork()
        let graph = try network.differentiated()
        let random = RandomValues()
        let results = try ReferenceInterpreter(graph).run(
            inputs: random.inputs(of: graph, classes: 3), parameters: random.parameters(of: graph))
        let expected: Set<Graph.Result> = [
            .output("logits"), .output("loss"), .gradient("features.0.weight"),
            .gradient("features.0.bias"), .gradient("fc.weight"),
        ]
        #expect(Set(results.keys) == expected)
        for (name, _, shape) in network.parameters {
            #expect(results[.gradient(name)]?.shape == shape)
        }
    }

    /// y = x·wᵀ·wᵀ: the weights are read twice.
    static func readTwice() -> Graph {
        var builder = GraphBuilder()
        let x = builder.derive(.input(Op.Input("images", TensorType([2, 3]))), [])
        let w = builder.derive(.parameter(Op.Parameter("w", [3, 3])), [])
        let y = builder.derive(.linear(Op.Linear()), [x, w])
        let z = builder.derive(.linear(Op.Linear()), [y, w])
        let labels = builder.derive(.input(Op.Input("labels", TensorType([2], .i32))), [])
        let loss = builder.derive(.crossEntropy(Op.CrossEntropy()), [z, labels])
        builder.setResult(.output("loss"), to: loss)
        return builder.graph
    }

    @Test func gradientsOfAParameterReadTwiceAreSummed() throws {
        let graph = Self.readTwice()
        let differentiated = try graph.differentiated()
        #expect(count(differentiated) { if case .add = $0 { true } else { false } } == 1)
        let random = RandomValues()
        let mismatches = try GradientCheck().mismatches(
            in: graph, inputs: random.inputs(of: graph, classes: 3),
            parameters: random.parameters(of: graph))
        #expect(mismatches.isEmpty, "\(mismatches)")
    }

    @Test func statisticsAndWhatTheLossDoesNotReadHaveNoGradient() throws {
        var builder = GraphBuilder()
        let mean = builder.derive(
            .parameter(Op.Parameter("running_mean", [2], role: .statistic)), [])
        let x = builder.derive(.input(Op.Input("images", TensorType([1, 2]))), [])
        let w = builder.derive(.parameter(Op.Parameter("w", [2, 2])), [])
        let unread = builder.derive(.parameter(Op.Parameter("unread", [2, 2])), [])
        let centred = builder.derive(.addBias(Op.AddBias()), [x, mean])
        let y = builder.derive(.linear(Op.Linear()), [centred, w])
        let aside = builder.derive(.linear(Op.Linear()), [x, unread])
        let labels = builder.derive(.input(Op.Input("labels", TensorType([1], .i32))), [])
        let loss = builder.derive(.crossEntropy(Op.CrossEntropy()), [y, labels])
        builder.setResult(.output("loss"), to: loss)
        builder.setResult(.output("aside"), to: aside)
        let graph = try builder.graph.differentiated()
        try graph.verify()
        let random = RandomValues()
        let results = try ReferenceInterpreter(graph).run(
            inputs: random.inputs(of: graph, classes: 2), parameters: random.parameters(of: graph))
        #expect(
            Set(results.keys) == [.output("loss"), .output("aside"), .gradient("w")])
    }

    @Test func deadNodesGoAndTheirReadersOrderStays() throws {
        var builder = GraphBuilder()
        let x = builder.derive(.input(Op.Input("images", TensorType([1, 2]))), [])
        builder.derive(.scale(Op.Scale(by: 5)), [x])
        let kept = builder.derive(.scale(Op.Scale(by: 2)), [x])
        builder.setResult(.output("y"), to: kept)
        let graph = builder.graph.withoutDeadNodes()
        try graph.verify()
        #expect(
            graph.description == """
                %0 = input() images : f32[1×2]
                %1 = scale(%0) by 2.0 : f32[1×2]
                y: %1
                """)
    }

    @Test func complainsAboutWhatCannotBeDifferentiated() {
        var builder = GraphBuilder()
        let x = builder.derive(.input(Op.Input("images", TensorType([1, 2]))), [])
        builder.setResult(.output("logits"), to: x)
        let graph = builder.graph
        #expect(throws: Diagnostic("the graph has no output named loss to differentiate.")) {
            try graph.differentiated()
        }
        #expect(throws: Diagnostic("logits has the shape 1×2; a scalar is needed.")) {
            try graph.differentiated(loss: "logits")
        }
    }

    @Test func complainsAboutAPoolingThatRecordsNoWinners() throws {
        var builder = GraphBuilder()
        let w = builder.derive(.parameter(Op.Parameter("w", [1, 1, 2, 2])), [])
        let y = builder.derive(
            .maxPool(Op.MaxPool(Window(kernel: 2))), [w], path: "features.2")
        let loss = builder.derive(.reshape(Op.Reshape(to: [])), [y])
        expectComplaint(
            builder, loss,
            Diagnostic(
                "maxPool 2×2 was not recorded for training and has no gradient.",
                path: "features.2"))
    }

    /// A gradient that has nowhere to go would be lost without a word.
    @Test func complainsAboutALossOnWhatHasNoGradient() throws {
        var builder = GraphBuilder()
        let x = builder.derive(.parameter(Op.Parameter("x", [4, 2])), [])
        let vectors = ["scale", "shift"].map {
            builder.derive(.parameter(Op.Parameter($0, [2])), [])
        }
        let y = builder.derive(
            .batchNormalization(Op.BatchNormalization(epsilon: 1e-5)), [x] + vectors, path: "bn")
        let mean = Graph.Value(node: y.node, output: 1)
        let loss = builder.derive(
            .crossEntropy(Op.CrossEntropy()),
            [
                builder.derive(.reshape(Op.Reshape(to: [1, 2])), [mean]),
                builder.derive(.input(Op.Input("labels", TensorType([1], .i32))), []),
            ])
        expectComplaint(
            builder, loss,
            Diagnostic(
                "the loss depends on output 1 of batchNormalization, which has no gradient.",
                path: "bn"))
    }

    /// Checks what is said of a graph whose loss cannot be differentiated.
    private func expectComplaint(
        _ builder: GraphBuilder, _ loss: Graph.Value, _ diagnostic: Diagnostic
    ) {
        var builder = builder
        builder.setResult(.output("loss"), to: loss)
        let graph = builder.graph
        #expect(throws: diagnostic) { try graph.differentiated() }
    }

    private func count(_ graph: Graph, where isCounted: (Op) -> Bool) -> Int {
        graph.nodes.count { isCounted($0.op) }
    }
}
