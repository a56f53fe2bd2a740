// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaLayers
import FoveaModels
import Testing

@testable import FoveaTraining

/// Weights that fit a network, and the sentences for those that do not.
@Suite struct WeightsTests {
    static func parameters() throws -> [ParameterSpecification] {
        try Catalog.entry(named: "lenet").traced(images: [1, 1, 28, 28], mode: .inference)
            .parameters
    }

    static func drawn() throws -> Weights { Weights(drawing: try parameters(), seed: 1) }

    @Test("They come in the network's order, and keep what the file says")
    func fitted() throws {
        let drawn = try Self.drawn()
        let shuffled = Weights(Array(drawn.arrays.reversed()), metadata: ["note": "kept"])
        let fitted = try shuffled.fitted(to: try Self.parameters(), of: "lenet")
        #expect(fitted.arrays.map(\.name) == (try Self.parameters().map(\.name)))
        #expect(fitted.digest == drawn.digest)
        #expect(fitted.metadata == ["note": "kept"])
    }

    typealias Change =
        @Sendable ([(name: String, array: NDArray)]) -> [(
            name: String, array: NDArray
        )]

    static let changes: [(what: String, change: Change)] = [
        ("missing: features.0.bias", { $0.filter { $0.name != "features.0.bias" } }),
        ("unexpected: extra", { $0 + [("extra", NDArray([1], [0]))] }),
        (
            "of another shape: classifier.4.bias is f32[5], not f32[10]",
            { $0.dropLast() + [("classifier.4.bias", NDArray([5], repeating: 0))] }
        ),
        (
            "of another shape: classifier.4.bias is f16[10], not f32[10]",
            {
                $0.dropLast() + [
                    (
                        "classifier.4.bias",
                        NDArray(TensorType([10], .f16), bytes: [UInt8](repeating: 0, count: 20))
                    )
                ]
            }
        ),
        (
            "missing: features.0.weight, features.0.bias, features.3.weight, features.3.bias and "
                + "4 more; unexpected: a; of another shape: classifier.4.weight is f32[1], not "
                + "f32[10×84]",
            {
                $0.suffix(1) + [
                    ("classifier.4.weight", NDArray([1], [0])), ("a", NDArray([1], [0])),
                ]
            }
        ),
    ]

    @Test("What does not fit is named", arguments: changes.indices)
    func mismatch(_ index: Int) throws {
        let weights = Weights(Self.changes[index].change(try Self.drawn().arrays))
        let parameters = try Self.parameters()
        let error = #expect(throws: FoveaError.self) {
            try weights.fitted(to: parameters, of: "lenet", path: "w.safetensors")
        }
        #expect(error?.code == .weights)
        #expect(
            error?.message
                == "does not hold the weights of lenet: \(Self.changes[index].what).")
        #expect(error?.remedy == "Choose the network these weights were saved from.")
        #expect(error?.path == "w.safetensors")
    }

    /// The names of one `nn.Sequential` that holds LeNet's layers, with a Flatten among them.
    static let numbered = [
        "0.weight", "0.bias", "3.weight", "3.bias", "7.weight", "7.bias", "9.weight", "9.bias",
        "11.weight", "11.bias",
    ]

    @Test("Numbers for names are matched in their order")
    func numbered() throws {
        let drawn = try Self.drawn()
        let named = zip(Self.numbered, drawn.arrays).map { (name: $0, array: $1.array) }
        // As text 11 would come before 3.
        let sorted = Weights(named.sorted { $0.name < $1.name })
        let fitted = try sorted.fitted(to: try Self.parameters(), of: "lenet")
        #expect(fitted.arrays.map(\.name) == drawn.arrays.map(\.name))
        #expect(fitted.digest == drawn.digest)
    }

    @Test("Nested numbers are too")
    func nested() throws {
        let drawn = try Self.drawn()
        let names = Self.numbered.enumerated().map { ($0 < 4 ? "0." : "1.") + $1 }
        let nested = Weights(zip(names, drawn.arrays).map { ($0, $1.array) }.reversed())
        #expect(try nested.fitted(to: try Self.parameters(), of: "lenet").digest == drawn.digest)
    }

    @Test("Numbers that do not fit in their order are not taken")
    func numberedWrong() throws {
        let drawn = try Self.drawn()
        let parameters = try Self.parameters()
        // Two layers changed places: the first mismatch is told under the network's names.
        var names = Self.numbered
        names.swapAt(4, 6)
        names.swapAt(5, 7)
        let swapped = Weights(zip(names, drawn.arrays).map { ($0, $1.array) })
        var error = #expect(throws: FoveaError.self) {
            try swapped.fitted(to: parameters, of: "lenet")
        }
        #expect(
            error?.message
                == "does not hold the weights of lenet: of another shape: classifier.0.weight is "
                + "f32[84×120], not f32[120×400], classifier.0.bias is f32[84], not f32[120], "
                + "classifier.2.weight is f32[120×400], not f32[84×120], classifier.2.bias is "
                + "f32[120], not f32[84].")
        let few = Weights(zip(Self.numbered, drawn.arrays).dropLast().map { ($0, $1.array) })
        error = #expect(throws: FoveaError.self) { try few.fitted(to: parameters, of: "lenet") }
        #expect(
            error?.message
                == "does not hold the weights of lenet: missing: features.0.weight, "
                + "features.0.bias, features.3.weight, features.3.bias and 6 more; unexpected: "
                + "0.weight, 0.bias, 3.weight, 3.bias and 5 more.")
    }

    @Test(
        "A description that makes no sense is none",
        arguments: [
            "{}", "[1]", "no JSON",
            #"{"network":"lenet","classes":[],"image":[1,28,28],"data":""}"#,
            #"{"network":"lenet","classes":["a"],"image":[1,28],"data":""}"#,
            #"{"network":"lenet","classes":["a"],"image":[1,0,28],"data":""}"#,
            #"{"network":"lenet","classes":["a"],"image":[1,4611686018427387904,28],"data":""}"#,
            #"{"network":"lenet","classes":["a"],"image":[1,28,28],"data":"","dropout":1.5}"#,
            #"{"network":"lenet","classes":["a"],"image":[1,28,28],"data":"","dropout":1e99}"#,
        ])
    func description(_ text: String) {
        #expect(ModelDescription(of: Weights([], metadata: ["fovea.model": text])) == nil)
    }

    @Test("A description comes back as it was written")
    func descriptionRoundTrip() throws {
        let description = ModelDescription(
            network: "nin", classes: ["a \"quoted\" name", "é\n"], image: [1, 67, 67],
            data: "fashion-mnist", dropout: 0.2)
        let weights = Weights([], metadata: try description.metadata())
        #expect(ModelDescription(of: weights) == description)
        #expect(weights.metadata["format"] == "pt")
    }
}
