// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A stream of random numbers that is a pure function of (seed, purpose, epoch, index).
///
/// Every random decision of a run names its stream by what it is for, so that resuming needs
/// counters only and no draw depends on how many draws were made elsewhere. The stream itself is
/// SplitMix64 (Steele, Lea and Flood, 2014), started at a mix of the four keys.
public struct RandomStream: RandomNumberGenerator, Sendable {
    /// What a stream of random numbers is for.
    public struct Purpose: Sendable {
        let key: UInt64

        /// Makes a purpose from a name, such as a parameter's.
        public init(_ name: String) { key = Self.hash(name) }

        /// The order of the training images in an epoch.
        public static let shuffle = Purpose("shuffle")
        /// The changes made to a training image.
        public static let augmentation = Purpose("augmentation")
        /// Whether a training image is mirrored in even epochs or in odd ones.
        public static let mirroring = Purpose("mirroring")
        /// Random input for measurements and tests.
        public static let input = Purpose("input")

        /// FNV-1a over the UTF-8 bytes of a name.
        static func hash(_ name: String) -> UInt64 {
            name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        }
    }

    private var state: UInt64

    /// Starts the stream that belongs to the four keys.
    public init(seed: UInt64, purpose: Purpose, epoch: Int = 0, index: Int = 0) {
        var mixed = Self.mix(seed)
        mixed = Self.mix(mixed ^ purpose.key)
        mixed = Self.mix(mixed ^ UInt64(bitPattern: Int64(epoch)))
        state = Self.mix(mixed ^ UInt64(bitPattern: Int64(index)))
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.finalize(state)
    }

    /// The next number in [0, 1), with 24 random bits.
    public mutating func uniform() -> Float {
        Float(next() >> 40) * 0x1p-24
    }

    /// The next number of the standard normal distribution, by the method of Box and Muller.
    public mutating func normal() -> Float {
        let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
        let angle = 2 * Double.pi * Double(next() >> 11) * 0x1p-53
        return Float(radius * cos(angle))
    }

    /// The next whole number below a bound, which is at most 2³².
    ///
    /// - Parameter bound: One more than the largest number wanted.
    /// - Returns: A number in 0 ..< bound.
    public mutating func whole(below bound: Int) -> Int {
        Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(bound)) >> 32)
    }

    /// The numbers 0 ..< count in random order, by the method of Fisher and Yates.
    ///
    /// The standard library's `shuffle` is not used, because its draws may change with the compiler.
    ///
    /// - Parameter count: How many numbers.
    /// - Returns: A permutation.
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, whole(below: last + 1))
        }
        return order
    }

    private static func mix(_ value: UInt64) -> UInt64 { finalize(value &+ 0x9E37_79B9_7F4A_7C15) }

    private static func finalize(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
