// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The verbs that need no training: what networks and machines there are.
@Suite struct ReportTests {
    @Test(
        "summary --json adds up",
        arguments: [
            ("lenet", "train", 61_706), ("nin", "infer", 1_992_166),
            ("nin-cifar", "train", 966_986),
        ])
    func summary(_ network: String, _ mode: String, _ parameters: Int) throws {
        let result = try Program.run([
            "summary", network, "--mode", mode, "--batch", "4", "--json",
        ]).json()
        #expect(
            Set(result.keys).isSuperset(of: [
                "schema", "network", "input", "classes", "parameters", "trainable_parameters",
                "multiply_adds", "layers", "memory",
            ]))
        #expect(result["schema"] as? Int == 1)
        #expect(result["network"] as? String == network)
        #expect(result["parameters"] as? Int == parameters)
        #expect(result["trainable_parameters"] as? Int == parameters)
        let layers = try #require(result["layers"] as? [[String: Any]])
        #expect(
            layers.allSatisfy {
                Set($0.keys) == ["path", "type", "output", "parameters", "multiply_adds"]
            })
        #expect(layers.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) } == parameters)
        #expect(
            layers.reduce(0) { $0 + ($1["multiply_adds"] as? Int ?? 0) }
                == result["multiply_adds"] as? Int)
        let memory = try #require(result["memory"] as? [String: Int])
        #expect(
            Set(memory.keys) == [
                "parameters", "gradients", "optimizer", "activations", "workspace", "program",
                "total",
            ])
        let input = try #require(result["input"] as? [Int])
        let batch = 4 * 4 * input.reduce(1, *)
        let parts = memory.filter { $0.key != "total" }.values.reduce(0, +)
        #expect(memory["total"] == parts + batch)
        #expect(try #require(memory["parameters"]) >= 4 * parameters)
        #expect(memory["gradients"] == (mode == "train" ? memory["parameters"] : 0))
    }

    @Test(
        "summary forecasts the peak of a training process to a tenth",
        arguments: [("alexnet-d2l", "2", "224"), ("nin", "8", "224"), ("lenet", "64", "28")])
    func forecast(_ network: String, _ batch: String, _ side: String) throws {
        let sizes = ["--batch", batch, "--resize", side, "--mode", "train", "--json"]
        let summary = try Program.run(["summary", network] + sizes).json()
        let memory = try #require(summary["memory"] as? [String: Int])
        let forecast = Double(try #require(memory["total"]))
        let bench = try Program.run(["bench", network, "--seconds", "0.01"] + sizes).json()
        let results = try #require(bench["results"] as? [[String: Any]])
        let measured = Double(try #require(results.first?["peak_memory_bytes"] as? Int))
        // What the program itself takes differs between machines and builds.
        let slack = 0.1 * measured + 8e6
        #expect(abs(forecast - measured) < slack, "forecast \(forecast), measured \(measured)")
    }

    @Test("summary prints a table that ends with the totals")
    func summaryText() throws {
        let outcome = try Program.run(["summary", "lenet", "--classes", "7", "--batch", "2"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("features.3"))
        #expect(outcome.output.contains("61,451") || outcome.output.contains("61 451"))
    }

    @Test("summary folds layers deeper than --depth")
    func summaryDepth() throws {
        let shallow = try Program.run(["summary", "lenet", "--depth", "1", "--batch", "2"])
        #expect(shallow.code == 0)
        #expect(!shallow.output.contains("features.3"))
        #expect(shallow.output.contains("features (Sequential)"))
        let ascii = try Program.run(["summary", "lenet"], environment: ["LC_ALL": "C"])
        #expect(ascii.output.utf8.allSatisfy { $0 < 0x80 })
        #expect(ascii.output.contains("|  |- features.0 (Conv2d)"))
    }

    @Test("summary --explain works the figures out")
    func summaryExplain() throws {
        let unicode = ["LC_ALL": "C.UTF-8"]
        let text = try Program.run(["summary", "lenet", "--explain"], environment: unicode)
        #expect(text.code == 0)
        #expect(
            text.output.contains(
                """
                features.3 (Conv2d 5×5) → 16×10×10
                  side           ⌊(14 − 5 + 2·0)/1⌋ + 1 = 10
                  parameters     16·(6·5·5) + 16 = 2,416
                  multiply-adds  10·10·16·(6·5·5) = 240,000

                """))
        #expect(text.output.contains("flatten"))
        #expect(text.output.contains("16·5·5 = 400"))
        let result = try Program.run(["summary", "lenet", "--explain", "--json"]).json()
        let explanations = try #require(result["explanations"] as? [[String: Any]])
        #expect(
            explanations.allSatisfy {
                Set($0.keys) == ["path", "type", "settings", "output", "figures"]
            })
        let figures = try #require(explanations.first?["figures"] as? [[String: Any]])
        #expect(figures.allSatisfy { Set($0.keys) == ["quantity", "terms", "value"] })
        let total = explanations.compactMap { $0["figures"] as? [[String: Any]] }.joined()
            .filter { $0["quantity"] as? String == "parameters" }
            .reduce(0) { $0 + ($1["value"] as? Int ?? 0) }
        #expect(total == 61_706)
    }

    @Test("summary --svg and --png draw the network")
    func summaryPictures() throws {
        let folder = try TemporaryFolder()
        let (svg, png) = (folder.path + "/nin.svg", folder.path + "/nin.png")
        let outcome = try Program.run(["summary", "nin", "--svg", svg, "--png", png, "--json"])
        #expect(outcome.code == 0)
        #expect(outcome.remarks == "drew \(svg)\ndrew \(png)\n")
        #expect(try outcome.json()["network"] as? String == "nin")
        let text = try String(contentsOfFile: svg, encoding: .utf8)
        #expect(text.hasPrefix("<?xml"))
        #expect(text.contains("<title>The network nin: images 1×224×224 · 1,992,166 parameters"))
        #expect(text.contains(">384×12×12</text>"))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: png))
        #expect(bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]))
        // The same network always gives the same picture.
        let again = folder.path + "/again.svg"
        #expect(try Program.run(["summary", "nin", "--svg", again]).code == 0)
        #expect(try String(contentsOfFile: again, encoding: .utf8) == text)
        let folded = folder.path + "/folded.svg"
        #expect(try Program.run(["summary", "nin", "--svg", folded, "--depth", "1"]).code == 0)
        #expect(try String(contentsOfFile: folded, encoding: .utf8).count < text.count / 2)
    }

    @Test("models --json lists every network")
    func models() throws {
        let result = try Program.run(["models", "--json"]).json()
        #expect(result["schema"] as? Int == 1)
        let models = try #require(result["models"] as? [[String: Any]])
        #expect(
            models.compactMap { $0["name"] as? String }.joined(separator: " ") == """
                lenet lenet-bn alexnet alexnet-2012 alexnet-d2l vgg11 vgg11-bn vgg13 vgg13-bn \
                vgg16 vgg16-bn vgg19 vgg19-bn vgg11-d2l nin nin-cifar nin-imagenet googlenet \
                googlenet-2014 googlenet-bn googlenet-d2l resnet18 resnet34 resnet50 resnet101 \
                resnet152 resnet18-d2l resnet18-cifar resnet9 resnet9-half densenet121 \
                densenet161 densenet169 densenet201 densenet-d2l
                """)
        for model in models {
            #expect(
                Set(model.keys) == [
                    "name", "summary", "input", "classes", "parameters", "multiply_adds", "paper",
                    "accuracy",
                ])
        }
        let text = try Program.run(["models"]).output
        for model in models { #expect(text.contains(try #require(model["name"] as? String))) }
    }

    @Test("bench --json measures each mode and batch")
    func bench() throws {
        let result = try Program.run([
            "bench", "lenet", "--batch", "2,3", "--seconds", "0.01", "--json",
        ]).json()
        #expect(Set(result.keys) == ["schema", "network", "input", "machine", "results"])
        let results = try #require(result["results"] as? [[String: Any]])
        #expect(results.map { $0["mode"] as? String } == ["train", "infer", "train", "infer"])
        #expect(results.map { $0["batch"] as? Int } == [2, 2, 3, 3])
        for row in results {
            #expect(
                Set(row.keys) == [
                    "mode", "precision", "batch", "threads", "device", "images_per_second",
                    "milliseconds_per_step", "peak_memory_bytes",
                ])
            let times = try #require(row["milliseconds_per_step"] as? [String: Double])
            let (least, median, most) = (times["min"], times["median"], times["max"])
            #expect(try #require(least) <= #require(median))
            #expect(try #require(median) <= #require(most))
        }
    }

    @Test("doctor says what there is")
    func doctor() throws {
        let result = try Program.run(["doctor", "--json"]).json()
        #expect(
            Set(result.keys).subtracting(["cache"])
                == [
                    "schema", "version", "machine", "library", "threads", "precisions", "kernels",
                    "data",
                ])
        #expect(result["threads"] as? Int == 1)
        let text = try Program.run(["doctor"]).output
        #expect(text.contains("oneDNN"))
    }

    @Test("Colours are obeyed for standard output, and control characters need a terminal")
    func colors() throws {
        let plain = try Program.run(["doctor"], environment: ["TERM": "xterm-256color"]).output
        #expect(!plain.contains("\u{1B}"))
        let forced = try Program.run(["doctor"], environment: ["FORCE_COLOR": "1"]).output
        #expect(forced.contains("\u{1B}["))
        #expect(
            forced.replacing(#/\u{1B}\[[0-9;]*m/#, with: "") == plain, "only colours are added")
    }
}
