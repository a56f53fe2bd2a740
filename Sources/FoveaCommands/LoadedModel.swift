// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// What `evaluate`, `predict`, `filters` and `export` work on: a run's best weights, or a network with a file.
struct ModelOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A run's folder, or a network together with --weights.", valueName: "run|network"))
    var model: String

    @Option(
        help: ArgumentHelp(
            "The weights of the network: safetensors, .pth or .pt.", valueName: "file"))
    var weights: String?

    @Option(help: ArgumentHelp("The side to which images are resized.", valueName: "pixels"))
    var resize: Int?

    @OptionGroup(title: "Network") var network: NetworkOptions

    /// Reads the weights and brings the network to the device.
    ///
    /// - Parameters:
    ///   - batch: The size of most batches.
    ///   - precision: The numbers that it computes with.
    /// - Returns: The network, ready to classify.
    /// - Throws: An error if there is no such model, or the options make no sense with it.
    func load(batch: Int = 1, precision: Precision = .f32) throws(FoveaError) -> LoadedModel {
        try LoadedModel(
            try file(), batch: batch, on: try Device.cpu.makeBackend(precision: precision))
    }

    /// Where a file about the model goes if nothing else is said.
    ///
    /// - Parameter name: The name of the file.
    /// - Returns: Its path in the run's folder, or in this folder if there is no run.
    func defaultPath(of name: String) -> String { weights == nil ? "\(model)/\(name)" : name }

    /// Reads the weights and finds out which network they are for.
    ///
    /// - Returns: The weights as they are in the file.
    /// - Throws: An error if there is no such model, or the options make no sense with it.
    func file() throws(FoveaError) -> ModelFile {
        try network.check()
        if let weights {
            return try ModelFile(
                try Catalog.entry(named: model), weights: weights, options: network,
                resize: resize)
        }
        guard RunFolder(model).hasRun else {
            if (try? Catalog.entry(named: model)) != nil {
                throw FoveaError(
                    .usage, "the weights of \(model) are not named.",
                    remedy: "Add --weights FILE, or name a run's folder instead.")
            }
            throw FoveaError(
                .missing, "is neither a run's folder nor a network.",
                remedy: "`fovea train` makes a run's folder; `fovea models` lists the networks.",
                path: model)
        }
        guard resize == nil, network.isUntouched else {
            throw FoveaError(
                .usage, "a run's network is as it was trained.",
                remedy: "Leave options of the network out, or name it together with --weights.")
        }
        return try ModelFile(run: model)
    }
}

/// A weights file, and the network of the catalog that it is for.
struct ModelFile {
    let entry: Catalog.Entry
    let description: ModelDescription
    let weights: Weights
    let path: String

    /// The best weights of a run.
    init(run folder: String) throws(FoveaError) {
        path = RunFolder(folder).bestWeights
        weights = try Weights(safetensors: path)
        guard let description = ModelDescription(of: weights) else {
            throw FoveaError(.weights, "does not say which network it belongs to.", path: path)
        }
        guard let entry = try? Catalog.entry(named: description.network) else {
            throw FoveaError(
                .weights, "is for \(description.network), and there is no such network.", path: path
            )
        }
        self.entry = entry
        self.description = description
    }

    /// A network of the catalog with the weights of a file.
    init(
        _ entry: Catalog.Entry, weights path: String, options: NetworkOptions, resize: Int?
    ) throws(FoveaError) {
        self.entry = entry
        self.path = path
        _ = try options.image(entry, resize: resize)
        weights = try Weights(contentsOf: path)
        var description =
            ModelDescription(of: weights)
            ?? ModelDescription(
                publishing: entry, classes: options.classes, channels: options.channels)
        if let classes = options.classes, classes != description.classes.count {
            throw FoveaError(
                .usage, "is for \(description.classes.count) classes, not \(classes).",
                remedy: "Leave --classes out.", path: path)
        }
        if let resize { description.resize(to: resize) }
        if let channels = options.channels { description.image[0] = channels }
        self.description = description
    }

    /// The weights under the network's names.
    ///
    /// - Returns: All that the network has, and what the file has of parts that only training needs.
    /// - Throws: An error of the code `.weights` with the names that do not fit.
    func fittedWeights() throws(FoveaError) -> Weights {
        let traced = try entry.traced(
            images: Shape(description.image).batched(1), mode: .inference,
            options: description.options)
        return try weights.fitted(
            to: traced.parameters + traced.idleParameters, of: entry.name, path: path,
            optional: Set(traced.idleParameters.map(\.name)))
    }
}

/// A network with trained weights, ready to classify.
struct LoadedModel {
    let entry: Catalog.Entry
    let description: ModelDescription
    let network: PreparedNetwork
    let predictor: Predictor

    /// Brings the network of a weights file to a device.
    init(_ file: ModelFile, batch: Int, on backend: any Backend) throws(FoveaError) {
        let (entry, options) = (file.entry, file.description.options)
        network = try PreparedNetwork(
            image: Shape(file.description.image), batch: batch, mode: .inference, optimizer: nil,
            on: backend
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(images: images, mode: mode, options: options)
        }
        network.preprocessing = file.description.preprocessing ?? .plain
        predictor = try Predictor(network, file.weights, name: entry.name, path: file.path)
        self.entry = entry
        description = file.description
    }
}

extension Predictor {
    /// Classifies images of a data set.
    func classify(_ indices: [Int], of data: any ImageDataset) throws(FoveaError) -> [Guess] {
        var guesses: [Guess] = []
        for index in indices { guesses.append(try classify(data.image(at: index))) }
        return guesses
    }
}
