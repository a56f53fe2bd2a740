// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Foundation
import Synchronization
import Testing

@testable import FoveaData

struct DownloadTests {
    let folder: TemporaryFolder
    let content: [UInt8]
    let digits: [UInt8]
    let file: RemoteFile
    let impostors: [Impostor]

    init() throws {
        folder = try TemporaryFolder()
        content = try gzip(noise(300_000))
        digits = try gzip(noise(120_000, seed: 2))
        file = RemoteFile("data.gz", byteCount: content.count, md5: Digest.md5(content))
        impostors = [
            Impostor(
                title: "MNIST", name: "mnist",
                files: [
                    RemoteFile("data.gz", byteCount: digits.count, md5: Digest.md5(digits))
                ], classCounts: nil)
        ]
    }

    private func run(_ mirrors: [String]) throws {
        var patience = Download.Patience()
        patience.pause = 0.001
        patience.idleSeconds = 5
        try Download(
            file, from: mirrors, into: folder.path, impostors: impostors, patience: patience
        ).run()
    }

    /// What each mirror did, from the message of an error.
    private func reasons(_ error: FoveaError?) -> [String] {
        (error?.message.components(separatedBy: "\n").dropFirst() ?? []).map {
            $0.components(separatedBy: "data.gz: ").last ?? ""
        }
    }

