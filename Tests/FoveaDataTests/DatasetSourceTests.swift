// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Foundation
import Testing

@testable import FoveaData

/// A set in MNIST's form with a few tiny images.
private struct Tiny {
    let contents: [String: [UInt8]]
    let files: DatasetSource.Files

    init(training: [UInt8], test: [UInt8], seed: UInt32) throws {
        func images(_ labels: [UInt8]) throws -> [UInt8] {
            try gzip(idx([UInt32(labels.count), 4, 4], noise(16 * labels.count, seed: seed)))
        }
        func labels(_ labels: [UInt8]) throws -> [UInt8] {
            try gzip(idx([UInt32(labels.count)], labels))
        }
        let all = [
            "train-images-idx3-ubyte.gz": try images(training),
            "train-labels-idx1-ubyte.gz": try labels(training),
            "t10k-images-idx3-ubyte.gz": try images(test),
            "t10k-labels-idx1-ubyte.gz": try labels(test),
        ]
        func file(_ name: String) -> RemoteFile {
            let bytes = all[name] ?? []
            return RemoteFile(name, byteCount: bytes.count, md5: Digest.md5(bytes))
        }
        contents = all
        files = DatasetSource.Files(
            trainingImages: file("train-images-idx3-ubyte.gz"),
            trainingLabels: file("train-labels-idx1-ubyte.gz"),
            testImages: file("t10k-images-idx3-ubyte.gz"),
            testLabels: file("t10k-labels-idx1-ubyte.gz"))
    }

    func write(to folder: TemporaryFolder, _ subfolder: String = "") throws {
        for (name, bytes) in contents { try folder.write(subfolder + name, bytes) }
    }

    func answers(_ folder: String) -> [String: LocalServer.Answer] {
        Dictionary(
            uniqueKeysWithValues: contents.map { ("/\(folder)/\($0)", .content($1)) })
    }
}

struct DatasetSourceTests {
    private let clothes: Tiny
    private let digits: Tiny
    private let folder: TemporaryFolder

    init() throws {
        clothes = try Tiny(training: [0, 1, 2, 0, 1, 2], test: [2, 1], seed: 1)
        digits = try Tiny(training: [0, 0, 1, 2, 2, 2], test: [0, 1], seed: 2)
        folder = try TemporaryFolder()
    }

    private func source(
        mirrors: [String] = [], system: [String] = [], environment: [String: String] = [:]
    ) -> DatasetSource {
        var patience = Download.Patience()
        patience.pause = 0.001
        var source = DatasetSource(
            name: "clothes", title: "Clothes", classes: ["a", "b", "c"], counts: (6, 2),
            files: clothes.files, mirrors: mirrors, subfolders: ["Clothes/raw", "clothes"],
            systemFolders: system,
            impostors: [
                Impostor(
                    title: "MNIST", name: "mnist", files: digits.files.all,
                    classCounts: [2, 1, 3])
            ], advice: " or install its package", patience: patience)
        let variables = ["FOVEA_CACHE": folder.path + "/cache"].merging(environment) { $1 }
        source.environment = { variables[$0] }
        return source
    }

    @Test("An explicit folder and the usual folders below it", arguments: ["", "Clothes/raw/"])
    func explicitFolder(subfolder: String) throws {
        try clothes.write(to: folder, subfolder)
        let data = try source().load(dataDirectory: folder.path)
        #expect(data.name == "clothes")
        #expect(data.training.name == "clothes/train")
        #expect(data.training.labels == [0, 1, 2, 0, 1, 2])
        #expect(data.test.labels == [2, 1])
        #expect(data.training.imageShape == [1, 4, 4])
        #expect(data.origin == (folder.path + "/" + subfolder.dropLast()).trimmedSlash)
        var pixels = [UInt8](repeating: 0, count: 16)
        pixels.withUnsafeMutableBufferPointer { data.training.copyPixels(of: 5, into: $0) }
        #expect(pixels == Array(noise(96, seed: 1)[80...]))
    }

    @Test("Unpacked files are accepted, and sets of other sizes where a folder was named")
    func unpacked() throws {
        try folder.write("train-images-idx3-ubyte", idx([1, 2, 2], [1, 2, 3, 4]))
        try folder.write("train-labels-idx1-ubyte", idx([1], [2]))
        try folder.write("t10k-images-idx3-ubyte", idx([1, 2, 2], [5, 6, 7, 8]))
        try folder.write("t10k-labels-idx1-ubyte", idx([1], [0]))
        let data = try source().load(dataDirectory: folder.path)
        #expect(data.training.count == 1)
        #expect(data.test.labels == [0])
    }

