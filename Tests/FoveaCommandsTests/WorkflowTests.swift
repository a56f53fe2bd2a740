// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Foundation
import Testing

@testable import FoveaTraining

/// Training, and everything that can be done with what it leaves.
@Suite struct WorkflowTests {
    static func trained() throws -> TrainedRun { try TrainedRun.shared.get() }

    // MARK: - train

    @Test("train --json prints one object with the result, and progress in whole lines")
    func train() throws {
        let run = try Self.trained()
        let outcome = Program.Outcome(
            code: run.outcome.code, output: run.outcome.output, remarks: run.outcome.remarks)
        let result = try outcome.json()
        let expected: Set = [
            "schema", "network", "data", "recipe", "epochs", "steps", "loss", "train_accuracy",
            "test_accuracy", "best_test_accuracy", "best_epoch", "images_per_second",
            "images_per_second_with_loading", "seconds", "peak_memory_bytes", "device", "precision",
            "threads", "seed", "run",
        ]
        #expect(Set(result.keys).isSuperset(of: expected))
        #expect(result["schema"] as? Int == 1)
        #expect(result["network"] as? String == "lenet")
        #expect(result["data"] as? String == "fashion-mnist")
        #expect(result["recipe"] as? String == "d2l")
        #expect(result["epochs"] as? Int == 12)
        #expect(result["steps"] as? Int == 12 * 21)
        #expect(result["run"] as? String == "run")
        #expect(result["threads"] as? Int == 1)
        #expect(try #require(result["best_test_accuracy"] as? Double) > 0.9)
        #expect(try #require(result["images_per_second"] as? Double) > 0)
        #expect(try #require(result["peak_memory_bytes"] as? Int) > 1 << 20)
        expectPlain(run.outcome.remarks)
        let epochs = run.outcome.remarks.split(separator: "\n").filter { $0.hasPrefix("epoch ") }
        #expect(epochs.count == 12)
    }

    private func expectPlain(_ text: String) {
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
        #expect(text.isEmpty || text.hasSuffix("\n"))
    }

