// SPDX-License-Identifier: Apache-2.0
import FoveaTestSupport
import Testing

/// `fovea graph`: graphs as they are, and plans with the time of each step.
@Suite struct GraphTests {
    @Test("graph prints the graph as it was recorded, and as the passes leave it")
    func graph() throws {
        let recorded = try Program.run(["graph", "lenet", "--mode", "infer", "--batch", "2"])
        #expect(recorded.code == 0)
        #expect(recorded.remarks == "")
        try expectGolden(recorded.output, "graph-lenet.txt")
        let optimized = try Program.run([
            "graph", "lenet", "--mode", "infer", "--batch", "2", "--optimized",
        ])
        try expectGolden(optimized.output, "graph-lenet-optimized.txt")
        let ascii = try Program.run(["graph", "lenet"], environment: ["LC_ALL": "C"])
        #expect(ascii.output.utf8.allSatisfy { $0 < 0x80 })
        #expect(ascii.output.contains("convolutionWeightGradient("))
        #expect(ascii.output.contains("gradient of classifier.4.bias: %"))
    }

    @Test("graph --json says what the text says")
    func graphJSON() throws {
        let arguments = ["graph", "lenet", "--batch", "3"]
        let result = try Program.run(arguments + ["--json"]).json()
        #expect(
            Set(result.keys) == [
                "schema", "network", "input", "mode", "batch", "optimized", "nodes", "results",
            ])
        let nodes = try #require(result["nodes"] as? [[String: Any]])
        let results = try #require(result["results"] as? [[String: Any]])
        let lines = try Program.run(arguments).output.split(separator: "\n")
        #expect(lines.count == nodes.count + results.count)
        for (line, node) in zip(lines, nodes) {
            let (name, operation) = (node["name"] as? String, node["operation"] as? String)
            #expect(line.hasPrefix("\(name ?? "?") = \(operation ?? "?")("))
        }
    }

    @Test("graph --plan --text prints each step with its place in memory")
    func planText() throws {
        let outcome = try Program.run(["graph", "lenet", "--plan", "--text", "--batch", "2"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("features.0: convolution 5×5"))
        let end =
            #/\d+ steps, \d+ reorders, arena \d+ bytes \(scratch \d+\), parameters 2\d{5} bytes\n/#
        #expect(outcome.output.firstMatch(of: end) != nil)
    }

    @Test("graph --plan --json measures each step", arguments: ["train", "infer"])
    func planJSON(_ mode: String) throws {
        let result = try Program.run([
            "graph", "nin-cifar", "--plan", "--mode", mode, "--batch", "2", "--seconds", "0.01",
            "--json",
        ]).json()
        #expect(Set(result.keys) == ["schema", "network", "input", "machine", "plan"])
        let plan = try #require(result["plan"] as? [String: Any])
        #expect(
            Set(plan.keys) == [
                "mode", "precision", "batch", "threads", "device", "library", "runs",
                "images_per_second", "milliseconds_per_step", "arena_bytes", "scratch_bytes",
                "parameter_bytes", "preparation_steps", "steps", "totals",
            ])
        #expect(plan["mode"] as? String == mode)
        #expect(plan["runs"] as? Int ?? 0 >= 3)
        let steps = try #require(plan["steps"] as? [[String: Any]])
        #expect(steps.map { $0["number"] as? Int } == Array(1...steps.count))
        for step in steps {
            #expect(
                Set(step.keys).isSuperset(of: [
                    "number", "path", "operation", "attributes", "kind", "kernel",
                    "input_layouts", "output_layouts", "milliseconds", "share", "multiply_adds",
                    "bytes",
                ]))
            #expect(step["milliseconds"] as? Double ?? 0 > 0)
            #expect(step["bytes"] as? Int ?? 0 > 0)
            let isProduct = step["multiply_adds"] as? Int ?? 0 > 0
            #expect((step["gigaflops_per_second"] != nil) == isProduct)
            #expect((step["gigabytes_per_second"] != nil) == !isProduct)
        }
        let shares = steps.reduce(0) { $0 + ($1["share"] as? Double ?? 0) }
        #expect(abs(shares - 1) < 1e-9)
        #expect((steps.last?["operation"] as? String == "update") == (mode == "train"))

        // Forward each convolution once; backward twice but for the first one's images.
        let forward = 2 * 222_486_528
        let first = 2 * 32 * 32 * 192 * 3 * 25
        let products = steps.reduce(0) { $0 + ($1["multiply_adds"] as? Int ?? 0) }
        #expect(products == (mode == "train" ? 3 * forward - first : forward))

        let totals = try #require(plan["totals"] as? [[String: Any]])
        let counted = totals.reduce(0) { $0 + ($1["steps"] as? Int ?? 0) }
        #expect(counted == steps.count)
        let convolutions = totals.first { $0["kind"] as? String == "convolutions" }
        #expect(convolutions?["steps"] as? Int == (mode == "train" ? 26 : 9))
        #expect(totals.contains { $0["kind"] as? String == "optimizer" } == (mode == "train"))
    }

    @Test("graph --plan fits a window of 100 columns", arguments: ["densenet121", "lenet"])
    func planTable(_ network: String) throws {
        let arguments = [
            "graph", network, "--plan", "--batch", "2", "--resize",
            network == "lenet" ? "28" : "32", "--seconds", "0.01",
        ]
        let outcome = try Program.run(arguments, environment: ["COLUMNS": "100"])
        #expect(outcome.code == 0)
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines { #expect(line.count <= 100, "\(line)") }
        #expect(
            lines[0].split(separator: " ")
                == ["step", "layer", "operation", "kernel", "ms", "share", "rate"]
                || lines[0].split(separator: " ")
                    == ["step", "layer", "operation", "kernel", "layout", "ms", "share", "rate"]
        )
        let steps = lines.filter {
            $0.firstMatch(of: #/^ *\d+  .*% +[\d.,kMG]+ +G(FLOP|B)/s$/#) != nil
        }
        let last = try #require(steps.last?.split(separator: " ").first)
        #expect(Int(last) == steps.count)
        #expect(outcome.output.contains("  convolution ∂weight  "))
        #expect(outcome.output.contains("\nconvolutions  "))
        #expect(outcome.output.contains("\ntotal "))
        #expect(outcome.output.contains("100.0%"))
        #expect(outcome.output.contains("\ntraining, batch 2: "))
        #expect(outcome.output.contains("\n\(steps.count) steps, "))
    }

    @Test("graph --plan --top shows the longest steps, these first")
    func planTop() throws {
        let outcome = try Program.run([
            "graph", "lenet", "--plan", "--mode", "infer", "--batch", "4", "--top", "2",
            "--seconds", "0.01",
        ])
        let lines = outcome.output.split(separator: "\n").map(String.init)
        let times = try lines[2...3].map { line in
            let time = try #require(line.firstMatch(of: #/ (\d+\.\d\d) +\d+\.\d% /#)?.output.1)
            return try #require(Double(time))
        }
        #expect(times[0] >= times[1])
        #expect(lines[4].firstMatch(of: #/^ +and \d+ more +\d+\.\d\d +\d+\.\d%$/#) != nil)
        let result = try Program.run([
            "graph", "lenet", "--plan", "--batch", "4", "--top", "2", "--seconds", "0.01", "--json",
        ]).json()
        let plan = try #require(result["plan"] as? [String: Any])
        #expect((plan["steps"] as? [Any])?.count == 2)
    }
}
