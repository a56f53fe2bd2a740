// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// Resizes images from one size to another, by antialiased bilinear interpolation.
///
/// The result equals that of Pillow's `Image.resize` with its bilinear filter, byte for byte: a
/// triangle filter whose support grows with the scale when shrinking, weights normalised and
/// rounded to 22 fractional bits, one axis after the other, each rounded to 8 bits; an axis whose
/// length stays is left alone. Networks lose accuracy when the images they see are resized by
/// another filter than the one they were trained with, so there is only this one.
///
/// The width comes first, unless the height loses more than twice the pixels that the width loses.
/// That is the order of Pillow since its release 13; earlier ones always began with the width. Where
/// the orders differ, some bytes differ by one level.
///
/// The weights are computed once; a value may be used from many threads, each with its own scratch.
public struct Resizer: Sendable {
    /// The size of the images that come in.
    public let source: Extent
    /// The size of the images that go out.
    public let target: Extent
    /// The number of channels of both.
    public let channels: Int

    private let horizontal: ResizeWeights?
    private let vertical: ResizeWeights?

    /// Prepares for one pair of sizes.
    ///
    /// - Parameters:
    ///   - source: The size of the images that come in, each side from 1 to ``Image/maximumSide``.
    ///   - target: The size of the images that go out, each side from 1 to ``Image/maximumSide``.
    ///   - channels: The number of channels of both.
    public init(from source: Extent, to target: Extent, channels: Int) {
        let sides = 1...Image.maximumSide
        precondition(
            sides.contains(source.height) && sides.contains(source.width)
                && sides.contains(target.height) && sides.contains(target.width),
            "Sides of resized images are from 1 to \(Image.maximumSide) pixels long.")
        self.source = source
        self.target = target
        self.channels = channels
        horizontal =
            source.width == target.width ? nil : ResizeWeights(from: source.width, to: target.width)
        vertical =
            source.height == target.height
            ? nil : ResizeWeights(from: source.height, to: target.height)
    }

    /// Resizes one image.
    ///
    /// - Parameters:
    ///   - source: The pixels in the order [channel, row, column].
    ///   - target: Where the resized pixels go, in the same order.
    ///   - scratch: Memory to be reused from call to call; it grows once to what is needed.
    public func callAsFunction(
        _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>,
        scratch: inout [UInt8]
    ) {
        precondition(source.count == channels * self.source.area, "The source has another size.")
        precondition(target.count >= channels * self.target.area, "The target is too small.")
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        let rows = channels * self.source.height
        switch (horizontal, vertical) {
        case (nil, nil):
            to.update(from: from, count: source.count)
        case (let horizontal?, nil):
            horizontal.resizeRows(from, to, rows: rows)
        case (nil, let vertical?):
            resizeColumns(from, to, by: vertical, width: self.target.width)
        case (let horizontal?, let vertical?):
            let middleRows = heightIsFirst ? channels * self.target.height : rows
            let middleWidth = heightIsFirst ? self.source.width : self.target.width
            let needed = middleRows * middleWidth
            if scratch.count < needed {
                scratch = [UInt8](repeating: 0, count: needed)
            }
            scratch.withUnsafeMutableBufferPointer { middle in
                guard let middle = middle.baseAddress else { return }
                if heightIsFirst {
                    resizeColumns(from, middle, by: vertical, width: middleWidth)
                    horizontal.resizeRows(middle, to, rows: middleRows)
                } else {
                    horizontal.resizeRows(from, middle, rows: middleRows)
                    resizeColumns(middle, to, by: vertical, width: middleWidth)
                }
            }
        }
    }

    private var heightIsFirst: Bool {
        target.height < source.height
            && source.height - target.height > 2 * (source.width - target.width)
    }

    private func resizeColumns(
        _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>,
        by weights: ResizeWeights, width: Int
    ) {
        for channel in 0..<channels {
            weights.resizeColumns(
                from + channel * source.height * width, to + channel * target.height * width,
                width: width)
        }
    }
}

/// The weights with which the pixels along one axis add up to the pixels of the resized axis.
private struct ResizeWeights: Sendable {
    /// The fractional bits of a weight: a pixel's 8 bits and 2 bits of reserve fill up 32.
    static let precision: Int32 = 32 - 8 - 2
    /// One half, which turns the final shift into rounding.
    static let half: Int32 = 1 << (precision - 1)

    let sourceLength: Int
    /// The number of weights of each target pixel: 2 in all enlargements of 2 pixels or more.
    let taps: Int
    /// For each target pixel, the source pixel its first weight belongs to.
    let starts: [Int32]
    /// The weights, `taps` for each target pixel.
    let weights: [Int32]

