// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// A picture of 8-bit pixels in one grey channel, or in red, green and blue.
///
/// The pixels lie as networks take them: channel by channel, and row by row within a channel.
public struct Image: Sendable, Equatable {
    /// The longest side of an image that is read from a file.
    public static let maximumSide = 16_384

    /// The largest number of pixels of an image that is read from a file: 64 Mpixel.
    public static let maximumPixelCount = 64 << 20

    /// The number of channels: 1 for grey, 3 for red, green and blue.
    public let channels: Int
    /// The number of rows.
    public let height: Int
    /// The number of columns.
    public let width: Int
    /// The pixels in the order [channel, row, column].
    public let pixels: [UInt8]

    /// Makes an image from its pixels.
    ///
    /// - Parameters:
    ///   - channels: 1 for grey, 3 for red, green and blue.
    ///   - height: The number of rows, at least 1.
    ///   - width: The number of columns, at least 1.
    ///   - pixels: `channels * height * width` values in the order [channel, row, column].
    public init(channels: Int, height: Int, width: Int, pixels: [UInt8]) {
        precondition(channels == 1 || channels == 3, "An image has 1 or 3 channels.")
        precondition(height > 0 && width > 0, "An image has at least one pixel.")
        precondition(
            pixels.count == channels * height * width,
            "The number of pixel values is not channels × height × width.")
        self.channels = channels
        self.height = height
        self.width = width
        self.pixels = pixels
    }

    /// Height and width together.
    public var extent: Extent { Extent(height, width) }

    /// The image in one grey channel, with the weights of ITU-R BT.601 as Pillow rounds them.
    ///
    /// - Returns: (19595 R + 38470 G + 7471 B + 32768) / 65536, or the image itself if it is grey.
    public func grayscale() -> Image {
        guard channels == 3 else { return self }
        let area = height * width
        let grey = [UInt8](unsafeUninitializedCapacity: area) { grey, count in
            pixels.withUnsafeBufferPointer { source in
                for i in 0..<area {
                    let weighted =
                        UInt32(source[i]) &* 19_595 &+ UInt32(source[i &+ area]) &* 38_470
                        &+ UInt32(source[i &+ 2 &* area]) &* 7_471 &+ 0x8000
                    grey[i] = UInt8(truncatingIfNeeded: weighted &>> 16)
                }
            }
            count = area
        }
        return Image(channels: 1, height: height, width: width, pixels: grey)
    }

    /// The image in three channels, which are all the same if it was grey.
    ///
    /// - Returns: The image with 3 channels.
    public func rgb() -> Image {
        guard channels == 1 else { return self }
        return Image(channels: 3, height: height, width: width, pixels: pixels + pixels + pixels)
    }

    /// The image in another size, by antialiased bilinear interpolation.
    ///
    /// The bytes are those of Pillow's `resize` with its bilinear filter. To resize many images of
    /// one size, keep a ``Resizer``.
    ///
    /// - Parameter extent: The new height and width, each from 1 to ``maximumSide``.
    /// - Returns: The resized image.
    public func resized(to extent: Extent) -> Image {
        guard extent != self.extent else { return self }
        let resizer = Resizer(from: self.extent, to: extent, channels: channels)
        var scratch: [UInt8] = []
        let total = channels * extent.area
        let resized = [UInt8](unsafeUninitializedCapacity: total) { target, count in
            pixels.withUnsafeBufferPointer { resizer($0, into: target, scratch: &scratch) }
            count = total
        }
        return Image(
            channels: channels, height: extent.height, width: extent.width, pixels: resized)
    }

    /// The image with its shorter side as given and its proportions kept.
    ///
    /// The longer side is rounded down, as torchvision's `Resize` does, and is held to
    /// ``maximumSide``.
    ///
    /// - Parameter shorterSide: The new length of the shorter side, from 1 to ``maximumSide``.
    /// - Returns: The resized image.
    public func resized(shorterSide: Int) -> Image {
        resized(to: extent.scaled(shorterSide: shorterSide))
    }

    /// A part of the image; what lies outside of the image is black.
    ///
    /// - Parameters:
    ///   - extent: The height and width of the part, each at least 1.
    ///   - top: The image's row that becomes row 0; it may be negative.
    ///   - left: The image's column that becomes column 0; it may be negative.
    /// - Returns: The part.
    public func cropped(to extent: Extent, top: Int, left: Int) -> Image {
        cropped(Crop(of: self.extent, to: extent, channels: channels, top: top, left: left))
    }

    /// The middle of the image, with black borders where the image is the smaller one.
    ///
    /// An odd rest falls where torchvision's `CenterCrop` puts it.
    ///
    /// - Parameter extent: The height and width of the part, each at least 1.
    /// - Returns: The part.
    public func centerCropped(to extent: Extent) -> Image {
        cropped(Crop(middleOf: self.extent, to: extent, channels: channels))
    }

    private func cropped(_ crop: Crop) -> Image {
        let total = channels * crop.target.area
        let part = [UInt8](unsafeUninitializedCapacity: total) { part, count in
            pixels.withUnsafeBufferPointer { crop($0, into: part.extracting(..<total)) }
            count = total
        }
        return Image(
            channels: channels, height: crop.target.height, width: crop.target.width, pixels: part)
    }
}

extension Extent {
    /// The extent of an image after its shorter side was resized and its proportions were kept.
    ///
    /// The longer side is rounded down, as torchvision's `Resize` does, and is held to
    /// ``Image/maximumSide``.
    func scaled(shorterSide: Int) -> Extent {
        let long = min(shorterSide * max(height, width) / min(height, width), Image.maximumSide)
        return height <= width ? Extent(shorterSide, long) : Extent(long, shorterSide)
    }
}
