// SPDX-License-Identifier: Apache-2.0

/// The vectors that loops over channels are written for.
///
/// What compares lanes is a requirement, because the standard library's comparisons compile to
/// vector instructions for each of these types, but to loops over single lanes where the type is
/// generic.
protocol ChannelLanes: SIMD where Scalar == Float {
    /// For each lane the place in a window at which something was found.
    associatedtype Places

    /// The lanes at which others are above zero or not a number; zero elsewhere.
    func opened(where gate: Self) -> Self

    /// Reads numbers of 16 bits.
    static func widened(from source: UnsafePointer<BFloat16>) -> Self

    /// Writes numbers of 16 bits, rounded.
    func narrow(to target: UnsafeMutablePointer<BFloat16>)

    /// Writes numbers of 16 bits, rounded, each followed by another vector's.
    func narrow(with other: Self, to target: UnsafeMutablePointer<BFloat16>)

    /// The same place for each lane.
    static func places(_ place: Int32) -> Places

    /// Reads places from a byte each.
    static func places(at source: UnsafePointer<UInt8>) -> Places

    /// Writes places as a byte each.
    static func write(_ places: Places, to target: UnsafeMutablePointer<UInt8>)

    /// Takes lanes of another vector over that are larger, and notes the place they are from.
    mutating func rise(to other: Self, _ places: inout Places, _ place: Int32)

    /// The lanes that were found at a place; zero elsewhere.
    func taken(at place: Int32, of places: Places) -> Self
}

extension SIMD8: ChannelLanes where Scalar == Float {
    @inline(__always)
    func opened(where gate: Self) -> Self { replacing(with: 0, where: gate .<= 0) }

    @inline(__always)
    static func widened(from source: UnsafePointer<BFloat16>) -> Self {
        let bits = UnsafeRawPointer(source).loadUnaligned(as: SIMD8<UInt16>.self)
        // A conversion to numbers of 32 bits would be a call for each vector.
        var halves = SIMD16<UInt16>(repeating: 0)
        halves.oddHalf = bits
        return unsafeBitCast(halves, to: Self.self)
    }

    @inline(__always)
    func narrow(to target: UnsafeMutablePointer<BFloat16>) {
        // Shifted with its sign, a number is packed by one instruction.
        UnsafeMutableRawPointer(target).storeBytes(
            of: SIMD8<Int16>(truncatingIfNeeded: rounded &>> 16), as: SIMD8<Int16>.self)
    }

    @inline(__always)
    func narrow(with other: Self, to target: UnsafeMutablePointer<BFloat16>) {
        let pairs = rounded &>> 16 & 0xFFFF | other.rounded & ~0xFFFF
        UnsafeMutableRawPointer(target).storeBytes(of: pairs, as: SIMD8<Int32>.self)
    }

    /// The bits of the numbers, of which the upper half is rounded.
    @inline(__always)
    private var rounded: SIMD8<Int32> {
        let whole = unsafeBitCast(self, to: SIMD8<Int32>.self)
        return whole &+ (0x7FFF &+ (whole &>> 16 & 1))
    }

    @inline(__always)
    static func places(_ place: Int32) -> SIMD8<Int32> { SIMD8<Int32>(repeating: place) }

    @inline(__always)
    static func places(at source: UnsafePointer<UInt8>) -> SIMD8<Int32> {
        SIMD8<Int32>(
            Int32(source[0]), Int32(source[1]), Int32(source[2]), Int32(source[3]),
            Int32(source[4]), Int32(source[5]), Int32(source[6]), Int32(source[7]))
    }

    @inline(__always)
    static func write(_ places: SIMD8<Int32>, to target: UnsafeMutablePointer<UInt8>) {
        for lane in 0..<8 { target[lane] = UInt8(truncatingIfNeeded: places[lane]) }
    }

    @inline(__always)
    mutating func rise(to other: Self, _ places: inout SIMD8<Int32>, _ place: Int32) {
        let isLarger = other .> self
        replace(with: other, where: isLarger)
        places.replace(with: place, where: isLarger)
    }

    @inline(__always)
    func taken(at place: Int32, of places: SIMD8<Int32>) -> Self {
        Self(repeating: 0).replacing(with: self, where: places .== Places(repeating: place))
    }
}

extension SIMD16: ChannelLanes where Scalar == Float {
    @inline(__always)
    func opened(where gate: Self) -> Self { replacing(with: 0, where: gate .<= 0) }

    @inline(__always)
    static func widened(from source: UnsafePointer<BFloat16>) -> Self {
        let bits = UnsafeRawPointer(source).loadUnaligned(as: SIMD16<UInt16>.self)
        // A conversion to numbers of 32 bits would be a call for each vector.
        var halves = SIMD32<UInt16>(repeating: 0)
        halves.oddHalf = bits
        return unsafeBitCast(halves, to: Self.self)
    }

    @inline(__always)
    func narrow(to target: UnsafeMutablePointer<BFloat16>) {
        // Shifted with its sign, a number is packed by one instruction.
        UnsafeMutableRawPointer(target).storeBytes(
            of: SIMD16<Int16>(truncatingIfNeeded: rounded &>> 16), as: SIMD16<Int16>.self)
    }

    @inline(__always)
    func narrow(with other: Self, to target: UnsafeMutablePointer<BFloat16>) {
        let pairs = rounded &>> 16 & 0xFFFF | other.rounded & ~0xFFFF
        UnsafeMutableRawPointer(target).storeBytes(of: pairs, as: SIMD16<Int32>.self)
    }

    /// The bits of the numbers, of which the upper half is rounded.
    @inline(__always)
    private var rounded: SIMD16<Int32> {
        let whole = unsafeBitCast(self, to: SIMD16<Int32>.self)
        return whole &+ (0x7FFF &+ (whole &>> 16 & 1))
    }

    @inline(__always)
    static func places(_ place: Int32) -> SIMD16<Int32> { SIMD16<Int32>(repeating: place) }

    @inline(__always)
    static func places(at source: UnsafePointer<UInt8>) -> SIMD16<Int32> {
        SIMD16<Int32>(
            Int32(source[0]), Int32(source[1]), Int32(source[2]), Int32(source[3]),
            Int32(source[4]), Int32(source[5]), Int32(source[6]), Int32(source[7]),
            Int32(source[8]), Int32(source[9]), Int32(source[10]), Int32(source[11]),
            Int32(source[12]), Int32(source[13]), Int32(source[14]), Int32(source[15]))
    }

    @inline(__always)
    static func write(_ places: SIMD16<Int32>, to target: UnsafeMutablePointer<UInt8>) {
        for lane in 0..<16 { target[lane] = UInt8(truncatingIfNeeded: places[lane]) }
    }

    @inline(__always)
    mutating func rise(to other: Self, _ places: inout SIMD16<Int32>, _ place: Int32) {
        let isLarger = other .> self
        replace(with: other, where: isLarger)
        places.replace(with: place, where: isLarger)
    }

    @inline(__always)
    func taken(at place: Int32, of places: SIMD16<Int32>) -> Self {
        Self(repeating: 0).replacing(with: self, where: places .== Places(repeating: place))
    }
}
