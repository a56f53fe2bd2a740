// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import FoveaLayers
public import FoveaModels
import FoveaRuntime
public import FoveaTraining

/// Networks and runs side by side: what they cost, how fast they are, and how well they classify.
public struct Comparison: Sendable {
    /// A network of the catalog, or the network of a run.
    public struct Entry: Sendable {
        /// What the comparison calls it: the network's name, or the run's folder.
        public var name: String
        /// The network's name.
        public let network: String
        /// The shape of one image.
        public let input: [Int]
        /// The number of images of a step, for which speed and memory are.
        public let batch: Int
        /// The number of parameters; nil if the catalog does not know the network.
        public let parameters: Int?
        /// The multiply-adds for one image; nil if the catalog does not know the network.
        public let multiplyAdds: Int?
        /// The memory of training, as the plan lays it out.
        public let memory: NetworkSummary.Memory?
        /// The images of a second in training steps, if they were measured.
        public var trainingSpeed: Double?
        /// The images of a second of inference, if they were measured.
        public var inferenceSpeed: Double?
        /// What is published about the accuracy of a network of the catalog.
        public let publishedAccuracy: String?
        /// What came out of the run, if it is one.
        public let run: Run?
    }

    /// What came out of a run so far.
    public struct Run: Sendable {
        /// The data set's name.
        public let data: String
        /// The recipe the settings began from.
        public let recipe: String
        /// `running`, `finished`, `stopped` or `failed`.
        public let status: String
        /// How many epochs were trained.
        public let epochs: Double
        /// The training loss logged last.
        public let loss: Double?
        /// The test accuracy measured last.
        public let testAccuracy: Double?
        /// The best test accuracy.
        public let bestTestAccuracy: Double?
        /// The epoch it was measured after.
        public let bestEpoch: Int?
        /// The time of the run in seconds, once it has ended.
        public let seconds: Double?
        /// Everything that was logged.
        let points: [MetricPoint]
    }

    /// What is compared, in this order.
    public var entries: [Entry]
    /// What the speeds of networks were measured on, in a few words; nil if they were not.
    public var measuredOn: String?

    /// Compares networks and runs.
    ///
    /// - Parameters:
    ///   - entries: What is compared.
    ///   - measuredOn: What the speeds of networks were measured on.
    public init(_ entries: [Entry], measuredOn: String? = nil) {
        self.entries = entries
        self.measuredOn = measuredOn
    }
}

extension Comparison.Entry {
    /// A network of the catalog, not measured yet.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - options: What is chosen about it.
    ///   - image: The shape of one image.
    ///   - batch: The number of images of a step.
    /// - Throws: An error if the network does not fit its images.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, batch: Int
    ) throws(FoveaError) {
        let summary = try NetworkSummary(
            entry, options: options, image: image, batch: batch, mode: .training,
            optimizer: .sgd())
        self.init(
            name: entry.name, network: entry.name, input: image.dimensions, batch: batch,
            parameters: summary.parameters, multiplyAdds: summary.multiplyAdds,
            memory: summary.memory, publishedAccuracy: entry.accuracy, run: nil)
    }

    /// A run, from the files in its folder.
    ///
    /// - Parameter folder: The folder.
    /// - Throws: An error if the record cannot be read.
    public init(_ folder: RunFolder) throws(FoveaError) {
        let record = try folder.readRecord()
        let settings = record.configuration
        let summary = NetworkSummary(of: settings)
        let points = folder.points()
        self.init(
            name: folder.path, network: settings.network, input: settings.image,
            batch: settings.batch, parameters: summary?.parameters,
            multiplyAdds: summary?.multiplyAdds, memory: summary?.memory,
            trainingSpeed: record.result?.imagesPerSecond ?? points.last?.imagesPerSecond,
            publishedAccuracy: nil, run: Comparison.Run(record, points))
    }
}

