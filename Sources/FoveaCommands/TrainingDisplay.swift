// SPDX-License-Identifier: Apache-2.0
import Fovea

/// Shows a training run as it goes on.
final class TrainingDisplay {
    private let line: ProgressLine
    private let folder: RunFolder
    private let clock = ContinuousClock()
    private var start: ContinuousClock.Instant
    private var total = 0
    private var first = 0
    private var epochs = 1
    private var imagesPerSecond: Double?
    private var stepsDone = 0

    init(style: TerminalStyle, folder: RunFolder) {
        line = ProgressLine(style: style)
        self.folder = folder
        start = clock.now
    }

    /// Says what is about to be trained.
    func begin(_ configuration: TrainingConfiguration, data: ClassificationData) {
        epochs = configuration.epochs
        let image = configuration.image.map(String.init).joined(separator: "×")
        Console.error(
            "\(configuration.network) · \(data.name) \(image) · batch \(configuration.batch) · "
                + "\(configuration.optimizer.rawValue) \(configuration.rate) · "
                + "\(configuration.device) · \(configuration.precision) → \(folder.path)")
    }

    /// Shows what happened.
    func show(_ event: TrainingEvent) {
        switch event {
        case .began(let steps, let from):
            total = steps
            first = from
            start = clock.now
            if from > 0 { line.remark("Going on after step \(from) of \(steps).") }
        case .progress(let progress):
            stepsDone += 1
            imagesPerSecond = progress.imagesPerSecond
            line.update(
                ProgressState(
                    epoch: progress.epoch, epochs: progress.epochs, step: progress.step,
                    steps: progress.steps, loss: progress.loss, accuracy: progress.accuracy,
                    imagesPerSecond: progress.imagesPerSecond, elapsed: elapsed,
                    stepsDone: stepsDone, stepsLeft: max(0, total - first - stepsDone)))
        case .point: break
        case .epoch(let result, let isBest):
            line.finishEpoch(
                EpochLine(
                    epoch: result.epoch, epochs: epochs, loss: result.train.loss,
                    trainAccuracy: result.train.accuracy, testAccuracy: result.test.accuracy,
                    imagesPerSecond: imagesPerSecond, elapsed: elapsed, isBest: isBest))
            try? RunReport(folder).writeCurves()
        case .remark(let text):
            line.remark(text)
        }
    }

    /// Does something and takes the live line off the screen at its end, come what may.
    func closing<R>(_ body: () throws(FoveaError) -> R) throws(FoveaError) -> R {
        defer { line.finish() }
        return try body()
    }

    private var elapsed: Double { start.duration(to: clock.now) / .seconds(1) }
}
