// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Cuts a part out of images of one size; what lies outside of the image is black.
struct Crop: Sendable {
    let source: Extent
    let target: Extent
    let channels: Int
    /// The image's row that becomes row 0; it may be negative.
    let top: Int
    /// The image's column that becomes column 0; it may be negative.
    let left: Int

    init(of source: Extent, to target: Extent, channels: Int, top: Int, left: Int) {
        self.source = source
        self.target = target
        self.channels = channels
        self.top = top
        self.left = left
    }

    /// The middle; an odd rest falls where torchvision's `CenterCrop` puts it.
    init(middleOf source: Extent, to target: Extent, channels: Int) {
        self.init(
            of: source, to: target, channels: channels,
            top: Self.centeredStart(of: target.height, in: source.height),
            left: Self.centeredStart(of: target.width, in: source.width))
    }

    /// Cuts the part out of one image.
    ///
    /// - Parameters:
    ///   - from: The pixels in the order [channel, row, column].
    ///   - to: Takes the part's pixels in the same order.
    func callAsFunction(
        _ from: UnsafeBufferPointer<UInt8>, into to: UnsafeMutableBufferPointer<UInt8>
    ) {
        precondition(from.count == channels * source.area, "The source has another size.")
        precondition(to.count == channels * target.area, "The target has another size.")
        to.update(repeating: 0)
        let rows = max(0, -top)..<max(max(0, -top), min(target.height, source.height - top))
        let columns = max(0, -left)..<max(max(0, -left), min(target.width, source.width - left))
        guard !columns.isEmpty, let from = from.baseAddress, let to = to.baseAddress else { return }
        for channel in 0..<channels {
            for row in rows {
                let target = (channel * target.height + row) * target.width + columns.lowerBound
                let source =
                    (channel * source.height + row + top) * source.width + columns.lowerBound + left
                (to + target).update(from: from + source, count: columns.count)
            }
        }
    }

    /// Half of what is cut off, rounded to even, or minus half of what is added, rounded to zero.
    private static func centeredStart(of part: Int, in whole: Int) -> Int {
        guard part < whole else { return -((part - whole) / 2) }
        return Int((Double(whole - part) / 2).rounded(.toNearestOrEven))
    }
}
