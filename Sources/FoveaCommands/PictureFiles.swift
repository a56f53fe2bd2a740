// SPDX-License-Identifier: Apache-2.0
import Fovea
import Foundation

/// The files that the arguments of `predict` stand for.
enum PictureFiles {
    /// The ends of names that pictures have in folders.
    static let extensions: Set = ["png", "jpg", "jpeg", "bmp", "pgm", "ppm"]

    /// What follows the last dot of a file's name, in small letters; nothing if no name is before it.
    static func ending(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        let parts = name.split(separator: ".")
        return parts.count > 1 ? parts[parts.count - 1].lowercased() : ""
    }

    /// The arguments with folders replaced by the pictures in them, and `-` by the lines of standard
    /// input.
    ///
    /// - Parameter arguments: Files, folders and `-`.
    /// - Returns: Files; those of a folder in the order of their names.
    /// - Throws: An error of the code `.missing` if a folder has no pictures.
    static func expanded(_ arguments: [String]) throws(FoveaError) -> [String] {
        var files: [String] = []
        for argument in arguments {
            if argument == "-" {
                while let line = readLine() { if !line.isEmpty { files.append(line) } }
            } else if let names = try? FileManager.default.contentsOfDirectory(atPath: argument) {
                let pictures = names.sorted().filter { extensions.contains(ending(of: $0)) }
                guard !pictures.isEmpty else {
                    throw FoveaError(
                        .missing, "has no pictures: no name in it ends as those of pictures do.",
                        path: argument)
                }
                let folder = argument.hasSuffix("/") ? argument : argument + "/"
                files += pictures.map { folder + $0 }
            } else {
                files.append(argument)
            }
        }
        return files
    }
}
