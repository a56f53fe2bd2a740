// SPDX-License-Identifier: Apache-2.0

import CCairo
import FoveaGraph

/// An image in memory that cairo draws on, released with its owner.
struct CairoSurface: ~Copyable {
    /// The longest side that cairo's image surfaces can have.
    private static let longestSide = 32767.0

    let pointer: OpaquePointer?

    /// Makes an empty image of whole pixels.
    init(width: Double, height: Double) throws(FoveaError) {
        guard width >= 1, height >= 1, width <= Self.longestSide, height <= Self.longestSide else {
            let size = [width, height].map { DecimalText.trimmed($0, decimals: 0) }
            throw FoveaError(
                .cannotCreate,
                "A PNG picture has 1 to 32767 pixels on each side, but this one would have "
                    + "\(size[0]) × \(size[1]).",
                remedy: "Choose a smaller scale or show fewer items.")
        }
        let surface = cairo_image_surface_create(
            CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
        // A failed surface is still an object of cairo's that wants to be released.
        if let error = failure(cairo_surface_status(surface)) {
            cairo_surface_destroy(surface)
            throw error
        }
        pointer = surface
    }

    /// Makes an image with a raster's pixels.
    static func holding(_ raster: Raster) throws(FoveaError) -> CairoSurface {
        let surface = try CairoSurface(
            width: Double(raster.extent.width), height: Double(raster.extent.height))
        cairo_surface_flush(surface.pointer)
        guard let data = cairo_image_surface_get_data(surface.pointer) else {
            throw FoveaError(.bug, "cairo gave a surface without pixels.")
        }
        let stride = Int(cairo_image_surface_get_stride(surface.pointer))
        for row in 0..<raster.extent.height {
            for column in 0..<raster.extent.width {
                let color = raster[row, column]
                let pixel =
                    UInt32(color.red) << 16 | UInt32(color.green) << 8 | UInt32(color.blue)
                UnsafeMutableRawPointer(data).storeBytes(
                    of: pixel, toByteOffset: row * stride + column * 4, as: UInt32.self)
            }
        }
        cairo_surface_mark_dirty(surface.pointer)
        return surface
    }

    deinit { cairo_surface_destroy(pointer) }

    /// The image as the bytes of a PNG file.
    func png() throws(FoveaError) -> [UInt8] {
        cairo_surface_flush(pointer)
        var bytes: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &bytes) { bytes in
            cairo_surface_write_to_png_stream(
                pointer,
                { closure, data, count in
                    closure?.assumingMemoryBound(to: [UInt8].self).pointee.append(
                        contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
                    return CAIRO_STATUS_SUCCESS
                }, bytes)
        }
        if let error = failure(status) { throw error }
        return bytes
    }
}

/// A pen on a surface, released with its owner.
struct CairoContext: ~Copyable {
    let pointer: OpaquePointer?

    init(drawingOn surface: borrowing CairoSurface) throws(FoveaError) {
        let pen = cairo_create(surface.pointer)
        if let error = failure(cairo_status(pen)) {
            cairo_destroy(pen)
            throw error
        }
        pointer = pen
        // Unhinted text has the same widths at every scale, so labels stay where SVG puts them.
        let options = cairo_font_options_create()
        defer { cairo_font_options_destroy(options) }
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_set_font_options(pointer, options)
    }

    deinit { cairo_destroy(pointer) }
}

/// The error that a status of cairo's stands for, or nil when all is well.
private func failure(_ status: cairo_status_t) -> FoveaError? {
    guard status != CAIRO_STATUS_SUCCESS else { return nil }
    let reason = cairo_status_to_string(status).map { String(cString: $0) } ?? "unknown reason"
    return FoveaError(.cannotCreate, "The picture cannot be drawn: \(reason).")
}
