// SPDX-License-Identifier: Apache-2.0

/// How a stored picture has to be turned to be upright, as Exif's tag 0x0112 numbers the ways.
enum EXIFOrientation: Int {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case flipped = 4
    case transposed = 5
    case turnedLeft = 6
    case transversed = 7
    case turnedRight = 8

    /// Reads the orientation from a JPEG file; without one, or with a damaged one, it is upright.
    init(jpeg bytes: [UInt8]) {
        self = .upright
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {
                position += 1  // Any number of fill bytes may precede a marker.
                continue
            }
            // Pixels begin, or the file ends: Exif data has its place before.
            guard marker != 0xDA, marker != 0xD9 else { return }
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            let end = position + 2 + length
            guard length >= 2, end <= bytes.count else { return }
            let content = bytes[position + 4..<end]
            if marker == 0xE1, content.starts(with: "Exif\0\0".utf8) {
                self = content.dropFirst(6).withUnsafeBytes { EXIFOrientation(tiff: $0) }
                return
            }
            position = end
        }
    }

    /// Reads the orientation from Exif data: a TIFF header and a first table of tags.
    init(tiff: UnsafeRawBufferPointer) {
        self = .upright
        let littleEndian: Bool
        if tiff.starts(with: "II*\0".utf8) {
            littleEndian = true
        } else if tiff.starts(with: "MM\0*".utf8) {
            littleEndian = false
        } else {
            return
        }
        func number(at offset: Int, bytes: Int) -> Int? {
            guard offset >= 0, offset <= tiff.count - bytes else { return nil }
            let digits = tiff[offset..<offset + bytes]
            return littleEndian
                ? digits.reversed().reduce(0) { $0 << 8 | Int($1) }
                : digits.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let table = number(at: 4, bytes: 4), let count = number(at: table, bytes: 2) else {
            return
        }
        for entry in 0..<count {
            let place = table + 2 + 12 * entry
            guard let tag = number(at: place, bytes: 2) else { return }
            guard tag == 0x0112 else { continue }
            // One whole number of 16 bits, which lies in the entry itself.
            guard number(at: place + 2, bytes: 2) == 3, number(at: place + 4, bytes: 4) == 1,
                let value = number(at: place + 8, bytes: 2)
            else { return }
            self = EXIFOrientation(rawValue: value) ?? .upright
            return
        }
    }
}

extension Image {
    /// The picture turned upright.
    func oriented(_ orientation: EXIFOrientation) -> Image {
        // The pixel (row, column) comes from `origin + row * down + column * right`.
        let last = width * (height - 1)
        let origin: Int, down: Int, right: Int
        switch orientation {
        case .upright: return self
        case .mirrored: (origin, down, right) = (width - 1, width, -1)
        case .upsideDown: (origin, down, right) = (last + width - 1, -width, -1)
        case .flipped: (origin, down, right) = (last, -width, 1)
        case .transposed: (origin, down, right) = (0, 1, width)
        case .turnedLeft: (origin, down, right) = (last, 1, -width)
        case .transversed: (origin, down, right) = (last + width - 1, -1, -width)
        case .turnedRight: (origin, down, right) = (width - 1, -1, width)
        }
        let swapsAxes = orientation.rawValue >= EXIFOrientation.transposed.rawValue
        let (rows, columns) = swapsAxes ? (width, height) : (height, width)
        let area = height * width
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                for channel in 0..<channels {
                    for row in 0..<rows {
                        var from = channel &* area &+ origin &+ row &* down
                        let to = channel &* area &+ row &* columns
                        for column in 0..<columns {
                            target[to &+ column] = source[from]
                            from &+= right
                        }
                    }
                }
            }
            count = channels * area
        }
        return Image(channels: channels, height: rows, width: columns, pixels: turned)
    }
}
