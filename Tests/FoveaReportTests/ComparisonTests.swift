// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaReport
@testable import FoveaTraining

/// Comparisons of made-up networks and runs: their tables, pages and pictures.
@Suite struct ComparisonTests {
    static func network(
        _ name: String, _ parameters: Int, _ multiplyAdds: Int, _ bytes: Int, _ speed: Double?,
        _ accuracy: String, input: [Int] = [1, 224, 224]
    ) -> Comparison.Entry {
        Comparison.Entry(
            name: name, network: name, input: input, batch: 64, parameters: parameters,
            multiplyAdds: multiplyAdds, memory: memory(bytes), trainingSpeed: speed,
            inferenceSpeed: speed.map { $0 * 3.5 }, publishedAccuracy: accuracy, run: nil)
    }

    static func memory(_ bytes: Int) -> NetworkSummary.Memory {
        NetworkSummary.Memory(
            parameters: 0, gradients: 0, optimizer: 0, activations: bytes, workspace: 0,
            program: 0, total: bytes)
    }

    static func run(
        _ path: String, _ network: String, best: Double, parameters: Int? = 1_992_166,
        multiplyAdds: Int? = 762_297_352, epochs: Int = 4, status: String = "finished",
        data: String = "fashion-mnist"
    ) -> Comparison.Entry {
        let points = (1...max(epochs, 1)).flatMap { epoch -> [MetricPoint] in
            func point(_ split: String, _ loss: Double, _ accuracy: Double) -> MetricPoint {
                MetricPoint(
                    epoch: Double(epoch), step: 10 * epoch, split: split, loss: loss,
                    accuracy: accuracy, lr: 0.1, imagesPerSecond: 200, waiting: 0)
            }
            let rest = 1 / Double(epoch)
            return [
                point("train", 2 * rest, best - rest / 2), point("test", rest, best - rest / 4),
            ]
        }
        let isDone = status == "finished"
        return Comparison.Entry(
            name: path, network: network, input: [1, 67, 67], batch: 64, parameters: parameters,
            multiplyAdds: multiplyAdds, memory: parameters.map { _ in memory(120 << 20) },
            trainingSpeed: 512.25, publishedAccuracy: nil,
            run: Comparison.Run(
                data: data, recipe: "fast", status: status, epochs: Double(epochs),
                loss: isDone ? 0.2514 : nil, testAccuracy: best - 0.0111, bestTestAccuracy: best,
                bestEpoch: epochs, seconds: isDone ? 283.4 : nil, points: epochs > 0 ? points : []))
    }

    static let networks = Comparison(
        [
            network(
                "lenet", 61_706, 416_520, 9 << 20, 9123.4, ".805 on Fashion-MNIST (d2l, 10 epochs)",
                input: [1, 28, 28]),
            network(
                "nin-cifar", 966_986, 222_486_528, 800 << 20, nil,
                ".896 on CIFAR-10 (authors, 120k steps)", input: [3, 32, 32]),
            network(
                "nin-imagenet", 7_595_176, 1_100_188_800, 2 << 30, 41.26,
                ".594 on ImageNet (authors)", input: [3, 224, 224]),
            network("unheard", 12, 34, 5 << 10, 0.5, "a good one, they say"),
        ], measuredOn: "A processor, 2 threads, f32, batch 64")

    static let runs = Comparison([
        run("runs/nin-1", "nin", best: 0.9021),
        run("runs/lenet-1", "lenet", best: 0.8123, parameters: 61_706, multiplyAdds: 416_520),
        run("others/nin-1", "nin", best: 0.89, epochs: 0, status: "running"),
        run(
            "odd, \"quoted\"", "unknown", best: 0.95, parameters: nil, multiplyAdds: nil,
            data: "mnist"),
    ])

    static let mixed = Comparison([run("runs/nin-1", "nin", best: 0.9021), networks.entries[0]])

    static let all: [(name: String, comparison: Comparison)] = [
        ("networks", networks), ("runs", runs), ("mixed", mixed),
    ]

    @Test("The forms are as they were accepted by eye", arguments: all.indices)
    func forms(_ index: Int) throws {
        let (name, comparison) = Self.all[index]
        try expectGolden(comparison.text(style: .plain), "comparison-\(name).txt")
        try expectGolden(comparison.markdown(), "comparison-\(name).md")
        try expectGolden(comparison.csv(), "comparison-\(name).csv")
        try expectGolden(try comparison.drawing().svg(), "comparison-\(name).svg")
    }

    @Test("The page is one file with the table and the picture")
    func page() throws {
        let html = try Self.runs.html()
        try expectGolden(html, "comparison-runs.html")
        // What a page without a network may name are the namespaces of its picture alone.
        let addresses = html.matches(of: /https?:[^"\s]*/).map { String($0.output) }
        #expect(Set(addresses).allSatisfy { $0.hasPrefix("http://www.w3.org/") })
        #expect(html.contains("odd, &quot;quoted&quot;"))
        #expect(html.matches(of: /<tr>/).count == 5)
    }

    @Test("Every line of the CSV has every column")
    func csv() {
        for (_, comparison) in Self.all {
            let lines = comparison.csv().split(separator: "\n")
            #expect(lines.count == comparison.entries.count + 1)
            let names = lines[0].split(separator: ",")
            #expect(names.count == 19 && names.first == "name")
            for line in lines.dropFirst() {
                let unquoted = line.replacing(/"(?:[^"]|"")*"/, with: "quoted")
                let fields = unquoted.split(separator: ",", omittingEmptySubsequences: false)
                #expect(fields.count == names.count, "\(line)")
            }
        }
        #expect(Self.runs.csv().contains("\n\"odd, \"\"quoted\"\"\",unknown,"))
    }

    @Test("Runs lose the folders before their names where these stay apart")
    func names() {
        #expect(
            Self.runs.shortNames == ["runs/nin-1", "lenet-1", "others/nin-1", "odd, \"quoted\""])
        #expect(Self.mixed.shortNames == ["nin-1", "lenet"])
    }

