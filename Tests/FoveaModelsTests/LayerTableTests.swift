// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaTestSupport
import Testing

/// The shapes the book prints layer by layer, and the names weights files have.
@Suite struct LayerTableTests {
    /// The outputs of a network's top layers for one image, and of the whole.
    static func outputs(_ name: String) throws -> [String] {
        let entry = try Catalog.entry(named: name)
        let traced = try CatalogTests.published(entry, mode: .training)
        let rows = traced.calls.filter { $0.depth == 1 }
        return rows.map { "\($0.type) \($0.output.perImage)" } + ["\(traced.classes)"]
    }

    @Test func lenet() throws {
        #expect(
            try Self.outputs("lenet") == [
                "Conv2d 6×28×28", "Sigmoid 6×28×28", "AveragePool2d 6×14×14",
                "Conv2d 16×10×10", "Sigmoid 16×10×10", "AveragePool2d 16×5×5",
                "Linear 120", "Sigmoid 120", "Linear 84", "Sigmoid 84", "Linear 10", "10",
            ])
        let traced = try CatalogTests.published(Catalog.entry(named: "lenet"))
        #expect(traced.parameters.first { $0.name == "classifier.0.weight" }?.shape == [120, 400])
    }

    @Test func alexNet() throws {
        #expect(
            try Self.outputs("alexnet-d2l") == [
                "Conv2d 96×54×54", "ReLU 96×54×54", "MaxPool2d 96×26×26",
                "Conv2d 256×26×26", "ReLU 256×26×26", "MaxPool2d 256×12×12",
                "Conv2d 384×12×12", "ReLU 384×12×12", "Conv2d 384×12×12", "ReLU 384×12×12",
                "Conv2d 256×12×12", "ReLU 256×12×12", "MaxPool2d 256×5×5",
                "Linear 4096", "ReLU 4096", "Dropout 4096",
                "Linear 4096", "ReLU 4096", "Dropout 4096", "Linear 10", "10",
            ])
        let traced = try CatalogTests.published(Catalog.entry(named: "alexnet-d2l"))
        #expect(
            traced.parameters.first { $0.name == "classifier.0.weight" }?.shape == [4096, 6400])
    }

    @Test func nin() throws {
        #expect(
            try Self.outputs("nin") == [
                "Sequential 96×54×54", "MaxPool2d 96×26×26",
                "Sequential 256×26×26", "MaxPool2d 256×12×12",
                "Sequential 384×12×12", "MaxPool2d 384×5×5", "Dropout 384×5×5",
                "Sequential 10×5×5", "GlobalAveragePool 10×1×1", "Flatten 10", "10",
            ])
    }

    @Test func ninCifar() throws {
        #expect(
            try Self.outputs("nin-cifar") == [
                "Sequential 96×32×32", "MaxPool2d 96×16×16", "Dropout 96×16×16",
                "Sequential 192×16×16", "AveragePool2d 192×8×8", "Dropout 192×8×8",
                "Sequential 10×8×8", "GlobalAveragePool 10×1×1", "Flatten 10", "10",
            ])
    }

    @Test func ninImageNet() throws {
        #expect(
            try Self.outputs("nin-imagenet") == [
                "Sequential 96×54×54", "MaxPool2d 96×27×27",
                "Sequential 256×27×27", "MaxPool2d 256×13×13",
                "Sequential 384×13×13", "MaxPool2d 384×6×6", "Dropout 384×6×6",
                "Sequential 1000×6×6", "GlobalAveragePool 1000×1×1", "Flatten 1000", "1000",
            ])
    }

    /// Convolutions of the NiN forms, three a block, at the positions of their layers.
    static func blocks(_ positions: [Int]) -> [String] {
        positions.flatMap { block in [0, 2, 4].map { "features.\(block).\($0)" } }
    }

    static let layers = [
        "lenet": ["features.0", "features.3", "classifier.0", "classifier.2", "classifier.4"],
        "alexnet-d2l": [
            "features.0", "features.3", "features.6", "features.8", "features.10",
            "classifier.0", "classifier.3", "classifier.6",
        ],
        "nin": blocks([0, 2, 4, 7]),
        "nin-cifar": blocks([0, 3, 6]),
        "nin-imagenet": blocks([0, 2, 4, 7]),
    ]

    @Test(arguments: Catalog.all.filter { layers[$0.name] != nil }) func names(
        _ entry: Catalog.Entry
    ) throws {
        let expected = Self.layers[entry.name, default: []].flatMap {
            ["\($0).weight", "\($0).bias"]
        }
        for mode in [Mode.training, .inference] {
            let traced = try CatalogTests.published(entry, mode: mode)
            #expect(traced.parameters.map(\.name) == expected)
        }
    }

    @Test(arguments: Catalog.all.filter { layers[$0.name] != nil })
    func parametersAsInWeightsFiles(_ entry: Catalog.Entry) throws {
        let traced = try CatalogTests.published(entry)
        let lines = (traced.parameters + traced.idleParameters).map { "\($0.name) \($0.shape)" }
        try expectGolden(lines.joined(separator: "\n"), "\(entry.name).parameters")
    }
}