    @Test("A file arrives whole, with its progress, and is not fetched twice")
    func arrives() throws {
        let server = try LocalServer(["/a/data.gz": .content(content)])
        defer { server.stop() }
        let last = Mutex<DownloadProgress?>(nil)
        let download = Download(
            file, from: [server.address("a")], into: folder.path + "/new/folder")
        try download.run { progress in last.withLock { $0 = progress } }
        #expect(folder.read("new/folder/data.gz") == content)
        #expect(folder.read("new/folder/data.gz.part") == nil)
        #expect(
            last.withLock { $0 }
                == DownloadProgress(
                    file: "data.gz", host: "127.0.0.1", bytesReceived: content.count,
                    byteCount: content.count))
        try download.run()
        #expect(server.requests == [.init(path: "/a/data.gz", range: nil)])
    }

    @Test("A damaged file of the right name is replaced")
    func replaces() throws {
        let server = try LocalServer(["/a/data.gz": .content(content)])
        defer { server.stop() }
        try folder.write("data.gz", Array(content.dropLast(10)))
        try run([server.address("a")])
        #expect(folder.read("data.gz") == content)
    }

    @Test("What an earlier attempt left is resumed")
    func resumes() throws {
        let server = try LocalServer(["/a/data.gz": .content(content)])
        defer { server.stop() }
        try folder.write("data.gz.part", Array(content[..<1000]))
        try run([server.address("a")])
        #expect(folder.read("data.gz") == content)
        #expect(server.requests.map(\.range) == ["bytes=1000-"])
    }

    @Test("A complete file that only lacked its final name needs no network")
    func renames() throws {
        try folder.write("data.gz.part", content)
        try run([])
        #expect(folder.read("data.gz") == content)
    }

    @Test("A server that ignores the range is read from the start")
    func ignoresRange() throws {
        let server = try LocalServer(["/a/data.gz": .wholeContent(content)])
        defer { server.stop() }
        try folder.write("data.gz.part", Array(content[..<1000]))
        try run([server.address("a")])
        #expect(folder.read("data.gz") == content)
        #expect(server.requests.count == 1)
    }

    @Test("Wrong bytes of an earlier attempt are thrown away and fetched anew")
    func wrongPart() throws {
        let server = try LocalServer(["/a/data.gz": .content(content)])
        defer { server.stop() }
        try folder.write("data.gz.part", [0x1F, 0x8B] + noise(1000, seed: 9))
        try run([server.address("a")])
        #expect(folder.read("data.gz") == content)
        #expect(server.requests.map(\.range) == ["bytes=1002-", nil])
    }

    @Test("A connection that breaks again and again is taken up where it broke")
    func breaks() throws {
        let server = try LocalServer(["/a/data.gz": .broken(content, after: 120_000)])
        defer { server.stop() }
        try run([server.address("a")])
        #expect(folder.read("data.gz") == content)
        #expect(server.requests.map(\.range) == [nil, "bytes=120000-", "bytes=240000-"])
    }

    @Test("The next mirror takes over from one that is down and resumes one that has only a part")
    func mirrors() throws {
        let down = try LocalServer([:])
        down.stop()
        let server = try LocalServer([
            "/short/data.gz": .content(Array(content[..<50_000])),
            "/whole/data.gz": .content(content),
        ])
        defer { server.stop() }
        try run([down.address("x"), server.address("short"), server.address("whole")])
        #expect(folder.read("data.gz") == content)
        #expect(
            server.requests == [
                .init(path: "/short/data.gz", range: nil),
                .init(path: "/whole/data.gz", range: "bytes=50000-"),
            ])
    }

    @Test("When all mirrors fail, the error says what each did and what to do")
    func allFail() throws {
        let down = try LocalServer([:])
        down.stop()
        var wrong = content
        wrong[5000] ^= 1
        let server = try LocalServer([
            "/short/data.gz": .content(Array(content[..<50_000])),
            "/wrong/data.gz": .wholeContent(wrong),
            "/page/data.gz": .wholeContent(Array("<html>Sign in</html>".utf8)),
            "/mnist/data.gz": .wholeContent(digits),
            "/long/data.gz": .wholeContent(content + content),
            "/busy/data.gz": .status(503),
            "/torn/data.gz": .broken(content, after: 0),
        ])
        defer { server.stop() }
        let folders = ["none", "short", "wrong", "page", "mnist", "long", "busy", "torn"]
        let error = #expect(throws: FoveaError.self) {
            try run([down.address("x")] + folders.map(server.address) + ["ftp://host/"])
        }
        #expect(error?.code == .device)
        #expect(
            error?.message.hasPrefix(
                "data.gz could not be downloaded from any of its mirrors.\n  \(down.address("x"))")
                == true)
        #expect(
            reasons(error) == [
                "nobody answers there, after 0 of \(content.count) bytes",
                "answered with the status 404",
                "sent 50000 of \(content.count) bytes",
                "sent data with the MD5 \(Digest.md5(wrong)), expected \(file.md5)",
                "sent something that is not a gzip file, perhaps a web page",
                "you received MNIST, which has the same file names",
                "sent more than \(content.count) bytes",
                "answered with the status 503",
                "the connection broke, after 0 of \(content.count) bytes",
                "this is no web address",
            ])
        #expect(
            error?.remedy
                == "Run the command again to resume. Or get the file (\(content.count) bytes, MD5"
                + " \(file.md5)) in another way and put it into \(folder.path). FOVEA_MIRROR may"
                + " name a mirror of your own.")
        #expect(folder.read("data.gz") == nil)
        // Only what may get better is tried again.
        let busy = server.requests.filter { $0.path == "/busy/data.gz" }
        #expect(busy.count == 3)
        #expect(server.requests.filter { $0.path == "/none/data.gz" }.count == 1)
    }

    @Test("A folder that cannot be made is named")
    func noFolder() throws {
        let path = try folder.write("file", [1])
        let error = #expect(throws: FoveaError.self) {
            try Download(file, from: [], into: path + "/below").run()
        }
        #expect(error?.code == .cannotCreate)
        #expect(error?.path == path + "/below")
    }
}

struct DigestTests {
    @Test("The digests are those of the standards' examples")
    func examples() {
        #expect(Digest.md5(Array("abc".utf8)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(
            Digest.sha256(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest.md5([]) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(
            Digest.sha256([])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("A digest of pieces is that of the whole, and may be read on the way")
    func pieces() {
        let bytes = noise(1000)
        var digest = Digest(.sha256)
        for piece in [bytes[..<3], bytes[3..<700], bytes[700...]] {
            piece.withUnsafeBytes { digest.update($0) }
            _ = digest.hexadecimal
        }
        #expect(digest.hexadecimal == Digest.sha256(bytes))
    }
}
