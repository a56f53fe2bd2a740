// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc

/// How training images are varied, so that no epoch shows quite the same ones.
///
/// Stored pixels are varied, before they are resized. What becomes of an image follows from the seed,
/// the epoch and the image alone.
public enum Augmentation: String, Sendable, Hashable, CaseIterable, Codable {
    /// Mirrored from left to right in every other epoch; half of the images begin as they are, so that
    /// each is seen both ways as often (alternating flip: Jordan, 2024).
    case flip
    /// Moved by up to a fourteenth of each side, 2 pixels of 28, with black where nothing was, and
    /// mirrored like `flip`.
    case shiftFlip = "shift-flip"
    /// Moved by up to an eighth of each side, and mirrored like `flip`.
    case cropFlip = "crop-flip"
    /// Like `cropFlip`, and every other time a rectangle is covered with noise: random erasing (Zhong
    /// and others, 2017), 2 to 40 % of the image in shapes between 3:10 and 10:3.
    case cropFlipErase = "crop-flip-erase"

    /// Varied images of one epoch.
    public struct Epoch: Sendable, Hashable {
        let augmentation: Augmentation
        let seed: UInt64
        let epoch: Int

        /// Whether an image is mirrored in this epoch.
        func mirrors(_ index: Int) -> Bool {
            var stream = RandomStream(seed: seed, purpose: .mirroring, index: index)
            return (stream.whole(below: 2) + epoch).isMultiple(of: 2)
        }
    }

    /// The part of each side by which images are moved at most, as its divisor; nil if they stay.
    var reach: Int? {
        switch self {
        case .flip: nil
        case .shiftFlip: 14
        case .cropFlip, .cropFlipErase: 8
        }
    }

    /// The variations of an epoch.
    ///
    /// - Parameters:
    ///   - epoch: Its number.
    ///   - seed: The seed of the run.
    /// - Returns: What a loader is told.
    public func epoch(_ epoch: Int, seed: UInt64) -> Epoch {
        Epoch(augmentation: self, seed: seed, epoch: epoch)
    }
}

/// Varies images of one size; each worker has its own.
struct ImageVariation: Sendable {
    private let extent: Extent
    private let channels: Int
    private var moved: [UInt8]

    init(_ extent: Extent, channels: Int) {
        self.extent = extent
        self.channels = channels
        moved = [UInt8](repeating: 0, count: channels * extent.area)
    }

    /// Varies one image, whose pixels are in the order [channel, row, column].
    mutating func vary(_ pixels: inout [UInt8], index: Int, _ variations: Augmentation.Epoch) {
        var stream = RandomStream(
            seed: variations.seed, purpose: .augmentation, epoch: variations.epoch, index: index)
        if variations.mirrors(index) { mirror(&pixels) }
        guard let reach = variations.augmentation.reach else { return }
        move(&pixels, by: reach, &stream)
        guard variations.augmentation == .cropFlipErase, stream.whole(below: 2) == 1 else { return }
        erase(&pixels, &stream)
    }

    private func mirror(_ pixels: inout [UInt8]) {
        pixels.withUnsafeMutableBufferPointer { pixels in
            for row in 0..<channels * extent.height {
                let first = row * extent.width, last = first + extent.width - 1
                for place in 0..<extent.width / 2 { pixels.swapAt(first + place, last - place) }
            }
        }
    }

    private mutating func move(
        _ pixels: inout [UInt8], by reach: Int, _ stream: inout RandomStream
    ) {
        let rows = extent.height / reach, columns = extent.width / reach
        let crop = Crop(
            of: extent, to: extent, channels: channels,
            top: stream.whole(below: 2 * rows + 1) - rows,
            left: stream.whole(below: 2 * columns + 1) - columns)
        pixels.withUnsafeBufferPointer { pixels in
            moved.withUnsafeMutableBufferPointer { crop(pixels, into: $0) }
        }
        swap(&pixels, &moved)
    }

    /// Covers a rectangle, whose shape is drawn again while it does not fit.
    private func erase(_ pixels: inout [UInt8], _ stream: inout RandomStream) {
        for _ in 0..<10 {
            let area = Double(extent.area) * (0.02 + 0.38 * Double(stream.uniform()))
            // Even between 3:10 and 10:3 by its logarithm, so that lying is as likely as standing.
            let ratio = exp(log(10.0 / 3) * (2 * Double(stream.uniform()) - 1))
            let height = Int((area * ratio).squareRoot().rounded())
            let width = Int((area / ratio).squareRoot().rounded())
            guard (1..<extent.height).contains(height), (1..<extent.width).contains(width) else {
                continue
            }
            let top = stream.whole(below: extent.height - height + 1)
            let left = stream.whole(below: extent.width - width + 1)
            for channel in 0..<channels {
                for row in top..<top + height {
                    let start = (channel * extent.height + row) * extent.width + left
                    for place in start..<start + width {
                        pixels[place] = UInt8(truncatingIfNeeded: stream.next() >> 56)
                    }
                }
            }
            return
        }
    }
}
