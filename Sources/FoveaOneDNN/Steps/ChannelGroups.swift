// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The pieces of a tensor in which so many channels as a vector has lanes lie side by side, pixel
/// after pixel.
///
/// A blocked tensor has one for each image and block of channels; a tensor with its channels last is
/// cut into pieces of so many pixels that one stays in the cache. Where channels fill no vectors, but
/// those of several pixels do, these count as one pixel, each with channels of its own: three vectors are
/// eight pixels of LeNet's six channels. How a tensor is cut depends on shapes alone, so that sums over
/// pieces have the same roundings on any number of threads.
struct ChannelGroups<Lanes: ChannelLanes> {
    /// One piece.
    struct Group {
        /// The position of its first element.
        let start: Int
        /// The number of its image; 0 where pieces go over several.
        let image: Int
        /// The number of its pixels.
        let pixels: Int
        /// The first of its channels; more than there are where several pixels count as one.
        let channel: Int
        /// The number of its channels.
        let lanes: Int
    }

    /// The number of pieces.
    let count: Int
    /// The number of channels.
    let channels: Int
    /// The number of pieces along the pixels, which hold the same channels.
    let pieces: Int
    /// The number of elements of a channel.
    let elements: Int
    /// The distance from a pixel to the next.
    let stride: Int
    /// The number of pixels that count as one.
    private let pixelsTogether: Int
    private let blocks: Int
    private let pixels: Int
    private let pixelsOfPiece: Int
    /// Whether blocks are filled up with lanes of zeros.
    let isBlocked: Bool
    /// The elements between the images of the tensor that is read, if it has gaps; others have none.
    let gap: Int

    /// Cuts a tensor of a shape up.
    init(_ shape: Shape, _ arrangement: Arrangement, gap: Int = 0) {
        self.gap = gap
        channels = shape.channels
        let width = Lanes.scalarCount
        let area = shape.perImage.count / channels
        elements = shape.batch * area
        isBlocked = arrangement.block == width
        let filling = Self.filling(channels)
        pixelsTogether = !isBlocked && elements.isMultiple(of: filling) ? filling : 1
        let channelsTogether = channels * pixelsTogether
        blocks = (channelsTogether + width - 1) / width
        if isBlocked {
            pixels = area
            pixelsOfPiece = area
            pieces = shape.batch
            stride = width
        } else {
            pixels = elements / pixelsTogether
            pixelsOfPiece = min(pixels, max(64, 65536 / channelsTogether))
            pieces = (pixels + pixelsOfPiece - 1) / pixelsOfPiece
            stride = channelsTogether
        }
        count = pieces * blocks
    }

    /// The fewest pixels whose channels fill vectors.
    private static func filling(_ channels: Int) -> Int {
        // Lanes are a power of two, of which the channels have a part.
        Lanes.scalarCount
            >> min(channels.trailingZeroBitCount, Lanes.scalarCount.trailingZeroBitCount)
    }

    /// A piece by its number; the pieces of one block of channels follow each other.
    subscript(index: Int) -> Group {
        let block = index / pieces, piece = index % pieces
        let width = Lanes.scalarCount, channel = block * width
        let lanes = min(width, channels * pixelsTogether - channel)
        guard !isBlocked else {
            return Group(
                start: (piece * blocks + block) * pixels * width, image: piece, pixels: pixels,
                channel: channel, lanes: lanes)
        }
        let first = piece * pixelsOfPiece
        return Group(
            start: first * stride + channel, image: 0, pixels: min(pixelsOfPiece, pixels - first),
            channel: channel, lanes: lanes)
    }

    /// The numbers of a piece's channels, from one for each channel.
    @inline(__always)
    func numbers(_ all: UnsafeMutablePointer<Float>, of group: Group) -> Lanes {
        guard pixelsTogether > 1 else { return all.lanes(group.channel, group.lanes) }
        var lanes = Lanes(repeating: 0)
        for lane in 0..<group.lanes { lanes[lane] = all[(group.channel + lane) % channels] }
        return lanes
    }

    /// Calls a body with all pieces that hold a channel, and the lane in which each does.
    @inline(__always)
    func forEachPiece(of channel: Int, _ body: (_ index: Int, _ lane: Int) -> Void) {
        for pixel in 0..<pixelsTogether {
            let (block, lane) = (pixel * channels + channel).quotientAndRemainder(
                dividingBy: Lanes.scalarCount)
            for piece in 0..<pieces { body(block * pieces + piece, lane) }
        }
    }
}
