// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaData
import FoveaGraph
import Testing

@Suite struct ImageDamageTests {
    static let convert =
        "Convert it first: Fovea reads PNG, JPEG, BMP, and portable maps of the kinds P5 and P6."
    static let replace = "Replace the file or take it out."

    /// The checksum of a PNG chunk, CRC-32 of its kind and its data.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: ~crc >> (24 - 8 * $0)) }
    }

    static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(kind.utf8) + data
        return [0, 0, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + body + checksum(body[...])
    }

    /// A PNG with another header: the size in its bytes 16 to 23, and what follows it.
    static func png(width: UInt32, height: UInt32) throws -> [UInt8] {
        var file = try ImageFixtures.bytes("rgb.png")
        for i in 0..<4 {
            file[16 + i] = UInt8(truncatingIfNeeded: width >> (24 - 8 * i))
            file[20 + i] = UInt8(truncatingIfNeeded: height >> (24 - 8 * i))
        }
        file.replaceSubrange(29..<33, with: checksum(file[12..<29]))
        return file
    }

    static func changed(_ name: String, _ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
        var file = try ImageFixtures.bytes(name)
        change(&file)
        return file
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let message: String
        let remedy: String
        let bytes: @Sendable () throws -> [UInt8]
        var testDescription: String { name }

        init(
            _ name: String, _ message: String, _ remedy: String,
            _ bytes: @escaping @Sendable () throws -> [UInt8]
        ) {
            self.name = name
            self.message = message
            self.remedy = remedy
            self.bytes = bytes
        }

        static func unread(_ name: String, _ kind: String, _ bytes: [UInt8]) -> Case {
            Case(name, "This is \(kind), which Fovea does not read.", convert) { bytes }
        }

        static func damaged(
            _ name: String, _ reason: String, _ bytes: @escaping @Sendable () throws -> [UInt8]
        ) -> Case {
            Case(name, "The image is damaged: \(reason).", replace, bytes)
        }
    }

    static let cases: [Case] = [
        Case("empty", "The file is empty; an image was expected.", replace) { [] },
        Case(
            "zeros", "This is no image that Fovea knows: it starts with 00 00 00 00.", convert
        ) { [UInt8](repeating: 0, count: 100) },
        Case("two bytes", "This is no image that Fovea knows: it starts with FF D8.", convert) {
            [0xFF, 0xD8]
        },
        Case(
            "PNG sent as text", "This is no image that Fovea knows: it starts with 89 50 4E 47.",
            convert
        ) { try changed("rgb.png") { $0.remove(at: 4) } },
        Case(
            "web page", "This is a web page, not an image.",
            "Its download failed: download it again."
        ) { Array("<!DOCTYPE html><html><body>404".utf8) },
        .unread("GIF", "a GIF image", Array("GIF89a".utf8)),
        .unread("TIFF, II", "a TIFF image", Array("II*\0".utf8)),
        .unread("TIFF, MM", "a TIFF image", Array("MM\0*".utf8)),
        .unread("WebP", "a WebP image", Array("RIFF....WEBPVP8 ".utf8)),
        .unread("HEIF", "a HEIF image", Array("\0\0\0\u{18}ftypheic".utf8)),
        .unread("AVIF", "an AVIF image", Array("\0\0\0\u{18}ftypavif".utf8)),
        .unread("JPEG 2000", "a JPEG 2000 image", Array("\0\0\0\u{0C}jP  \r\n".utf8)),
        .unread("JPEG XL", "a JPEG XL image", [0xFF, 0x0A, 0x00]),
        .unread("Photoshop", "a Photoshop file", Array("8BPS".utf8)),
        .unread("PDF", "a PDF document", Array("%PDF-1.7".utf8)),
        .unread("SVG", "an SVG or XML file", Array("<svg xmlns=".utf8)),
        .unread(
            "text map", "a portable map of another kind than P5 and P6", Array("P3\n1 1 255".utf8)),
        Case(
            "animated PNG", "This is an animation of 12 pictures; Fovea reads still images.",
            "Save the picture you want as a file of its own."
        ) {
            try changed("rgb.png") {
                $0.insert(contentsOf: chunk("acTL", [0, 0, 0, 12, 0, 0, 0, 0]), at: 33)
            }
        },
        .damaged("PNG, signature only", "the PNG file ends early") {
            Array(try ImageFixtures.bytes("rgb.png").prefix(8))
        },
        .damaged("PNG, header only", "the PNG file ends early") {
            Array(try ImageFixtures.bytes("rgb.png").prefix(33))
        },
        .damaged("PNG, half", "the PNG file ends early") {
            let file = try ImageFixtures.bytes("rgb.png")
            return Array(file.prefix(file.count / 2))
        },
        .damaged("PNG, a bit of the header", "a checksum in the PNG file does not match") {
            try changed("rgb.png") { $0[19] ^= 1 }
        },
        .damaged("PNG, a bit of the palette", "a checksum in the PNG file does not match") {
            try changed("palette-4.png") { $0[41] ^= 4 }
        },
        .damaged(
            "PNG, a bit of the pixels",
            "the compressed pixels of the PNG file cannot be unpacked"
        ) { try changed("rgb.png") { $0[$0.count - 30] ^= 4 } },
        .damaged("PNG, more rows than pixels", "the PNG file ends early") {
            try png(width: 22, height: 99)
        },
        .damaged("PNG, no columns", "the header of the PNG file gives no valid size") {
            try png(width: 0, height: 4)
        },
        Case(
            "PNG, too wide",
            """
            The image has 10×16385 pixels, more than the 16384 on a side or 67108864 in all that \
            Fovea reads.
            """, "Make it smaller first."
        ) { try png(width: 16_385, height: 10) },
        Case(
            "PNG, too large",
            """
            The image has 16384×4097 pixels, more than the 16384 on a side or 67108864 in all that \
            Fovea reads.
            """, "Make it smaller first."
        ) { try png(width: 4_097, height: 16_384) },
        .damaged("JPEG, start only", "the JPEG file holds no picture") {
            [0xFF, 0xD8, 0xFF, 0xE0]
        },
        .damaged("JPEG, half", "the JPEG file ends early") {
            let file = try ImageFixtures.bytes("rgb-444.jpg")
            return Array(file.prefix(file.count - 60))
        },
        .damaged("JPEG, without its end", "the JPEG file ends early") {
            Array(try ImageFixtures.bytes("rgb-420.jpg").dropLast(12))
        },
        Case(
            "JPEG, too large",
            """
            The image has 16000×16000 pixels, more than the 16384 on a side or 67108864 in all \
            that Fovea reads.
            """, "Make it smaller first."
        ) {
            try changed("rgb-444.jpg") { file in
                guard let frame = file.firstRange(of: [0xFF, 0xC0])?.lowerBound else { return }
                file.replaceSubrange(frame + 5..<frame + 9, with: [0x3E, 0x80, 0x3E, 0x80])
            }
        },
        .damaged("portable map, header", "the header of the portable map is incomplete") {
            Array("P5 3".utf8)
        },
        .damaged("portable map, no pixels", "it has no pixels") { Array("P5 0 3 255\n".utf8) },
        .damaged("portable map, levels", "the largest value in its header is 70000") {
            Array("P5 1 1 70000\n12".utf8)
        },
        .damaged("portable map, short", "the portable map ends early") {
            Array(try ImageFixtures.bytes("rgb-100.ppm").dropLast())
        },
        .damaged("BMP, short", "the BMP file ends early") {
            Array(try ImageFixtures.bytes("rgb.bmp").dropLast())
        },
        .damaged("BMP, header", "the BMP file ends early") { Array("BM....".utf8) },
        .damaged(
            "BMP, palette index", "a pixel of the BMP file has a colour beyond the palette"
        ) {
            try changed("palette.bmp") {
                $0[46] = 2; $0[47] = 0
            }
        },
        Case(
            "BMP, packed", "This is a BMP image of a rare kind, which Fovea does not read.", convert
        ) { try changed("rgb.bmp") { $0[30] = 1 } },
    ]

    @Test(arguments: cases)
    func isRefusedInOneSentence(_ bad: Case) throws {
        let bytes = try bad.bytes()
        let error = #expect(throws: FoveaError.self) {
            try Image(decoding: bytes, named: "cats/1.png")
        }
        #expect(error?.code == .dataset)
        #expect(error?.path == "cats/1.png")
        #expect(error?.message == bad.message)
        #expect(error?.remedy == bad.remedy)
    }

    @Test func missingFilesAndFoldersAreTold() throws {
        let missing = #expect(throws: FoveaError.self) {
            try Image(contentsOf: "/no/such/cat.png")
        }
        #expect(missing?.code == .missing)
        #expect(missing?.description == "/no/such/cat.png: There is no such file.")
        let folder = #expect(throws: FoveaError.self) { try Image(contentsOf: "/") }
        #expect(folder?.code == .dataset)
        #expect(folder?.description == "/: This is a folder, not an image file.")
        let device = #expect(throws: FoveaError.self) { try Image(contentsOf: "/dev/null") }
        #expect(device?.description == "/dev/null: This is not a regular file.")
    }

    @Test func onePictureInAnAnimationIsAStillImage() throws {
        let file = try Self.changed("rgb.png") {
            $0.insert(contentsOf: Self.chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0]), at: 33)
        }
        let still = try Image(contentsOf: ImageFixtures.path("rgb.png"))
        #expect(try Image(decoding: file, named: "x") == still)
    }

    /// Every cut of a file: only the very end of some formats is free of pixels.
    @Test(arguments: ["rgb-420.jpg", "progressive.jpg", "rgb.png", "interlaced.png", "rgb.bmp"])
    func noCutFilePassesForAnotherImage(_ name: String) throws {
        let whole = try ImageFixtures.bytes(name)
        let image = try Image(decoding: whole, named: name)
        for length in 0..<whole.count {
            guard let cut = try? Image(decoding: Array(whole.prefix(length)), named: name) else {
                continue
            }
            #expect(cut == image, "cut to \(length) of \(whole.count) bytes")
        }
    }

    /// Damage either gives an error with a sentence or an image; it never ends the process.
    @Test(arguments: ImageFixtures.decoded)
    func damageNeverStopsTheProcess(_ file: ImageFixtures.Decoded) throws {
        let whole = try ImageFixtures.bytes(file.name)
        for round in 0..<200 {
            var random = RandomStream(seed: 1, purpose: .init(file.name), index: round)
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes[place] = 0xFF
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            if file.name.hasSuffix(".png") { Self.repairChecksums(of: &bytes) }
            do throws(FoveaError) {
                let image = try Image(decoding: bytes, named: file.name)
                #expect(image.pixels.count == image.channels * image.extent.area)
            } catch {
                #expect(error.code == .dataset && error.path == file.name)
            }
        }
    }

    /// Makes the checksums right again, so that damage reaches what lies behind them.
    static func repairChecksums(of bytes: inout [UInt8]) {
        var position = 8
        while position + 12 <= bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = position + 8 + length
            guard end + 4 <= bytes.count else { return }
            bytes.replaceSubrange(end..<end + 4, with: checksum(bytes[position + 4..<end]))
            position = end + 4
        }
    }
}
