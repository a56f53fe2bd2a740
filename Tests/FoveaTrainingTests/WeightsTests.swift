// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaTestSupport
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

    static func zeros(_ shape: Shape, _ dtype: DType) -> NDArray {
        let type = TensorType(shape, dtype)
        return NDArray(type, bytes: [UInt8](repeating: 0, count: type.byteCount))
    }

    static let changes: [(what: String, change: Change)] = [
        ("missing: features.0.bias", { $0.filter { $0.name != "features.0.bias" } }),
        ("unexpected: extra", { $0 + [("extra", NDArray([1], [0]))] }),
        (
            "of another shape: classifier.4.bias is f32[5], not f32[10]",
            { $0.dropLast() + [("classifier.4.bias", NDArray([5], repeating: 0))] }
        ),
        (
            "of another shape: classifier.4.bias is i32[10], not f32[10]",
            { $0.dropLast() + [("classifier.4.bias", zeros([10], .i32))] }
        ),
        (
            "of another shape: classifier.4.bias is f16[5], not f32[10]",
            { $0.dropLast() + [("classifier.4.bias", zeros([5], .f16))] }
        ),
        ("unexpected: extra\u{FFFD}[2J", { $0 + [("extra\u{1B}[2J", NDArray([1], [0]))] }),
        (
            "missing: features.0.bias; unexpected: features.0.bia",
            {
                $0.map { ($0.name == "features.0.bias" ? "features.0.bia" : $0.name, $0.array) }
                    + [("count", zeros([], .i64)), ("0.num_batches_tracked", NDArray([], [7]))]
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

    // MARK: - What differs and fits all the same

    @Test("Counts that nothing needs are no difference")
    func counts() throws {
        let drawn = try Self.drawn()
        let counts: [(name: String, array: NDArray)] = [
            ("features.1.num_batches_tracked", Self.zeros([], .i64)),
            ("position", Self.zeros([3], .u8)), ("num_batches_tracked", NDArray([], [1])),
        ]
        let weights = Weights(counts + drawn.arrays)
        #expect(weights.mismatch(with: try Self.parameters()).isEmpty)
        #expect(try weights.fitted(to: try Self.parameters(), of: "lenet").digest == drawn.digest)
        let numbered = zip(Self.numbered, drawn.arrays).map { (name: $0, array: $1.array) }
        #expect(
            try Weights(numbered + [("4.num_batches_tracked", Self.zeros([], .i64))])
                .fitted(to: try Self.parameters(), of: "lenet").digest == drawn.digest)
    }

    @Test("Floats of other widths become 32-bit floats")
    func widths() throws {
        func little(_ bits: some FixedWidthInteger) -> [UInt8] { PickleParts.little(bits) }
        let half: [UInt16] = [
            0x0000, 0x8000, 0x3C00, 0xC101, 0x7BFF, 0x0001, 0x83FF, 0x7C00, 0xFC00, 0x3555,
        ]
        let halves: [Float] = [
            0, -0.0, 1, -2.501953125, 65504, 0x1p-24, -0x1.FF8p-15, .infinity, -.infinity,
            0x1.554p-2,
        ]
        let brain: [UInt16] = [
            0x0000, 0x8000, 0x3F80, 0xC049, 0x7F7F, 0x0001, 0x8080, 0xFF80, 0, 0x4000,
        ]
        let brains: [Float] = [
            0, -0.0, 1, -3.140625, 0x1.FEp127, 0x1p-133, -0x1p-126, -.infinity, 0, 2,
        ]
        // The last ones are rounded: to even, beyond the largest, to even among subnormal numbers.
        let double: [Double] = [0, -0.0, 1, -2.5, 0x1p-149, 1 + 0x1p-24, 1e39, 0x1.8p-149, 0.1, 3]
        let doubles: [Float] = [0, -0.0, 1, -2.5, 0x1p-149, 1, .infinity, 0x1p-148, 0.1, 3]
        let cases: [(dtype: DType, bytes: [UInt8], floats: [Float])] = [
            (.f16, half.flatMap(little), halves), (.bf16, brain.flatMap(little), brains),
            (.f64, double.flatMap { little($0.bitPattern) }, doubles),
        ]
        let drawn = try Self.drawn()
        for (dtype, bytes, floats) in cases {
            let array = NDArray(TensorType([10], dtype), bytes: bytes)
            let weights = Weights(drawn.arrays.dropLast() + [("classifier.4.bias", array)])
            let fitted = try weights.fitted(to: try Self.parameters(), of: "lenet")
            #expect(fitted["classifier.4.bias"] == NDArray([10], floats), "\(dtype)")
        }
        #expect(Self.zeros([1], .i64).convertedToFloats() == nil)
    }

    @Test("Optional weights may be missing, or of any shape; those that fit are taken")
    func optional() throws {
        let drawn = try Self.drawn()
        let parameters = try Self.parameters()
        let optional: Set = ["features.0.weight", "features.0.bias"]
        let without = Weights(drawn.arrays.filter { !optional.contains($0.name) })
        #expect(without.mismatch(with: parameters).missing == parameters.prefix(2).map(\.name))
        #expect(without.mismatch(with: parameters, optional: optional).isEmpty)
        let names = drawn.arrays.map(\.name)
        var fitted = try without.fitted(to: parameters, of: "lenet", optional: optional)
        #expect(fitted.arrays.map(\.name) == Array(names.dropFirst(2)))
        fitted = try drawn.fitted(to: parameters, of: "lenet", optional: optional)
        #expect(fitted.digest == drawn.digest)
        let other = Weights(without.arrays + [("features.0.bias", NDArray([1], [0]))])
        fitted = try other.fitted(to: parameters, of: "lenet", optional: optional)
        #expect(fitted.arrays.map(\.name) == Array(names.dropFirst(2)))
        // What the network does not have at all may be optional too.
        #expect(
            Weights(drawn.arrays + [("aux1.fc.bias", NDArray([1], [0]))])
                .mismatch(with: parameters, optional: ["aux1.fc.bias"]).isEmpty)
        // The rest is as strict as ever.
        let none = Weights(Array(drawn.arrays.dropLast()))
        let error = #expect(throws: FoveaError.self) {
            try none.fitted(to: parameters, of: "lenet", optional: optional)
        }
        #expect(
            error?.message
                == "does not hold the weights of lenet: missing: classifier.4.bias.")
    }

    // MARK: - DenseNet's old names

    static let denseNames: [(old: String, new: String?)] = [
        (
            "features.denseblock1.denselayer16.norm.1.weight",
            "features.denseblock1.denselayer16.norm1.weight"
        ),
        ("denselayer1.conv.2.weight", "denselayer1.conv2.weight"),
        ("a.denselayer1.norm.2.running_var", "a.denselayer1.norm2.running_var"),
        ("a.denselayer1.norm.2.num_batches_tracked", nil),
        ("a.denselayer1.norm1.weight", nil), ("a.denselayer.norm.1.weight", nil),
        ("a.denselayer1.norm.3.weight", nil), ("a.denselayer1.pool.1.weight", nil),
        ("a.denselayer1b.norm.1.weight", nil), ("a.layer1.norm.1.weight", nil),
        ("norm.1.weight", nil), ("", nil),
    ]

    @Test("Names of DenseNet's first files are joined by torchvision's rule", arguments: denseNames)
    func denseName(_ old: String, _ new: String?) {
        #expect(Weights.denseLayerName(old) == new)
    }

    @Test("They are joined where a network asks for the new ones")
    func denseLayers() throws {
        func parameters(_ network: any Network) throws -> [ParameterSpecification] {
            try TracedNetwork(network, images: [1, 1, 1, 1], mode: .inference).parameters
        }
        let new = ["denselayer1.norm1.weight", "denselayer1.conv1.weight"]
        let old = ["denselayer1.norm.1.weight", "denselayer1.conv.1.weight"]
        let arrays = [1, 2].map { NDArray([1, 1, 1, 1], [Float($0)]) }
        let weights = Weights(Array(zip(old, arrays)))
        for (network, names) in [(DenseNetwork() as any Network, new), (DottedNetwork(), old)] {
            let fitted = try weights.fitted(to: try parameters(network), of: "dense")
            #expect(fitted.arrays.map(\.name) == names && fitted.arrays.map(\.array) == arrays)
        }
        // Both at once is a file that somebody has mixed.
        let mixed = Weights(Array(zip(new + old.prefix(1), arrays + arrays.prefix(1))))
        let specifications = try parameters(DenseNetwork())
        let error = #expect(throws: FoveaError.self) {
            try mixed.fitted(to: specifications, of: "dense")
        }
        #expect(
            error?.message
                == "does not hold the weights of dense: unexpected: denselayer1.norm.1.weight.")
    }

    // MARK: - Files

    @Test("The content of a file says what it is")
    func files() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/named.pth"
        let drawn = try Self.drawn()
        try drawn.write(to: path)
        #expect(try Weights(contentsOf: path).digest == drawn.digest)
        for name in ["state", "state-legacy"] {
            let file = try PyTorchFile(contentsOf: fixture("pth/\(name).pth"))
            let weights = try Weights(contentsOf: fixture("pth/\(name).pth"))
            #expect(weights.arrays.map(\.name) == file.tensors.map(\.name))
            #expect(weights.arrays.map(\.array) == file.tensors.map(\.array))
            #expect(weights.metadata.isEmpty)
        }
    }

    static let others: [(bytes: [UInt8], beginning: String)] = [
        ([], "it is empty"), ([0x0A], "it begins with 0A"),
        (Array("<!DOCTYPE html>".utf8), "it begins with 3C 21 44 4F"),
    ]

    @Test("What is no weights file is told by its beginning", arguments: others)
    func otherFiles(_ bytes: [UInt8], _ beginning: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/w.pth"
        try AtomicFile.write(path, [bytes])
        let error = #expect(throws: FoveaError.self) { try Weights(contentsOf: path) }
        #expect(error?.code == .weights)
        #expect(error?.message == "is no weights file that Fovea knows: \(beginning).")
        #expect(
            error?.remedy == "Fovea reads safetensors files, and state dicts that PyTorch saved.")
        #expect(error?.path == path)
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

/// A layer of DenseNet, as far as names go.
private struct DenseLayer: Layer {
    let norm1 = Conv2d(1, kernel: 1, bias: false)
    let conv1 = Conv2d(1, kernel: 1, bias: false)

    func callAsFunction(_ x: Tensor) -> Tensor { conv1(norm1(x)) }
}

private struct DenseNetwork: Layer, Network {
    let denselayer1 = DenseLayer()

    func callAsFunction(_ x: Tensor) -> Tensor { denselayer1(x).flattened() }
}

/// A layer whose names are of themselves what DenseNet's were once.
private struct DottedLayer: Layer {
    let norm = Sequential {
        ReLU(); Conv2d(1, kernel: 1, bias: false)
    }
    let conv = Sequential {
        ReLU(); Conv2d(1, kernel: 1, bias: false)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { conv(norm(x)) }
}

private struct DottedNetwork: Layer, Network {
    let denselayer1 = DottedLayer()

    func callAsFunction(_ x: Tensor) -> Tensor { denselayer1(x).flattened() }
}
