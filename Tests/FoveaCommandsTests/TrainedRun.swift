// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A network trained once, which several tests look at and none changes.
struct TrainedRun: Sendable {
    /// The folder with `data` and `run`.
    let folder: String
    let outcome: (code: Int32, output: String, remarks: String)

    var run: String { folder + "/run" }
    var data: String { folder + "/data" }

    static let shared = Result { try TrainedRun() }

    static let arguments = [
        "train", "lenet", "--epochs", "12", "--batch", "20", "--optimizer", "adamw", "--lr", "0.01",
        "--init", "kaiming-normal",
        "--save-every", "15",
    ]

    private init() throws {
        let folder = try TemporaryFolder(isKept: true)
        try BarPictures.write(to: folder, training: 410, test: 50)
        self.folder = folder.path
        let outcome = try Program.run(
            Self.arguments + ["--data-dir", "data", "--out", "run", "--json"], in: folder.path)
        self.outcome = (outcome.code, outcome.output, outcome.remarks)
        try #require(outcome.code == 0, "\(outcome.remarks)")
    }

    /// The names in the run's folder.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: run)) ?? []).sorted()
    }

    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(run)/\(name)"))
    }
}
