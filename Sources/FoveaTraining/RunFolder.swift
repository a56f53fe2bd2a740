// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
import Glibc

/// The folder of a run: the files are the truth, and all there is.
public struct RunFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Names a folder.
    public init(_ path: String) {
        self.path = path
    }

    /// The settings, the machine and the result.
    public var record: String { "\(path)/run.json" }
    /// One JSON object a line for each logged point.
    public var metrics: String { "\(path)/metrics.jsonl" }
    /// Timings of kernels, so that a resumed run chooses the same ones.
    public var kernels: String { "\(path)/kernels.tsv" }
    /// The weights of the best epoch.
    public var bestWeights: String { "\(path)/best.safetensors" }
    /// The weights after the last step.
    public var lastWeights: String { "\(path)/last.safetensors" }

    /// Makes the folder, and those around it, unless it is there.
    ///
    /// - Throws: An error of the code `.cannotCreate` that says why it cannot be.
    public func create() throws(FoveaError) {
        guard Folders.make(path) else {
            throw FoveaError(
                .cannotCreate,
                "cannot be created: \(String(cString: strerror(errno)).lowercased()).",
                remedy: "Choose another folder with --out.", path: path)
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw FoveaError(
                .cannotCreate, "is not a folder that can be written to.",
                remedy: "Choose another folder with --out.", path: path)
        }
    }

    /// Whether a run was begun here.
    public var hasRun: Bool { access(record, F_OK) == 0 || !Checkpoint.files(in: path).isEmpty }

    /// Makes the first folder of the form runs/NAME-1 that was not there yet.
    ///
    /// It is made at once, so that of two runs that begin together each has its own.
    ///
    /// - Parameter name: The name, such as `nin-fashion-mnist`.
    /// - Returns: The folder.
    /// - Throws: An error of the code `.cannotCreate` that says why it cannot be made.
    public static func unused(named name: String) throws(FoveaError) -> RunFolder {
        try RunFolder("runs").create()
        var number = 1
        while mkdir("runs/\(name)-\(number)", 0o755) != 0, errno == EEXIST { number += 1 }
        let folder = RunFolder("runs/\(name)-\(number)")
        // If it could not be made this says why.
        try folder.create()
        return folder
    }

    /// Removes a folder that `unused` has made, if nothing was written to it.
    public func discardIfEmpty() {
        if rmdir(path) == 0 { rmdir("runs") }
    }

    /// The logged points, in the order in which they were logged.
    ///
    /// - Returns: The points of all whole lines.
    package func points() -> [MetricPoint] {
        guard let bytes = try? AtomicFile.read(metrics) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            JSON.value(MetricPoint.self, from: String(decoding: $0, as: UTF8.self))
        }
    }

    /// What the record says.
    ///
    /// - Returns: Settings, machine, data and, once there is one, the result.
    /// - Throws: An error of the code `.missing` if it is not there, `.dataset` if it is damaged.
    public func readRecord() throws(FoveaError) -> RunRecord {
        let text = String(decoding: try AtomicFile.read(record), as: UTF8.self)
        guard let value = JSON.value(RunRecord.self, from: text) else {
            throw FoveaError(
                .dataset, "is not the record of a run.",
                remedy: "Leave the run out, or train it again.", path: record)
        }
        return value
    }
}

/// One line of the metrics file.
public struct MetricPoint: Codable, Sendable, Hashable {
    /// Where in the run, in epochs: 1.2 is a fifth into the second.
    public var epoch: Double
    /// The number of steps done.
    public var step: Int
    /// `train` or `test`.
    public var split: String
    /// The mean loss since the epoch began, or over the test images.
    public var loss: Double
    /// The share of images that were classified right.
    public var accuracy: Double
    /// The learning rate.
    public var lr: Float
    /// The images of a second within steps.
    public var imagesPerSecond: Double
    /// The share of time spent waiting for images.
    public var waiting: Double
}

/// The figures of one epoch.
public struct EpochResult: Codable, Sendable, Hashable {
    /// Which epoch, counted from one.
    public var epoch: Int
    /// The training figures, gathered while the weights moved.
    public var train: Metrics
    /// The figures over the test images after the epoch.
    public var test: Metrics
}
