// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// The settings of training that change its numbers.
struct TrainSettings: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The settings that the options below change: d2l, fast or best.", valueName: "name"))
    var recipe = "d2l"

    @Option(help: ArgumentHelp("Passes over the training images.", valueName: "n"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Images per step.", valueName: "n"))
    var batch: Int?

    @Option(help: ArgumentHelp("The learning rate, or its peak.", valueName: "rate"))
    var lr: Float?

    @Option(help: ArgumentHelp("The momentum of gradient descent.", valueName: "m"))
    var momentum: Float?

    @Option(help: ArgumentHelp("The weight decay.", valueName: "d"))
    var weightDecay: Float?

    @Option(help: ArgumentHelp("The optimizer: sgd, nesterov or adamw.", valueName: "name"))
    var optimizer: String?

    @Option(
        help: ArgumentHelp(
            "The rate over time: constant, step, cosine or one-cycle.", valueName: "name"))
    var schedule: String?

    @Option(help: ArgumentHelp("The share of the target that all classes get.", valueName: "e"))
    var labelSmoothing: Float?

    @Option(
        help: ArgumentHelp(
            "Vary training images: "
                + Augmentation.allCases.map(\.rawValue).joined(separator: ", ") + " or none.",
            valueName: "name"))
    var augment: String?

    @Option(
        help: ArgumentHelp(
            "How weights are drawn: " + Initializer.named.map(\.name).joined(separator: ", ") + ".",
            valueName: "name"))
    var `init`: String?

    @Option(
        help: ArgumentHelp(
            "even begins with one score for all classes; none draws all layers alike.",
            valueName: "name"))
    var initHead: String?

    @Option(help: ArgumentHelp("The side to which images are resized.", valueName: "pixels"))
    var resize: Int?

    @Option(
        help: ArgumentHelp(
            "The element type of activations: f32 or bf16. (default: f32)", valueName: "type"))
    var precision: String?

    @Option(help: ArgumentHelp("What it runs on: cpu.", valueName: "name"))
    var device = "cpu"

    @Option(help: ArgumentHelp("The number of threads. (default: one per core)", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("The seed of everything random.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("Use the first n training images.", valueName: "n"))
    var limitTrain: Int?

    @Option(help: ArgumentHelp("Use the first n test images.", valueName: "n"))
    var limitTest: Int?

    @Option(
        help: ArgumentHelp("The order of the images: shuffled or sequential.", valueName: "order"))
    var order = "shuffled"

    @Option(
        help: ArgumentHelp(
            "Begin with the weights of this safetensors, .pth or .pt file.", valueName: "file"))
    var initWeights: String?

    /// The recipe's settings with what the options change.
    func configuration(
        _ entry: Catalog.Entry, data: ClassificationData, options: NetworkOptions
    ) throws(FoveaError) -> TrainingConfiguration {
        if let count = options.classes, count < data.classes.count {
            throw FoveaError(
                .usage,
                "\(data.name) has \(data.classes.count) classes, more than --classes \(count).")
        }
        var result = try TrainingConfiguration(
            entry, recipe: recipe, data: data.name, image: data.training.imageShape,
            classes: options.classes ?? data.classes.count)
        if let channels = options.channels { result.image[0] = channels }
        if let resize { result.image = [result.image[0], resize, resize] }
        result.dropout = options.dropout ?? result.dropout
        result.dropsChannels = options.dropoutChannels
        result.epochs = epochs ?? result.epochs
        result.batch = batch ?? result.batch
        result.rate = lr ?? result.rate
        result.momentum = momentum ?? result.momentum
        result.weightDecay = weightDecay ?? result.weightDecay
        result.optimizer = try choice(optimizer, "optimizer") ?? result.optimizer
        // What Nesterov's method adds is a look ahead along the momentum, which must not be zero.
        if optimizer == "nesterov", momentum == nil, result.momentum == 0 { result.momentum = 0.9 }
        result.schedule = try choice(schedule, "schedule") ?? result.schedule
        result.labelSmoothing = labelSmoothing ?? result.labelSmoothing
        if let augment { result.augmentation = try choiceOrNone(augment, "augment") }
        result.initializer = self.`init` ?? result.initializer
        if let initHead { result.headInitializer = try choiceOrNone(initHead, "init-head") }
        result.precision = precision ?? result.precision
        result.device = device
        result.threads = threads
        result.seed = seed
        result.trainingLimit = limitTrain
        result.testLimit = limitTest
        guard ["shuffled", "sequential"].contains(order) else {
            throw FoveaError(
                .usage, "--order must be shuffled or sequential, not \(order).")
        }
        result.isShuffled = order == "shuffled"
        result.initialWeights = initWeights
        try result.validate()
        return result
    }

    private func choiceOrNone<T: RawRepresentable & CaseIterable>(
        _ name: String, _ option: String
    ) throws(FoveaError) -> T? where T.RawValue == String {
        name == "none" ? nil : try choice(name, option)
    }

    private func choice<T: RawRepresentable & CaseIterable>(
        _ name: String?, _ option: String
    ) throws(FoveaError) -> T? where T.RawValue == String {
        guard let name else { return nil }
        if let value = T(rawValue: name) { return value }
        let names = T.allCases.map(\.rawValue)
        throw FoveaError(
            .usage, "there is no --\(option) \(name).",
            remedy: nearestName(to: name, among: names).map { "Did you mean \($0)?" }
                ?? "Choose one of \(names.joined(separator: ", ")).")
    }
}

/// Where a run's files go, and when it saves, logs and ends.
struct TrainRunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The run's folder; runs/NETWORK-DATA-N if left out.", valueName: "folder"))
    var out: String?

    @Flag(help: "Go on with the run in the folder, bit for bit.")
    var resume = false

    @Option(help: ArgumentHelp("End after n steps of the whole run.", valueName: "n"))
    var maxSteps: Int?

    @Option(
        help: ArgumentHelp("Save after every n steps. (default: 500 or a minute)", valueName: "n"))
    var saveEvery: Int?

    @Option(
        help: ArgumentHelp(
            "Log a point after every n steps. (default: five an epoch)", valueName: "n"))
    var logEvery: Int?
}
