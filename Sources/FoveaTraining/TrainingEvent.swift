// SPDX-License-Identifier: Apache-2.0

/// What a training run tells while it goes on.
public enum TrainingEvent: Sendable {
    /// The run begins, or goes on from a step of an earlier one.
    case began(steps: Int, from: Int)
    /// A step is done.
    case progress(TrainingProgress)
    /// A point was logged.
    case point(MetricPoint)
    /// An epoch and the test after it are done.
    case epoch(EpochResult, isBest: Bool)
    /// A sentence for the person who watches.
    case remark(String)
}

/// Where a run is.
public struct TrainingProgress: Sendable, Hashable {
    /// The epoch that is being trained, counted from one.
    public var epoch: Int
    /// The number of epochs.
    public var epochs: Int
    /// The number of steps done in this epoch.
    public var step: Int
    /// The number of steps of an epoch.
    public var steps: Int
    /// The mean loss since the epoch began.
    public var loss: Double
    /// The training accuracy since the epoch began.
    public var accuracy: Double
    /// The images of a second with waiting for them and with tests, over all starts of the run.
    public var imagesPerSecond: Double
    /// The share of time spent waiting for images.
    public var waiting: Double
}
