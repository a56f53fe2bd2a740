// SPDX-License-Identifier: Apache-2.0
import CSPNG
import FoveaGraph

extension Image {
    /// Decodes a PNG file, with libspng.
    ///
    /// Grey, with or without alpha, gives one channel; everything else, palettes of greys included,
    /// gives three. Samples of 16 bits keep their upper 8, gamma and colour profiles are ignored.
    init(png bytes: [UInt8], named name: String) throws(FoveaError) {
        let frames = Self.animationFrames(png: bytes)
        guard frames <= 1 else {
            throw FoveaError(
                .dataset, "This is an animation of \(frames) pictures; Fovea reads still images.",
                remedy: "Save the picture you want as a file of its own.", path: name)
        }
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(FoveaError) in
            try Self.decode(png: buffer, named: name)
        }
    }

    private static func decode(
        png bytes: UnsafeBufferPointer<UInt8>, named name: String
    ) throws(FoveaError) -> Image {
        func check(_ status: Int32) throws(FoveaError) {
            guard status != 0 else { return }
            throw .damagedImage(reason(ofStatus: status), named: name)
        }
        guard let context = spng_ctx_new(0) else {
            throw FoveaError(.dataset, "There is no memory to decode the image.", path: name)
        }
        defer { spng_ctx_free(context) }
        // Side data (texts, profiles) is kept in memory by the decoder: 8 MiB each, 32 MiB in all.
        try check(spng_set_chunk_limits(context, 8 << 20, 32 << 20))
        try check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count))
        var header = spng_ihdr()
        try check(spng_get_ihdr(context, &header))
        let height = Int(header.height), width = Int(header.width)
        try checkSize(height: height, width: width, named: name)

        let kind = UInt32(header.color_type)
        let isGrey =
            kind == SPNG_COLOR_TYPE_GRAYSCALE.rawValue
            || kind == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA.rawValue
        var transparency = spng_trns()
        let keyStatus = spng_get_trns(context, &transparency)
        if keyStatus != SPNG_ECHUNKAVAIL.rawValue { try check(keyStatus) }
        let hasAlpha =
            kind == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA.rawValue
            || kind == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA.rawValue
            || keyStatus == 0
        let format: spng_format
        let samples: Int
        if hasAlpha || (isGrey && header.bit_depth == 16) {
            (format, samples) = (SPNG_FMT_RGBA8, 4)
        } else if isGrey {
            (format, samples) = (SPNG_FMT_G8, 1)
        } else {
            (format, samples) = (SPNG_FMT_RGB8, 3)
        }
        let size = height * width * samples
        var status: Int32 = 0
        let decoded = [UInt8](unsafeUninitializedCapacity: size) { target, count in
            status = spng_decode_image(
                context, target.baseAddress, size, Int32(format.rawValue),
                hasAlpha ? Int32(SPNG_DECODE_TRNS.rawValue) : 0)
            count = status == 0 ? size : 0
        }
        try check(status)
        // Side data after the pixels cannot harm them, so a fault there is passed over.
        _ = spng_decode_chunks(context)
        var exif = spng_exif()
        var orientation = EXIFOrientation.upright
        if spng_get_exif(context, &exif) == 0, let data = exif.data {
            let tiff = UnsafeRawBufferPointer(start: data, count: exif.length)
            orientation = EXIFOrientation(tiff: tiff)
        }
        let channels = isGrey ? 1 : 3
        let pixels = planar(
            decoded, samples: samples, channels: channels, opaque: !hasAlpha, area: height * width)
        return Image(channels: channels, height: height, width: width, pixels: pixels)
            .oriented(orientation)
    }

    /// The channels of interleaved samples one after the other, laid on white by the last sample.
    static func planar(
        _ samples: [UInt8], samples stride: Int, channels: Int, opaque: Bool, area: Int
    ) -> [UInt8] {
        guard stride > 1 else { return samples }
        return [UInt8](unsafeUninitializedCapacity: channels * area) { target, count in
            samples.withUnsafeBufferPointer { source in
                for channel in 0..<channels {
                    let base = channel &* area
                    if opaque {
                        for i in 0..<area {
                            target[base &+ i] = source[i &* stride &+ channel]
                        }
                    } else {
                        for i in 0..<area {
                            let alpha = UInt32(source[i &* stride &+ stride &- 1])
                            let value = UInt32(source[i &* stride &+ channel])
                            // Division by 255 to the nearest whole number, without dividing.
                            let sum = value &* alpha &+ 255 &* (255 &- alpha) &+ 128
                            target[base &+ i] = UInt8(
                                truncatingIfNeeded: (sum &+ (sum &>> 8)) &>> 8)
                        }
                    }
                }
            }
            count = channels * area
        }
    }

    /// The number of pictures that an animated PNG announces before its pixels, 1 for a still one.
    private static func animationFrames(png bytes: [UInt8]) -> Int {
        func number(at offset: Int) -> Int {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        var position = 8
        while position + 12 <= bytes.count {
            let kind = bytes[position + 4..<position + 8]
            if kind.elementsEqual("IDAT".utf8) { return 1 }
            if kind.elementsEqual("acTL".utf8), position + 16 <= bytes.count {
                return number(at: position + 8)
            }
            position += 12 + number(at: position)
        }
        return 1
    }

    /// The ending of "The image is damaged: …" for a status of libspng.
    private static func reason(ofStatus status: Int32) -> String {
        switch status {
        case SPNG_IO_EOF.rawValue, Int32(SPNG_EOF.rawValue), SPNG_EIDAT_TOO_SHORT.rawValue:
            return "the PNG file ends early"
        case SPNG_ECHUNK_CRC.rawValue:
            return "a checksum in the PNG file does not match"
        case SPNG_EIDAT_STREAM.rawValue, SPNG_EZLIB.rawValue:
            return "the compressed pixels of the PNG file cannot be unpacked"
        case SPNG_EWIDTH.rawValue, SPNG_EHEIGHT.rawValue:
            return "the header of the PNG file gives no valid size"
        case SPNG_EPLTE_IDX.rawValue:
            return "a pixel of the PNG file has a colour beyond the palette"
        default:
            return "libspng says of the PNG file “\(String(cString: spng_strerror(status)))”"
        }
    }
}
