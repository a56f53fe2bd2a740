// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import Glibc

/// The kinds of files that are told apart by their first bytes, whether they are read or not.
///
/// File names do not count: the pictures of many data sets have a wrong or no extension.
enum ImageFormat: Equatable {
    case png, jpeg, bitmap, portableMap
    /// A known kind of file that is not read; the text says what it is, with its article.
    case unread(String)
    /// A page of text from a server, which broken downloads leave under an image's name.
    case webPage
    case unknown

    /// Recognises a file by its first bytes.
    init(of bytes: [UInt8]) {
        func starts(_ text: String, at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: text.utf8)
        }
        if bytes.starts(with: [0x89] + Array("PNG\r\n\u{1A}\n".utf8)) {
            self = .png
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if starts("BM") {
            self = .bitmap
        } else if starts("P5") || starts("P6") {
            self = .portableMap
        } else if ["P1", "P2", "P3", "P4", "P7"].contains(where: { starts($0) }) {
            self = .unread("a portable map of another kind than P5 and P6")
        } else if starts("GIF8") {
            self = .unread("a GIF image")
        } else if starts("II*\0") || starts("MM\0*") || starts("II+\0") || starts("MM\0+") {
            self = .unread("a TIFF image")
        } else if starts("RIFF"), starts("WEBP", at: 8) {
            self = .unread("a WebP image")
        } else if starts("ftypavi", at: 4) {
            self = .unread("an AVIF image")
        } else if ["ftyphei", "ftyphev", "ftypmif"].contains(where: { starts($0, at: 4) }) {
            self = .unread("a HEIF image")
        } else if starts("jP  ", at: 4) || bytes.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) {
            self = .unread("a JPEG 2000 image")
        } else if starts("JXL ", at: 4) || bytes.starts(with: [0xFF, 0x0A]) {
            self = .unread("a JPEG XL image")
        } else if starts("8BPS") {
            self = .unread("a Photoshop file")
        } else if starts("%PDF") {
            self = .unread("a PDF document")
        } else if starts("<svg") || starts("<?xml") {
            self = .unread("an SVG or XML file")
        } else if starts("<!DOCTYPE") || starts("<!doctype") || starts("<html") || starts("<HTML") {
            self = .webPage
        } else {
            self = .unknown
        }
    }
}

extension Image {
    /// What to do with a file of a kind that is not read.
    static let convertFirst =
        "Convert it first: Fovea reads PNG, JPEG, BMP, and portable maps of the kinds P5 and P6."

    /// The largest file that is read: an image of 64 Mpixel fits into it uncompressed.
    private static let maximumFileSize = 1 << 30

    /// Reads an image file: PNG, JPEG, BMP, PGM or PPM, whatever its name.
    ///
    /// - Parameter path: The path of the file.
    /// - Throws: What is wrong with the file, in one sentence.
    public init(contentsOf path: String) throws(FoveaError) {
        try self.init(decoding: Self.contents(of: path), named: path)
    }

    /// Decodes an image from the bytes of a PNG, JPEG, BMP, PGM or PPM file.
    ///
    /// Grey images have one channel, all others three. Images with an alpha channel or transparent
    /// colours are laid on white; samples of 16 bits keep their upper 8. Palettes become colours,
    /// CMYK becomes RGB as Pillow converts it, and an orientation in Exif data is applied. Colour
    /// profiles are not. A decoder's warning is an error here, so a truncated file never passes
    /// for an image.
    ///
    /// - Parameters:
    ///   - bytes: The contents of the file.
    ///   - name: The file's name, for messages.
    /// - Throws: What is wrong with the bytes, in one sentence.
    public init(decoding bytes: [UInt8], named name: String) throws(FoveaError) {
        guard !bytes.isEmpty else {
            throw FoveaError(
                .dataset, "The file is empty; an image was expected.",
                remedy: "Replace the file or take it out.", path: name)
        }
        switch ImageFormat(of: bytes) {
        case .png:
            try self.init(png: bytes, named: name)
        case .jpeg:
            try self.init(jpeg: bytes, named: name)
        case .bitmap:
            try self.init(bitmap: bytes, named: name)
        case .portableMap:
            try self.init(portableMap: bytes, named: name)
        case .unread(let kind):
            throw FoveaError(
                .dataset, "This is \(kind), which Fovea does not read.",
                remedy: Self.convertFirst, path: name)
        case .webPage:
            throw FoveaError(
                .dataset, "This is a web page, not an image.",
                remedy: "Its download failed: download it again.", path: name)
        case .unknown:
            let start = bytes.prefix(4).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
            throw FoveaError(
                .dataset,
                "This is no image that Fovea knows: it starts with \(start.joined(separator: " ")).",
                remedy: Self.convertFirst, path: name)
        }
    }

    /// Refuses a size that is beyond the limits, before memory is taken for it.
    static func checkSize(height: Int, width: Int, named name: String) throws(FoveaError) {
        let (area, overflow) = height.multipliedReportingOverflow(by: width)
        guard height > 0, width > 0 else {
            throw .damagedImage("it has no pixels", named: name)
        }
        guard max(height, width) <= maximumSide, !overflow, area <= maximumPixelCount else {
            throw FoveaError(
                .dataset,
                """
                The image has \(height)×\(width) pixels, more than the \(maximumSide) on a side \
                or \(maximumPixelCount) in all that Fovea reads.
                """, remedy: "Make it smaller first.", path: name)
        }
    }

    /// Reads a whole regular file.
    private static func contents(of path: String) throws(FoveaError) -> [UInt8] {
        // What is there is looked at before it is opened, as opening a pipe could wait for ever.
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw FoveaError(
                .missing,
                errno == ENOENT || errno == ENOTDIR
                    ? "There is no such file." : "The file cannot be read: \(systemReason()).",
                path: path)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR:
            throw FoveaError(.dataset, "This is a folder, not an image file.", path: path)
        default:
            throw FoveaError(.dataset, "This is not a regular file.", path: path)
        }
        return try FileBytes.read(path, limit: maximumFileSize)
    }
}

extension FoveaError {
    /// An image file whose contents break the rules of its format.
    static func damagedImage(_ reason: String, named name: String) -> FoveaError {
        FoveaError(
            .dataset, "The image is damaged: \(reason).",
            remedy: "Replace the file or take it out.", path: name)
    }
}
