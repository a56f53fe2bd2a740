// SPDX-License-Identifier: Apache-2.0
public import FoveaData
public import FoveaGraph
import FoveaLayers
public import FoveaModels
public import FoveaRuntime

/// Every setting of a training run, as `run.json` and checkpoints keep it.
public struct TrainingConfiguration: Codable, Sendable, Hashable {
    /// The network's name.
    public var network: String
    /// The number of classes.
    public var classes: Int
    /// The shape of one image as the network sees it.
    public var image: [Int]
    /// How pictures become such images; squeezed, as numbers from 0 to 1, if nil.
    public var preprocessing: Preprocessing?
    /// The rate of every dropout; the network's own if nil.
    public var dropout: Float?
    /// Whether dropouts drop whole channels.
    public var dropsChannels = false
    /// The data set's name or folder.
    public var data: String
    /// The recipe the settings began from.
    public var recipe: String
    /// The number of passes over the training images.
    public var epochs: Int
    /// The number of images of a step.
    public var batch: Int
    /// The learning rate, or its peak.
    public var rate: Float
    /// How the rate changes.
    public var schedule: Schedule
    /// The optimizer.
    public var optimizer: Recipe.OptimizerName
    /// The momentum of gradient descent.
    public var momentum: Float
    /// How much weights decay.
    public var weightDecay: Float
    /// How much of the target is spread evenly over the classes.
    public var labelSmoothing: Float
    /// How training images are varied; not at all if nil.
    public var augmentation: Augmentation?
    /// How weights are drawn; as the network says if nil.
    public var initializer: String?
    /// How the last layers begin; as the others if nil.
    public var headInitializer: HeadInitializer?
    /// The file of the weights to begin with, if they are not drawn.
    public var initialWeights: String?
    /// Only the first so many training images are used.
    public var trainingLimit: Int?
    /// Only the first so many test images are used.
    public var testLimit: Int?
    /// Whether each epoch has an order of its own.
    public var isShuffled: Bool
    /// The seed of everything random.
    public var seed: UInt64
    /// What it runs on.
    public var device: String
    /// The element type of activations.
    public var precision = "f32"
    /// The number of threads; if nil `OMP_NUM_THREADS`, else as many as there are cores.
    public var threads: Int?

    /// The settings of a recipe.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - recipe: The name of the recipe.
    ///   - data: The data set's name.
    ///   - image: The shape of one stored image.
    ///   - classes: The number of classes.
    /// - Throws: An error of the code `.usage` if the network has no such recipe.
    public init(
        _ entry: Catalog.Entry, recipe: String, data: String, image: Shape, classes: Int
    ) throws(FoveaError) {
        let settings = try Recipe.named(recipe, for: entry.name)
        network = entry.name
        self.classes = classes
        let side = settings.resize.map { Extent($0) } ?? image.perChannelExtent
        self.image = [image[0], side.height, side.width]
        dropout = settings.dropout
        self.data = data
        self.recipe = recipe
        epochs = settings.epochs
        batch = settings.batch
        rate = settings.rate
        schedule = settings.schedule
        optimizer = settings.optimizer
        momentum = settings.momentum
        weightDecay = settings.weightDecay
        labelSmoothing = settings.labelSmoothing
        augmentation = settings.augmentation
        initializer = settings.initializer
        headInitializer = settings.headInitializer
        isShuffled = true
        seed = 0
        device = Device.cpu.name
    }

    /// What is chosen about the network.
    public var options: Catalog.Options {
        Catalog.Options(
            classes: classes, dropout: dropout, dropoutUnit: dropsChannels ? .channel : .element)
    }

    /// What updates the weights.
    public var optimizerRule: Optimizer {
        switch optimizer {
        case .sgd: .sgd(momentum: momentum, weightDecay: weightDecay)
        case .nesterov: .sgd(momentum: momentum, nesterov: true, weightDecay: weightDecay)
        case .adamw: .adamW(weightDecay: weightDecay)
        }
    }

    /// Checks that every setting makes sense.
    ///
    /// - Throws: An error of the code `.usage` that names the option, or of `.device` if the processor
    ///   does not compute in the precision.
    public func validate() throws(FoveaError) {
        func need(_ holds: Bool, _ option: String, _ range: String) throws(FoveaError) {
            if !holds { throw FoveaError(.usage, "--\(option) must be \(range).") }
        }
        try need((1...1_000_000).contains(epochs), "epochs", "from 1 to 1000000")
        try need((1...65536).contains(batch), "batch", "from 1 to 65536")
        try need(rate > 0 && rate.isFinite, "lr", "a positive number")
        try need((0..<1).contains(momentum), "momentum", "from 0 to below 1")
        try need(weightDecay >= 0 && weightDecay.isFinite, "weight-decay", "0 or more")
        try need((0..<1).contains(labelSmoothing), "label-smoothing", "from 0 to below 1")
        try need(dropout.map { (0..<1).contains($0) } ?? true, "dropout", "from 0 to below 1")
        try need(trainingLimit ?? 1 >= 1, "limit-train", "at least 1")
        try need(testLimit ?? 1 >= 1, "limit-test", "at least 1")
        try need(image.allSatisfy { (1...4096).contains($0) }, "resize", "from 1 to 4096")
        try preprocessing?.check(channels: image.first ?? 0)
        _ = try Precision(named: precision)
        if let initializer, !Initializer.named.contains(where: { $0.name == initializer }) {
            let names = Initializer.named.map(\.name)
            let nearest = nearestName(to: initializer, among: names)
            throw FoveaError(
                .usage, "there is no initializer named \(initializer).",
                remedy: nearest.map { "Did you mean \($0)?" }
                    ?? "Choose one of \(names.joined(separator: ", ")).")
        }
    }

    /// How weights of rank 2 and more are drawn instead of as their layers say.
    var initializerOverride: Initializer? {
        Initializer.named.first { $0.name == initializer }?.initializer
    }

    /// Whether another run of these settings computes the same numbers, step for step.
    ///
    /// The number of threads is not looked at: what counts is how many there really are.
    ///
    /// - Parameter other: The other settings.
    /// - Returns: The first option that differs, with both values, or nil if none does.
    func firstDifference(from other: TrainingConfiguration) -> String? {
        let pairs = zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children)
        for (mine, theirs) in pairs {
            guard let label = mine.label, label != "threads" else { continue }
            let (value, otherValue) = (Self.text(mine.value), Self.text(theirs.value))
            guard value != otherValue else { continue }
            return "\(Self.optionNames[label] ?? "--" + label) \(value), not \(otherValue)"
        }
        return nil
    }

    /// The options whose names are not those of the settings.
    private static let optionNames = [
        "network": "the network", "image": "images of", "preprocessing": "pictures prepared by",
        "rate": "--lr",
        "dropsChannels": "--dropout-channels", "weightDecay": "--weight-decay",
        "labelSmoothing": "--label-smoothing", "augmentation": "--augment", "initializer": "--init",
        "headInitializer": "--init-head", "initialWeights": "--init-weights",
        "trainingLimit": "--limit-train",
        "testLimit": "--limit-test", "isShuffled": "a shuffled --order",
    ]

    /// A value as the command line has it.
    private static func text(_ value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            return mirror.children.first.map { text($0.value) } ?? "unset"
        }
        if let dimensions = value as? [Int] { return Shape(dimensions).description }
        if let choice = value as? any RawRepresentable { return "\(choice.rawValue)" }
        return "\(value)"
    }
}

extension Shape {
    /// Height and width of a shape of one image, [C, H, W].
    package var perChannelExtent: Extent { Extent(self[1], self[2]) }
}
