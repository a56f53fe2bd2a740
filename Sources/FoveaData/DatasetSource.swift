// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
import Glibc

/// A published data set that Fovea knows: where it may lie, where it comes from, what is in it.
public struct DatasetSource: Sendable {
    /// The four files of a set in MNIST's form.
    package struct Files: Sendable {
        package let trainingImages, trainingLabels, testImages, testLabels: RemoteFile

        /// Names the four files.
        package init(
            trainingImages: RemoteFile, trainingLabels: RemoteFile, testImages: RemoteFile,
            testLabels: RemoteFile
        ) {
            self.trainingImages = trainingImages
            self.trainingLabels = trainingLabels
            self.testImages = testImages
            self.testLabels = testLabels
        }

        package var all: [RemoteFile] { [trainingImages, trainingLabels, testImages, testLabels] }
    }

    /// The name to give to `--data`.
    public let name: String
    /// The name people know it by.
    public let title: String
    /// The names of the classes.
    public let classes: [String]
    /// The number of images in the published set, to learn from and to test on.
    public let counts: (training: Int, test: Int)
    let files: Files
    /// The addresses of folders with the files, each ending in a slash.
    let mirrors: [String]
    /// Where other programs put the files below a folder of data sets.
    let subfolders: [String]
    /// Where the files may lie on every machine.
    let systemFolders: [String]
    let impostors: [Impostor]
    /// What a user may do if there is no network.
    let advice: String
    let patience: Download.Patience
    /// Reads a variable of the environment.
    package var environment: @Sendable (String) -> String? = { variable in
        getenv(variable).map { String(cString: $0) }
    }

    /// Describes a data set.
    package init(
        name: String, title: String, classes: [String], counts: (training: Int, test: Int),
        files: Files, mirrors: [String], subfolders: [String], systemFolders: [String] = [],
        impostors: [Impostor] = [], advice: String = "",
        patience: Download.Patience = Download.Patience()
    ) {
        self.name = name
        self.title = title
        self.classes = classes
        self.counts = counts
        self.files = files
        self.mirrors = mirrors
        self.subfolders = subfolders
        self.systemFolders = systemFolders
        self.impostors = impostors
        self.advice = advice
        self.patience = patience
    }

    /// The data sets that can be named.
    public static let all: [DatasetSource] = [.fashionMNIST, .mnist]

    /// The data set of a name.
    ///
    /// - Parameter name: A name such as "fashion-mnist".
    /// - Returns: The data set.
    /// - Throws: `FoveaError` of the kind `usage` with the nearest name, if there is none.
    public static func named(_ name: String) throws(FoveaError) -> DatasetSource {
        if let source = all.first(where: { $0.name == name }) { return source }
        let names = all.map(\.name)
        throw FoveaError(
            .usage, "There is no data set \"\(name)\".",
            remedy: nearestName(to: name, among: names).map { "Did you mean \($0)?" }
                ?? "The data sets are \(names.joined(separator: " and ")).")
    }

    /// Finds the files and reads them.
    ///
    /// The files are looked for in `dataDirectory` if that is given and nowhere else; otherwise in
    /// the cache, then where the system's packages put them, and then they are downloaded into the
    /// cache.
    ///
    /// - Parameters:
    ///   - dataDirectory: A folder that holds the files, perhaps in one of the usual subfolders.
    ///   - download: Whether to download what is not found.
    ///   - progress: Is told, on another thread, how far a download has come.
    /// - Returns: The images.
    /// - Throws: `FoveaError` if the files are not found, not obtained or damaged.
    public func load(
        dataDirectory: String? = nil, download: Bool = true,
        progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) throws(FoveaError) -> ClassificationData {
        if let dataDirectory {
            return try read(from: try folder(in: dataDirectory), whole: false)
        }
        // Where the environment names no cache, the data may still be where the system has them.
        let folders = [try? cacheFolder()].compactMap(\.self) + systemFolders
        for folder in folders where missing(in: folder).isEmpty {
            return try read(from: folder, whole: true)
        }
        guard download else {
            throw FoveaError(
                .missing,
                "\(title) is not on this machine: looked in"
                    + " \(folders.joined(separator: " and ")).",
                remedy: "Let `fovea train` download it\(advice), or name the folder of the files"
                    + " with --data-dir.")
        }
        return try read(from: try fetch(progress: progress), whole: true)
    }

    /// Downloads the files that are not there yet.
    ///
    /// - Parameters:
    ///   - folder: Where to put them; nil for the cache.
    ///   - progress: Is told, on another thread, how far a download has come.
    /// - Returns: The folder in which the files now are.
    /// - Throws: `FoveaError` if no mirror has a file or it cannot be written.
    @discardableResult
    public func fetch(
        into folder: String? = nil,
        progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) throws(FoveaError) -> String {
        let folder = if let folder { folder } else { try cacheFolder() }
        var addresses = mirrors
        if let house = setting("FOVEA_MIRROR") {
            addresses.insert("\(house)\(house.hasSuffix("/") ? "" : "/")\(name)/", at: 0)
        }
        for file in files.all {
            try Download(
                file, from: addresses, into: folder, impostors: impostors, patience: patience
            ).run(progress: progress)
        }
        return folder
    }

    /// The folder of this data set among those that Fovea downloaded.
    ///
    /// - Returns: A folder, which need not exist.
    /// - Throws: `FoveaError` of the kind `usage` if the environment names no home.
    public func cacheFolder() throws(FoveaError) -> String {
        guard let cache = CacheFolder.path(environment) else {
            throw FoveaError(
                .usage, "There is no place for data sets, because HOME is not set.",
                remedy: "Set FOVEA_CACHE to a folder, or name one with --data-dir.")
        }
        return "\(cache)/\(name)"
    }

    private func setting(_ variable: String) -> String? {
        environment(variable).flatMap { $0.isEmpty ? nil : $0 }
    }
}
