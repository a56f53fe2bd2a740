// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaRuntime
import Glibc

/// Everything a run needs to go on bit for bit: weights, the optimizer's state, and counters.
///
/// Random decisions depend on the seed and the counters only, so no generator's state is kept. A
/// file holds a digest of all it says, is read back after it is written, and two good ones are
/// kept, so that at any moment there is one to go on from.
struct Checkpoint {
    /// The counters and sums of a run.
    struct State: Codable, Hashable {
        /// The settings of the run.
        var configuration: TrainingConfiguration
        /// The digest of the data.
        var fingerprint: String
        /// The number of threads, on which the order of sums depends.
        var threads: Int
        /// The library whose kernels computed, and how they were chosen if not by trying.
        var library: String
        /// The number of epochs that are done.
        var epoch = 0
        /// The number of steps that are done of the epoch that is not.
        var stepInEpoch = 0
        /// The number of steps that are done of the whole run.
        var step = 0
        /// What was gathered of the epoch that is not done.
        var metrics = Metrics()
        /// The figures of the last epoch that is done.
        var lastEpoch: EpochResult?
        /// The best test accuracy and its epoch, counted from one.
        var best: Best?
        /// The size of the metrics file at this moment.
        var metricsByteCount = 0
        /// The time spent, in seconds, and the parts of it within steps and waiting for images.
        var seconds = 0.0
        var stepSeconds = 0.0
        var waitingSeconds = 0.0
        /// The number of images trained on, of which throughput is counted.
        var images = 0
        /// Steps in a row that ended at the loss of guessing.
        var guessing = 0
        /// Whether the run is complete.
        var isFinished = false
    }

    struct Best: Codable, Hashable {
        var accuracy: Double
        var epoch: Int
    }

    let state: State
    let weights: Weights
    let optimizerState: [Weights]

    /// The name of the file of a step.
    static func name(step: Int) -> String {
        let digits = String(step)
        return "checkpoint-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
            + ".safetensors"
    }

    // MARK: - Writing

    /// Writes a checkpoint into a folder, verifies it, and removes all but the one before it.
    static func save(
        _ state: State, of network: PreparedNetwork, in folder: String
    ) throws(FoveaError) {
        let parts = network.parameters.optimizer?.stateNames ?? []
        var tensors = network.weights.arrays.map { (name: "weights/\($0.name)", array: $0.array) }
        for (index, part) in parts.enumerated() {
            tensors += network.read(.state(index)).arrays.map { ("\(part)/\($0.name)", $0.array) }
        }
        guard tensors.allSatisfy({ $0.array.isFinite }) else {
            throw .notFinite("A weight", step: state.step)
        }
        let text = try JSON.text(state)
        let metadata = ["fovea.checkpoint": text, "sha256": digest(text, tensors)]
        let path = "\(folder)/\(name(step: state.step))"
        try Safetensors(tensors, metadata: metadata).write(to: path)
        guard (try? read(path)) != nil else {
            throw FoveaError(
                .cannotWrite, "does not read back as it was written.",
                remedy: "Check the disk.", path: path)
        }
        for old in files(in: folder).dropLast(2) { unlink("\(folder)/\(old)") }
    }

    /// The names of a folder's checkpoints, the oldest first.
    static func files(in folder: String) -> [String] {
        Folders.names(in: folder).filter {
            $0.hasPrefix("checkpoint-") && $0.hasSuffix(".safetensors")
        }.sorted()
    }

    // MARK: - Reading

    /// The newest checkpoint of a folder that is whole, if there is one, and newer ones that are not.
    static func newest(
        in folder: String
    ) throws(FoveaError) -> (checkpoint: Checkpoint?, damaged: [String]) {
        var damaged: [String] = []
        for name in files(in: folder).reversed() {
            if let checkpoint = try read("\(folder)/\(name)") { return (checkpoint, damaged) }
            damaged.append(name)
        }
        return (nil, damaged)
    }

    /// Reads a file.
    ///
    /// - Parameter path: The file.
    /// - Returns: The checkpoint, or nil if the file is damaged.
    /// - Throws: An error if the file cannot be read, or is whole but says what this version does not know.
    static func read(_ path: String) throws(FoveaError) -> Checkpoint? {
        let file: Safetensors
        do throws(FoveaError) {
            file = try Safetensors(contentsOf: path)
        } catch {
            // A file that cannot be read at all may be whole.
            guard error.code == .weights else { throw error }
            return nil
        }
        guard let text = file.metadata["fovea.checkpoint"],
            file.metadata["sha256"] == digest(text, file.tensors),
            file.tensors.allSatisfy({ $0.array.type.dtype == .f32 })
        else { return nil }
        guard let state = JSON.value(State.self, from: text) else {
            throw FoveaError(
                .weights, "was written by another version of Fovea.",
                remedy:
                    "Resume with the version that run.json names, or choose another folder with --out.",
                path: path)
        }
        return Checkpoint(state, file)
    }

    private init(_ state: State, _ file: Safetensors) {
        func part(_ prefix: String) -> Weights {
            Weights(
                file.tensors.compactMap { name, array in
                    name.hasPrefix(prefix + "/")
                        ? (String(name.dropFirst(prefix.utf8.count + 1)), array) : nil
                })
        }
        self.state = state
        weights = part("weights")
        optimizerState = state.configuration.optimizerRule.stateNames.map(part)
    }

    static func digest(
        _ state: String, _ tensors: [(name: String, array: NDArray)]
    ) -> String {
        var digest = Digest(.sha256)
        Array(state.utf8).withUnsafeBytes { digest.update($0) }
        for (name, array) in tensors {
            Array("\n\(name) \(array.type)\n".utf8).withUnsafeBytes { digest.update($0) }
            array.bytes.withUnsafeBytes { digest.update($0) }
        }
        return digest.hexadecimal
    }
}

extension FoveaError {
    /// Training has run away; nothing of the step is kept.
    static func notFinite(_ what: String, step: Int) -> FoveaError {
        FoveaError(
            .stopped, "\(what) is not finite at step \(step).",
            remedy: "Try a smaller --lr; nothing was saved from this step.")
    }
}

extension NDArray {
    /// Whether no element is infinite or not a number.
    package var isFinite: Bool { withFloats { $0.allSatisfy(\.isFinite) } }
}
