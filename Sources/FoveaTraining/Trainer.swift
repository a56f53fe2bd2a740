// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaData
public import FoveaGraph
public import FoveaLayers
public import FoveaRuntime

/// Trains a network on a device, one epoch at a time; the outer loop is the caller's own.
///
/// ```swift
/// let trainer = try Trainer(NiN.d2l(), images: [1, 67, 67], batch: 64)
/// for epoch in 0..<6 {
///     let fit = try trainer.train(on: data.training, epoch: epoch, rate: 0.03)
///     let score = try trainer.evaluate(on: data.test)
/// }
/// ```
public final class Trainer {
    /// What a network's logits are measured by.
    public struct Loss: Sendable, Hashable {
        let smoothing: Float

        /// The mean cross-entropy against the labels.
        ///
        /// - Parameter smoothing: How much of the target is spread evenly over the classes.
        /// - Returns: The loss.
        public static func crossEntropy(smoothing: Float = 0) -> Loss { Loss(smoothing: smoothing) }
    }

    /// The number of images of a step.
    public let batch: Int
    /// The seed of everything random.
    public let seed: UInt64
    /// How training images are varied; not at all if nil.
    public var augmentation: Augmentation?
    /// The number of steps done.
    public package(set) var step = 0
    /// The loss and accuracy of the last step.
    package private(set) var last = StepResult()
    package let network: PreparedNetwork

    /// What came of a step.
    package struct StepResult: Sendable {
        package var loss: Float = 0
        package var correct = 0
        package var count = 0
    }

    /// Brings a network to a device and draws its first weights.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - images: The shape of one image, [C, H, W]; data sets are resized to it.
    ///   - batch: The number of images of a step.
    ///   - loss: What the logits are measured by.
    ///   - optimizer: How weights follow from gradients.
    ///   - device: What it runs on.
    ///   - precision: The numbers that it computes with.
    ///   - seed: The seed of everything random.
    ///   - initializer: How weights of rank 2 and more are drawn; as the layers say if nil.
    ///   - headInitializer: How the last layers begin; as the others if nil.
    /// - Throws: An error if the network does not fit its images or the device.
    public convenience init(
        _ network: any Network, images: Shape, batch: Int,
        loss: Loss = .crossEntropy(), optimizer: Optimizer = .sgd(), on device: Device = .cpu,
        precision: Precision = .f32, seed: UInt64 = 0, initializer: Initializer? = nil,
        headInitializer: HeadInitializer? = nil
    ) throws(FoveaError) {
        try self.init(
            image: images, batch: batch, optimizer: optimizer,
            on: try device.makeBackend(precision: precision), seed: seed
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try .recording(
                network, images: images, mode: mode,
                lossSmoothing: mode == .training ? loss.smoothing : nil)
        }
        weights = Weights(
            drawing: self.network.specifications, seed: seed, override: initializer,
            head: headInitializer)
    }

    /// Brings a network to a device whose weights are still to be set.
    package init(
        image: Shape, batch: Int, optimizer: Optimizer, on backend: any Backend, seed: UInt64,
        _ trace: @escaping PreparedNetwork.Tracer
    ) throws(FoveaError) {
        network = try PreparedNetwork(
            image: image, batch: batch, mode: .training, optimizer: optimizer, on: backend, trace)
        self.batch = batch
        self.seed = seed
    }

    /// How the pictures of data sets become the network's images; squeezed, from 0 to 1, at first.
    public var preprocessing: Preprocessing {
        get { network.preprocessing }
        set { network.preprocessing = newValue }
    }

    /// The weights as they are now.
    public package(set) var weights: Weights {
        get { network.weights }
        set { network.write(newValue) }
    }

    /// Replaces the weights.
    ///
    /// - Parameter weights: Weights under the network's names.
    /// - Throws: An error of the code `.weights` with the names that do not fit.
    public func load(_ weights: Weights) throws(FoveaError) {
        self.weights = try weights.fitted(to: network.specifications, of: "the network")
    }

    /// Trains on every image once.
    ///
    /// - Parameters:
    ///   - data: The images and labels.
    ///   - epoch: The number of the epoch, from which its order follows.
    ///   - rate: The learning rate.
    /// - Returns: Loss and accuracy, gathered while the weights moved.
    /// - Throws: An error if the data do not fit, or a loss is not finite.
    public func train(
        on data: any ImageDataset, epoch: Int, rate: Float
    ) throws(FoveaError) -> Metrics {
        try train(on: data, epoch: epoch, schedule: .constant, peak: rate, of: 1)
    }