    @Test("A stray file in the folder does not hide a whole set below it")
    func strayFile() throws {
        try clothes.write(to: folder, "clothes/")
        try folder.write("t10k-labels-idx1-ubyte", idx([1], [0]))
        let data = try source().load(dataDirectory: folder.path)
        #expect(data.origin == folder.path + "/clothes")
    }

    @Test("Without a home the system's files are found all the same")
    func withoutHome() throws {
        try clothes.write(to: folder, "system/")
        var source = source(system: [folder.path + "/system"])
        source.environment = { _ in nil }
        #expect(try source.load(download: false).origin == folder.path + "/system")
    }

    @Test("A folder without the files, with some of them, or that is none")
    func explicitFolderWithoutFiles() throws {
        var error = #expect(throws: FoveaError.self) {
            try source().load(dataDirectory: folder.path)
        }
        #expect(error?.code == .missing)
        #expect(
            error?.message
                == "The files of Clothes are not here: looked for train-images-idx3-ubyte.gz, also"
                + " unpacked, here and in Clothes/raw, clothes.")
        try folder.write("clothes/train-images-idx3-ubyte.gz", [1])
        error = #expect(throws: FoveaError.self) {
            try source().load(dataDirectory: folder.path)
        }
        #expect(
            error?.message
                == "Clothes is incomplete: train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz,"
                + " t10k-labels-idx1-ubyte.gz are missing.")
        #expect(error?.path == folder.path + "/clothes")
        error = #expect(throws: FoveaError.self) {
            try source().load(dataDirectory: folder.path + "/none")
        }
        #expect(error?.message == "There is no such folder.")
    }

    @Test("The cache comes before the system's folder")
    func cacheAndSystem() throws {
        let system = folder.path + "/system"
        var error = #expect(throws: FoveaError.self) {
            try source(system: [system]).load(download: false)
        }
        #expect(
            error?.message
                == "Clothes is not on this machine: looked in \(folder.path)/cache/clothes and"
                + " \(system).")
        #expect(
            error?.remedy
                == "Let `fovea train` download it or install its package, or name the folder of"
                + " the files with --data-dir.")
        try clothes.write(to: folder, "system/")
        #expect(try source(system: [system]).load(download: false).origin == system)
        try clothes.write(to: folder, "cache/clothes/")
        let cache = folder.path + "/cache/clothes"
        #expect(try source(system: [system]).load(download: false).origin == cache)
        // Here the set must be the published one.
        try folder.write("cache/clothes/t10k-images-idx3-ubyte.gz", idx([1, 4, 4], noise(16)))
        try folder.write("cache/clothes/t10k-labels-idx1-ubyte.gz", idx([1], [0]))
        error = #expect(throws: FoveaError.self) { try source().load(download: false) }
        #expect(error?.message == "clothes/test has 1 images, but Clothes has 2.")
    }

    @Test("The places of the cache")
    func cachePlaces() throws {
        func place(_ environment: [String: String]) throws -> String {
            try source(
                environment: ["FOVEA_CACHE": ""].merging(environment) { $1 }
            ).cacheFolder()
        }
        #expect(try place(["FOVEA_CACHE": "/f", "XDG_CACHE_HOME": "/x"]) == "/f/clothes")
        #expect(try place(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/fovea/clothes")
        #expect(try place(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/fovea/clothes")
        #expect(throws: FoveaError.self) { try place([:]) }
    }

    @Test("What is not there is downloaded into the cache, from the house's mirror first")
    func downloads() throws {
        let server = try LocalServer(
            clothes.answers("public").merging(clothes.answers("house/clothes")) { $1 })
        defer { server.stop() }
        let house = String(server.address("house").dropLast())
        let source = source(
            mirrors: [server.address("public")], environment: ["FOVEA_MIRROR": house])
        let data = try source.load()
        #expect(data.training.count == 6)
        #expect(data.origin == folder.path + "/cache/clothes")
        #expect(server.requests.count == 4)
        #expect(server.requests.allSatisfy { $0.path.hasPrefix("/house/clothes/") })
        #expect(try source.load().test.count == 2)
        #expect(server.requests.count == 4)
    }

    @Test("MNIST under another set's name is recognised where it was found")
    func impostorFound() throws {
        try digits.write(to: folder)
        var error = #expect(throws: FoveaError.self) {
            try source().load(dataDirectory: folder.path)
        }
        let message = "You received MNIST, not Clothes: their files have the same names."
        #expect(error?.message == message)
        #expect(
            error?.remedy
                == "Delete the files and leave out --data-dir to have the right ones downloaded,"
                + " or use --data mnist.")
        #expect(error?.path == folder.path + "/train-images-idx3-ubyte.gz")
        // Unpacked files have another digest; there the number of images per class tells it.
        for (name, bytes) in digits.contents {
            try folder.write(name, try Gzip.unpacked(bytes, path: name))
        }
        error = #expect(throws: FoveaError.self) {
            try source().load(dataDirectory: folder.path)
        }
        #expect(error?.message == message)
    }

    @Test("MNIST under another set's name is recognised where it was downloaded")
    func impostorDownloaded() throws {
        let server = try LocalServer(digits.answers("a"))
        defer { server.stop() }
        let error = #expect(throws: FoveaError.self) {
            try source(mirrors: [server.address("a")]).load()
        }
        #expect(error?.message.contains("you received MNIST") == true)
    }

    @Test("Unlike sizes of training and test images are refused")
    func unlikeSizes() throws {
        try clothes.write(to: folder)
        try folder.write("t10k-images-idx3-ubyte.gz", idx([2, 3, 4], noise(24)))
        let error = #expect(throws: FoveaError.self) {
            try source().load(dataDirectory: folder.path)
        }
        #expect(
            error?.message == "The images to test on are 3×4, but those to learn from 4×4.")
    }

    @Test("Names are found, and for others the nearest is told")
    func names() throws {
        #expect(try DatasetSource.named("mnist").title == "MNIST")
        #expect(try DatasetSource.named("fashion-mnist").classes[9] == "Ankle boot")
        var error = #expect(throws: FoveaError.self) { try DatasetSource.named("fashon-mnist") }
        #expect(error?.message == "There is no data set \"fashon-mnist\".")
        #expect(error?.remedy == "Did you mean fashion-mnist?")
        error = #expect(throws: FoveaError.self) { try DatasetSource.named("imagenet") }
        #expect(error?.remedy == "The data sets are fashion-mnist and mnist.")
        #expect(error?.code == .usage)
    }

    @Test("The first images of a set are a set of their own")
    func prefix() throws {
        try clothes.write(to: folder)
        let data = try source().load(dataDirectory: folder.path).limited(training: 4, test: 99)
        #expect(data.training.count == 4)
        #expect(data.training.labels == [0, 1, 2, 0])
        #expect(data.test.count == 2)
        let whole = try source().load(dataDirectory: folder.path)
        #expect(whole.training.fingerprint.count == 64)
        #expect(whole.training.fingerprint != data.training.fingerprint)
        #expect(whole.test.fingerprint == data.test.fingerprint)
        // The same four images, read in another way.
        let four = InMemoryImages(
            name: "four", classes: ["a", "b", "c"], imageShape: [1, 4, 4],
            pixels: Array(noise(96, seed: 1)[..<64]), labels: [0, 1, 2, 0])
        #expect(data.training.fingerprint == four.fingerprint)
    }

    @Test(
        "Debian's package holds the published Fashion-MNIST",
        .enabled(
            if: FileManager.default.fileExists(
                atPath: "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")))
    func debianPackage() throws {
        var source = DatasetSource.fashionMNIST
        let cache = folder.path
        source.environment = { $0 == "FOVEA_CACHE" ? cache : nil }
        let data = try source.load(download: false)
        #expect(data.origin == "/usr/share/datasets/fashion-mnist")
        #expect(data.training.count == 60_000)
        #expect(data.test.count == 10_000)
        #expect(data.training.imageShape == [1, 28, 28])
        for (set, share) in [(data.training, 6000), (data.test, 1000)] {
            let perClass = set.labels.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            #expect(perClass == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, share) }))
        }
        #expect(
            data.training.labels.prefix(5).map { data.classes[Int($0)] }
                == ["Ankle boot", "T-shirt/top", "T-shirt/top", "Dress", "T-shirt/top"])
        // The mean pixel that everybody quotes for this set, 0.2860.
        var sum = 0
        var pixels = [UInt8](repeating: 0, count: 784)
        for index in 0..<data.training.count {
            pixels.withUnsafeMutableBufferPointer { data.training.copyPixels(of: index, into: $0) }
            pixels.withUnsafeBufferPointer { for pixel in $0 { sum &+= Int(pixel) } }
        }
        #expect(abs(Double(sum) / (60_000 * 784 * 255) - 0.2860) < 0.00005)
    }
}

extension String {
    fileprivate var trimmedSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
