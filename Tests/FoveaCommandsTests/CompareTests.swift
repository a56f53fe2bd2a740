// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `fovea compare`, on networks and on a run that was trained.
@Suite struct CompareTests {
    @Test("Networks are compared by what they cost")
    func networks() throws {
        let result = try Program.run([
            "compare", "--models", "nin-cifar,lenet,nin-cifar", "--no-speed", "--batch", "2",
            "--format", "json",
        ]).json()
        #expect(Set(result.keys) == ["schema", "machine", "models", "runs"])
        #expect(result["schema"] as? Int == 1)
        #expect((result["runs"] as? [Any])?.isEmpty == true)
        let models = try #require(result["models"] as? [[String: Any]])
        #expect(models.map { $0["network"] as? String } == ["nin-cifar", "lenet"])
        for model in models {
            #expect(
                Set(model.keys) == [
                    "network", "input", "parameters", "multiply_adds", "memory", "batch",
                    "accuracy",
                ])
            let name = try #require(model["network"] as? String)
            let summary = try Program.run(["summary", name, "--batch", "2", "--json"]).json()
            for key in ["parameters", "multiply_adds", "batch"] {
                #expect(model[key] as? Int == summary[key] as? Int)
            }
            #expect(model["memory"] as? [String: Int] == summary["memory"] as? [String: Int])
        }
    }

    @Test("Speeds are measured, for training and inference")
    func speed() throws {
        let outcome = try Program.run([
            "compare", "--models", "lenet", "--batch", "2", "--seconds", "0.01", "--json",
        ])
        #expect(outcome.remarks == "Measuring lenet, 1 of 1.\n")
        let models = try #require(try outcome.json()["models"] as? [[String: Any]])
        #expect(try #require(models[0]["train_images_per_second"] as? Double) > 0)
        #expect(try #require(models[0]["infer_images_per_second"] as? Double) > 0)
    }

    @Test("A network that needs more memory than there is leaves a gap")
    func tooLarge() throws {
        let outcome = try Program.run([
            "compare", "--models", "lenet", "--batch", "65536", "--resize", "512", "--format",
            "csv",
        ])
        #expect(outcome.code == 0)
        #expect(
            outcome.remarks.contains(
                /lenet is not measured: it needs \S+ TiB to train with --batch, and this machine has/
            ))
        let fields = try #require(outcome.output.split(separator: "\n").last)
            .split(separator: ",", omittingEmptySubsequences: false)
        #expect(fields.first == "lenet" && fields[16] == "" && fields[17] == "")
    }

    @Test("Options of networks hold for all of them")
    func options() throws {
        let outcome = try Program.run([
            "compare", "--models", "nin,alexnet-d2l", "--no-speed", "--resize", "96", "--channels",
            "3", "--classes", "7", "--batch", "1",
        ])
        #expect(outcome.code == 0, "\(outcome.remarks)")
        #expect(outcome.output.contains("\nFor all: input 3×96×96, batch 1.\n"))
        let summary = try Program.run([
            "summary", "nin", "--resize", "96", "--channels", "3", "--classes", "7", "--json",
        ]).json()
        let parameters = try #require(summary["parameters"] as? Int)
        #expect(outcome.output.replacing(",", with: "").contains(" \(parameters) "))
    }

    @Test("A run is compared by what came out of it")
    func run() throws {
        let run = try TrainedRun.shared.get()
        let trained = try #require(
            try JSONSerialization.jsonObject(with: Data(run.outcome.output.utf8))
                as? [String: Any])
        let result = try Program.run(["compare", run.run + "/", "--json"]).json()
        let runs = try #require(result["runs"] as? [[String: Any]])
        try #require(runs.count == 1)
        #expect(
            Set(runs[0].keys) == [
                "run", "network", "input", "data", "recipe", "status", "epochs", "loss",
                "test_accuracy", "best_test_accuracy", "best_epoch", "seconds", "parameters",
                "multiply_adds", "memory", "images_per_second", "batch",
            ])
        for key in ["loss", "test_accuracy", "best_test_accuracy", "seconds", "images_per_second"] {
            #expect(runs[0][key] as? Double == trained[key] as? Double, "\(key)")
        }
        #expect(runs[0]["run"] as? String == run.run)
        #expect(runs[0]["epochs"] as? Int == 12)
        #expect(runs[0]["best_epoch"] as? Int == trained["best_epoch"] as? Int)
        #expect(runs[0]["parameters"] as? Int == 61_706)
        #expect(runs[0]["batch"] as? Int == 20)
    }

    @Test("Runs and networks go into one table, and a picture or a page beside it")
    func pictures() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        let arguments = ["compare", run.run, "--models", "lenet", "--no-speed", "--batch", "20"]
        func compare(_ more: [String]) throws -> String {
            let outcome = try Program.run(arguments + more, in: folder.path)
            #expect(outcome.code == 0, "\(outcome.remarks)")
            #expect(outcome.remarks == "")
            return outcome.output
        }
        let table = try compare(["--out", "c.png"])
        #expect(table.hasPrefix("run ") && table.contains("\nname "))
        #expect(try compare(["--out", "c.SVG"]) == table)
        #expect(try compare(["--format", "md"]).hasPrefix("| name "))
        #expect(try compare(["--format", "csv"]).hasPrefix("name,network,"))
        #expect(try compare(["--format", "html", "--out", "c.html"]) == "c.html\n")
        #expect(folder.names == ["c.SVG", "c.html", "c.png"])
        #expect(try folder.read("c.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        let svg = String(decoding: try folder.read("c.SVG"), as: UTF8.self)
        #expect(svg.hasPrefix("<?xml") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("test accuracy") && svg.contains("training loss"))
        let page = String(decoding: try folder.read("c.html"), as: UTF8.self)
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("<svg "))
    }

    @Test("A record that says what no run was made with is told or shown, and does no harm")
    func damaged() throws {
        let run = try TrainedRun.shared.get()
        let record = String(decoding: try run.bytes("run.json"), as: UTF8.self)
        let folder = try TemporaryFolder()
        for (index, change) in [
            ("\"batch\" : 20", "\"batch\" : 9223372036854775807"),
            ("\"classes\" : 10", "\"classes\" : -1"),
            ("\"network\" : \"lenet\"", "\"network\" : \"nonet\""),
            ("28\n", "4611686018427387904\n"),
            ("\"image\" : [\n      1,", "\"image\" : ["),
        ].enumerated() {
            let changed = record.replacing(change.0, with: change.1)
            try #require(changed != record, "\(change.0)")
            try folder.write("run-\(index)/run.json", Array(changed.utf8))
            let outcome = try Program.run(["compare", "run-\(index)", "--json"], in: folder.path)
            #expect(outcome.code == 0, "\(outcome.remarks)")
            let runs = try #require(try outcome.json()["runs"] as? [[String: Any]])
            #expect(runs[0]["parameters"] == nil && runs[0]["memory"] == nil)
            #expect(runs[0]["epochs"] as? Int == 12)
        }
        try folder.write("bad/run.json", Array("{\"schema\":1}".utf8))
        let outcome = try Program.run(["compare", "bad"], in: folder.path)
        #expect(outcome.code == 65)
        #expect(
            outcome.remarks
                == "fovea: bad/run.json: is not the record of a run.\nLeave the run out, or train it "
                + "again.\n")
    }

    @Test("A mistyped run is told the one beside it")
    func nearest() throws {
        let run = try TrainedRun.shared.get()
        let outcome = try Program.run(["compare", "rnu"], in: run.folder)
        #expect(outcome.code == 66)
        #expect(outcome.remarks == "fovea: rnu: is not a run's folder.\nDid you mean run?\n")
        let inner = try Program.run(["compare", run.folder + "/rum"])
        #expect(inner.remarks.hasSuffix("\nDid you mean \(run.run)?\n"))
    }
}

