// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import CCairo
public import FoveaGraph

extension Drawing {
    /// Gives the picture as the bytes of a PNG file.
    ///
    /// - Parameter scale: Pixels per point; 2 gives 144 pixels per inch.
    /// - Returns: The bytes of the file.
    /// - Throws: `FoveaError` when the picture is too large or memory is short.
    public func png(scale: Double = 2) throws(FoveaError) -> [UInt8] {
        let surface = try CairoSurface(
            width: (size.width * scale).rounded(), height: (size.height * scale).rounded())
        let context = try CairoContext(drawingOn: surface)
        cairo_scale(context.pointer, scale, scale)
        for element in elements {
            try context.draw(element, scale: scale)
        }
        return try surface.png()
    }

    /// Writes the picture as a PNG file, replacing the file in one step.
    ///
    /// - Parameters:
    ///   - path: Where to write.
    ///   - scale: Pixels per point; 2 gives 144 pixels per inch.
    /// - Throws: `FoveaError` when the file cannot be created or written.
    public func writePNG(to path: String, scale: Double = 2) throws(FoveaError) {
        try AtomicFile.write(path, [png(scale: scale)])
    }
}

extension Raster {
    /// The image as the bytes of a PNG file, pixel for pixel.
    package func png() throws(FoveaError) -> [UInt8] {
        try CairoSurface.holding(self).png()
    }
}

extension CairoContext {
    /// Paints one shape in the drawing's points.
    fileprivate func draw(_ element: Drawing.Element, scale: Double) throws(FoveaError) {
        switch element {
        case .polyline(let points, let stroke):
            guard let first = points.first else { return }
            cairo_move_to(pointer, first.x, first.y)
            for point in points.dropFirst() { cairo_line_to(pointer, point.x, point.y) }
            self.stroke(stroke)
        case .rectangle(let area, let fill, let stroke, let radius):
            outline(area, radius: radius)
            if let fill {
                use(fill)
                cairo_fill_preserve(pointer)
            }
            if let stroke { self.stroke(stroke) }
            cairo_new_path(pointer)
        case .circle(let center, let radius, let fill):
            cairo_new_path(pointer)
            cairo_arc(pointer, center.x, center.y, radius, 0, 2 * Double.pi)
            use(fill)
            cairo_fill(pointer)
        case .label(let label):
            draw(label)
        case .image(let raster, let area):
            try draw(raster, in: area, scale: scale)
        case .group(let elements, let offset):
            cairo_save(pointer)
            defer { cairo_restore(pointer) }
            cairo_translate(pointer, offset.x, offset.y)
            for element in elements { try draw(element, scale: scale) }
        }
    }

    private func use(_ color: Color) {
        cairo_set_source_rgba(
            pointer, Double(color.red) / 255, Double(color.green) / 255,
            Double(color.blue) / 255, color.opacity)
    }

    private func stroke(_ stroke: Drawing.Stroke) {
        use(stroke.color)
        cairo_set_line_width(pointer, stroke.width)
        cairo_set_line_join(pointer, CAIRO_LINE_JOIN_ROUND)
        cairo_set_line_cap(pointer, CAIRO_LINE_CAP_BUTT)
        cairo_set_dash(pointer, stroke.dashes, Int32(stroke.dashes.count), 0)
        cairo_stroke(pointer)
    }

    private func outline(_ area: Drawing.Rectangle, radius: Double) {
        cairo_new_path(pointer)
        let radius = min(radius, area.width / 2, area.height / 2)
        guard radius > 0 else {
            cairo_rectangle(pointer, area.x, area.y, area.width, area.height)
            return
        }
        let quarter = Double.pi / 2
        let corners = [
            (area.maxX - radius, area.y + radius), (area.maxX - radius, area.maxY - radius),
            (area.x + radius, area.maxY - radius), (area.x + radius, area.y + radius),
        ]
        for (index, corner) in corners.enumerated() {
            let start = Double(index - 1) * quarter
            cairo_arc(pointer, corner.0, corner.1, radius, start, start + quarter)
        }
        cairo_close_path(pointer)
    }

    private func draw(_ label: Drawing.Label) {
        cairo_save(pointer)
        defer { cairo_restore(pointer) }
        cairo_select_font_face(
            pointer, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
            label.weight == .bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(pointer, label.size)
        cairo_translate(pointer, label.at.x, label.at.y)
        cairo_rotate(pointer, label.rotation * Double.pi / 180)
        var extents = cairo_text_extents_t()
        cairo_text_extents(pointer, label.text, &extents)
        let shift: Double =
            switch label.anchor {
            case .start: 0
            case .middle: -extents.x_advance / 2
            case .end: -extents.x_advance
            }
        use(label.color)
        cairo_move_to(pointer, shift, 0)
        cairo_show_text(pointer, label.text)
        cairo_new_path(pointer)
    }

    private func draw(
        _ raster: Raster, in area: Drawing.Rectangle, scale: Double
    ) throws(FoveaError) {
        let surface = try CairoSurface.holding(raster)
        cairo_save(pointer)
        defer { cairo_restore(pointer) }
        cairo_translate(pointer, area.x, area.y)
        cairo_rectangle(pointer, 0, 0, area.width, area.height)
        cairo_clip(pointer)
        let horizontal = area.width / Double(raster.extent.width)
        let vertical = area.height / Double(raster.extent.height)
        cairo_scale(pointer, horizontal, vertical)
        cairo_set_source_surface(pointer, surface.pointer, 0, 0)
        let source = cairo_get_source(pointer)
        cairo_pattern_set_extend(source, CAIRO_EXTEND_PAD)
        // Pixels stay squares when they grow; when they shrink, neighbors are averaged.
        let shrinks = min(horizontal, vertical) * scale < 0.999
        cairo_pattern_set_filter(source, shrinks ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST)
        cairo_paint(pointer)
    }
}
