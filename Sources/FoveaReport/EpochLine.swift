// SPDX-License-Identifier: Apache-2.0

/// What a finished epoch has come to; its line stays on the screen.
package struct EpochLine: Equatable, Sendable {
    package var epoch: Int
    package var epochs: Int
    package var loss: Double
    package var trainAccuracy: Double
    package var testAccuracy: Double?
    package var imagesPerSecond: Double?
    /// Seconds since this sitting began.
    package var elapsed: Double
    /// Whether no epoch before had a better test accuracy.
    package var isBest: Bool

    package init(
        epoch: Int, epochs: Int, loss: Double, trainAccuracy: Double, testAccuracy: Double? = nil,
        imagesPerSecond: Double? = nil, elapsed: Double, isBest: Bool = false
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.loss = loss
        self.trainAccuracy = trainAccuracy
        self.testAccuracy = testAccuracy
        self.imagesPerSecond = imagesPerSecond
        self.elapsed = elapsed
        self.isBest = isBest
    }
}
