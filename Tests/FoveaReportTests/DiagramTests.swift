// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaTestSupport
import Testing

@testable import FoveaReport

@Suite struct DiagramTests {
    private func nested(_ depth: Int? = nil) throws -> NetworkDiagram {
        try NetworkDiagram(NestedNetwork(), named: "nested", image: [3, 45, 38], depth: depth)
    }

    /// A line for each item, indented by frames.
    private func outline(_ level: DiagramLevel, _ indent: String = "") -> [String] {
        level.items.flatMap { item -> [String] in
            let words = [item.heading, item.setting] + item.strip + [item.countText]
            let line = words.filter { !$0.isEmpty }.joined(separator: " ")
            return [indent + line] + (item.inner.map { outline($0, indent + "  ") } ?? [])
        }
    }

    // MARK: - What is drawn

    @Test func blocksAndBranches() throws {
        let level = try nested(4).level
        #expect(
            outline(level) == [
                "images",
                "stem",
                "  Conv2d 5×5 stride 2, padding 2 · ReLU",
                "  MaxPool2d 3×3 stride 2, rounding up",
                "stages",
                "  ResidualBlock ×3",
                "    Conv2d 3×3 padding 1 · ReLU",
                "    Conv2d 3×3 padding 1",
                "    + ReLU",
                "  ResidualBlock",
                "    Conv2d 3×3 stride 2, padding 1 · ReLU",
                "    Conv2d 3×3 padding 1",
                "    Conv2d 1×1 stride 2",
                "    + ReLU",
                "  BranchBlock",
                "    Conv2d 1×1",
                "    Conv2d 1×1 · ReLU",
                "    Conv2d 3×3 padding 1",
                "    +",
                "    Conv2d 1×1 · ReLU",
                "    Conv2d 1×5 padding 0×2",
                "    +",
                "    MaxPool2d 3×3 padding 1",
                "    Conv2d 1×1",
                "    +",
                "average pool",
                "flatten",
                "Linear",
                "logits",
            ])
    }

    @Test func depthFolds() throws {
        #expect(
            try outline(nested(2).level) == [
                "images",
                "stem",
                "  Conv2d 5×5 stride 2, padding 2 · ReLU",
                "  MaxPool2d 3×3 stride 2, rounding up",
                "stages",
                "  ResidualBlock ×3", "  ResidualBlock", "  BranchBlock",
                "average pool", "flatten", "Linear", "logits",
            ])
        #expect(
            try outline(nested(1).level) == [
                "images", "stem", "stages", "average pool", "flatten", "Linear", "logits",
            ])
    }

    @Test func aHeadStandsAside() throws {
        let diagram = try NetworkDiagram(HeadedNetwork(), image: [1, 16, 16])
        let level = diagram.level
        let names = level.items.map(\.title)
        let head = try #require(names.firstIndex(of: "aux1"))
        #expect(level.targets(of: head).isEmpty)
        DiagramChecks(level).check("headed")
        let block = DiagramLayout(level).block(hasEnds: false)
        let logits = try #require(names.firstIndex(of: "logits"))
        let (left, right) = (try #require(block.places[logits]), try #require(block.places[head]))
        #expect(right.x > left.maxX, "the head is at the right")
    }

    /// Sixty blocks, each a little wider than the one before.
    struct DeepNetwork: Layer, Network {
        let stages: Sequential
        init() {
            let blocks: [any Layer] = (1...60).map { ResidualBlock($0, changes: true) }
            stages = Sequential {
                Sequential(blocks)
                GlobalAveragePool(); Flatten()
            }
        }
        func callAsFunction(_ x: Tensor) -> Tensor { stages(x) }
    }

    @Test func deepNetworksAreFoldedByThemselves() throws {
        let network = DeepNetwork()
        let level = try NetworkDiagram(network, image: [1, 8, 8]).level
        #expect(
            outline(level) == [
                "images", "Sequential", "  ResidualBlock ×60", "GlobalAveragePool", "Flatten",
                "logits",
            ])
        let block = try #require(level.items[1].inner?.items.first)
        #expect(block.name(within: "") == "stages.0.0 … stages.0.59")
        #expect(block.shapeText == "1 … 60×8×8")
        let deep = try NetworkDiagram(network, image: [1, 8, 8], depth: 5).level
        #expect(deep.boxCount == 4 * 60 + 4)
        DiagramChecks(deep).check("deep")
    }

    // MARK: - How it is laid out

    @Test(arguments: Catalog.all) func theCatalog(_ entry: Catalog.Entry) throws {
        for depth in [nil, 1, 2, 3, 4] {
            let level = try NetworkDiagram(entry, image: entry.input, depth: depth).level
            // The checks compare everything with everything.
            if level.boxCount <= 250 { DiagramChecks(level).check("\(entry.name) \(depth ?? 0)") }
            if depth == nil { #expect(level.boxCount <= NetworkDiagram.mostBoxes) }
        }
    }

    @Test func blocksOfAllKinds() throws {
        for depth in 1...4 {
            DiagramChecks(try nested(depth).level).check("nested \(depth)")
            let sharing = try NetworkDiagram(SharingNetwork(), image: [1, 11, 11], depth: depth)
            DiagramChecks(sharing.level).check("sharing \(depth)")
        }
    }

    /// A level of boxes with these arrows; 0 is what comes in.
    private func level(
        _ kinds: [DiagramItem.Kind], _ links: [(Int, Int)]
    ) -> DiagramLevel {
        var level = DiagramLevel()
        for (index, kind) in kinds.enumerated() {
            _ = level.add(DiagramItem(kind: kind, title: "box \(index)", shape: "8×4×4"))
        }
        for (from, to) in links { level.link(from, to) }
        level.link(DiagramLevel.entry, 0)
        level.link(kinds.count - 1, DiagramLevel.exit)
        return level
    }

    /// Four branches, as in GoogLeNet.
    private var inception: DiagramLevel {
        level(
            [
                .terminal, .convolution, .convolution, .convolution, .convolution, .convolution,
                .pooling, .convolution, .concatenation, .terminal,
            ],
            [
                (0, 1), (0, 2), (2, 3), (0, 4), (4, 5), (0, 6), (6, 7), (1, 8), (3, 8), (5, 8),
                (7, 8), (8, 9),
            ])
    }

    @Test func branchesStandSideBySide() throws {
        let level = inception
        DiagramChecks(level).check("inception")
        let places = DiagramLayout(level).block(hasEnds: false).places
        func place(_ item: Int) throws -> Drawing.Rectangle { try #require(places[item]) }
        let columns = try [1, 2, 4, 6].map { try place($0).middle.x }
        #expect(columns == columns.sorted() && Set(columns).count == 4)
        #expect(try place(2).middle.x == place(3).middle.x)
        #expect(try place(2).y == place(4).y && place(6).y < place(7).y)
        let join = try place(8)
        #expect(columns.allSatisfy { join.x < $0 && $0 < join.maxX }, "it spans the branches")
        #expect(abs(try place(0).middle.x - (columns[0] + columns[3]) / 2) < 0.01)
    }

    @Test func aShortcutRunsBesideTheBody() throws {
        let level = level(
            [.terminal, .convolution, .convolution, .sum, .terminal],
            [(0, 1), (1, 2), (2, 3), (0, 3), (3, 4)])
        DiagramChecks(level).check("residual")
        let places = DiagramLayout(level).block(hasEnds: false).places
        #expect(Set((0...4).compactMap { places[$0]?.middle.x }).count == 1)
    }

    /// Every layer reads all before it, as within DenseNet's blocks.
    private func dense(_ count: Int) -> DiagramLevel {
        level(
            [.terminal] + Array(repeating: .block, count: count) + [.terminal],
            (0...count).flatMap { from in ((from + 1)...(count + 1)).map { (from, $0) } })
    }

    @Test(arguments: [2, 3, 6, 30]) func whatReadsAllBeforeItIsAColumn(_ count: Int) throws {
        DiagramChecks(dense(count)).check("dense \(count)")
        let places = DiagramLayout(dense(count)).block(hasEnds: false).places
        #expect(places.count == count + 2)
        #expect(Set(places.values.map(\.middle.x)).count == 1)
    }

    @Test func arbitraryGraphs() {
        var random = RandomNumbers(state: 7)
        for round in 0..<300 {
            let count = 3 + random.next(below: 14)
            var links: [(Int, Int)] = []
            for item in 1..<count {
                for _ in 0...random.next(below: 3) {
                    links.append((random.next(below: item), item))
                }
            }
            // Every box is read by somebody; what is not would stand aside.
            for item in 0..<(count - 1) where !links.contains(where: { $0.0 == item }) {
                links.append((item, count - 1))
            }
            let kinds: [DiagramItem.Kind] = [
                .convolution, .pooling, .sum, .concatenation, .block, .dropout,
            ]
            let items = (0..<count).map { _ in kinds[random.next(below: kinds.count)] }
            DiagramChecks(level(items, links)).check("graph \(round) \(items) \(links)")
        }
    }

    private struct RandomNumbers {
        var state: UInt64
        mutating func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    // MARK: - The picture

    @Test func theSVGIsAsAccepted() throws {
        try expectGolden(nested().drawing().svg(), "nested.svg")
    }

    @Test(arguments: Catalog.all) func textsHaveRoom(_ entry: Catalog.Entry) throws {
        let drawing = try NetworkDiagram(entry, image: entry.input).drawing()
        var areas: [(text: String, area: Drawing.Rectangle)] = []
        for case .label(let label) in drawing.elements {
            let width = TextMetrics.width(label.text, size: label.size, weight: label.weight)
            let left =
                switch label.anchor {
                case .start: label.at.x
                case .middle: label.at.x - width / 2
                case .end: label.at.x - width
                }
            #expect(!label.text.isEmpty)
            #expect(left >= 0 && left + width <= drawing.size.width, "\(label.text)")
            #expect(label.at.y > 0 && label.at.y < drawing.size.height)
            let height = 0.75 * label.size
            areas.append(
                (
                    label.text,
                    Drawing.Rectangle(
                        x: left, y: label.at.y - height, width: width, height: height)
                ))
        }
        for (index, one) in areas.enumerated() {
            for other in areas[(index + 1)...] where one.area.meets(other.area) {
                Issue.record("\(one.text) and \(other.text) overlap")
            }
        }
    }

    @Test func thePNGFits() throws {
        var drawing = Drawing(size: .init(width: 100, height: 40_000), title: "long")
        #expect(drawing.largestScale(upTo: 2) == 0.8)
        drawing.size.height = 300
        #expect(drawing.largestScale(upTo: 2) == 2)
        let image = try DecodedPNG(try nested().drawing().png(scale: 1))
        #expect(image.count { $0 == 0xdce9f7 } > 1000, "boxes of convolutions")
    }
}
