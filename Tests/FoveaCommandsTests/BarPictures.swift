// SPDX-License-Identifier: Apache-2.0
import FoveaArrays

/// A small data set under Fashion-MNIST's file names: each class is a bright bar at its own height.
enum BarPictures {
    static let side = 28

    /// The pixels of one picture.
    static func pixels(_ label: Int, seed: UInt64) -> [UInt8] {
        var stream = RandomStream(seed: seed, purpose: .input, index: label)
        return (0..<side * side).map { position in
            let row = position / side
            let isBar = row >= 4 && (row - 4) / 2 == label
            return UInt8(stream.whole(below: 60) + (isBar ? 180 : 0))
        }
    }

    /// The four files, unpacked, as MNIST's readers know them.
    static func files(training: Int, test: Int) -> [(name: String, bytes: [UInt8])] {
        [("train", training, 1), ("t10k", test, 1_000_000)].flatMap { part, count, seed in
            let pixels = (0..<count).flatMap {
                Self.pixels($0 % 10, seed: UInt64(seed + $0))
            }
            let side = UInt32(Self.side)
            return [
                ("\(part)-images-idx3-ubyte", idx([UInt32(count), side, side], pixels)),
                (
                    "\(part)-labels-idx1-ubyte",
                    idx([UInt32(count)], (0..<count).map { UInt8($0 % 10) })
                ),
            ]
        }
    }

    static func write(to folder: TemporaryFolder, training: Int = 40, test: Int = 20) throws {
        for (name, bytes) in files(training: training, test: test) {
            try folder.write("data/\(name)", bytes)
        }
    }
}

/// An IDX file of bytes.
func idx(_ dimensions: [UInt32], _ elements: [UInt8], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(dimensions.count)] + dimensions.flatMap(bigEndian) + elements
}

func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// A grey PNG file whose data are stored as they are.
func png(width: Int, height: Int, _ pixels: [UInt8]) -> [UInt8] {
    func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(crc32(body))
    }
    let rows = (0..<height).flatMap { [0] + pixels[$0 * width..<($0 + 1) * width] }
    let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, 0, 0, 0, 0]
    let packed = [0x78, 0x01] + stored(rows) + bigEndian(adler32(rows))
    return [0x89] + Array("PNG\r\n\u{1A}\n".utf8) + chunk("IHDR", header) + chunk("IDAT", packed)
        + chunk("IEND", [])
}

/// A gzip file whose data are stored as they are.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255] + stored(bytes) + bigEndian(crc32(bytes)).reversed()
        + bigEndian(UInt32(bytes.count)).reversed()
}

/// Blocks of the deflate format that are not compressed.
private func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    repeat {
        let part = rest.prefix(65535)
        rest = rest.dropFirst(65535)
        let size = UInt16(part.count)
        let sizes = [size, ~size].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        result += [rest.isEmpty ? 1 : 0] + sizes + part
    } while !rest.isEmpty
    return result
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
        (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
        }
    }
}

private func adler32(_ bytes: [UInt8]) -> UInt32 {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
        a = (a + UInt32(byte)) % 65521
        b = (b + a) % 65521
    }
    return b << 16 | a
}
