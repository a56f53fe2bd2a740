// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import FoveaTraining
import Foundation
import Testing

/// What `Scripts/fixtures/catalog.py` wrote about a network, and the network with its numbers.
struct CatalogFixture {
    /// The file's metadata.
    struct Facts: Decodable {
        let input: [Int]
        let images: Int
        let batch: Int
        let classes: Int
        let parameterCount: Int
        let learningRate: Double?
        let steps: Int?
        let entries: [Entry]
    }

    /// A parameter or running statistic: `[name, shape]`, and which draw of its numbers if a later one.
    struct Entry: Decodable, Hashable {
        let name: String
        let shape: [Int]
        private(set) var draw = 0

        var isStatistic: Bool {
            name.hasSuffix(".running_mean") || name.hasSuffix(".running_var")
        }

        init(name: String, shape: [Int]) {
            self.name = name
            self.shape = shape
        }

        init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            name = try pair.decode(String.self)
            shape = try pair.decode([Int].self)
            if !pair.isAtEnd { draw = try pair.decode(Int.self) }
        }
    }

    let network: Catalog.Entry
    let facts: Facts
    let file: Safetensors
    private let scales: [Float]
    private let offsets: [Float]

    init(_ name: String) throws {
        network = try Catalog.entry(named: name)
        file = try Safetensors(contentsOf: fixture("catalog/\(name).safetensors"))
        let text = try #require(file.metadata["fixture"])
        facts = try JSONDecoder().decode(Facts.self, from: Data(text.utf8))
        scales = try #require(file["scales"]).floats
        offsets = try #require(file["offsets"]).floats
    }

    var trained: [Entry] { facts.entries.filter { !$0.isStatistic } }
    var statistics: [Entry] { facts.entries.filter(\.isStatistic) }

    /// The shape of a batch of the fixture's images.
    func images(_ count: Int) -> Shape { Shape([count] + facts.input) }

    /// The network as the fixture has it: for its image, without dropout.
    func traced(_ images: Shape, _ mode: Mode) throws(FoveaError) -> TracedNetwork {
        try network.traced(
            images: images, mode: mode, options: Catalog.Options(dropout: 0),
            lossSmoothing: mode == .training ? 0 : nil)
    }

    /// The network on the CPU, with the formula's numbers.
    func prepared(_ mode: Mode, _ precision: Precision = .f32) throws -> PreparedNetwork {
        let batch = mode == .training ? facts.batch : facts.images
        let result = try PreparedNetwork(
            image: Shape(facts.input), batch: batch, mode: mode,
            optimizer: mode == .training ? .sgd() : nil,
            on: try Device.cpu.makeBackend(precision: precision)
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try traced(images, mode)
        }
        for index in facts.entries.indices {
            result.parameters.write(.value, of: facts.entries[index].name, first(index))
        }
        return result
    }

    /// The numbers with which an entry begins.
    func first(_ index: Int) -> NDArray {
        let entry = facts.entries[index]
        let name = entry.draw == 0 ? entry.name : "\(entry.name)@\(entry.draw)"
        return FormulaValues.array(
            name, Shape(entry.shape), scale: scales[index], offset: offsets[index])
    }

    /// The logits of the images to classify, the last of which is the brightest.
    func logits(_ network: PreparedNetwork) throws -> HostValue {
        var images = FormulaValues.unit("input", images(facts.images)).values.map { Float($0) }
        let size = images.count / facts.images
        for index in images.indices {
            images[index] *= Float(index / size + 1) / Float(facts.images)
        }
        let logits = try images.withUnsafeBufferPointer {
            try network.logits($0, count: facts.images)
        }
        return HostValue([facts.images, network.classes], logits.map { Double($0) })
    }

    /// Runs a training step's plan.
    func step(_ number: Int, on executable: any Executable) throws {
        let images = FormulaValues.unit("batch.\(number)", images(facts.batch)).values.map {
            Float($0)
        }
        let labels = FormulaValues.labels("labels.\(number)", facts.batch, classes: facts.classes)
        try executable.run(
            images, labels.values.map { Int32($0) }, RandomDraw(seed: 0, step: number))
    }

    /// A tensor of the file.
    func expected(_ name: String) throws -> HostValue { HostValue(try #require(file[name])) }

    /// A row of a tensor of the file.
    func row(_ index: Int, of name: String) throws -> [Double] {
        let tensor = try expected(name)
        let width = tensor.shape[1]
        return Array(tensor.values[index * width..<(index + 1) * width])
    }
}
