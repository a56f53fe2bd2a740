// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// Prepares the batches of an epoch ahead, on threads of its own, so that the engine need not wait.
///
/// Copying, resizing and conversion to numbers happen in the workers; the consumer takes finished
/// batches in order and gives them back. The memory is a ring of batches made at the start. Which
/// images a batch holds depends on the order alone and not on the number of workers.
///
/// ```swift
/// while let batch = loader.next() {
///     …
///     loader.recycle(batch)
/// }
/// ```
public final class BatchLoader: Sendable {
    /// The order in which an epoch visits the images.
    public enum Order: Sendable, Hashable {
        /// As they are stored.
        case sequential
        /// At random, as a pure function of the seed and the number of the epoch.
        case shuffled(seed: UInt64, epoch: Int)
    }

    /// What becomes of the stored images, and how they are prepared.
    public struct Settings: Sendable {
        /// The number of images in a batch; the last one may have fewer.
        public var batch: Int
        /// The size that images are brought to; nil for that in which they are stored.
        public var extent: Extent?
        /// What the shorter side is resized to, before the middle of that size is cut out.
        ///
        /// With nil the whole image is squeezed to the size.
        public var shorterSide: Int?
        /// The number of channels the network takes; nil for that of the images.
        public var channels: Int?
        /// What follows the division by 255; nil for nothing.
        public var normalization: Normalization?
        /// The number of threads.
        public var workers = 1
        /// The number of batches in memory: those being prepared, waiting and in use.
        public var batchesInMemory = 4

        /// Makes settings for batches of one size.
        ///
        /// - Parameters:
        ///   - batch: The number of images in a batch.
        ///   - extent: The size that images are brought to; nil for that in which they are stored.
        ///   - channels: The number of channels the network takes; nil for that of the images.
        ///   - normalization: What follows the division by 255; nil for nothing.
        ///   - shorterSide: What the shorter side is resized to, before the middle is cut out.
        public init(
            batch: Int, extent: Extent? = nil, channels: Int? = nil,
            normalization: Normalization? = nil, shorterSide: Int? = nil
        ) {
            self.batch = batch
            self.extent = extent
            self.channels = channels
            self.normalization = normalization
            self.shorterSide = shorterSide
        }
    }

    /// The shape of each prepared image, [C, H, W].
    public let imageShape: Shape
    /// The number of batches in a whole epoch.
    public let batchCount: Int
    private let ring: BatchRing
    private let threads: WorkerThreads

    /// Starts to prepare the batches of an epoch.
    ///
    /// - Parameters:
    ///   - dataset: The images.
    ///   - settings: What becomes of them.
    ///   - order: The order of the epoch.
    ///   - variations: How images are varied in this epoch, if they are.
    ///   - firstBatch: The batch to begin with, more than 0 to go on within an epoch.
    /// - Throws: `FoveaError` if images with so many channels cannot become what is asked for.
    public init(
        _ dataset: any ImageDataset, _ settings: Settings, order: Order,
        varied variations: Augmentation.Epoch? = nil, firstBatch: Int = 0
    ) throws(FoveaError) {
        let preparation = try ImagePreparation(dataset, settings)
        guard settings.batch > 0, settings.workers > 0 else {
            throw FoveaError(
                .usage,
                "A batch of \(settings.batch) images, prepared by \(settings.workers)"
                    + " threads, makes no sense.")
        }
        imageShape = preparation.shape
        batchCount = (dataset.count + settings.batch - 1) / settings.batch
        let ring = BatchRing(
            slots: max(2, settings.batchesInMemory), batch: settings.batch, images: dataset.count,
            imageShape: preparation.shape)
        self.ring = ring
        ring.start(order, varied: variations, firstBatch: firstBatch)
        threads = WorkerThreads(settings.workers) {
            var worker = preparation
            while let claim = ring.claim() {
                worker.prepare(claim)
                ring.deliver(claim)
            }
        }
    }

    deinit { cancel() }

    /// Begins another epoch in the same memory; batches of the earlier one that wait are dropped.
    ///
    /// - Parameters:
    ///   - order: The order of the epoch.
    ///   - variations: How images are varied in this epoch, if they are.
    ///   - firstBatch: The batch to begin with.
    public func restart(
        _ order: Order, varied variations: Augmentation.Epoch?, firstBatch: Int = 0
    ) {
        ring.start(order, varied: variations, firstBatch: firstBatch)
    }

    /// The next batch, which the caller gives back with `recycle`; nil at the end of the epoch.
    ///
    /// - Returns: The batch, or nil also after `cancel`.
    public func next() -> Batch? { ring.take() }

    /// Gives a batch back, so that its memory can be used again.
    ///
    /// - Parameter batch: A batch that `next` returned and that is no longer read.
    public func recycle(_ batch: Batch) { ring.recycle(batch) }

    /// The seconds that `next` has spent waiting for the workers since the epoch was begun.
    public var secondsWaited: Double { ring.secondsWaited }

    /// Stops the workers and waits until they have ended.
    public func cancel() {
        ring.cancel()
        threads.join()
    }
}
