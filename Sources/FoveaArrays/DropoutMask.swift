// SPDX-License-Identifier: Apache-2.0

/// Which elements a dropout keeps, as a pure function of (seed, step, site, index).
///
/// An index is mixed twice with a 32-bit finaliser (Wellons, "lowbias32"), once under each half of
/// a key that belongs to the seed, the step and the site. All operations are 32 bits wide, so that
/// the loop over a tensor vectorises on every device.
@frozen
public struct DropoutMask: Sendable {
    @usableFromInline let key: (low: UInt32, high: UInt32)
    @usableFromInline let threshold: UInt32
    /// What kept elements are multiplied by: 1 / (1 − rate).
    public let scale: Float

    /// Makes the mask of one dropout in one step.
    ///
    /// - Parameters:
    ///   - rate: The probability of zero, in [0, 1).
    ///   - site: The name of the dropout in its network.
    ///   - seed: The seed of the run.
    ///   - step: The number of the step, counted from the start of training.
    public init(rate: Float, site: String, seed: UInt64, step: Int) {
        var stream = RandomStream(seed: seed, purpose: .init("dropout:" + site), index: step)
        let bits = stream.next()
        key = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
        threshold = UInt32(Double(rate) * 0x1p32)
        scale = 1 / (1 - rate)
    }

    /// Whether the element is kept.
    ///
    /// - Parameter index: Its position in [N, C, H, W] order, or its channel's in [N, C] order.
    /// - Returns: True with the probability 1 − rate.
    @inlinable @inline(__always)
    public func keeps(_ index: UInt32) -> Bool {
        Self.mix(Self.mix(index &+ key.low) ^ key.high) >= threshold
    }

    @inlinable @inline(__always)
    static func mix(_ value: UInt32) -> UInt32 {
        var x = value
        x ^= x >> 16
        x &*= 0x7FEB_352D
        x ^= x >> 15
        x &*= 0x846C_A68B
        x ^= x >> 16
        return x
    }
}