    /// Trains on every image once, with a rate that changes from step to step.
    ///
    /// - Parameters:
    ///   - data: The images and labels.
    ///   - epoch: The number of the epoch, from which its order follows.
    ///   - schedule: How the rate changes.
    ///   - peak: The rate the schedule is given.
    ///   - epochs: The number of epochs of the whole run.
    /// - Returns: Loss and accuracy, gathered while the weights moved.
    /// - Throws: An error if the data do not fit, or a loss is not finite.
    public func train(
        on data: any ImageDataset, epoch: Int, schedule: Schedule, peak: Float, of epochs: Int
    ) throws(FoveaError) -> Metrics {
        let loader = try loader(
            for: data, .shuffled(seed: seed, epoch: epoch), trainingIn: epoch)
        var metrics = Metrics()
        while let batch = loader.next() {
            defer { loader.recycle(batch) }
            let rate = schedule.rate(
                step: epoch * loader.batchCount + batch.index, of: epochs * loader.batchCount,
                peak: peak)
            try run(batch, rate: rate)
            metrics.add(loss: Double(last.loss), correct: last.correct, count: last.count)
        }
        return metrics
    }

    /// Measures the network as it is now.
    ///
    /// - Parameter data: The images and labels.
    /// - Returns: Loss and accuracy over all images, and who is taken for whom.
    /// - Throws: An error if the data do not fit.
    public func evaluate(on data: any ImageDataset) throws(FoveaError) -> Evaluation {
        try Evaluation(network, on: data, batch: batch)
    }

    /// One step: forward, loss, backward, update.
    package func run(_ batch: Batch, rate: Float) throws(FoveaError) {
        let executable = try network.executable(.training, batch: batch.count)
        try executable.run(
            images: batch.images, labels: batch.labels, draw: RandomDraw(seed: seed, step: step))
        guard let loss = executable.output("loss")?.floats.first,
            let logits = executable.output("logits")?.floats
        else { throw FoveaError(.bug, "a training plan yields no loss.") }
        last = StepResult(
            loss: loss, correct: correctCount(logits, batch.labels), count: batch.count)
        let isFinite = loss.isFinite && network.parameters.update(rate: rate, step: step + 1)
        guard isFinite else {
            throw .notFinite(loss.isFinite ? "A gradient" : "The loss", step: step + 1)
        }
        step += 1
    }

    /// Starts to prepare images for this network.
    ///
    /// - Parameters:
    ///   - data: The images and labels.
    ///   - order: The order of the images.
    ///   - epoch: The epoch that trains on them, which varies them; nil to leave them as they are.
    ///   - firstBatch: The batch to begin with.
    /// - Returns: What hands over the batches.
    /// - Throws: An error if the images or their classes do not fit the network.
    package func loader(
        for data: any ImageDataset, _ order: BatchLoader.Order, trainingIn epoch: Int? = nil,
        firstBatch: Int = 0
    ) throws(FoveaError) -> BatchLoader {
        let variations = epoch.flatMap { augmentation?.epoch($0, seed: seed) }
        return try network.loader(
            for: data, batch: batch, order, varied: variations, firstBatch: firstBatch)
    }
}

extension PreparedNetwork {
    /// The logits of a batch.
    ///
    /// - Parameters:
    ///   - images: The images, [N, C, H, W] in row-major order.
    ///   - count: The number of images, N.
    /// - Returns: The logits, [N, classes].
    /// - Throws: An error of the code `.weights` if one is not finite.
    package func logits(
        _ images: UnsafeBufferPointer<Float>, count: Int
    ) throws(FoveaError) -> [Float] {
        let executable = try executable(.inference, batch: count)
        try executable.run(images: images, labels: nil, draw: RandomDraw(seed: 0, step: 0))
        guard let logits = executable.output("logits") else {
            throw FoveaError(.bug, "an inference plan yields no logits.")
        }
        guard logits.isFinite else {
            throw FoveaError(
                .weights, "the network's scores are not finite numbers.",
                remedy:
                    "Its weights are damaged, or were trained on pictures prepared in another way.")
        }
        return logits.floats
    }
}
