// SPDX-License-Identifier: Apache-2.0

/// How far a training run has come, as its progress line shows it.
package struct ProgressState: Equatable, Sendable {
    /// What the run is doing.
    package enum Phase: String, Sendable {
        case training = "epoch"
        case testing = "test"
    }

    package var phase: Phase
    /// The epoch that is under way, from 1, and how many there will be.
    package var epoch: Int
    package var epochs: Int
    /// The batches done in this phase of the epoch, and all of them.
    package var step: Int
    package var steps: Int
    /// Running means over the epoch; nil until they are known.
    package var loss: Double?
    package var accuracy: Double?
    package var imagesPerSecond: Double?
    /// Seconds since this sitting began.
    package var elapsed: Double
    /// Training steps done in this sitting (a resumed run starts from 0), and those still to do.
    package var stepsDone: Int
    package var stepsLeft: Int

    package init(
        phase: Phase = .training, epoch: Int, epochs: Int, step: Int, steps: Int,
        loss: Double? = nil, accuracy: Double? = nil, imagesPerSecond: Double? = nil,
        elapsed: Double, stepsDone: Int, stepsLeft: Int
    ) {
        self.phase = phase
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.steps = steps
        self.loss = loss
        self.accuracy = accuracy
        self.imagesPerSecond = imagesPerSecond
        self.elapsed = elapsed
        self.stepsDone = stepsDone
        self.stepsLeft = stepsLeft
    }

    /// The seconds that are left, once there is enough to judge by: ten steps and three seconds.
    package var secondsLeft: Double? {
        guard stepsDone >= 10, elapsed >= 3, stepsLeft >= 0 else { return nil }
        return elapsed / Double(stepsDone) * Double(stepsLeft)
    }

    /// The part of this phase that is done, from 0 to 1.
    package var fraction: Double {
        steps > 0 ? min(max(Double(step) / Double(steps), 0), 1) : 0
    }
}
