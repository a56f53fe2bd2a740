// SPDX-License-Identifier: Apache-2.0
import CTurboJPEG
import FoveaGraph

extension Image {
    /// Decodes a JPEG file, with libjpeg-turbo's accurate transform and smooth chroma upsampling.
    ///
    /// Grey gives one channel, everything else three. CMYK and YCCK are taken for inverted, as
    /// Adobe's programs write them and as Pillow takes them, marker or not.
    init(jpeg bytes: [UInt8], named name: String) throws(FoveaError) {
        let image = try bytes.withUnsafeBufferPointer { (buffer) throws(FoveaError) in
            try Self.decode(jpeg: buffer, named: name)
        }
        self = image.oriented(EXIFOrientation(jpeg: bytes))
    }

    private static func decode(
        jpeg bytes: UnsafeBufferPointer<UInt8>, named name: String
    ) throws(FoveaError) -> Image {
        guard let decoder = tjInitDecompress() else {
            throw FoveaError(.dataset, "There is no memory to decode the image.", path: name)
        }
        defer { tjDestroy(decoder) }
        var width: Int32 = 0, height: Int32 = 0, subsampling: Int32 = 0, colors: Int32 = -1
        let size = UInt(bytes.count)
        let status = tjDecompressHeader3(
            decoder, bytes.baseAddress, size, &width, &height, &subsampling, &colors)
        // The call also fails for chroma layouts that have no name there, which decode well.
        let isUnnamedLayout = width > 0 && height > 0 && subsampling < 0 && colors >= 0
        guard status == 0 || isUnnamedLayout else {
            throw .damagedImage(reason(from: decoder), named: name)
        }
        // A file of tables only, without a frame, is no error to the decoder.
        guard width > 0, height > 0 else {
            throw .damagedImage("the JPEG file holds no picture", named: name)
        }
        try checkSize(height: Int(height), width: Int(width), named: name)

        let format: TJPF
        let samples: Int
        switch UInt32(bitPattern: colors) {
        case TJCS_GRAY.rawValue: (format, samples) = (TJPF_GRAY, 1)
        case TJCS_CMYK.rawValue, TJCS_YCCK.rawValue: (format, samples) = (TJPF_CMYK, 4)
        default: (format, samples) = (TJPF_RGB, 3)
        }
        let area = Int(height) * Int(width)
        var failed = false
        let decoded = [UInt8](unsafeUninitializedCapacity: area * samples) { target, count in
            failed =
                tjDecompress2(
                    decoder, bytes.baseAddress, size, target.baseAddress, width,
                    width * Int32(samples), height, Int32(format.rawValue),
                    TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0
            count = failed ? 0 : area * samples
        }
        guard !failed else { throw .damagedImage(reason(from: decoder), named: name) }
        let pixels =
            samples == 4
            ? rgb(fromInvertedCMYK: decoded, area: area)
            : planar(decoded, samples: samples, channels: samples, opaque: true, area: area)
        return Image(
            channels: samples == 1 ? 1 : 3, height: Int(height), width: Int(width), pixels: pixels)
    }

    /// Each colour is what its ink and the black ink leave of white.
    private static func rgb(fromInvertedCMYK samples: [UInt8], area: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 3 * area) { target, count in
            samples.withUnsafeBufferPointer { source in
                for channel in 0..<3 {
                    for i in 0..<area {
                        let light = UInt32(source[4 &* i &+ 3])
                        let ink = 255 &- UInt32(source[4 &* i &+ channel])
                        let product = ink &* light &+ 128
                        let taken = (product &+ (product &>> 8)) &>> 8
                        target[channel &* area &+ i] = UInt8(truncatingIfNeeded: light &- taken)
                    }
                }
            }
            count = 3 * area
        }
    }

    /// The ending of "The image is damaged: …" for the decoder's last complaint.
    private static func reason(from decoder: tjhandle) -> String {
        let text = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "unknown error"
        // Both ways in which the data can run out: between and within segments.
        if text.contains("remature end of") || text.contains("Image data is truncated")
            || text.contains("Input file read error") || text.contains("Input is too short")
        {
            return "the JPEG file ends early"
        }
        return "libjpeg says of the JPEG file “\(text)”"
    }
}
