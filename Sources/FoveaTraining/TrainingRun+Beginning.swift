// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import FoveaLayers
import FoveaRuntime

/// How a run begins: with weights that are drawn or read, or where an earlier one has stopped.
extension TrainingRun {
    static func initialWeights(
        _ configuration: TrainingConfiguration, _ network: PreparedNetwork, _ name: String
    ) throws(FoveaError) -> Weights {
        guard let path = configuration.initialWeights else {
            return Weights(
                drawing: network.specifications, seed: configuration.seed,
                override: configuration.initializerOverride, head: configuration.headInitializer)
        }
        return try Weights(contentsOf: path).fitted(
            to: network.specifications, of: name, path: path)
    }

    /// Makes all plans of a run, so that no step waits for one, and none is tried beside a loader at work.
    static func prepare(_ trainer: Trainer, for data: ClassificationData) throws(FoveaError) {
        let rest = data.training.count % trainer.batch
        if rest > 0 {
            do throws(FoveaError) {
                _ = try trainer.network.executable(.training, batch: rest)
            } catch {
                guard error.code == .model else { throw error }
                throw FoveaError(
                    .usage,
                    "the last batch of an epoch has \(rest) of \(data.training.count) images, which is too few "
                        + "for this network.",
                    remedy:
                        "Choose another --batch than \(trainer.batch), or another --limit-train.")
            }
        }
        for batch in [min(trainer.batch, data.test.count), data.test.count % trainer.batch]
        where batch > 0 { _ = try trainer.network.executable(.inference, batch: batch) }
    }

    static func check(
        _ old: Checkpoint.State, continues new: Checkpoint.State, in folder: RunFolder,
        stepsPerEpoch: Int
    ) throws(FoveaError) {
        if let difference = old.configuration.firstDifference(from: new.configuration) {
            throw FoveaError(
                .usage, "the run in \(folder.path) was begun with \(difference).",
                remedy: "Give the settings it was begun with, or choose another folder with --out.")
        }
        guard old.fingerprint == new.fingerprint else {
            throw FoveaError(
                .dataset, "the run in \(folder.path) was trained on other images.",
                remedy: "Restore the data it was begun with, or choose another folder with --out.")
        }
        guard old.threads == new.threads else {
            throw FoveaError(
                .usage,
                "the run in \(folder.path) was begun with \(old.threads) threads, not "
                    + "\(new.threads), and would not go on bit for bit.",
                remedy: "Add --threads \(old.threads).")
        }
        guard (0...new.configuration.epochs).contains(old.epoch),
            (0...stepsPerEpoch).contains(old.stepInEpoch),
            old.step == old.epoch * stepsPerEpoch + old.stepInEpoch, old.metricsByteCount >= 0
        else {
            throw FoveaError(
                .weights, "the checkpoint in \(folder.path) counts steps that the run has not.",
                remedy: "Choose another folder with --out.")
        }
    }

    /// Lets a trainer go on from a checkpoint.
    static func load(
        _ checkpoint: Checkpoint, into trainer: Trainer, of name: String, in folder: RunFolder
    ) throws(FoveaError) {
        let specifications = trainer.network.specifications
        let path = "\(folder.path)/\(Checkpoint.name(step: checkpoint.state.step))"
        trainer.weights = try checkpoint.weights.fitted(to: specifications, of: name, path: path)
        for (index, part) in checkpoint.optimizerState.enumerated() {
            trainer.network.write(
                try part.fitted(to: specifications, of: name, path: path), as: .state(index))
        }
        trainer.step = checkpoint.state.step
    }

    /// The number of steps of an epoch.
    static func stepCount(_ data: ClassificationData, _ configuration: TrainingConfiguration) -> Int
    {
        (data.training.count + configuration.batch - 1) / configuration.batch
    }

    static func fingerprint(of data: ClassificationData) -> String {
        var digest = Digest(.sha256)
        for part in [data.training.fingerprint, data.test.fingerprint] {
            Array(part.utf8).withUnsafeBytes { digest.update($0) }
        }
        return digest.hexadecimal
    }
}
