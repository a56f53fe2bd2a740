// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaReport

/// What is written out on paper comes to the figures of the table.
@Suite struct ExplanationTests {
    /// Works all lines out, and compares them with the table's figures of the same layer.
    private func check(_ summary: NetworkSummary) throws {
        var parameters = 0, multiplyAdds = 0
        var rest = summary.calls[...]
        for explanation in summary.explanations {
            // Layers outside of all others have no row; of a layer called twice each call has one.
            var row: NetworkSummary.Row?
            if let index = rest.firstIndex(where: {
                $0.isLeaf && $0.path == explanation.path && $0.type == explanation.type
            }) {
                row = rest[index]
                rest = rest[(index + 1)...]
            }
            let figures = Dictionary(grouping: explanation.lines, by: \.quantity)
            for line in explanation.lines {
                let place = "\(explanation.path): \(line.text)"
                #expect(figures[line.quantity]?.count == 1, "\(place)")
                #expect(PaperArithmetic.value(of: line.terms) == line.value, "\(place)")
                let output = row?.output ?? explanation.output
                switch line.quantity {
                case "side":
                    #expect(output.count == 3 && output[1] == line.value, "\(place)")
                    #expect(output.count == 3 && output[2] == line.value, "\(place)")
                case "height": #expect(output.count == 3 && output[1] == line.value, "\(place)")
                case "width": #expect(output.count == 3 && output[2] == line.value, "\(place)")
                case "features": #expect(output == [line.value], "\(place)")
                case "channels": #expect(output.first == line.value, "\(place)")
                case "parameters": parameters += line.value
                case "multiply-adds": multiplyAdds += line.value
                case "statistics": break
                default: Issue.record("\(place)")
                }
            }
            #expect(figures["parameters"]?.first?.value ?? 0 == row?.parameters ?? 0)
            #expect(figures["multiply-adds"]?.first?.value ?? 0 == row?.multiplyAdds ?? 0)
        }
        #expect(parameters == summary.parameters)
        #expect(multiplyAdds == summary.multiplyAdds)
        // Nothing is left out.
        let explained = Set(summary.explanations.map(\.path))
        for row in summary.layers
        where ["Conv", "Pool", "Linear"].contains(where: row.type.contains) {
            #expect(explained.contains(row.path), "\(row.path)")
        }
    }

    private func summary(_ network: some Network, _ image: Shape) throws -> NetworkSummary {
        try NetworkSummary(network, image: image, batch: 1, mode: .inference)
    }

    @Test(arguments: Catalog.all) func theCatalog(_ entry: Catalog.Entry) throws {
        let summary = try NetworkSummary(
            entry, options: Catalog.Options(), image: entry.input, batch: 1, mode: .inference,
            optimizer: .sgd())
        try check(summary)
        #expect(summary.parameters == entry.parameters)
        #expect(summary.multiplyAdds == entry.multiplyAdds)
    }

    @Test func networksOfBlocks() throws {
        try check(summary(NestedNetwork(), [3, 45, 38]))
        try check(summary(SharingNetwork(), [1, 11, 11]))
        try check(summary(HeadedNetwork(), [2, 16, 16]))
    }

    struct Chain: Layer, Network {
        let features: Sequential
        init(_ layers: [any Layer], isPooled: Bool = true) {
            features = Sequential(layers + (isPooled ? [GlobalAveragePool(), Flatten()] : []))
        }
        func callAsFunction(_ x: Tensor) -> Tensor { features(x) }
    }

    @Test func windowsOfEveryKind() throws {
        for (kernel, stride, padding) in [(1, 1, 0), (2, 2, 1), (3, 2, 1), (5, 3, 2), (4, 7, 2)] {
            for side in 7...12 {
                for rounding in [Window.Rounding.down, .up] {
                    let image: Shape = [2, side, side + 3]
                    let padding = Extent(padding)
                    let pool = MaxPool2d(
                        kernel: Extent(kernel), stride: Extent(stride), padding: padding,
                        rounding: rounding)
                    let mean = AveragePool2d(
                        kernel: Extent(kernel), stride: Extent(stride), padding: padding,
                        rounding: rounding)
                    let convolution = Conv2d(
                        6, kernel: Extent(kernel, 3), stride: Extent(stride), padding: padding,
                        dilation: 2, groups: 2, bias: false)
                    let layers: [[any Layer]] = [
                        [pool], [mean], kernel < 4 ? [convolution] : [],
                        [AdaptiveAveragePool2d(Extent(3, 2))],
                    ]
                    for layers in layers { try check(summary(Chain(layers), image)) }
                }
            }
        }
    }

