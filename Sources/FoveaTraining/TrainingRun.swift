// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
public import FoveaData
public import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import Glibc

/// A training run with its folder: it logs, saves, stops when asked, and goes on bit for bit.
///
/// Every start is a resume: the newest checkpoint that is whole is looked for, and without one the
/// run begins with drawn weights. All random decisions follow from the seed and the counters, so
/// that a run that was killed and one that was not end with the same bits.
public final class TrainingRun {
    /// How a run ended.
    public enum Ending: Sendable, Hashable {
        /// All steps that were asked for are done.
        case finished
        /// It was asked to stop, and saved.
        case stopped
    }

    /// When a run saves and logs, which changes none of its numbers.
    public struct Cadence: Sendable {
        /// Save after so many steps; nil for 500 or a minute, whichever comes first.
        public var saveEvery: Int?
        /// Log a training point after so many steps; nil for five an epoch.
        public var logEvery: Int?
        /// Stop after so many steps of the whole run.
        public var maximumSteps: Int?

        /// Makes a cadence.
        public init(saveEvery: Int? = nil, logEvery: Int? = nil, maximumSteps: Int? = nil) {
            self.saveEvery = saveEvery
            self.logEvery = logEvery
            self.maximumSteps = maximumSteps
        }

        func validate() throws(FoveaError) {
            for (option, steps) in [
                ("save-every", saveEvery), ("log-every", logEvery), ("max-steps", maximumSteps),
            ] where steps ?? 1 < 1 {
                throw FoveaError(.usage, "--\(option) must be at least 1.")
            }
        }
    }

    /// All settings.
    public let configuration: TrainingConfiguration
    /// Where the files are.
    public let folder: RunFolder
    private let cadence: Cadence
    private let data: ClassificationData
    private let report: (TrainingEvent) -> Void
    private let shouldStop: () -> Bool
    private let trainer: Trainer
    private var state: Checkpoint.State
    private let log: MetricsLog
    private let clock = ContinuousClock()
    private var lastSave: ContinuousClock.Instant
    private var savePause = Duration.seconds(60)
    /// Checkpoints newer than the one the run goes on from, which cannot be read.
    private let damaged: [String]
    /// The library that computed before the run was stopped, if it was another one.
    private var formerLibrary: String?

