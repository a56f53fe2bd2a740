// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaCompiler

/// What each pass makes of small graphs, and that it changes no result.
@Suite struct PassTests {
    @Test func thePassesHaveTheseNamesInThisOrder() {
        #expect(
            Compiler.passes.map(\.name) == [
                "eliminate-dead-nodes", "fuse-bias", "fold-normalization", "fuse-activation",
                "fuse-normalization", "fuse-statistics", "fuse-shortcut",
                "swap-pooling-gradient", "recompute-activations", "fuse-sums", "absorb-reshape",
                "postpone-gradients",
            ])
    }

    // MARK: - Golden texts

    /// Compares a graph before and after a pass with a file.
    private func expectGolden(_ pass: some Pass, _ graph: Graph, _ name: String) throws {
        let result = pass.runVerified(graph, verifying: true)
        try FoveaTestSupport.expectGolden("before\n\(graph)\n\nafter\n\(result)", name)
    }

    @Test func eliminateDeadNodes() throws {
        var it = Recording()
        var x = it.images([2, 3, 6, 6])
        let dead = it.bias(it.convolution(x, 8, "auxiliary"), "auxiliary")
        _ = it.activation(dead)
        let pool = Op.MaxPool(Window(kernel: 2, stride: 2), recordsWinners: true)
        x = it.builder.derive(.maxPool(pool), [x], path: "pool")
        it.output("logits", it.linear(it.flattened(x), 5, "fc"))
        try expectGolden(EliminateDeadNodes(), it.builder.graph, "eliminate-dead-nodes.txt")
    }

    @Test func winnersThatAGradientReadsAreKept() throws {
        let graph = try Recording.network().differentiated()
        #expect(EliminateDeadNodes().run(graph) == graph)
    }

    @Test func fuseBias() throws {
        try expectGolden(FuseBias(), Recording.network().differentiated(), "fuse-bias.txt")
    }

    @Test func fuseActivation() throws {
        let graph = FuseBias().run(try Recording.network().differentiated())
        try expectGolden(FuseActivation(), graph, "fuse-activation.txt")
    }

    @Test func foldNormalization() throws {
        var it = Recording()
        var x = it.bias(it.convolution(it.images([2, 3, 4, 4]), 8, "conv1"), "conv1")
        x = it.activation(it.normalization(x, "bn1"))
        // A sum in between keeps the second normalization apart.
        x = it.normalization(it.add(x, it.convolution(x, 8, "conv2")), "bn2")
        it.output("y", x)
        let graph = FuseBias().run(it.builder.graph)
        try expectGolden(FoldNormalization(), graph, "fold-normalization.txt")
    }

    @Test func foldedWeightsComputeTheSame() throws {
        var it = Recording()
        var x = it.bias(it.convolution(it.images([2, 3, 4, 4]), 8, "conv1"), "conv1")
        x = it.activation(it.normalization(x, "bn1"))
        x = it.normalization(it.convolution(x, 8, "conv2"), "bn2")
        it.output("y", it.normalization(x, "bn3"))
        let graph = it.builder.graph, values = RandomValues(seed: 3)
        var parameters = values.parameters(of: graph)
        for (name, value) in parameters where name.hasSuffix("var") {
            parameters[name] = HostValue(value.shape, value.values.map { abs($0) + 0.5 })
        }
        func y(_ graph: Graph) throws -> HostValue {
            let results = try ReferenceInterpreter(graph).run(
                inputs: values.inputs(of: graph, classes: 2), parameters: parameters)
            return try #require(results[.output("y")])
        }
        let optimized = Compiler.optimized(graph)
        #expect(optimized.nodes.count { $0.op.definition.name == "normalization" } == 1)
        #expect(optimized.nodes.count { $0.op.definition.name == "foldNormalization" } == 2)
        let difference = Difference(try y(optimized), from: try y(graph))
        #expect(difference.isWithin(1e-12), "\(difference)")
    }

    @Test func fuseNormalization() throws {
        var it = Recording()
        var x = it.convolution(it.images([2, 3, 4, 4]), 8, "conv")
        x = it.activation(it.batchNormalization(x, "bn1"))
        // Without a ReLU behind it a normalization stays as it is.
        x = it.batchNormalization(x, "bn2")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(x), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        try expectGolden(FuseNormalization(), graph, "fuse-normalization.txt")
    }

    @Test func aNormalizationThatIsReadTwiceKeepsItsActivationApart() throws {
        var it = Recording()
        let x = it.batchNormalization(it.convolution(it.images([2, 3, 4, 4]), 8, "conv"), "bn")
        let y = it.add(it.activation(x), x)
        it.output("loss", it.crossEntropy(it.linear(it.flattened(y), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        #expect(FuseNormalization().run(graph) == graph)
    }

    @Test func fuseStatistics() throws {
        var it = Recording()
        let x = it.movedBatchNormalization(
            it.convolution(it.images([2, 3, 4, 4]), 8, "conv"), "bn")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(x), 5, "fc")))
        try expectGolden(
            FuseStatistics(), it.builder.graph.differentiated(), "fuse-statistics.txt")
    }

    @Test func statisticsThatMoveDifferentlyStayApart() {
        var it = Recording()
        let x = it.movedBatchNormalization(it.images([2, 3, 4, 4]), "bn", momenta: (0.1, 0.2))
        it.output("y", x)
        #expect(FuseStatistics().run(it.builder.graph) == it.builder.graph)
    }

    @Test func fuseShortcut() throws {
        let graph = try Recording.residual().differentiated()
        let fused = FuseStatistics().run(FuseActivation().run(graph))
        try expectGolden(FuseShortcut(), fused, "fuse-shortcut.txt")
        try expectSameResults(FuseShortcut().runVerified(fused, verifying: true), graph, seed: 4)
    }

    @Test func aShortcutOfBothKindsIsAddedByTheFirst() throws {
        var it = Recording()
        let x = it.images([2, 3, 4, 4])
        let y = it.batchNormalization(it.convolution(x, 8, "conv1"), "bn1")
        let z = it.batchNormalization(it.convolution(x, 8, "conv2"), "bn2")
        it.output(
            "loss", it.crossEntropy(it.linear(it.flattened(it.activation(it.add(y, z))), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        let fused = FuseShortcut().runVerified(FuseActivation().run(graph), verifying: true)
        #expect(fused.nodes.count { $0.op.definition.name == "add" } == 0)
        try expectSameResults(fused, graph, seed: 5)
    }

    @Test func swapPoolingGradient() throws {
        let graph = try Recording.network().differentiated()
        let fused = FuseActivation().run(FuseBias().run(graph))
        try expectGolden(SwapPoolingGradient(), fused, "swap-pooling-gradient.txt")
        let result = SwapPoolingGradient().runVerified(fused, verifying: true)
        try expectSameResults(result, graph, seed: 7)
    }

    /// Windows that overlap, so that an element may win in several.
    @Test func whatIsPooledTwiceKeepsItsGradient() throws {
        var it = Recording()
        let x = it.activation(it.convolution(it.images([2, 3, 7, 7]), 4, "conv"))
        let pool = Op.MaxPool(Window(kernel: 3, stride: 2), recordsWinners: true)
        let y = it.builder.derive(.maxPool(pool), [x])
        it.output("loss", it.crossEntropy(it.linear(it.flattened(y), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        let result = SwapPoolingGradient().runVerified(graph, verifying: true)
        #expect(result != graph)
        try expectSameResults(result, graph, seed: 8)
    }

    /// Its gradient has two parts, which the ReLU stops together.
    @Test func whatIsReadBesideThePoolingIsStoppedBehindIt() throws {
        var it = Recording()
        let x = it.activation(it.convolution(it.images([2, 3, 6, 6]), 4, "conv"))
        let pool = Op.MaxPool(Window(kernel: 2, stride: 2), recordsWinners: true)
        let y = it.linear(it.flattened(it.builder.derive(.maxPool(pool), [x])), 5, "fc1")
        it.output(
            "loss", it.crossEntropy(it.add(y, it.linear(it.flattened(x), 5, "fc2"))))
        let graph = try it.builder.graph.differentiated()
        #expect(SwapPoolingGradient().run(graph) == graph)
    }

    @Test func recomputeActivations() throws {
        var it = Recording()
        var x = it.convolution(it.images([2, 3, 4, 4]), 4, "conv1")
        x = it.convolution(it.activation(it.batchNormalization(x, "bn1")), 16, "conv2", kernel: 1)
        // What no convolution reads need not be kept in the first place.
        x = it.batchNormalization(x, "bn2")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(x), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        let fused = FuseNormalization().run(graph)
        try expectGolden(RecomputeActivations(), fused, "recompute-activations.txt")
        let result = RecomputeActivations().runVerified(fused, verifying: true)
        try expectSameResults(result, graph, seed: 6)
    }

    /// As in an inverted residual: what is normalized again is widened again before that, not after it.
    @Test func whatIsWidenedAndNormalizedIsComputedAgainInThatOrder() throws {
        var it = Recording()
        var x = it.convolution(it.images([2, 3, 4, 4]), 4, "conv1")
        x = it.convolution(x, 16, "widen", kernel: 1)
        x = it.activation(it.batchNormalization(x, "bn"))
        x = it.convolution(x, 4, "conv2")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(x), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        let fused = FuseNormalization().run(graph)
        let result = RecomputeActivations().runVerified(fused, verifying: true)
        try expectSameResults(result, graph, seed: 7)
        let widened = result.nodes.filter { node in
            if case .convolution = node.op { node.path == "widen" } else { false }
        }
        #expect(widened.count == 2)
        let again = try #require(
            result.nodes.first { if case .normalization = $0.op { true } else { false } })
        #expect(again.inputs[0] == widened.last?.value())
    }

    @Test func postponeGradients() throws {
        var it = Recording()
        let x = it.activation(it.convolution(it.images([2, 3, 4, 4]), 4, "conv"))
        let y = it.activation(it.bias(it.linear(it.flattened(x), 64, "fc1"), "fc1"))
        it.output("loss", it.crossEntropy(it.linear(y, 5, "fc2")))
        let graph = FuseBias().run(try it.builder.graph.differentiated())
        try expectGolden(PostponeGradients(), graph, "postpone-gradients.txt")
        let result = PostponeGradients().runVerified(graph, verifying: true)
        try expectSameResults(result, graph, seed: 9)
    }

    @Test func aConvolutionThatHardlyWidensIsKept() throws {
        var it = Recording()
        let x = it.convolution(it.images([2, 4, 4, 4]), 12, "conv", kernel: 1)
        let y = it.batchNormalization(x, "bn")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(y), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        #expect(RecomputeActivations().run(graph) == graph)
    }

    @Test func whatIsAskedForIsKept() throws {
        var it = Recording()
        let x = it.batchNormalization(it.convolution(it.images([2, 3, 4, 4]), 8, "conv1"), "bn1")
        it.output("features", x)
        let y = it.convolution(x, 32, "conv2", kernel: 1)
        it.output("more features", y)
        let z = it.batchNormalization(y, "bn2")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(z), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        #expect(RecomputeActivations().run(graph) == graph)
    }

    @Test func aNormalizationThatIsAskedForAddsNoShortcut() {
        var it = Recording()
        let x = it.convolution(it.images([2, 3, 4, 4]), 8, "conv")
        let y = it.batchNormalization(x, "bn")
        it.output("y", y)
        it.output("z", it.activation(it.add(y, x)))
        let graph = FuseActivation().run(it.builder.graph)
        #expect(FuseShortcut().run(graph) == graph)
    }

    @Test func fuseSums() throws {
        var it = Recording()
        let x = it.images([2, 3, 4, 4])
        let branches = (0..<4).map { it.convolution(x, 8, "conv\($0)") }
        it.output("y", it.activation(branches.dropFirst().reduce(branches[0]) { it.add($0, $1) }))
        try expectGolden(FuseSums(), FuseActivation().run(it.builder.graph), "fuse-sums.txt")
    }

    @Test func aSumThatIsReadTwiceStaysApart() {
        var it = Recording()
        let x = it.images([2, 3, 4, 4])
        let sum = it.add(it.convolution(x, 3, "conv"), x)
        it.output("y", it.add(it.add(sum, x), sum))
        let fused = FuseSums().run(it.builder.graph)
        #expect(
            fused.nodes.compactMap { $0.op == .add(Op.Add()) ? $0.inputs.count : nil } == [2, 3])
    }

    @Test func absorbReshape() throws {
        let graph = FuseBias().run(try Recording.network().differentiated())
        try expectGolden(AbsorbReshape(), graph, "absorb-reshape.txt")
    }

    // MARK: - What is not to be fused

    @Test func aProductThatIsReadTwiceKeepsItsBiasApart() {
        var it = Recording()
        let product = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        it.output("y", it.add(it.bias(product, "conv"), product))
        #expect(FuseBias().run(it.builder.graph) == it.builder.graph)
    }

    @Test func aProductThatIsAskedForKeepsItsBiasApart() {
        var it = Recording()
        let product = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        it.output("y", it.bias(product, "conv"))
        it.output("product", product)
        #expect(FuseBias().run(it.builder.graph) == it.builder.graph)
    }

    @Test func aBiasBehindAFunctionIsNotFused() {
        var it = Recording()
        let x = it.images([2, 3, 6, 6])
        let w = it.builder.derive(.parameter(Op.Parameter("w", [8, 3, 3, 3])), [])
        let convolution = Op.Convolution(Window(kernel: 3), activation: .relu)
        it.output("y", it.bias(it.builder.derive(.convolution(convolution), [x, w]), "bias"))
        #expect(FuseBias().run(it.builder.graph) == it.builder.graph)
    }

    @Test func aSecondBiasIsNotFused() {
        var it = Recording()
        var x = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        x = it.bias(it.bias(x, "first"), "second")
        it.output("y", x)
        let once = FuseBias().run(it.builder.graph)
        #expect(once.nodes.count { $0.op.definition.name == "addBias" } == 1)
        #expect(FuseBias().run(once) == once)
    }

    @Test func twoSumsOfOneGradientAreFusedOnce() throws {
        var it = Recording()
        var x = it.images([2, 3, 4, 4])
        // Both biases have the same gradient, but the product only one place for it.
        x = it.bias(it.bias(it.convolution(x, 4, "conv"), "first"), "second")
        it.output("loss", it.crossEntropy(it.linear(it.flattened(x), 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        let fused = FuseBias().runVerified(graph, verifying: true)
        #expect(fused.nodes.count { $0.op.definition.name == "channelSum" } == 1)
        try expectSameResults(fused, graph, seed: 1)
    }

    @Test func sigmoidsAreNotFused() {
        var it = Recording()
        let x = it.bias(it.convolution(it.images([1, 3, 4, 4]), 4, "conv"), "conv")
        it.output("y", it.activation(x, .sigmoid))
        let graph = FuseBias().run(it.builder.graph)
        #expect(FuseActivation().run(graph) == graph)
    }

    @Test func aSumThatIsReadTwiceKeepsItsActivationApart() {
        var it = Recording()
        let x = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        it.output("y", it.add(it.activation(x), x))
        #expect(FuseActivation().run(it.builder.graph) == it.builder.graph)
    }

    @Test func aReshapeAcrossTheBatchIsNotAbsorbed() throws {
        var it = Recording()
        let x = it.convolution(it.images([2, 3, 4, 4]), 4, "conv")
        let row = it.builder.derive(.reshape(Op.Reshape(to: [1, 128])), [x])
        it.output("loss", it.crossEntropy(it.linear(row, 5, "fc")))
        let graph = try it.builder.graph.differentiated()
        #expect(AbsorbReshape().runVerified(graph, verifying: true) == graph)
    }

    // MARK: - Results

    @Test(arguments: 0..<150 as Range<UInt64>)
    func passesChangeNoResult(_ seed: UInt64) throws {
        let random = RandomGraph(seed: seed)
        let graph = try random.graph.differentiated()
        var current = graph
        for pass in Compiler.passes {
            current = pass.runVerified(current, verifying: true)
            try expectSameResults(current, graph, seed: seed)
        }
        #expect(Compiler.optimized(graph) == current)
        #expect(Compiler.optimized(current) == current, "there is more to be done")
    }

    private func expectSameResults(_ found: Graph, _ expected: Graph, seed: UInt64) throws {
        let values = RandomValues(seed: seed)
        let inputs = values.inputs(of: expected, classes: 2)
        let parameters = values.parameters(of: expected)
        func results(_ graph: Graph) throws -> [Graph.Result: HostValue] {
            try ReferenceInterpreter(graph).run(
                inputs: inputs, parameters: parameters, seed: seed, step: 1)
        }
        #expect(try results(found) == results(expected), "seed \(seed)")
    }
}
