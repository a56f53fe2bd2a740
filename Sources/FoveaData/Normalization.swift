// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// How bytes become numbers: divided by 255, less a mean, divided by a deviation.
public struct Normalization: Sendable, Hashable {
    /// What is subtracted from each channel after the division by 255.
    public let mean: [Float]
    /// What each channel is divided by after that.
    public let deviation: [Float]

    /// Makes a normalization of all channels or of each.
    ///
    /// - Parameters:
    ///   - mean: One number for all channels, or one for each.
    ///   - deviation: One number for all channels, or one for each; none is zero.
    public init(mean: [Float], deviation: [Float]) {
        precondition(!mean.isEmpty && !deviation.isEmpty, "a normalization without numbers")
        precondition(!deviation.contains(0), "a deviation of zero")
        self.mean = mean
        self.deviation = deviation
    }

    /// The mean and deviation of ImageNet, with which torchvision's weights were trained.
    public static let imageNet = Normalization(
        mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])

    /// Whether there is a number for each of so many channels.
    package func fits(channels: Int) -> Bool {
        [1, channels].contains(mean.count) && [1, channels].contains(deviation.count)
    }
}

extension Image {
    /// The pixels as a network takes them: divided by 255, and normalized if that is asked for.
    ///
    /// - Parameters:
    ///   - normalization: What follows the division; nil for nothing.
    ///   - channels: The number of channels of a network, in each of which a grey image is repeated.
    /// - Returns: The numbers in the order [channel, row, column].
    package func numbers(_ normalization: Normalization?, channels: Int? = nil) -> [Float] {
        let channels = channels ?? self.channels
        let table = PixelTable(normalization, channels: channels)
        let total = channels * extent.area
        return [Float](unsafeUninitializedCapacity: total) { numbers, count in
            pixels.withUnsafeBufferPointer {
                table.convert($0, area: extent.area, into: numbers.extracting(..<total))
            }
            count = total
        }
    }
}

/// The number that each byte of each channel becomes, bit for bit as torchvision computes it.
struct PixelTable: Sendable {
    private let values: [Float]

    init(_ normalization: Normalization?, channels: Int) {
        values = (0..<channels).flatMap { channel in
            (0..<256).map { byte in
                let share = Float(byte) / 255
                guard let normalization else { return share }
                let mean = normalization.mean[normalization.mean.count == 1 ? 0 : channel]
                let deviation = normalization.deviation[
                    normalization.deviation.count == 1 ? 0 : channel]
                return (share - mean) / deviation
            }
        }
    }

    /// Converts an image.
    ///
    /// - Parameters:
    ///   - pixels: The bytes in [C, H, W] order, of all channels or of one that is repeated.
    ///   - area: The number of pixels of a channel.
    ///   - target: Takes the numbers in [C, H, W] order.
    func convert(
        _ pixels: UnsafeBufferPointer<UInt8>, area: Int,
        into target: UnsafeMutableBufferPointer<Float>
    ) {
        let channels = values.count / 256
        precondition(target.count == channels * area, "\(target.count) numbers for an image")
        precondition([area, target.count].contains(pixels.count), "\(pixels.count) bytes for it")
        let isRepeated = pixels.count == area
        values.withUnsafeBufferPointer { values in
            for channel in 0..<channels {
                let table = values.extracting(channel * 256..<channel * 256 + 256)
                let source =
                    isRepeated ? pixels : pixels.extracting(channel * area..<(channel + 1) * area)
                let rest = target.extracting(channel * area..<(channel + 1) * area)
                guard let table = table.baseAddress, let source = source.baseAddress,
                    let rest = rest.baseAddress
                else { return }
                for i in 0..<area { rest[i] = table[Int(source[i])] }
            }
        }
    }
}