    @Test("The run's folder holds what is promised, and nothing half written")
    func folder() throws {
        let run = try Self.trained()
        #expect(
            run.names == [
                "best.safetensors", "checkpoint-00000240.safetensors",
                "checkpoint-00000252.safetensors", "curves.png", "curves.svg", "filters.png",
                "last.safetensors", "metrics.jsonl", "predictions.png", "run.json",
            ])
        for name in ["curves.png", "filters.png", "predictions.png"] {
            #expect(try run.bytes(name).starts(with: [0x89, 0x50, 0x4E, 0x47]))
        }
        let record = try #require(
            try JSONSerialization.jsonObject(with: run.bytes("run.json")) as? [String: Any])
        #expect(record["status"] as? String == "finished")
        #expect(record["schema"] as? Int == 1)
        let settings = try #require(record["configuration"] as? [String: Any])
        #expect(settings["epochs"] as? Int == 12)
        #expect(settings["optimizer"] as? String == "adamw")
        let data = try #require(record["data"] as? [String: Any])
        #expect((data["fingerprint"] as? String)?.count == 64)
        #expect(data["training_images"] as? Int == 410)
        for key in ["versions", "machine", "result"] { #expect(record[key] is [String: Any]) }
    }

    @Test("Each logged point is an object on a line of its own")
    func metrics() throws {
        let lines = try Self.trained().bytes("metrics.jsonl").split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 12 * (5 + 1))
        for line in lines {
            let point = try #require(
                try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            #expect(
                Set(point.keys) == [
                    "epoch", "step", "split", "loss", "accuracy", "lr", "images_per_second",
                    "waiting",
                ])
            #expect(["train", "test"].contains(point["split"] as? String))
        }
    }

    @Test("The weights say what they are, as PyTorch's readers expect")
    func weights() throws {
        let run = try Self.trained()
        let file = try Safetensors(contentsOf: run.run + "/best.safetensors")
        #expect(
            file.tensors.map(\.name) == [
                "features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias",
                "classifier.0.weight", "classifier.0.bias", "classifier.2.weight",
                "classifier.2.bias", "classifier.4.weight", "classifier.4.bias",
            ])
        #expect(file.metadata["format"] == "pt")
        #expect(file.metadata["fovea.model"]?.contains("\"network\":\"lenet\"") == true)
        #expect(file.metadata["fovea.model"]?.contains("Ankle boot") == true)
    }

    @Test("Without --json the last lines are the book's")
    func closingLines() throws {
        let run = try Self.trained()
        let out = try TemporaryFolder()
        let outcome = try Program.run([
            "train", "lenet", "--epochs", "1", "--data-dir", run.data, "--out", out.path + "/run",
        ])
        #expect(outcome.code == 0, "\(outcome.remarks)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines.first?.wholeMatch(
                of: #/loss \d+\.\d{3}, train acc \d\.\d{3}, test acc \d\.\d{3}/#) != nil)
        #expect(
            lines.last?.wholeMatch(
                of: #/\d+\.\d examples/sec on cpu, \d+\.\d with loading/#) != nil)
        #expect(outcome.remarks.contains("fovea evaluate \(out.path)/run\n"))
        expectPlain(outcome.output + outcome.remarks)
    }

    @Test("A run is found by its name in runs, and each has its own")
    func namedRuns() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        let arguments = [
            "train", "lenet", "--max-steps", "1", "--limit-test", "5", "--data-dir", run.data,
            "--json",
        ]
        for number in 1...2 {
            let result = try Program.run(arguments, in: folder.path).json()
            #expect(result["run"] as? String == "runs/lenet-fashion-mnist-\(number)")
            #expect(result["steps"] as? Int == 1)
        }
    }

    // MARK: - evaluate

    @Test("evaluate measures what training measured, from a run and from a file")
    func evaluate() throws {
        let run = try Self.trained()
        let trained = try #require(
            try JSONSerialization.jsonObject(with: Data(run.outcome.output.utf8))
                as? [String: Any])
        let weights = run.run + "/best.safetensors"
        let commands = [
            ["evaluate", run.run, "--data-dir", run.data, "--json"],
            [
                "evaluate", "lenet", "--weights", weights, "--data", "fashion-mnist", "--data-dir",
                run.data, "--batch", "7", "--json",
            ],
        ]
        for command in commands {
            let result = try Program.run(command).json()
            #expect(
                Set(result.keys) == [
                    "schema", "network", "data", "images", "loss", "top1", "top5", "classes",
                    "confusion",
                ])
            #expect(result["schema"] as? Int == 1)
            #expect(result["top1"] as? Double == trained["best_test_accuracy"] as? Double)
            #expect(try #require(result["top5"] as? Double) >= #require(result["top1"] as? Double))
            let confusion = try #require(result["confusion"] as? [[Int]])
            #expect(confusion.map { $0.reduce(0, +) } == [Int](repeating: 5, count: 10))
            let classes = try #require(result["classes"] as? [[String: Any]])
            try #require(classes.count == 10)
            #expect(
                Set(classes[0].keys) == ["name", "images", "precision", "recall", "f1"])
            #expect(classes[9]["name"] as? String == "Ankle boot")
        }
    }

    @Test(
        "evaluate and predict compute in 16 bits where the processor does",
        .enabled(if: Precision.available.contains(.bf16)))
    func sixteenBits() throws {
        let run = try Self.trained()
        func results(_ precision: String) throws -> (loss: Double, probabilities: [Double]) {
            let options = ["--precision", precision, "--data-dir", run.data]
            let result = try Program.run(["evaluate", run.run, "--json"] + options).json()
            let guesses = try Self.predictions(
                [run.run, "--index", "0-4", "--top", "10"] + options)
            let probabilities = guesses.flatMap { guess in
                guess.classes.sorted { $0.label < $1.label }.map(\.probability)
            }
            return (try #require(result["loss"] as? Double), probabilities)
        }
        let (long, short) = (try results("f32"), try results("bf16"))
        // Near, but not the same numbers.
        #expect(long.loss != short.loss && abs(long.loss - short.loss) < 0.03 * long.loss)
        #expect(long.probabilities != short.probabilities)
        for (long, short) in zip(long.probabilities, short.probabilities) {
            #expect(abs(long - short) < 0.05)
        }
    }

    @Test("evaluate prints a table and who is taken for whom")
    func evaluateText() throws {
        let run = try Self.trained()
        let outcome = try Program.run([
            "evaluate", run.run, "--data-dir", run.data, "--limit-test", "20",
        ])
        #expect(outcome.code == 0, "\(outcome.remarks)")
        #expect(outcome.output.hasPrefix("lenet on 20 test images of fashion-mnist\ntop-1 "))
        #expect(outcome.output.contains("Ankle boot"))
        expectPlain(outcome.output)
    }

    // MARK: - predict

    struct Prediction: Decodable {
        struct Class: Decodable {
            let name: String
            let label: Int
            let probability: Double
        }
        let image: String
        let truth: String?
        let classes: [Class]
    }

    struct Predictions: Decodable {
        let schema: Int
        let predictions: [Prediction]
    }

    static func predictions(_ arguments: [String], input: String = "") throws -> [Prediction] {
        let outcome = try Program.run(["predict"] + arguments + ["--json"], input: input)
        try #require(outcome.code == 0, "\(outcome.remarks)")
        let result = try JSONDecoder().decode(Predictions.self, from: Data(outcome.output.utf8))
        #expect(result.schema == 1)
        return result.predictions
    }

    @Test("predict names what is in a picture")
    func predictPicture() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        let paths = try (0..<10).map { label in
            try folder.write(
                "bar-\(label).png",
                png(width: 28, height: 28, BarPictures.pixels(label, seed: 77)))
        }
        let predictions = try Self.predictions([run.run] + paths + ["--top", "10"])
        #expect(predictions.map(\.image) == paths)
        for (label, prediction) in predictions.enumerated() {
            #expect(prediction.classes.first?.label == label)
            #expect(prediction.truth == nil)
            let shares = prediction.classes.map(\.probability)
            #expect(shares == shares.sorted(by: >))
            #expect(abs(shares.reduce(0, +) - 1) < 1e-5)
            #expect(Set(prediction.classes.map(\.label)) == Set(0..<10))
        }
        let file = try Self.predictions([
            "lenet", "--weights", run.run + "/best.safetensors", paths[3], "--top", "1",
        ])
        #expect(file[0].classes.map(\.name) == ["Dress"])
    }

    @Test("predict names test images by their index, and draws them")
    func predictIndex() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        let picture = folder.path + "/gallery.png"
        let predictions = try Self.predictions([
            run.run, "--index", "7,0-2,49", "--data-dir", run.data, "--out", picture,
        ])
        #expect(predictions.map(\.image) == [7, 0, 1, 2, 49].map { "test image \($0)" })
        #expect(
            predictions.map(\.truth) == [
                "Sneaker", "T-shirt/top", "Trouser", "Pullover", "Ankle boot",
            ])
        #expect(predictions.allSatisfy { $0.classes.count == 3 })
        #expect(try folder.read("gallery.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        #expect(folder.names == ["gallery.png"])
    }

    @Test("predict takes pictures of other sizes and kinds, folders, and names on standard input")
    func predictOthers() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        var big: [UInt8] = []
        for row in BarPictures.pixels(6, seed: 5).chunked(28) {
            let wide = row.flatMap { [$0, $0, $0] }
            big += wide + wide + wide
        }
        let path = try folder.write("b.png", png(width: 84, height: 84, big))
        try folder.write("a.PNG", png(width: 1, height: 1, [128]))
        try folder.write("notes.txt", Array("no picture".utf8))
        let predictions = try Self.predictions([run.run, folder.path, path])
        try #require(predictions.map(\.image) == [folder.path + "/a.PNG", path, path])
        #expect(predictions[1].classes.first?.label == 6)
        let named = try Self.predictions(
            [run.run, "-"], input: "\(path)\n\n\(folder.path)/a.PNG\n")
        #expect(named.map(\.image) == [path, folder.path + "/a.PNG"])
        #expect(named[0].classes.map(\.probability) == predictions[1].classes.map(\.probability))
    }

    @Test("predict names what is in the others where one picture of a folder is damaged")
    func predictDamaged() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        try folder.write("a.png", Array("no picture".utf8))
        let good = try folder.write("b.png", png(width: 1, height: 1, [128]))
        let picture = folder.path + "/gallery.png"
        let outcome = try Program.run(
            ["predict", run.run, folder.path, folder.path + "/c.png", "--json", "--out", picture])
        #expect(outcome.code == 65)
        let remarks = outcome.remarks.split(separator: "\n").filter { $0.hasPrefix("fovea: ") }
        #expect(remarks.map { $0.contains("/a.png: This is no image") } == [true, false])
        #expect(remarks.last == "fovea: \(folder.path)/c.png: There is no such file.")
        let result = try JSONDecoder().decode(Predictions.self, from: Data(outcome.output.utf8))
        #expect(result.predictions.map(\.image) == [good])
        #expect(folder.names == ["a.png", "b.png", "gallery.png"])
    }

    @Test("predict prints names and bars")
    func predictText() throws {
        let run = try Self.trained()
        let outcome = try Program.run([
            "predict", run.run, "--index", "4", "--data-dir", run.data, "--top", "2",
        ])
        #expect(outcome.code == 0, "\(outcome.remarks)")
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines.first == "test image 4 (Coat)")
        #expect(lines[1].wholeMatch(of: #/  Coat +\d+\.\d %  ━+/#) != nil, "\(lines[1])")
        expectPlain(outcome.output)
    }

    // MARK: - filters, forward

    @Test("filters draws into the run's folder, or where it is told")
    func filters() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        let path = folder.path + "/f.png"
        let outcome = try Program.run(["filters", run.run, "--out", path])
        #expect(outcome.code == 0, "\(outcome.remarks)")
        #expect(outcome.output == path + "\n")
        #expect(try folder.read("f.png") == Array(run.bytes("filters.png")))
    }

    @Test("forward gives the logits from which predict's probabilities follow")
    func forward() throws {
        let run = try Self.trained()
        let folder = try TemporaryFolder()
        let labels = [3, 8]
        let pixels = labels.map { BarPictures.pixels($0, seed: 9) }
        try Safetensors([
            ("input", NDArray([2, 1, 28, 28], pixels.joined().map { Float($0) / 255 }))
        ]).write(to: folder.path + "/x.safetensors")
        let outcome = try Program.run(
            [
                "forward", "lenet", "--weights", run.run + "/best.safetensors", "--input",
                "x.safetensors", "--output", "y.safetensors",
            ], in: folder.path)
        #expect(outcome.code == 0, "\(outcome.remarks)")
        #expect(outcome.output == "" && outcome.remarks == "")
        let file = try Safetensors(contentsOf: folder.path + "/y.safetensors")
        #expect(file.tensors.map(\.name) == ["logits"])
        let logits = try #require(file["logits"])
        #expect(logits.shape == [2, 10])
        let paths = try zip(labels, pixels).map { label, pixels in
            try folder.write("\(label).png", png(width: 28, height: 28, pixels))
        }
        let predictions = try Self.predictions([run.run, "--top", "10"] + paths)
        for (row, prediction) in predictions.enumerated() {
            let scores = logits.floats[row * 10..<row * 10 + 10].map { exp(Double($0)) }
            let sum = scores.reduce(0, +)
            for one in prediction.classes {
                #expect(abs(one.probability - scores[one.label] / sum) < 1e-6)
            }
        }
    }
}

extension Array {
    /// The elements in groups of one size.
    func chunked(_ size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
