// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc

/// The memory of a loader and the book of who has which part of it.
///
/// A worker claims the next batch of the epoch together with a free slot, so the batch that the
/// consumer waits for always has one, and nothing can wait for itself.
final class BatchRing: @unchecked Sendable {
    // Unchecked: every variable below is read and written with the lock held.

    /// A batch that a worker is to fill.
    struct Claim {
        let batch: Batch
        /// The positions in the data set of the images it is to hold.
        let images: ArraySlice<Int>
        /// How they are varied, if they are.
        let variations: Augmentation.Epoch?
        fileprivate let epoch: Int
    }

    private let lock = Monitor()
    private let batchSize: Int
    private let imageCount: Int
    private let batchCount: Int
    private let slotCount: Int
    private var free: [Batch]
    /// Finished batches; the one of index i lies at i modulo the number of slots.
    private var ready: [Batch?]
    private var order: [Int] = []
    private var variations: Augmentation.Epoch?
    private var nextToClaim = 0
    private var nextToTake = 0
    private var takenCount = 0
    /// Tells batches of the present epoch from those that were claimed before a restart.
    private var epoch = 0
    private var isCancelled = false
    private var waited = 0.0

    init(slots: Int, batch: Int, images: Int, imageShape: Shape) {
        batchSize = batch
        imageCount = images
        batchCount = (images + batch - 1) / batch
        slotCount = slots
        let capacity = min(batch, max(1, images))
        free = (0..<slots).map { _ in Batch(capacity: capacity, imageShape: imageShape) }
        ready = [Batch?](repeating: nil, count: slots)
    }

    /// Begins an epoch; batches that wait are dropped.
    func start(
        _ order: BatchLoader.Order, varied variations: Augmentation.Epoch?, firstBatch: Int
    ) {
        let positions =
            switch order {
            case .sequential: Array(0..<imageCount)
            case .shuffled(let seed, let epoch): Self.shuffled(imageCount, seed, epoch)
            }
        lock.withLock {
            self.order = positions
            self.variations = variations
            epoch += 1
            for slot in ready.indices {
                if let batch = ready[slot] { free.append(batch) }
                ready[slot] = nil
            }
            nextToClaim = min(max(0, firstBatch), batchCount)
            nextToTake = nextToClaim
            waited = 0
            lock.wakeAll()
        }
    }

    private static func shuffled(_ count: Int, _ seed: UInt64, _ epoch: Int) -> [Int] {
        var stream = RandomStream(seed: seed, purpose: .shuffle, epoch: epoch)
        return stream.permutation(of: count)
    }

    /// Waits for a batch to fill; nil when the loader was cancelled.
    func claim() -> Claim? {
        lock.withLock {
            while !isCancelled, free.isEmpty || nextToClaim >= batchCount || isTooFarAhead {
                lock.wait()
            }
            guard !isCancelled, let batch = free.popLast() else { return nil }
            let start = nextToClaim * batchSize
            let end = min(start + batchSize, imageCount)
            batch.index = nextToClaim
            batch.count = end - start
            nextToClaim += 1
            return Claim(
                batch: batch, images: order[start..<end], variations: variations, epoch: epoch)
        }
    }

    /// Whether the next batch would lie where one that was not taken yet lies or will lie.
    private var isTooFarAhead: Bool { nextToClaim >= nextToTake + slotCount }

    /// Hands a filled batch to the consumer.
    func deliver(_ claim: Claim) {
        lock.withLock {
            if claim.epoch == epoch {
                ready[claim.batch.index % slotCount] = claim.batch
            } else {
                free.append(claim.batch)
            }
            lock.wakeAll()
        }
    }

    /// Waits for the next batch of the epoch; nil at its end or when the loader was cancelled.
    func take() -> Batch? {
        lock.withLock {
            guard !isCancelled, nextToTake < batchCount else { return nil }
            precondition(takenCount < slotCount, "all batches of the loader are in use")
            if ready[nextToTake % slotCount] == nil {
                let start = Self.now()
                while !isCancelled, ready[nextToTake % slotCount] == nil { lock.wait() }
                waited += Self.now() - start
            }
            guard !isCancelled, let batch = ready[nextToTake % slotCount] else { return nil }
            ready[nextToTake % slotCount] = nil
            nextToTake += 1
            takenCount += 1
            lock.wakeAll()
            return batch
        }
    }

    func recycle(_ batch: Batch) {
        lock.withLock {
            precondition(takenCount > 0, "a batch was recycled that was not taken")
            precondition(!free.contains { $0 === batch }, "a batch was recycled twice")
            takenCount -= 1
            free.append(batch)
            lock.wakeAll()
        }
    }

    func cancel() {
        lock.withLock {
            isCancelled = true
            lock.wakeAll()
        }
    }

    var secondsWaited: Double { lock.withLock { waited } }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
