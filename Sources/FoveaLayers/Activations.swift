// SPDX-License-Identifier: Apache-2.0

/// max(x, 0) of each element.
///
/// - Shape: any → the same
public struct ReLU: Layer {
    private let identity = Identity()

    /// Makes a rectifier.
    public init() {}

    /// Rectifies each element.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.recorded(by: self, identity, relu) }
}

/// 1 / (1 + e⁻ˣ) of each element.
///
/// - Shape: any → the same
public struct Sigmoid: Layer {
    private let identity = Identity()

    /// Makes a logistic function.
    public init() {}

    /// Squashes each element into (0, 1).
    public func callAsFunction(_ x: Tensor) -> Tensor { x.recorded(by: self, identity, sigmoid) }
}

/// Joins all axes but the first.
///
/// - Shape: [N, C, H, W] → [N, C·H·W]
public struct Flatten: Layer {
    private let identity = Identity()

    /// Makes a flattening.
    public init() {}

    /// Flattens the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { $0.flattened() }
    }
}
