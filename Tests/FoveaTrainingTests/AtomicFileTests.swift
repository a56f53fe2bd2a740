// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Foundation
import Glibc
import Testing

/// Files that are there as a whole or not at all.
@Suite struct AtomicFileTests {
    @Test("A file replaces what was there, and leaves nothing else")
    func replaces() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/file"
        try AtomicFile.write(path, text: "first")
        try AtomicFile.write(path, [Array("sec".utf8), [], Array("ond".utf8)])
        #expect(try AtomicFile.read(path) == Array("second".utf8))
        try AtomicFile.write(path, [])
        #expect(try AtomicFile.read(path) == [])
        #expect(folder.names == ["file"])
    }

    @Test("A reader never sees half a file")
    func neverHalf() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/file"
        let size = 1 << 20
        try AtomicFile.write(path, [[UInt8](repeating: 0, count: size)])
        let writer = Thread {
            for round in 1...20 {
                try? AtomicFile.write(path, [[UInt8](repeating: UInt8(round), count: size)])
            }
        }
        writer.start()
        while !writer.isFinished {
            let bytes = try AtomicFile.read(path)
            #expect(bytes.count == size && bytes.allSatisfy { $0 == bytes[0] })
        }
        #expect(try AtomicFile.read(path).first == 20)
    }

    @Test("A folder that cannot be written to is told")
    func folders() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(folder.path + "/file", text: "whole")
        var error = #expect(throws: FoveaError.self) {
            try AtomicFile.write(folder.path + "/none/file", text: "x")
        }
        #expect(error?.code == .cannotCreate)
        #expect(error?.message == "cannot be written: there is no such file or folder.")
        #expect(error?.remedy == "Create the folder first.")
        #expect(error?.path == folder.path + "/none/file")
        error = #expect(throws: FoveaError.self) {
            try AtomicFile.write(folder.path + "/file/file", text: "x")
        }
        #expect(error?.code == .cannotCreate)
        #expect(error?.message == "cannot be written: not a directory.")
        error = #expect(throws: FoveaError.self) {
            try AtomicFile.write(folder.path, text: "x")
        }
        #expect(error?.code == .cannotCreate)
        #expect(error?.message == "is not a file, and is not replaced by one.")
        #expect(try AtomicFile.read(folder.path + "/file") == Array("whole".utf8))
        #expect(folder.names == ["file"])
    }

    @Test("Permissions are respected", .enabled(if: geteuid() != 0, "root may write anywhere"))
    func permissions() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o555)
        defer { chmod(folder.path, 0o755) }
        let error = #expect(throws: FoveaError.self) {
            try AtomicFile.write(folder.path + "/file", text: "x")
        }
        #expect(error?.code == .cannotCreate)
        #expect(error?.message == "cannot be written: permission is denied.")
        #expect(error?.remedy == "Choose a folder you may write to.")
    }

    @Test("A device is not replaced by a file")
    func device() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: FoveaError.self) { try AtomicFile.write(path, text: "x") }
        #expect(error?.code == .cannotCreate)
        #expect(error?.message == "is not a file, and is not replaced by one.")
        #expect(folder.names == ["pipe"])
    }

    @Test(
        "A pipe is not waited for, and a file larger than the memory is refused before it is read")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let pipe = #expect(throws: FoveaError.self) { try AtomicFile.read(folder.path + "/pipe") }
        #expect(pipe?.message == "is not a file that can be read.")
        try AtomicFile.write(folder.path + "/vast", text: "")
        #expect(truncate(folder.path + "/vast", 1 << 43) == 0)
        let vast = #expect(throws: FoveaError.self) { try AtomicFile.read(folder.path + "/vast") }
        #expect(
            vast?.message.hasPrefix("has 8796093022208 bytes, and this machine has memory") == true)
    }

    /// A disk of 64 KiB, which only the administrator can mount.
    final class SmallDisk {
        let folder: TemporaryFolder

        init?() {
            guard let folder = try? TemporaryFolder() else { return nil }
            guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return nil }
            self.folder = folder
        }

        deinit { umount2(folder.path, Int32(MNT_DETACH)) }
    }

    @Test(
        "A full disk is told, and keeps the old file",
        .enabled(if: SmallDisk() != nil, "a small disk cannot be mounted here"))
    func fullDisk() throws {
        let disk = try #require(SmallDisk())
        let path = disk.folder.path + "/file"
        try AtomicFile.write(path, text: "whole")
        let error = #expect(throws: FoveaError.self) {
            try AtomicFile.write(path, [[UInt8](repeating: 1, count: 100_000)])
        }
        #expect(error?.code == .cannotWrite)
        #expect(error?.message == "cannot be written: the disk is full.")
        #expect(
            error?.remedy == "Make room on the disk, or choose another folder.")
        #expect(try AtomicFile.read(path) == Array("whole".utf8))
        #expect(disk.folder.names == ["file"])
        // There is room for as much as fits.
        try AtomicFile.write(path, [[UInt8](repeating: 1, count: 20_000)])
        #expect(try AtomicFile.read(path).count == 20_000)
    }

    @Test("What killed writers left is removed, and nothing else")
    func leftovers() throws {
        let folder = try TemporaryFolder()
        // No process has so high a number; the first one is always there, and may be writing.
        let kept = [".d.tmp-1", ".hidden", ".notes.tmp-old", "a.tmp-99999999", "file"]
        for name in [".a.tmp-99999999", ".b.safetensors.tmp-99999999"] + kept {
            try AtomicFile.write("\(folder.path)/\(name)", text: "x")
        }
        AtomicFile.removeLeftovers(in: folder.path)
        #expect(folder.names == kept)
        AtomicFile.removeLeftovers(in: folder.path + "/none")
    }

    @Test("A leftover of this very process is no obstacle")
    func ownLeftover() throws {
        let folder = try TemporaryFolder()
        let left = "\(folder.path)/.file.tmp-\(getpid())"
        #expect(symlink("/dev/null", left) == 0)
        try AtomicFile.write(folder.path + "/file", text: "x")
        #expect(folder.names == ["file"])
        #expect(try AtomicFile.read(folder.path + "/file") == [UInt8(ascii: "x")])
    }
}
