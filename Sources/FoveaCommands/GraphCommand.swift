// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea graph`: a network's graph, and the plan that runs it with the time of each step.
struct GraphCommand: ParsableCommand, Exemplified {
    static let example = "fovea graph nin --plan --top 10"

    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Print a network's graph, or its plan with the time of each step.",
        discussion: """
            The graph has one line for each operation, in training with loss and gradients; \
            --optimized shows it as the compiler's passes leave it. --plan runs the plan on \
            random data and shows what each step takes; with --text it is printed as it is, in \
            full and without running it.
            """)

    @Argument(help: ArgumentHelp("The network.", valueName: "network"))
    var network: String

    @Flag(help: "Print the graph after the compiler's passes.")
    var optimized = false

    @Flag(help: "Run the plan, and show the time of each step.")
    var plan = false

    @Flag(help: "With --plan, print the plan's text form and run nothing.")
    var text = false

    @Option(help: ArgumentHelp("With --plan, only the n steps that take longest.", valueName: "n"))
    var top: Int?

    @Option(help: ArgumentHelp("train or infer.", valueName: "mode"))
    var mode = "train"

    @Option(help: ArgumentHelp("Images per step.", valueName: "n"))
    var batch = 64

    @Option(help: ArgumentHelp("The side of the images.", valueName: "pixels"))
    var resize: Int?

    @Option(help: ArgumentHelp("With --plan, the element type: f32 or bf16.", valueName: "type"))
    var precision = "f32"

    @Option(help: ArgumentHelp("The number of threads. (default: one per core)", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("What it runs on: cpu.", valueName: "name"))
    var device = "cpu"

    @Option(help: ArgumentHelp("With --plan, how long it is run.", valueName: "s"))
    var seconds = 5.0

    @OptionGroup(title: "Network") var networkOptions: NetworkOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        let mode = try Checked.mode(mode)
        try check()
        let entry = try Catalog.entry(named: network)
        let image = try networkOptions.image(entry, resize: resize)
        if plan, !text {
            try runPlan(entry, image, mode)
        } else {
            try printGraph(entry, image, mode)
        }
    }

    private func check() throws(FoveaError) {
        try networkOptions.check()
        _ = try Precision(named: precision)
        try Checked.batch(batch)
        try Checked.seconds(seconds)
        guard plan || !text && top == nil else {
            throw FoveaError(
                .usage, "\(text ? "--text" : "--top") is about the plan.", remedy: "Add --plan.")
        }
        guard !plan || !optimized else {
            throw FoveaError(
                .usage, "a plan is always made of the optimized graph.",
                remedy: "Leave out --optimized, or --plan.")
        }
        guard !text || !output.json && top == nil else {
            throw FoveaError(
                .usage, "--text prints the plan as it is.",
                remedy: "Leave out \(output.json ? "--json" : "--top"), or --text.")
        }
        guard (top ?? 1) > 0 else { throw FoveaError(.usage, "--top must be at least 1.") }
    }

    private func runPlan(
        _ entry: Catalog.Entry, _ image: Shape, _ mode: Mode
    ) throws(FoveaError) {
        let profile = try PlanProfile(
            entry, options: networkOptions.catalogOptions, image: image, mode: mode, batch: batch,
            device: try Device(named: device), precision: try Precision(named: precision),
            threads: threads, seconds: seconds)
        if output.json {
            try Console.printJSON(
                PlanOutput(network: entry.name, input: image.dimensions, plan: profile, top: top))
        } else {
            try Console.print({ profile.text(top: top, style: $0) }, plain: output.plain)
        }
    }

    private func printGraph(
        _ entry: Catalog.Entry, _ image: Shape, _ mode: Mode
    ) throws(FoveaError) {
        let traced = try entry.traced(
            images: image.batched(batch), mode: mode, options: networkOptions.catalogOptions,
            lossSmoothing: mode == .training ? 0 : nil)
        var graph = try PreparedNetwork.graph(traced)
        if text {
            let backend = try Device(named: device).makeBackend(
                threads: threads, kernels: .looksUp,
                precision: try Precision(named: precision))
            let plan = try backend.plan(graph, sharing: nil)
            try Console.print({ _ in plan.description }, plain: output.plain)
            return
        }
        if optimized { graph = Compiler.optimized(graph) }
        if output.json {
            try Console.printJSON(
                GraphOutput(
                    network: entry.name, input: image.dimensions, mode: self.mode, batch: batch,
                    optimized: optimized, graph))
        } else {
            try Console.print({ [graph] _ in graph.description }, plain: output.plain)
        }
    }
}

/// What `graph --plan --json` prints.
struct PlanOutput: Encodable {
    let schema = 1
    let network: String
    let input: [Int]
    let machine = RunRecord.Machine.current
    let plan: PlanProfile

    /// Brings a profile into this form, with the steps that take longest only if so many are given.
    init(network: String, input: [Int], plan: PlanProfile, top: Int?) {
        self.network = network
        self.input = input
        self.plan = top.map { plan.keeping(longest: $0) } ?? plan
    }
}

/// What `graph --json` prints.
struct GraphOutput: Encodable {
    struct Node: Encodable {
        let name, operation, attributes, path: String
        let inputs: [String]
        let outputs: [String]
    }

    struct Result: Encodable {
        let name, value: String
    }

    let schema = 1
    let network: String
    let input: [Int]
    let mode: String
    let batch: Int
    let optimized: Bool
    let nodes: [Node]
    let results: [Result]

    init(
        network: String, input: [Int], mode: String, batch: Int, optimized: Bool, _ graph: Graph
    ) {
        self.network = network
        self.input = input
        self.mode = mode
        self.batch = batch
        self.optimized = optimized
        nodes = graph.nodes.map { node in
            let definition = node.op.definition
            return Node(
                name: graph.name(of: node.value()), operation: definition.name,
                attributes: definition.attributes, path: node.path,
                inputs: node.inputs.map(graph.name), outputs: node.outputs.map(\.description))
        }
        results = graph.results.map {
            Result(name: $0.key.description, value: graph.name(of: $0.value))
        }
    }
}
