// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea summary`: a network layer by layer.
struct SummaryCommand: ParsableCommand, Exemplified {
    static let example = "fovea summary nin --batch 128 --svg nin.svg"

    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Show a network layer by layer: shapes, parameters, multiply-adds, memory.",
        discussion: """
            The table is a tree of layers with totals and a memory forecast. --explain works out \
            each size and count instead, as one would on paper: ⌊(224 − 11 + 2·0)/4⌋ + 1 = 54. \
            --svg and --png draw the network.
            """)

    @Argument(help: ArgumentHelp("The network.", valueName: "network"))
    var network: String

    @Option(
        help: ArgumentHelp(
            "How deep the tree goes: 3 if not given, and in pictures as deep as is readable.",
            valueName: "n"))
    var depth: Int?

    @Flag(help: "Work out sizes, parameters and multiply-adds layer by layer.")
    var explain = false

    @Option(help: ArgumentHelp("Draw the network into this SVG file.", valueName: "file"))
    var svg: String?

    @Option(help: ArgumentHelp("Draw the network into this PNG file.", valueName: "file"))
    var png: String?

    @Option(help: ArgumentHelp("The batch that the memory is forecast for.", valueName: "n"))
    var batch = 64

    @Option(help: ArgumentHelp("Forecast for train or infer.", valueName: "mode"))
    var mode = "train"

    @Option(help: ArgumentHelp("Forecast for f32 or bf16.", valueName: "type"))
    var precision = "f32"

    @Option(help: ArgumentHelp("The side of the images.", valueName: "pixels"))
    var resize: Int?

    @OptionGroup(title: "Network") var networkOptions: NetworkOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        try networkOptions.check()
        let entry = try Catalog.entry(named: network)
        let mode = try Checked.mode(mode)
        try Checked.batch(batch)
        guard depth.map((1...99).contains) ?? true else {
            throw FoveaError(.usage, "--depth must be from 1 to 99.")
        }
        let image = try networkOptions.image(entry, resize: resize)
        let summary = try NetworkSummary(
            entry, options: networkOptions.catalogOptions, image: image, batch: batch,
            mode: mode, precision: try Precision(named: precision), optimizer: .sgd())
        try draw(entry, image: image)
        if output.json {
            try Console.printJSON(SummaryOutput(summary, explains: explain))
            return
        }
        try Console.print(
            { style in
                explain
                    ? summary.explanationText(style: style)
                    : summary.text(depth: depth ?? 3, style: style)
            }, plain: output.plain)
    }

    /// Draws the pictures that were asked for.
    private func draw(_ entry: Catalog.Entry, image: Shape) throws(FoveaError) {
        guard svg != nil || png != nil else { return }
        let drawing = try NetworkDiagram(
            entry, options: networkOptions.catalogOptions, image: image, depth: depth
        ).drawing()
        if let svg {
            try drawing.writeSVG(to: svg)
            Console.error("drew \(svg)")
        }
        if let png {
            try drawing.writePNG(to: png, scale: drawing.largestScale(upTo: 2))
            Console.error("drew \(png)")
        }
    }
}

/// What `summary --json` prints.
struct SummaryOutput: Encodable {
    struct Layer: Encodable {
        let path, type: String
        let output: [Int]
        let parameters, multiplyAdds: Int
    }

    struct Figure: Encodable {
        let quantity, terms: String
        let value: Int
    }

    struct Explanation: Encodable {
        let path, type, settings: String
        let output: [Int]
        let figures: [Figure]
    }

    let schema = 1
    let network: String
    let input: [Int]
    let classes, parameters, trainableParameters, statistics, headParameters: Int
    let multiplyAdds, batch: Int
    let mode: String
    let layers: [Layer]
    let memory: NetworkSummary.Memory
    let explanations: [Explanation]?

    init(_ summary: NetworkSummary, explains: Bool) {
        network = summary.network
        input = summary.input
        classes = summary.classes
        parameters = summary.parameters
        trainableParameters = summary.trainableParameters
        statistics = summary.statistics
        headParameters = summary.headParameters
        multiplyAdds = summary.multiplyAdds
        batch = summary.batch
        mode = summary.mode
        layers = summary.layers.map { row in
            Layer(
                path: row.path, type: row.type, output: row.output, parameters: row.parameters,
                multiplyAdds: row.multiplyAdds)
        }
        memory = summary.memory
        guard explains else {
            explanations = nil
            return
        }
        explanations = summary.explanations.map { explanation in
            Explanation(
                path: explanation.path, type: explanation.type, settings: explanation.settings,
                output: explanation.output,
                figures: explanation.lines.map {
                    Figure(quantity: $0.quantity, terms: $0.terms, value: $0.value)
                })
        }
    }
}
