// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Tensor {
    /// What a batch says about each of its channels.
    public struct BatchStatistics {
        /// The mean of each channel, [C].
        public let mean: Tensor
        /// The mean square of the differences from it, [C].
        public let variance: Tensor
        /// m / (m − 1) for m elements in a channel, which makes the variance unbiased.
        public let unbiasingFactor: Float
    }

    /// Brings each channel to a scale and an offset, by the batch's own statistics.
    ///
    /// - Parameters:
    ///   - scale: The deviations, [C].
    ///   - shift: The means, [C].
    ///   - epsilon: What is added to the variance.
    /// - Returns: The same shape, and the statistics.
    public func batchNormalized(
        _ scale: Tensor, _ shift: Tensor, epsilon: Float
    ) -> (y: Tensor, batch: BatchStatistics) {
        let outputs = trace.record(
            .batchNormalization(Op.BatchNormalization(epsilon: epsilon)), [self, scale, shift],
            outputs: 3)
        let count = Float(shape.count / max(channels, 1))
        return (
            outputs[0],
            BatchStatistics(
                mean: outputs[1], variance: outputs[2],
                unbiasingFactor: count / max(count - 1, 1))
        )
    }

    /// Brings each channel to a scale and an offset, by statistics gathered before.
    ///
    /// - Parameters:
    ///   - mean: The means, [C].
    ///   - variance: The variances, [C].
    ///   - scale: The deviations each channel gets, [C].
    ///   - shift: The means each channel gets, [C].
    ///   - epsilon: What is added to the variance.
    /// - Returns: The same shape.
    public func normalized(
        by mean: Tensor, _ variance: Tensor, _ scale: Tensor, _ shift: Tensor, epsilon: Float
    ) -> Tensor {
        recording(
            .normalization(Op.Normalization(epsilon: epsilon)), [mean, variance, scale, shift])
    }

    /// Moves a running statistic towards that of a batch.
    ///
    /// - Parameters:
    ///   - batch: The statistic of the batch.
    ///   - momentum: How far it moves, from 0 to 1.
    ///   - factor: What the batch's statistic is multiplied by.
    /// - Returns: (1 − momentum) · this + momentum · factor · batch
    public func moved(
        towards batch: Tensor, by momentum: Float, times factor: Float = 1
    ) -> Tensor {
        recording(
            .movingAverage(Op.MovingAverage(momentum: momentum, factor: factor)), [batch])
    }

    /// Says what a statistic is from the next step on.
    ///
    /// - Parameters:
    ///   - parameter: A parameter with the role of a statistic.
    ///   - value: Its next value.
    public func update(_ parameter: Parameter, to value: Tensor) {
        trace.update(parameter, to: value)
    }
}
