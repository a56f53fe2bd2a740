// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaTestSupport
import Testing

@Suite struct TextFormTests {
    @Test func aGraphPrintsOneLineANode() throws {
        try expectGolden(smallNetwork().description, "small-network.graph")
    }

    @Test func aDifferentiatedGraphPrintsItsGradients() throws {
        try expectGolden(smallNetwork().differentiated().description, "small-network.gradients")
    }

    @Test func attributesAreInTheText() throws {
        var builder = GraphBuilder()
        let x = builder.derive(.input(Op.Input("images", TensorType([2, 4, 6, 6]))), [])
        let w = builder.derive(.parameter(Op.Parameter("w", [6, 2, 3, 1])), [])
        let b = builder.derive(.parameter(Op.Parameter("b", [6], role: .statistic)), [])
        let window = Window(kernel: Extent(3, 1), stride: Extent(1, 2), dilation: 2)
        let convolution = Op.Convolution(window, groups: 2, hasBias: true, activation: .relu)
        let y = builder.derive(.convolution(convolution), [x, w, b])
        let average = Op.AveragePool(
            Window(kernel: 2, stride: 2, padding: 1, rounding: .up), countsPadding: false)
        builder.derive(.averagePool(average), [y])
        builder.derive(.adaptiveAveragePool(Op.AdaptiveAveragePool(to: Extent(2, 1))), [y])
        builder.derive(
            .dropout(Op.Dropout(rate: 0.25, perChannel: true, site: "layers.3#2")), [y])
        builder.derive(.scale(Op.Scale(by: 0.3)), [y])
        builder.derive(.constant(Op.Constant(1)), [])
        try expectGolden(builder.graph.description, "attributes.graph")
    }
}