    @Test(
        "The two best runs on the same data are weighed in a sentence",
        arguments: [
            (0.91, 0.9, 1000, 1000, "a is 1.0 points better than b, at the same multiply-adds."),
            (0.91, 0.9, 10_500, 1000, "a is 1.0 points better than b, at 11× the multiply-adds."),
            (0.91, 0.9, 1520, 1000, "a is 1.0 points better than b, at 1.5× the multiply-adds."),
            (0.91, 0.95, 1520, 1000, "b is 4.0 points better than a, at 0.66× the multiply-adds."),
            (
                0.9, 0.95, 1_830_000, 1000,
                "b is 5.0 points better than a, at 1/1,830 of the multiply-adds."
            ),
            (0.9, 0.9, 1, 0, "a and b are equally good."),
        ])
    func verdict(_ a: Double, _ b: Double, _ first: Int, _ second: Int, _ text: String) {
        let comparison = Comparison([
            Self.run("a", "nin", best: a, multiplyAdds: first),
            Self.run("b", "nin", best: b, multiplyAdds: second),
            Self.run("c", "nin", best: 0.99, data: "mnist"),
        ])
        #expect(Comparison(Array(comparison.entries.prefix(2))).verdict == text)
        // The best of all is on other data, so that there is nothing to weigh it against.
        #expect(comparison.verdict == text)
        #expect(Comparison(Array(comparison.entries.suffix(2))).verdict == nil)
    }

    @Test(
        "What is published becomes a number and the name of its data",
        arguments: [
            (".880 on Fashion-MNIST (d2l, 10 epochs)", 0.88, "Fashion-MNIST"),
            (".594 on ImageNet (authors)", 0.594, "ImageNet"),
            ("0.9 on a  set, perhaps", 0.9, "a set"),
            ("top-1 .565 and top-5 .791 on ImageNet", 0.565, "ImageNet"),
        ])
    func published(_ sentence: String, _ value: Double, _ data: String) throws {
        let found = try #require(PublishedAccuracy(sentence))
        #expect(found.value == value && found.data == data)
    }

    @Test(
        "Sentences without a number or data become nothing", arguments: ["", ".9", "on", "9 on a"])
    func unpublished(_ sentence: String) { #expect(PublishedAccuracy(sentence) == nil) }

    @Test("Published accuracies of the catalog can be drawn", arguments: ["lenet", "nin-imagenet"])
    func catalog(_ name: String) throws {
        #expect(PublishedAccuracy(try Catalog.entry(named: name).accuracy) != nil)
    }

    @Test("A network's facts are those of its summary")
    func entry() throws {
        let entry = try Comparison.Entry(
            try Catalog.entry(named: "lenet"), options: .init(classes: 7), image: [1, 32, 32],
            batch: 3)
        let summary = try NetworkSummary(
            try Catalog.entry(named: "lenet"), options: .init(classes: 7), image: [1, 32, 32],
            batch: 3, mode: .training, optimizer: .sgd())
        #expect(entry.parameters == summary.parameters)
        #expect(entry.multiplyAdds == summary.multiplyAdds)
        #expect(entry.memory?.total == summary.memory.total)
        #expect(entry.name == "lenet" && entry.input == [1, 32, 32] && entry.batch == 3)
    }

    // MARK: - Pictures

    @Test("Any number of entries makes a picture", arguments: [0, 1, 3, 30])
    func counts(_ count: Int) throws {
        let networks = (0..<count).map {
            Self.network("network-\($0)", 1000 << ($0 % 18), 5000 << $0, 1 << 20, 10, ".9 on A")
        }
        let runs = (0..<count).map { Self.run("runs/\($0)", "nin", best: 0.9 - 0.001 * Double($0)) }
        for entries in [networks, runs] {
            let drawing = Comparison(entries).drawing()
            #expect(try DecodedPNG(drawing.png()).width > 0)
            #expect(try !drawing.svg().contains("nan"))
        }
    }

    @Test("Odd numbers still make a picture", arguments: [0, -1, .nan, .infinity, 1e300])
    func odd(_ value: Double) throws {
        var entry = Self.network("odd", 0, .max, 0, value, ".0 on B")
        entry.trainingSpeed = value
        let svg = try Comparison([entry, Self.run("r", "nin", best: value)]).drawing().svg()
        for attribute in svg.matches(of: /(?:x|y|width|height|points)="([^"]*)"/) {
            #expect(!attribute.output.1.contains(/nan|inf/))
        }
    }

    @Test("The accuracies' axis begins near where most runs are")
    func range() throws {
        #expect(ComparisonChart.range(of: []) == nil)
        let found = try #require(
            ComparisonChart.range(of: [0.1, 0.84, 0.86, 0.88, 0.89, 0.9, .nan]))
        #expect(found.lowerBound >= 0.7 && found.lowerBound <= 0.84)
        #expect(found.upperBound >= 0.9 && found.upperBound <= 1)
        #expect(try #require(ComparisonChart.range(of: [1, 1])).upperBound == 1)
    }
}