    /// Prepares a run: finds its checkpoint or draws its weights.
    ///
    /// - Parameters:
    ///   - configuration: All settings.
    ///   - data: The images, already limited to those that are used.
    ///   - folder: Where the files shall be.
    ///   - resumes: Whether an earlier run in the folder may be continued.
    ///   - cadence: When it saves and logs.
    ///   - shouldStop: Is asked after each step whether to save and stop.
    ///   - report: Is told what happens.
    /// - Throws: An error if the settings, the data, the folder or the device do not do.
    public init(
        _ configuration: TrainingConfiguration, data: ClassificationData, folder: RunFolder,
        resumes: Bool, cadence: Cadence = Cadence(), shouldStop: @escaping () -> Bool = { false },
        report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws(FoveaError) {
        try configuration.validate()
        try cadence.validate()
        let entry = try Catalog.entry(named: configuration.network)
        guard folder.hasRun == false || resumes else {
            throw FoveaError(
                .usage, "there is a run in \(folder.path) already.",
                remedy: "Add --resume to go on with it, or choose another folder with --out.")
        }
        let options = configuration.options
        let smoothing = configuration.labelSmoothing
        if resumes { KernelCache.restore(from: folder.kernels) }
        let backend = try Device(named: configuration.device).makeBackend(
            threads: configuration.threads,
            precision: try Precision(named: configuration.precision))
        trainer = try Trainer(
            image: Shape(configuration.image),
            batch: min(configuration.batch, data.training.count),
            optimizer: configuration.optimizerRule, on: backend, seed: configuration.seed
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(
                images: images, mode: mode, options: options,
                lossSmoothing: mode == .training ? smoothing : nil)
        }
        trainer.preprocessing = configuration.preprocessing ?? .plain
        trainer.augmentation = configuration.augmentation
        try Self.prepare(trainer, for: data)
        let fingerprint = Self.fingerprint(of: data)
        state = Checkpoint.State(
            configuration: configuration, fingerprint: fingerprint, threads: backend.threadCount,
            library: backend.libraryName + (KernelCache.isOff ? " with estimated kernels" : ""))
        // A file of weights that does not fit is told before anything is made on disk.
        if Checkpoint.files(in: folder.path).isEmpty {
            trainer.weights = try Self.initialWeights(
                configuration, trainer.network, entry.name)
        }
        try folder.create()
        log = try MetricsLog(folder.metrics)
        AtomicFile.removeLeftovers(in: folder.path)
        let found = try Checkpoint.newest(in: folder.path)
        damaged = found.damaged
        if let checkpoint = found.checkpoint {
            try Self.check(
                checkpoint.state, continues: state, in: folder,
                stepsPerEpoch: Self.stepCount(data, configuration))
            try Self.load(checkpoint, into: trainer, of: entry.name, in: folder)
            if checkpoint.state.library != state.library {
                formerLibrary = checkpoint.state.library
            }
            let library = state.library
            state = checkpoint.state
            state.configuration = configuration
            state.library = library
        } else if !damaged.isEmpty {
            trainer.weights = try Self.initialWeights(
                configuration, trainer.network, entry.name)
        }
        self.configuration = configuration
        self.data = data
        self.folder = folder
        self.cadence = cadence
        self.report = report
        self.shouldStop = shouldStop
        lastSave = clock.now
    }

    // MARK: - The loop

    /// Trains until all epochs are done or it is asked to stop.
    ///
    /// - Returns: How it ended.
    /// - Throws: An error if a number is not finite or a file cannot be written.
    public func run() throws(FoveaError) -> Ending {
        let stepsPerEpoch = Self.stepCount(data, configuration)
        report(.began(steps: totalSteps(stepsPerEpoch), from: state.step))
        try log.keep(state.metricsByteCount)
        removeDamaged()
        if let formerLibrary {
            report(.remark(Self.otherLibrary(formerLibrary, now: state.library)))
        }
        try writeRecord(state.isFinished ? "finished" : "running")
        do throws(FoveaError) {
            // An epoch whose last step was the last before a stop is still to be ended.
            while state.epoch < configuration.epochs,
                !isAtMaximum || state.stepInEpoch == stepsPerEpoch
            {
                guard try trainEpoch(stepsPerEpoch) else {
                    try save()
                    try writeRecord("stopped")
                    return .stopped
                }
            }
            if state.stepInEpoch > 0 { return try finishWithinEpoch() }
            if !state.isFinished {
                try writeWeights(folder.lastWeights)
                state.isFinished = state.epoch == configuration.epochs
                try save()
            }
        } catch {
            try? writeRecord("failed", reason: error.message)
            throw error
        }
        try writeRecord("finished")
        return .finished
    }

    /// The figures of the run as far as it has come; nil before its first test.
    public var result: RunRecord.Result? {
        guard let last = state.lastEpoch, let best = state.best else { return nil }
        return RunRecord.Result(
            network: configuration.network, data: configuration.data,
            recipe: configuration.recipe, epochs: state.epoch, steps: state.step,
            loss: last.train.loss, trainAccuracy: last.train.accuracy,
            testAccuracy: last.test.accuracy, bestTestAccuracy: best.accuracy,
            bestEpoch: best.epoch,
            imagesPerSecond: Double(state.images) / max(state.stepSeconds, 1e-9),
            imagesPerSecondWithLoading: Double(state.images) / max(state.seconds, 1e-9),
            waiting: state.waitingSeconds / max(state.seconds, 1e-9),
            seconds: state.seconds, peakMemoryBytes: peakResidentByteCount(),
            device: configuration.device, precision: configuration.precision,
            threads: state.threads, seed: configuration.seed, run: folder.path)
    }

    private var isAtMaximum: Bool { cadence.maximumSteps.map { state.step >= $0 } ?? false }

    private func totalSteps(_ stepsPerEpoch: Int) -> Int {
        min(stepsPerEpoch * configuration.epochs, cadence.maximumSteps ?? .max)
    }

    /// Trains the rest of an epoch and tests; returns whether it was not asked to stop before.
    private func trainEpoch(_ stepsPerEpoch: Int) throws(FoveaError) -> Bool {
        let order: BatchLoader.Order =
            configuration.isShuffled
            ? .shuffled(seed: configuration.seed, epoch: state.epoch) : .sequential
        let loader = try trainer.loader(
            for: data.training, order, trainingIn: state.epoch, firstBatch: state.stepInEpoch)
        while state.stepInEpoch < stepsPerEpoch, !isAtMaximum {
            let start = clock.now
            guard let batch = loader.next() else { break }
            defer { loader.recycle(batch) }
            let rate = rate(ofStep: state.step)
            let ready = clock.now
            try trainer.run(batch, rate: rate)
            count(since: start, ready)
            observeGuessing()
            try logIfDue(stepsPerEpoch, rate: rate)
            if shouldStop() { return false }
            try saveIfDue()
        }
        if state.stepInEpoch == stepsPerEpoch { try finishEpoch() }
        return true
    }

    private func count(since start: ContinuousClock.Instant, _ ready: ContinuousClock.Instant) {
        let now = clock.now
        let last = trainer.last
        state.metrics.add(loss: Double(last.loss), correct: last.correct, count: last.count)
        state.step += 1
        state.stepInEpoch += 1
        state.images += last.count
        state.stepSeconds += ready.duration(to: now) / .seconds(1)
        state.waitingSeconds += start.duration(to: ready) / .seconds(1)
        state.seconds += start.duration(to: now) / .seconds(1)
    }

    /// Tests after the last step of an epoch, keeps the best weights, and saves.
    private func finishEpoch() throws(FoveaError) {
        let evaluation = try test()
        let test = evaluation.metrics
        state.epoch += 1
        state.stepInEpoch = 0
        let result = EpochResult(epoch: state.epoch, train: state.metrics, test: test)
        let isBest = test.accuracy > (state.best?.accuracy ?? -1)
        if isBest {
            state.best = Checkpoint.Best(accuracy: test.accuracy, epoch: state.epoch)
            try writeWeights(folder.bestWeights)
        }
        state.lastEpoch = result
        state.metrics = Metrics()
        try logTest(test, at: Double(state.epoch))
        report(.epoch(result, isBest: isBest))
        if state.epoch == configuration.epochs,
            let remark = Self.neverNamed(
                evaluation.neverNamed.map { data.classes[$0] }, of: data.classes.count,
                hasEvenHead: configuration.headInitializer == .even)
        {
            report(.remark(remark))
        }
        // The end of the run saves by itself.
        if state.epoch < configuration.epochs { try save() }
    }

    /// Tests where the run was told to end within an epoch.
    ///
    /// The checkpoint is written first, so that going on later leads to the same bits as if the run
    /// had not ended here.
    private func finishWithinEpoch() throws(FoveaError) -> Ending {
        try save()
        let test = try test().metrics
        let stepsPerEpoch = Self.stepCount(data, configuration)
        let result = EpochResult(epoch: state.epoch + 1, train: state.metrics, test: test)
        let isFirst = state.best == nil
        if isFirst {
            state.best = Checkpoint.Best(accuracy: test.accuracy, epoch: state.epoch + 1)
            try writeWeights(folder.bestWeights)
        }
        state.lastEpoch = result
        let progress = Double(state.stepInEpoch) / Double(stepsPerEpoch)
        try logTest(test, at: Double(state.epoch) + progress)
        report(.epoch(result, isBest: isFirst))
        try writeWeights(folder.lastWeights)
        try writeRecord("finished")
        return .finished
    }

    private func test() throws(FoveaError) -> Evaluation {
        let start = clock.now
        defer { state.seconds += start.duration(to: clock.now) / .seconds(1) }
        do throws(FoveaError) {
            return try trainer.evaluate(on: data.test)
        } catch {
            guard error.code == .weights else { throw error }
            throw .notFinite("A score of a test image", step: state.step)
        }
    }

    /// The learning rate of a step, counted from zero.
    private func rate(ofStep step: Int) -> Float {
        configuration.schedule.rate(
            step: step, of: Self.stepCount(data, configuration) * configuration.epochs,
            peak: configuration.rate)
    }

    // MARK: - Logging

    private func logIfDue(_ stepsPerEpoch: Int, rate: Float) throws(FoveaError) {
        let waiting = state.waitingSeconds / max(state.seconds, 1e-9)
        let imagesPerSecond = Double(state.images) / max(state.stepSeconds, 1e-9)
        // By default a point wherever another fifth of the epoch is done.
        let isDue =
            cadence.logEvery.map { state.step % $0 == 0 }
            ?? (state.stepInEpoch * 5 / stepsPerEpoch
                != (state.stepInEpoch - 1) * 5 / stepsPerEpoch)
        let withLoading = Double(state.images) / max(state.seconds, 1e-9)
        report(
            .progress(
                TrainingProgress(
                    epoch: state.epoch + 1, epochs: configuration.epochs, step: state.stepInEpoch,
                    steps: stepsPerEpoch, loss: state.metrics.loss,
                    accuracy: state.metrics.accuracy, imagesPerSecond: withLoading,
                    waiting: waiting)))
        guard isDue else { return }
        let point = MetricPoint(
            epoch: Double(state.epoch) + Double(state.stepInEpoch) / Double(stepsPerEpoch),
            step: state.step, split: "train", loss: state.metrics.loss,
            accuracy: state.metrics.accuracy, lr: rate, imagesPerSecond: imagesPerSecond,
            waiting: waiting)
        try log.append(point)
        report(.point(point))
    }

    private func logTest(_ test: Metrics, at epoch: Double) throws(FoveaError) {
        let point = MetricPoint(
            epoch: epoch, step: state.step, split: "test", loss: test.loss,
            accuracy: test.accuracy, lr: rate(ofStep: state.step - 1),
            imagesPerSecond: Double(state.images) / max(state.stepSeconds, 1e-9), waiting: 0)
        try log.append(point)
        report(.point(point))
    }

    /// Says once that the network has learnt nothing for long.
    private func observeGuessing() {
        guard state.guessing < Self.patience else { return }
        let chance = logarithmOfClasses
        let isGuessing = abs(Double(trainer.last.loss) - chance) < 0.01 * chance
        state.guessing = isGuessing ? state.guessing + 1 : 0
        if state.guessing == Self.patience {
            report(.remark(Self.guessing(classes: configuration.classes, steps: Self.patience)))
        }
    }

    private var logarithmOfClasses: Double { Glibc.log(Double(max(configuration.classes, 2))) }

    /// LeNet with the book's settings guesses for its first 235 steps and a while, and then learns.
    private static let patience = 500

    // MARK: - Saving

    private func saveIfDue() throws(FoveaError) {
        let elapsed = lastSave.duration(to: clock.now)
        let isDue =
            cadence.saveEvery.map { state.step % $0 == 0 }
            ?? (state.step % 500 == 0 || elapsed > savePause)
        if isDue { try save() }
    }

    private func removeDamaged() {
        guard !damaged.isEmpty else { return }
        for name in damaged { unlink("\(folder.path)/\(name)") }
        report(.remark(Self.removed(damaged, step: state.step)))
    }

    private func save() throws(FoveaError) {
        let start = clock.now
        state.metricsByteCount = try log.synchronize()
        KernelCache.save(beside: folder.kernels)
        try Checkpoint.save(state, of: trainer.network, in: folder.path)
        lastSave = clock.now
        // However large the network, saving takes no more than a fiftieth of the time.
        savePause = max(.seconds(60), start.duration(to: lastSave) * 50)
    }

    private func writeWeights(_ path: String) throws(FoveaError) {
        var weights = trainer.weights
        guard weights.arrays.allSatisfy({ $0.array.isFinite }) else {
            throw .notFinite("A weight", step: state.step)
        }
        weights.metadata = try ModelDescription(configuration, classes: data.classes).metadata()
        try weights.write(to: path)
    }

    private func writeRecord(_ status: String, reason: String? = nil) throws(FoveaError) {
        let record = RunRecord(
            status: status, configuration: configuration,
            versions: RunRecord.Versions(fovea: foveaVersion, library: state.library),
            machine: .current,
            data: RunRecord.DataFacts(
                name: data.name, origin: data.origin, fingerprint: state.fingerprint,
                trainingImages: data.training.count, testImages: data.test.count,
                classes: data.classes),
            result: status == "running" ? nil : result, reason: reason)
        try AtomicFile.write(folder.record, text: try JSON.text(record, isPretty: true) + "\n")
    }
}