    @Test func theBooksWords() throws {
        let summary = try NetworkSummary(
            try Catalog.entry(named: "nin"), options: Catalog.Options(), image: [1, 224, 224],
            batch: 1, mode: .inference, optimizer: .sgd())
        let first = try #require(summary.explanations.first)
        #expect(
            first.text(style: .plain) == """
                features.0.0 (Conv2d 11×11, stride 4) → 96×54×54
                  side           ⌊(224 − 11 + 2·0)/4⌋ + 1 = 54
                  parameters     96·(1·11·11) + 96 = 11,712
                  multiply-adds  54·54·96·(1·11·11) = 33,872,256

                """)
    }

    @Test func layersThatAreToldTheirSizeSaySo() throws {
        let summary = try summary(Chain([AdaptiveAveragePool2d(3)]), [2, 6, 6])
        let first = try #require(summary.explanations.first)
        #expect(first.settings == "to 3×3")
        #expect(first.lines.map(\.text) == ["⌊(6 − 2 + 2·0)/2⌋ + 1 = 3"])
        let level = try NetworkDiagram(Chain([AdaptiveAveragePool2d(3)]), image: [2, 6, 6]).level
        #expect(
            level.items[1].heading + " " + level.items[1].setting == "AdaptiveAveragePool2d to 3×3 "
        )
    }

    @Test func allTheWords() throws {
        func lines(
            _ layers: [any Layer], _ image: Shape, isPooled: Bool = true
        ) throws -> [String] {
            let summary = try summary(Chain(layers, isPooled: isPooled), image)
            let first = try #require(summary.explanations.first)
            return first.lines.map { "\($0.quantity): \($0.text)" }
        }
        #expect(
            try lines([MaxPool2d(kernel: 3, stride: 2, rounding: .up)], [1, 54, 54]) == [
                "side: ⌈(54 − 3 + 2·0)/2⌉ + 1 = 27"
            ])
        // A third window would begin in the padding below, which PyTorch leaves out.
        #expect(
            try lines([MaxPool2d(kernel: 2, stride: 3, padding: 1, rounding: .up)], [1, 5, 5]) == [
                "side: ⌈(5 − 2 + 2·1)/3⌉ + 1 − 1 = 2, for the last window would begin at "
                    + "3·2 ≥ 5 + 1"
            ])
        #expect(
            try lines([Conv2d(4, kernel: 3, dilation: 2, groups: 2)], [6, 9, 8]) == [
                "height: ⌊(9 − 2·(3 − 1) − 1 + 2·0)/1⌋ + 1 = 5",
                "width: ⌊(8 − 2·(3 − 1) − 1 + 2·0)/1⌋ + 1 = 4",
                "parameters: 4·(6/2·3·3) + 4 = 112",
                "multiply-adds: 5·4·4·(6/2·3·3) = 2,160",
            ])
        #expect(
            try lines([AdaptiveAveragePool2d(3)], [1, 7, 8]) == [
                "height: 3, as chosen; cell i covers ⌊i·7/3⌋ to ⌈(i + 1)·7/3⌉",
                "width: 3, as chosen; cell i covers ⌊i·8/3⌋ to ⌈(i + 1)·8/3⌉",
            ])
        #expect(
            try lines([GlobalAveragePool()], [1, 7, 7]) == [
                "side: 7/7 = 1, the mean over the whole image"
            ])
        #expect(
            try lines([Flatten(), Linear(5)], [4, 3, 2], isPooled: false) == [
                "features: 4·3·2 = 24"
            ])
        #expect(
            try lines([Linear(5, bias: false)], [4, 1, 1], isPooled: false) == [
                "parameters: 5·4 = 20", "multiply-adds: 5·4 = 20",
            ])
    }

    @Test func thePencilIsRight() {
        #expect(PaperArithmetic.value(of: "⌊(224 − 11 + 2·0)/4⌋ + 1") == 54)
        #expect(PaperArithmetic.value(of: "⌈(54 − 3)/2⌉ + 1 − 1") == 26)
        #expect(PaperArithmetic.value(of: "⌊(1 − 2)/4⌋") == -1)
        #expect(PaperArithmetic.value(of: "6/2·3") == 9)
        #expect(PaperArithmetic.value(of: "7/2") == nil)
        #expect(PaperArithmetic.value(of: "3 +") == nil)
        #expect(PaperArithmetic.value(of: "(3") == nil)
    }
}
