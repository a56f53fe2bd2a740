// SPDX-License-Identifier: Apache-2.0

public import FoveaGraph

/// An image of 8-bit gray or RGB pixels, row by row from the top, with interleaved channels.
public struct Raster: Equatable, Sendable {
    /// The height and the width in pixels.
    public let extent: Extent
    /// 1 for gray, 3 for RGB.
    public let channels: Int
    /// The pixels: height × width × channels bytes.
    public let bytes: [UInt8]

    /// Makes an image from interleaved pixels.
    ///
    /// - Parameters:
    ///   - bytes: The pixels in the order height, width, channel.
    ///   - extent: The height and the width.
    ///   - channels: 1 for gray, 3 for RGB.
    /// - Throws: `FoveaError` when the number of bytes or channels does not fit.
    public init(interleaved bytes: [UInt8], extent: Extent, channels: Int) throws(FoveaError) {
        try Self.check(count: bytes.count, extent, channels)
        self.extent = extent
        self.channels = channels
        self.bytes = bytes
    }

    /// Makes an image from planes of pixels, as a network takes it.
    ///
    /// - Parameters:
    ///   - bytes: The pixels in the order channel, height, width.
    ///   - extent: The height and the width.
    ///   - channels: 1 for gray, 3 for RGB.
    /// - Throws: `FoveaError` when the number of bytes or channels does not fit.
    public init(planes bytes: [UInt8], extent: Extent, channels: Int) throws(FoveaError) {
        try Self.check(count: bytes.count, extent, channels)
        let area = bytes.count / channels
        var interleaved = [UInt8](repeating: 0, count: bytes.count)
        for channel in 0..<channels {
            for pixel in 0..<area {
                interleaved[pixel * channels + channel] = bytes[channel * area + pixel]
            }
        }
        self.extent = extent
        self.channels = channels
        self.bytes = interleaved
    }

    /// Makes an image by asking for the color of each pixel.
    package init(extent: Extent, color: (_ row: Int, _ column: Int) -> Color) {
        let height = max(extent.height, 0), width = max(extent.width, 0)
        var bytes: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width {
                let color = color(row, column)
                bytes += [color.red, color.green, color.blue]
            }
        }
        self.extent = Extent(height, width)
        channels = 3
        self.bytes = bytes
    }

    /// The color of one pixel.
    package subscript(row: Int, column: Int) -> Color {
        let place = (row * extent.width + column) * channels
        return channels == 1
            ? Color(bytes[place], bytes[place], bytes[place])
            : Color(bytes[place], bytes[place + 1], bytes[place + 2])
    }

    /// The mean color over a part of the image; parts that reach outside are cut to the image.
    package func mean(rows: Range<Int>, columns: Range<Int>) -> Color {
        let rows = rows.clamped(to: 0..<extent.height)
        let columns = columns.clamped(to: 0..<extent.width)
        let count = rows.count * columns.count
        guard count > 0 else { return .black }
        var red = 0, green = 0, blue = 0
        for row in rows {
            for column in columns {
                let color = self[row, column]
                red += Int(color.red)
                green += Int(color.green)
                blue += Int(color.blue)
            }
        }
        func rounded(_ sum: Int) -> UInt8 { UInt8((sum + count / 2) / count) }
        return Color(rounded(red), rounded(green), rounded(blue))
    }

    private static func check(
        count: Int, _ extent: Extent, _ channels: Int
    ) throws(FoveaError) {
        guard channels == 1 || channels == 3 else {
            throw FoveaError(
                .dataset,
                "A picture needs 1 channel (gray) or 3 channels (RGB), but has \(channels).")
        }
        guard extent.height > 0, extent.width > 0 else {
            throw FoveaError(.dataset, "A picture of \(extent) pixels has nothing to show.")
        }
        let area = extent.height.multipliedReportingOverflow(by: extent.width)
        let total = area.partialValue.multipliedReportingOverflow(by: channels)
        guard !area.overflow, !total.overflow, total.partialValue == count else {
            throw FoveaError(
                .dataset,
                "A picture of \(extent) pixels with \(channels) "
                    + (channels == 1 ? "channel" : "channels")
                    + " needs height × width × channels bytes, but \(count) were given.")
        }
    }
}