    init(from sourceLength: Int, to targetLength: Int) {
        let scale = Double(sourceLength) / Double(targetLength)
        let support = max(scale, 1)
        var windows: [(start: Int, weights: [Int32])] = []
        for i in 0..<targetLength {
            let center = (Double(i) + 0.5) * scale
            let start = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), sourceLength)
            // Multiplying by the reciprocal, as Pillow does, gives another last bit than dividing.
            let heights = (start..<end).map { position in
                max(0, 1 - abs((Double(position) - center + 0.5) * (1 / support)))
            }
            let sum = heights.reduce(0, +)
            let weights = heights.map { height in
                Int32(0.5 + (sum != 0 ? height / sum : height) * Double(1 << Self.precision))
            }
            windows.append((start, weights))
        }
        let taps = windows.reduce(1) { max($0, $1.weights.count) }
        // Windows that the edges cut are filled up with zeros, and moved inside where needed.
        let starts = windows.map { min($0.start, sourceLength - taps) }
        weights = zip(windows, starts).flatMap { window, start in
            let before = window.start - start
            let after = taps - before - window.weights.count
            return [Int32](repeating: 0, count: before) + window.weights
                + [Int32](repeating: 0, count: after)
        }
        self.starts = starts.map { Int32($0) }
        self.sourceLength = sourceLength
        self.taps = taps
    }

    // MARK: Along the rows

    /// Resizes each row to the target's length.
    func resizeRows(
        _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, rows: Int
    ) {
        if taps == 2 {
            resizeRows(from, to, rows: rows, taps: 2)
        } else {
            resizeRows(from, to, rows: rows, taps: taps)
        }
    }

    /// The work on four rows at a time, compiled a second time for a constant number of taps.
    @inline(__always)
    private func resizeRows(
        _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, rows: Int, taps: Int
    ) {
        let length = sourceLength, targetLength = starts.count
        starts.withUnsafeBufferPointer { starts in
            weights.withUnsafeBufferPointer { weights in
                var row = 0
                while row < rows {
                    // The last rows are done twice when their number is no multiple of four.
                    let count = min(rows, 4)
                    let first = min(row, rows &- count)
                    let second = min(first &+ 1, rows &- 1)
                    let third = min(first &+ 2, rows &- 1)
                    let fourth = min(first &+ 3, rows &- 1)
                    let from0 = from + first &* length, from1 = from + second &* length
                    let from2 = from + third &* length, from3 = from + fourth &* length
                    let to0 = to + first &* targetLength, to1 = to + second &* targetLength
                    let to2 = to + third &* targetLength, to3 = to + fourth &* targetLength
                    for x in 0..<targetLength {
                        let start = Int(starts[x])
                        var sum0 = Self.half, sum1 = Self.half, sum2 = Self.half, sum3 = Self.half
                        for tap in 0..<taps {
                            let weight = weights[x &* taps &+ tap], place = start &+ tap
                            sum0 &+= Int32(from0[place]) &* weight
                            sum1 &+= Int32(from1[place]) &* weight
                            sum2 &+= Int32(from2[place]) &* weight
                            sum3 &+= Int32(from3[place]) &* weight
                        }
                        to0[x] = UInt8(truncatingIfNeeded: sum0 &>> Self.precision)
                        to1[x] = UInt8(truncatingIfNeeded: sum1 &>> Self.precision)
                        to2[x] = UInt8(truncatingIfNeeded: sum2 &>> Self.precision)
                        to3[x] = UInt8(truncatingIfNeeded: sum3 &>> Self.precision)
                    }
                    row &+= count
                }
            }
        }
    }

    // MARK: Along the columns

    /// Resizes each column of a channel to the target's length.
    func resizeColumns(
        _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, width: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: taps > 2 ? width : 0) { sums in
            for y in 0..<starts.count {
                let first = from + Int(starts[y]) &* width
                let to = to + y &* width
                if taps == 1 {
                    to.update(from: first, count: width)
                } else if taps == 2 {
                    Self.blend(
                        first, weights[2 &* y], first + width, weights[2 &* y &+ 1], to,
                        width: width)
                } else if let sums = sums.baseAddress {
                    sum(into: sums, from: first, weights: y &* taps, width: width)
                    for x in 0..<width {
                        to[x] = UInt8(truncatingIfNeeded: sums[x] &>> Self.precision)
                    }
                }
            }
        }
    }

    /// Adds up `taps` rows, two at a time.
    private func sum(
        into sums: UnsafeMutablePointer<Int32>, from: UnsafePointer<UInt8>, weights base: Int,
        width: Int
    ) {
        sums.update(repeating: Self.half, count: width)
        for tap in stride(from: 0, to: taps, by: 2) {
            let isLast = tap == taps - 1
            let weight = weights[base + tap], nextWeight = isLast ? 0 : weights[base + tap + 1]
            if weight == 0 && nextWeight == 0 { continue }
            let row = from + tap &* width, next = isLast ? row : row + width
            for x in 0..<width {
                sums[x] &+= Int32(row[x]) &* weight &+ Int32(next[x]) &* nextWeight
            }
        }
    }

    /// Adds up two rows whose weights are together one.
    ///
    /// Every x86-64 processor multiplies eight 16-bit numbers at once, but 32-bit numbers only
    /// with instructions that this build cannot take for granted. So the weights are cut into
    /// three pieces of 8, 7 and 7 bits: the products of a pixel with a piece, and the sums of two,
    /// stay below 2¹⁶, and what a piece carries over to the next is found by shifting, without
    /// losing a bit of the result.
    private static func blend(
        _ first: UnsafePointer<UInt8>, _ firstWeight: Int32, _ second: UnsafePointer<UInt8>,
        _ secondWeight: Int32, _ to: UnsafeMutablePointer<UInt8>, width: Int
    ) {
        let a = pieces(firstWeight), b = pieces(secondWeight)
        for x in 0..<width {
            let p = UInt16(first[x]), q = UInt16(second[x])
            let low = (p &* a.low &+ q &* b.low) &>> 7
            let middle = (p &* a.middle &+ q &* b.middle &+ low) &>> 7
            let high = p &* a.high &+ q &* b.high &+ middle &+ 128
            to[x] = UInt8(truncatingIfNeeded: high &>> 8)
        }
    }

    private static func pieces(_ weight: Int32) -> (high: UInt16, middle: UInt16, low: UInt16) {
        (
            UInt16(truncatingIfNeeded: weight >> 14),
            UInt16(truncatingIfNeeded: weight >> 7 & 0x7F),
            UInt16(truncatingIfNeeded: weight & 0x7F)
        )
    }
}
