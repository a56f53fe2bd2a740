// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import FoveaModels
import Foundation
import Testing

@testable import FoveaTraining

/// A folder that is removed with all it holds at the end of a test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/fovea-run-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The names of the files in it, in order.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// The path of a fixture of these tests.
func fixture(_ name: String, testFile: StaticString = #filePath) -> String {
    URL(fileURLWithPath: "\(testFile)").deletingLastPathComponent().path + "/Fixtures/\(name)"
}

/// Noisy pictures, each with a bright bar at the place that belongs to its class, of all classes but one
/// that may be missing.
func bars(
    _ count: Int, name: String = "bars/train", seed: UInt64 = 1, missing: Int32? = nil
) -> InMemoryImages {
    var stream = RandomStream(seed: seed, purpose: .input)
    let labels = (0..<count).map { Int32($0 % 10) }.map { $0 == missing ? ($0 + 1) % 10 : $0 }
    var pixels: [UInt8] = []
    for label in labels {
        for row in 0..<28 {
            let isBar = (row - 4) / 2 == Int(label) && row >= 4
            for _ in 0..<28 { pixels.append(UInt8(stream.whole(below: 60) + (isBar ? 180 : 0))) }
        }
    }
    return InMemoryImages(
        name: name, classes: (0..<10).map { "bar \($0)" }, imageShape: [1, 28, 28],
        pixels: pixels, labels: labels)
}

/// Bars to learn from and to test on.
func barData(_ training: Int, _ test: Int, seed: UInt64 = 1) -> ClassificationData {
    ClassificationData(
        name: "bars", training: bars(training, seed: seed),
        test: bars(test, name: "bars/test", seed: seed + 100), origin: "memory")
}

/// The settings of a run on bars.
func settings(
    _ network: String, recipe: String = "d2l", change: (inout TrainingConfiguration) -> Void
) throws -> TrainingConfiguration {
    var result = try TrainingConfiguration(
        try Catalog.entry(named: network), recipe: recipe, data: "bars", image: [1, 28, 28],
        classes: 10)
    change(&result)
    return result
}

extension RunFolder {
    init(_ folder: TemporaryFolder) { self.init(folder.path) }

    /// The digest of a file in the folder.
    func digest(_ name: String) throws -> String {
        Digest.sha256(try AtomicFile.read("\(path)/\(name)"))
    }

    /// The logged points without what depends on the clock.
    func timelessPoints() -> [MetricPoint] {
        points().map { point in
            var copy = point
            copy.imagesPerSecond = 0
            copy.waiting = 0
            return copy
        }
    }
}

extension Weights {
    /// A digest of all numbers.
    var digest: String { Digest.sha256(arrays.flatMap(\.array.bytes)) }
}
