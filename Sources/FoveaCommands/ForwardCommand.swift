// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// `fovea forward`: raw tensors in, logits out.
struct ForwardCommand: ParsableCommand, Exemplified {
    static let example =
        "fovea forward nin --weights nin.safetensors --input x.safetensors --output y.safetensors"

    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Run a network on raw tensors: `input` [N, C, H, W] in, `logits` out.")

    @Argument(help: ArgumentHelp("The network.", valueName: "network"))
    var network: String

    @Option(help: ArgumentHelp("The weights: safetensors, .pth or .pt.", valueName: "file"))
    var weights: String

    @Option(help: ArgumentHelp("A safetensors file with `input`.", valueName: "file"))
    var input: String

    @Option(help: ArgumentHelp("The safetensors file to be written.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("infer, or train: with dropout and all heads.", valueName: "mode"))
    var mode = "infer"

    @Option(help: ArgumentHelp("The seed of dropout in training mode.", valueName: "n"))
    var seed: UInt64 = 0

    @OptionGroup(title: "Network") var networkOptions: NetworkOptions

    func run() throws {
        try networkOptions.check()
        let entry = try Catalog.entry(named: network)
        let mode = try Checked.mode(mode)
        let file = try Safetensors(contentsOf: input)
        guard let images = file["input"], images.type.dtype == .f32, images.shape.rank == 4,
            images.count > 0
        else {
            throw FoveaError(
                .dataset, "has no tensor `input` of the type f32 and the shape [N, C, H, W].",
                path: input)
        }
        let loaded = try Weights(contentsOf: weights)
        var options = networkOptions.catalogOptions
        options.classes = options.classes ?? ModelDescription(of: loaded)?.classes.count
        let prepared = try PreparedNetwork(
            image: images.shape.perImage, batch: images.shape.batch, mode: mode, optimizer: nil,
            on: try Device.cpu.makeBackend()
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(images: images, mode: mode, options: options)
        }
        prepared.write(
            try loaded.fitted(
                to: prepared.specifications, of: entry.name, path: weights,
                optional: prepared.idleNames))
        let executable = try prepared.executable(mode, batch: images.shape.batch)
        try executable.run(images.floats, nil, RandomDraw(seed: seed, step: 0))
        let outputs = executable.plan.outputNames.compactMap { name in
            executable.output(name).map { (name: name, array: $0) }
        }
        try Safetensors(outputs).write(to: output)
    }
}
