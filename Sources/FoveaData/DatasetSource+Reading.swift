// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc

extension DatasetSource {
    /// The folder at or below one the user named that holds the files.
    func folder(in directory: String) throws(FoveaError) -> String {
        guard Folders.isFolder(directory) else {
            throw FoveaError(
                .missing, "There is no such folder.",
                remedy: "--data-dir names the folder in which the files of \(title) are.",
                path: directory)
        }
        let folders = [directory] + subfolders.map { "\(directory)/\($0)" }
        if let whole = folders.first(where: { missing(in: $0).isEmpty }) { return whole }
        for folder in folders where missing(in: folder).count < files.all.count {
            let missing = missing(in: folder)
            throw FoveaError(
                .missing,
                "\(title) is incomplete: \(missing.map(\.name).joined(separator: ", "))"
                    + " \(missing.count == 1 ? "is" : "are") missing.",
                remedy: "Leave out --data-dir to have the set downloaded.", path: folder)
        }
        throw FoveaError(
            .missing,
            "The files of \(title) are not here: looked for \(files.trainingImages.name), also"
                + " unpacked, here and in \(subfolders.joined(separator: ", ")).",
            remedy: "Leave out --data-dir to have the set downloaded.", path: directory)
    }

    /// The files that a folder lacks.
    func missing(in folder: String) -> [RemoteFile] {
        files.all.filter { path(of: $0, in: folder) == nil }
    }

    /// Where a file lies in a folder, packed or not.
    private func path(of file: RemoteFile, in folder: String) -> String? {
        let unpacked = file.name.hasSuffix(".gz") ? String(file.name.dropLast(3)) : file.name
        return [file.name, unpacked].map { "\(folder)/\($0)" }.first(where: FileBytes.isFile)
    }

    /// Reads the four files of a folder.
    ///
    /// - Parameters:
    ///   - folder: The folder.
    ///   - whole: Whether this must be the published set and not one made in its form.
    /// - Returns: The images.
    /// - Throws: `FoveaError` with the file and what is wrong with it.
    func read(from folder: String, whole: Bool) throws(FoveaError) -> ClassificationData {
        let training = try images(
            "train", files.trainingImages, files.trainingLabels, in: folder)
        let test = try images("test", files.testImages, files.testLabels, in: folder)
        let place = "\(folder)/\(files.testImages.name)"
        guard training.imageShape == test.imageShape else {
            throw FoveaError(
                .dataset,
                "The images to test on are \(Shape(Array(test.imageShape.dimensions.dropFirst()))),"
                    + " but those to learn from"
                    + " \(Shape(Array(training.imageShape.dimensions.dropFirst()))).", path: place)
        }
        for impostor in impostors where impostor.classCounts == training.classCounts {
            throw received(impostor, "\(folder)/\(files.trainingLabels.name)")
        }
        for (set, expected) in [(training, counts.training), (test, counts.test)]
        where whole && set.count != expected {
            throw FoveaError(
                .dataset, "\(set.name) has \(set.count) images, but \(title) has \(expected).",
                remedy: "Delete the files to have them downloaded again.", path: folder)
        }
        return ClassificationData(name: name, training: training, test: test, origin: folder)
    }

    private func images(
        _ part: String, _ images: RemoteFile, _ labels: RemoteFile, in folder: String
    ) throws(FoveaError) -> InMemoryImages {
        var paths: [String] = []
        for file in [images, labels] {
            guard let path = path(of: file, in: folder) else {
                throw FoveaError(
                    .missing, "The file \(file.name) is no longer there.", path: folder)
            }
            try refuseImpostor(path)
            paths.append(path)
        }
        return try InMemoryImages(
            name: "\(name)/\(part)", images: paths[0], labels: paths[1], classes: classes)
    }

    /// Refuses a file of another data set, which costs something only if the size is that file's.
    private func refuseImpostor(_ path: String) throws(FoveaError) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        for impostor in impostors
        where impostor.files.contains(where: { $0.byteCount == Int(status.st_size) }) {
            if let digest = try PartialFile.digest(of: path), impostor.has(md5: digest) {
                throw received(impostor, path)
            }
        }
    }

    private func received(_ impostor: Impostor, _ path: String) -> FoveaError {
        FoveaError(
            .dataset,
            "You received \(impostor.title), not \(title): their files have the same names.",
            remedy: "Delete the files and leave out --data-dir to have the right ones"
                + " downloaded, or use --data \(impostor.name).", path: path)
    }
}

extension InMemoryImages {
    /// How many images each class has.
    var classCounts: [Int] {
        labels.reduce(into: [Int](repeating: 0, count: classes.count)) { $0[Int($1)] += 1 }
    }
}
