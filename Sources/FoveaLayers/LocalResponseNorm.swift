// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Divides each element by what it and its neighbours among the channels amount to.
///
/// y = x · (k + α / size · Σ x²)^−β; α is divided by the size, as in PyTorch and Caffe, where the
/// paper (Krizhevsky et al., 2012) multiplies the plain sum by it.
///
/// - Shape: [N, C, H, W] → the same
public struct LocalResponseNorm: Layer {
    /// The number of channels that count, itself and as many on either side.
    public let size: Int
    /// The weight of the squares.
    public let alpha: Float
    /// The exponent.
    public let beta: Float
    /// What keeps the sum from zero.
    public let k: Float
    private let identity = Identity()

    /// Makes a local response normalization.
    public init(size: Int = 5, alpha: Float = 1e-4, beta: Float = 0.75, k: Float = 1) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k
    }

    /// Normalizes each element.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            let reach = Op.LocalResponseNormalization.Reach(
                size: size, alpha: alpha, beta: beta, k: k)
            return x.recording(
                .localResponseNormalization(
                    Op.LocalResponseNormalization(reach, recordsScales: x.mode == .training)))
        }
    }
}
