// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Brings each channel to a mean and a deviation that are learned.
///
/// In training it goes by the statistics of the batch and moves its running ones towards them,
/// where the variance is made unbiased; otherwise it goes by the running ones (Ioffe and Szegedy,
/// 2015, arXiv:1502.03167).
///
/// - Shape: [N, C] or [N, C, H, W] → the same
public struct BatchNorm: Layer {
    /// The deviation each channel gets, [C].
    public let weight = Parameter(.ones)
    /// The mean each channel gets, [C].
    public let bias = Parameter(.zeros)
    /// The mean of the images seen in training, [C].
    public let runningMean = Parameter(.zeros, role: .statistic)
    /// The variance of the images seen in training, [C].
    public let runningVar = Parameter(.ones, role: .statistic)
    /// How far running statistics move towards those of a batch, as PyTorch counts it.
    public let momentum: Float
    /// What is added to the variance.
    public let epsilon: Float
    private let identity = Identity()

    /// Makes a batch normalization.
    public init(momentum: Float = 0.1, epsilon: Float = 1e-5) {
        self.momentum = momentum
        self.epsilon = epsilon
    }

    /// Normalizes each channel.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            let channels: Shape = [x.channels]
            let scale = x.parameter(weight, channels), shift = x.parameter(bias, channels)
            let mean = x.parameter(runningMean, channels)
            let variance = x.parameter(runningVar, channels)
            guard x.mode == .training else {
                return x.normalized(by: mean, variance, scale, shift, epsilon: epsilon)
            }
            let (y, batch) = x.batchNormalized(scale, shift, epsilon: epsilon)
            x.update(runningMean, to: mean.moved(towards: batch.mean, by: momentum))
            x.update(
                runningVar,
                to: variance.moved(
                    towards: batch.variance, by: momentum, times: batch.unbiasingFactor))
            return y
        }
    }
}
