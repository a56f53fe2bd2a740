// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaTestSupport
import Foundation
import Testing

/// A folder of data, pictures and weights that have something wrong with them.
enum BadInputs {
    static let images = ErrorTests.images
    static let labels = ErrorTests.labels

    /// The folder, made once.
    static let shared = Result { try make() }

    private static func make() throws -> TemporaryFolder {
        let folder = try TemporaryFolder(isKept: true)
        let files = BarPictures.files(training: 40, test: 20)
        func write(_ name: String, _ changed: [String: [UInt8]], without: String? = nil) throws {
            for (file, bytes) in files where changed[file] == nil && file != without {
                try folder.write("\(name)/\(file)", bytes)
            }
            for (file, bytes) in changed { try folder.write("\(name)/\(file)", bytes) }
        }
        let pictures = Array(files[0].bytes.dropFirst(16))
        try write("nolabels", [:], without: labels)
        try write("gzip", [images + ".gz": Array(gzip(files[0].bytes)[..<5000])], without: images)
        try write("magic", [images: [0, 1] + files[0].bytes.dropFirst(2)])
        try write("type", [images: idx([40, 28, 28], pictures, type: 13)])
        try write("huge", [images: idx([.max, .max, .max], pictures)])
        try write("promise", [images: idx([.max, 28, 28], pictures)])
        try write("labels", [labels: files[1].bytes.dropLast() + [10]])
        try write("fewer", [labels: idx([39], Array(files[1].bytes.dropFirst(9)))])
        try folder.write("text.png", Array("no picture".utf8))
        let picture = png(width: 28, height: 28, BarPictures.pixels(1, seed: 1))
        try folder.write("bar.png", picture)
        try folder.write("cut.png", Array(picture[..<200]))
        try folder.write("empty/notes.txt", [])
        try folder.write("file", [])
        try folder.write("two.txt", Array("a\nb\n\n".utf8))
        try folder.write("gap.txt", Array("a\nb\n \nd\ne\nf\ng\nh\ni\nj".utf8))
        try writeTensors(to: folder)
        return folder
    }

    private static func writeTensors(to folder: TemporaryFolder) throws {
        let overlap =
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
            + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
        try folder.write(
            "overlap",
            [UInt8(overlap.utf8.count), 0, 0, 0, 0, 0, 0, 0] + overlap.utf8
                + [UInt8](repeating: 0, count: 8))
        let length = (0..<8).map { UInt8(truncatingIfNeeded: 100_000_000_000 >> (8 * $0)) }
        try folder.write("header", length + Array("{}".utf8))
        let run = try TrainedRun.shared.get()
        let good = try Safetensors(contentsOf: run.run + "/best.safetensors")
        let last = "classifier.4.bias"
        let pickled = PickleParts.file(good.tensors)
        try folder.write("lenet.pth", pickled)
        try folder.write("cut.pth", Array(pickled.dropLast()))
        try folder.write(
            "eval.pth",
            PickleParts.file(PickleParts.pickle(PickleParts.global("builtins", "eval"))))
        let variants: [(String, [(name: String, array: NDArray)])] = [
            ("missing", good.tensors.filter { $0.name != last }),
            ("extra", good.tensors + [("classifier.6.bias", NDArray([1], [0]))]),
            (
                "misshapen",
                good.tensors.filter { $0.name != last } + [(last, NDArray([5], repeating: 0))]
            ),
            ("input", [("input", NDArray([1, 1, 28, 28], repeating: 0.5))]),
            ("small", [("input", NDArray([1, 1, 4, 4], repeating: 0.5))]),
        ]
        for (name, tensors) in variants {
            try Safetensors(tensors, metadata: name == "small" ? [:] : good.metadata).write(
                to: "\(folder.path)/\(name)")
        }
    }
}
