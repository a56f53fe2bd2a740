// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Sets elements to zero at random while training, and scales the rest to keep their mean.
///
/// - Shape: any → the same
public struct Dropout: Layer {
    /// What is dropped as one.
    public enum Unit: Sendable, Hashable {
        /// Each element for itself.
        case element
        /// A whole channel of an image.
        case channel
    }

    /// The probability of zero, in [0, 1).
    public let rate: Float
    /// What is dropped as one.
    public let unit: Unit
    private let identity = Identity()

    /// Makes a dropout.
    public init(_ rate: Float = 0.5, of unit: Unit = .element) {
        self.rate = rate
        self.unit = unit
    }

    /// Drops elements in training; passes its input through otherwise.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            guard x.mode == .training, rate != 0 else { return x }
            return x.recording(
                .dropout(
                    Op.Dropout(
                        rate: rate, perChannel: unit == .channel, site: x.trace.nextSite())))
        }
    }
}
