// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Image {
    /// Decodes a binary portable map: P5 (grey) or P6 (colours), of 8 or 16 bits.
    ///
    /// Samples are scaled from the file's largest value to 255 and rounded to the nearest.
    init(portableMap bytes: [UInt8], named name: String) throws(FoveaError) {
        let channels = bytes[1] == UInt8(ascii: "5") ? 1 : 3
        var position = 2
        let width = try Self.portableNumber(in: bytes, at: &position, named: name)
        let height = try Self.portableNumber(in: bytes, at: &position, named: name)
        let largest = try Self.portableNumber(in: bytes, at: &position, named: name)
        try Self.checkSize(height: height, width: width, named: name)
        guard (1...65_535).contains(largest) else {
            throw .damagedImage("the largest value in its header is \(largest)", named: name)
        }
        position += 1  // One white space ends the header.
        let area = height * width
        let size = largest < 256 ? 1 : 2
        guard bytes.count - position >= channels * area * size else {
            throw .damagedImage("the portable map ends early", named: name)
        }
        var pixels = [UInt8](repeating: 0, count: channels * area)
        for channel in 0..<channels {
            for i in 0..<area {
                let place = position + (i * channels + channel) * size
                let value =
                    size == 1 ? Int(bytes[place]) : Int(bytes[place]) << 8 | Int(bytes[place + 1])
                pixels[channel * area + i] = UInt8(
                    (min(value, largest) * 255 + largest / 2) / largest)
            }
        }
        self.init(channels: channels, height: height, width: width, pixels: pixels)
    }

    /// Reads the next number of the header, past white space and comments.
    private static func portableNumber(
        in bytes: [UInt8], at position: inout Int, named name: String
    ) throws(FoveaError) -> Int {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        while position < bytes.count, isSpace(bytes[position]) || bytes[position] == 0x23 {
            if bytes[position] == 0x23 {
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            } else {
                position += 1
            }
        }
        var number = 0, digits = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]), digits < 9 {
            number = number * 10 + Int(bytes[position] - 0x30)
            position += 1
            digits += 1
        }
        guard digits > 0, position < bytes.count, isSpace(bytes[position]) else {
            throw .damagedImage("the header of the portable map is incomplete", named: name)
        }
        return number
    }
}
