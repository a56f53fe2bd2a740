// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// A number as images hold it in memory; loops compute in 32-bit floats whatever it is.
protocol StoredNumber: BitwiseCopyable {
    /// The type in the compiler's words.
    static var dtype: DType { get }

    /// Reads a vector of numbers.
    static func load<Lanes: ChannelLanes>(_ source: UnsafePointer<Self>) -> Lanes

    /// Writes a vector of numbers.
    static func store<Lanes: ChannelLanes>(_ lanes: Lanes, to target: UnsafeMutablePointer<Self>)

    /// Rounds a number.
    init(rounding number: Float)

    /// The number.
    var float: Float { get }
}

extension Float: StoredNumber {
    static var dtype: DType { .f32 }

    @inline(__always)
    static func load<Lanes: ChannelLanes>(_ source: UnsafePointer<Float>) -> Lanes {
        UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    static func store<Lanes: ChannelLanes>(_ lanes: Lanes, to target: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(target).storeBytes(of: lanes, as: Lanes.self)
    }

    @inline(__always)
    init(rounding number: Float) { self = number }

    @inline(__always)
    var float: Float { self }
}

/// The upper half of a 32-bit float: its sign, its exponent and 7 bits after the point.
///
/// What is rounded goes to the nearest such number, or the even one of two. The processor's own not-a-number
/// stays one.
struct BFloat16: StoredNumber {
    private var bits: UInt16

    static var dtype: DType { .bf16 }

    @inline(__always)
    static func load<Lanes: ChannelLanes>(_ source: UnsafePointer<BFloat16>) -> Lanes {
        Lanes.widened(from: source)
    }

    @inline(__always)
    static func store<Lanes: ChannelLanes>(
        _ lanes: Lanes, to target: UnsafeMutablePointer<BFloat16>
    ) {
        lanes.narrow(to: target)
    }

    @inline(__always)
    init(rounding number: Float) {
        let whole = number.bitPattern
        bits = UInt16(truncatingIfNeeded: (whole &+ 0x7FFF &+ (whole >> 16 & 1)) >> 16)
    }

    @inline(__always)
    var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}

extension UnsafeMutablePointer where Pointee: StoredNumber {
    /// The lanes at a position, of which those beyond a number are zero.
    @inline(__always)
    func lanes<Lanes: ChannelLanes>(_ position: Int, _ count: Int) -> Lanes {
        if count == Lanes.scalarCount { return Pointee.load(self + position) }
        var lanes = Lanes(repeating: 0)
        for lane in 0..<count { lanes[lane] = self[position + lane].float }
        return lanes
    }

    /// Writes lanes at a position: all, or so many.
    @inline(__always)
    func write<Lanes: ChannelLanes>(_ lanes: Lanes, _ position: Int, _ count: Int) {
        if count == Lanes.scalarCount {
            Pointee.store(lanes, to: self + position)
        } else {
            for lane in 0..<count { self[position + lane] = Pointee(rounding: lanes[lane]) }
        }
    }
}