extension Comparison.Run {
    /// What the record says; of a run that has no result yet, what was logged.
    init(_ record: RunRecord, _ points: [MetricPoint]) {
        let tests = points.filter { $0.split == "test" }
        let best = tests.max { ($0.accuracy, $1.epoch) < ($1.accuracy, $0.epoch) }
        let result = record.result
        data = record.data.name
        recipe = record.configuration.recipe
        status = record.status
        epochs = points.last?.epoch ?? Double(result?.epochs ?? 0)
        loss = result?.loss ?? points.last { $0.split == "train" }?.loss
        testAccuracy = result?.testAccuracy ?? tests.last?.accuracy
        bestTestAccuracy = result?.bestTestAccuracy ?? best?.accuracy
        bestEpoch = result?.bestEpoch ?? best.flatMap { Int(exactly: $0.epoch.rounded(.up)) }
        seconds = result?.seconds
        self.points = points
    }
}

extension NetworkSummary {
    /// The network of a run; nil if this catalog has no such network, or it takes no such images.
    init?(of settings: TrainingConfiguration) {
        // The record is a file like any other: it may say what no run was made with.
        guard settings.image.count == 3, (1...100_000).contains(settings.classes),
            (try? settings.validate()) != nil,
            let entry = try? Catalog.entry(named: settings.network),
            let precision = Precision(rawValue: settings.precision),
            let summary = try? NetworkSummary(
                entry, options: settings.options, image: Shape(settings.image),
                batch: settings.batch, mode: .training, precision: precision,
                optimizer: settings.optimizerRule)
        else { return nil }
        self = summary
    }
}

extension Comparison {
    /// Shorter names for runs where they still tell them apart: without the folders around them.
    var shortNames: [String] {
        func last(_ name: String) -> String {
            name.split(separator: "/").last.map(String.init) ?? name
        }
        let short = entries.map { last($0.name) }
        let counts = Dictionary(short.map { ($0, 1) }, uniquingKeysWith: +)
        return zip(short, entries).map { counts[$0] == 1 ? $0 : $1.name }
    }

    /// Whether any entry is a run.
    var hasRuns: Bool { entries.contains { $0.run != nil } }

    /// What the two best runs on the same data have to do with each other, in one sentence.
    package var verdict: String? {
        let names = shortNames
        let ranked = entries.indices.filter { entries[$0].run?.bestTestAccuracy != nil }
            .sorted { accuracy($0) > accuracy($1) }
        let pairs = ranked.lazy.compactMap { first in
            ranked.drop { $0 != first }.dropFirst()
                .first { entries[$0].run?.data == entries[first].run?.data }
                .map { (first, $0) }
        }
        guard let (first, second) = pairs.first else { return nil }
        let points = DecimalText.fixed(100 * (accuracy(first) - accuracy(second)), decimals: 1)
        var text =
            points == "0.0"
            ? "\(names[first]) and \(names[second]) are equally good"
            : "\(names[first]) is \(points) points better than \(names[second])"
        if let more = entries[first].multiplyAdds, let less = entries[second].multiplyAdds, less > 0
        {
            let ratio = Double(more) / Double(less)
            text +=
                ratio > 0.995 && ratio < 1.005
                ? ", at the same multiply-adds" : ", at \(Self.factor(ratio)) the multiply-adds"
        }
        return text + "."
    }

    private func accuracy(_ index: Int) -> Double { entries[index].run?.bestTestAccuracy ?? 0 }

    private static func factor(_ ratio: Double) -> String {
        switch ratio {
        case 10...: DecimalText.grouped(Int(min(ratio, 1e15).rounded())) + "×"
        case 0.1...: DecimalText.fixed(ratio, decimals: ratio < 1 ? 2 : 1) + "×"
        default: "1/" + DecimalText.grouped(Int(min(1 / ratio, 1e15).rounded())) + " of"
        }
    }
}

/// The number that a sentence about a published accuracy begins with, and the data it is for.
struct PublishedAccuracy: Equatable {
    let value: Double
    let data: String

    /// Reads sentences such as `.880 on Fashion-MNIST (d2l, 10 epochs)`.
    init?(_ sentence: String) {
        guard let number = sentence.firstMatch(of: /(?:^|\s)0?(\.\d+)/)?.output.1,
            let value = Double("0" + number),
            let data = sentence.firstMatch(of: /\bon ([^(,;]+)/)?.output.1
        else { return nil }
        self.value = value
        self.data = data.split(separator: " ").joined(separator: " ")
    }
}
