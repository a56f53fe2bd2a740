// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
package import FoveaGraph
import Glibc

/// The download of one file from the first of several mirrors that has it.
///
/// The data go to a file ending in `.part`, which a later attempt resumes from any mirror, and
/// which gets its final name only after its length and MD5 were found right.
package struct Download: Sendable {
    /// How patient a download is.
    package struct Patience: Sendable {
        /// How often all mirrors are tried.
        package var rounds = 3
        /// The seconds to wait before the second round; they double with each further one.
        package var pause = 1.0
        /// After so many seconds without a byte a mirror is given up for this round.
        package var idleSeconds = 15.0

        /// Makes the default.
        package init() {}
    }

    let file: RemoteFile
    /// The addresses of the folders that hold the file, each ending in a slash.
    let mirrors: [String]
    let folder: String
    /// What else is published under the same name.
    let impostors: [Impostor]
    let patience: Patience

    private enum Outcome {
        case done
        /// Another attempt may succeed.
        case failed(String)
        /// This mirror will not help.
        case useless(String)
    }

    /// Plans a download.
    package init(
        _ file: RemoteFile, from mirrors: [String], into folder: String,
        impostors: [Impostor] = [], patience: Patience = Patience()
    ) {
        self.file = file
        self.mirrors = mirrors
        self.folder = folder
        self.impostors = impostors
        self.patience = patience
    }

    private var target: String { folder + "/" + file.name }

    /// Downloads the file unless it is there, and waits for that.
    ///
    /// - Parameter progress: Is told, on another thread, how much has arrived.
    /// - Throws: `FoveaError` with what each mirror did, or if the file cannot be written.
    package func run(
        progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
    ) throws(FoveaError) {
        if try PartialFile.digest(of: target) == file.md5 { return }
        try makeFolder(folder)
        let part = try PartialFile(target + ".part")
        // Another process may have finished while this one waited for the lock.
        if try PartialFile.digest(of: target) == file.md5 { return }
        if part.size == file.byteCount, try part.digest() == file.md5 {
            return try part.rename(to: target)
        }
        if part.size >= file.byteCount { part.clear() }

        var reasons = [String](repeating: "not tried", count: mirrors.count)
        var useful = Array(mirrors.indices)
        for round in 0..<patience.rounds where !useful.isEmpty {
            if round > 0 { pause(patience.pause * Double(1 << (round - 1))) }
            for index in useful {
                switch try attempt(mirrors[index], part, progress) {
                case .done:
                    return try part.rename(to: target)
                case .failed(let reason):
                    reasons[index] = reason
                case .useless(let reason):
                    reasons[index] = reason
                    useful.removeAll { $0 == index }
                }
            }
        }
        throw failure(reasons)
    }

    /// Asks one mirror for what is missing, as long as that brings something.
    private func attempt(
        _ mirror: String, _ part: PartialFile,
        _ progress: @escaping @Sendable (DownloadProgress) -> Void
    ) throws(FoveaError) -> Outcome {
        let limit = ([file] + impostors.flatMap(\.files)).map(\.byteCount).max() ?? 0
        for _ in 0..<100 {
            let before = part.size
            let transfer = Transfer(
                of: file, from: mirror, to: part, limit: limit,
                idleSeconds: patience.idleSeconds, progress: progress)
            let ending = transfer.run()
            if let problem = part.problem {
                throw FoveaError(
                    .cannotWrite, "The download could not be written: \(problem).",
                    remedy: "Check the free space of the disk, then run the command again.",
                    path: part.path)
            }
            if file.name.hasSuffix(".gz"), try !part.beginsAsGzip() {
                part.clear()
                return .useless("sent something that is not a gzip file, perhaps a web page")
            }
            switch ending {
            case .refused(let reason): return .useless(reason)
            case .busy(let reason): return .failed(reason)
            case .interrupted(let reason):
                guard part.size > before else {
                    return .failed("\(reason), after \(part.size) of \(file.byteCount) bytes")
                }
            case .complete(let resumed):
                let digest = try part.digest()
                if digest == file.md5 { return .done }
                if let impostor = impostors.first(where: { $0.has(md5: digest) }) {
                    part.clear()
                    return .useless("you received \(impostor.title), which has the same file names")
                }
                if part.size < file.byteCount {
                    // Kept, because another mirror may send the rest.
                    return .useless("sent \(part.size) of \(file.byteCount) bytes")
                }
                part.clear()
                if resumed { continue }
                return .useless("sent data with the MD5 \(digest), expected \(file.md5)")
            }
        }
        return .failed("the connection broke 100 times")
    }

    private func failure(_ reasons: [String]) -> FoveaError {
        let list = zip(mirrors, reasons).map { "\n  \($0)\(file.name): \($1)" }.joined()
        return FoveaError(
            .device, "\(file.name) could not be downloaded from any of its mirrors." + list,
            remedy: "Run the command again to resume. Or get the file (\(file.byteCount) bytes,"
                + " MD5 \(file.md5)) in another way and put it into \(folder). FOVEA_MIRROR may"
                + " name a mirror of your own.")
    }

    private func pause(_ seconds: Double) {
        var time = timespec(
            tv_sec: Int(seconds), tv_nsec: Int(seconds.truncatingRemainder(dividingBy: 1) * 1e9))
        var rest = timespec()
        while nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
    }
}

/// Another data set whose files have the same names.
package struct Impostor: Sendable {
    /// The name people know it by.
    package let title: String
    /// The name to give to `--data`.
    package let name: String
    /// Its files.
    package let files: [RemoteFile]
    /// How many of its training images each class has, if that tells it from other sets.
    package let classCounts: [Int]?

    /// Describes another data set.
    package init(title: String, name: String, files: [RemoteFile], classCounts: [Int]?) {
        self.title = title
        self.name = name
        self.files = files
        self.classCounts = classCounts
    }

    func has(md5: String) -> Bool { files.contains { $0.md5 == md5 } }
}

/// Makes a folder and those it lies in.
func makeFolder(_ path: String) throws(FoveaError) {
    guard Folders.make(path) else {
        throw FoveaError(
            .cannotCreate, "The folder cannot be created: \(systemReason()).",
            remedy: "FOVEA_CACHE may name another place for data sets.", path: path)
    }
}