extension ErrorTests {
    static let compare: [Case] = [
        Case(
            "compare", 64,
            "there is nothing to compare.\nName folders of runs, or networks with --models "
                + "lenet,nin."),
        Case(
            "compare --models lenet,nim", 64,
            "there is no network named nim.\nDid you mean nin? `fovea models` lists all networks."),
        Case(
            "compare --models lenet,", 64,
            "--models lenet, is not a list of networks such as lenet,nin."),
        Case(
            "compare lenet", 64,
            "lenet is a network, not a run's folder.\nCompare networks with --models lenet."),
        Case(
            "compare --models lenet --format cvs", 64,
            "there is no --format cvs.\nDid you mean csv?"),
        Case(
            "compare --models lenet --format md --json", 64,
            "--json and --format md exclude each other."),
        Case(
            "compare --models lenet --format html", 64,
            "--format html does not say where the page goes.\nAdd --out compare.html."),
        Case(
            "compare --models lenet --format html --out c.png", 64,
            "--format html writes a page, but --out c.png is no name for one.\nLet the name end in "
                + ".html."),
        Case(
            "compare --models lenet --out c.html", 64,
            "--out c.html is no name for a picture.\nAdd --format html for a page, or let the name "
                + "end in .svg or .png."),
        Case(
            "compare --models lenet --out c.pdf", 64,
            "--out c.pdf is no name for a picture.\nLet the name end in .svg or .png."),
        Case("compare --models lenet --batch 0", 64, "--batch must be from 1 to 65536."),
        Case(
            "compare --models lenet --seconds 0", 64,
            "--seconds must be above 0 and below 3600."),
        Case(
            "compare --models lenet,alexnet-d2l --resize 28", 65,
            "alexnet-d2l cannot take 1×28×28: at features.5, max pooling 3×3, stride 2 needs at "
                + "least 3×3, but its input is 256×2×2.\nImages of 65×65 and above work; "
                + "alexnet-d2l was published for 224×224. Choose with --resize."),
        Case(
            "compare {run} {in}", 66,
            "{in}: is not a run's folder.\n`fovea train` makes a run's folder."),
        Case(
            "compare {run} --out none/c.svg", 73,
            "none/c.svg: cannot be written: there is no such file or folder.\nCreate the folder "
                + "first."),
    ]
}
