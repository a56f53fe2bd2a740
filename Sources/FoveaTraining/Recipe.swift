// SPDX-License-Identifier: Apache-2.0
public import FoveaData
public import FoveaGraph

/// A named set of training settings for one network.
public struct Recipe: Sendable, Hashable {
    /// The number of passes over the training images.
    public var epochs: Int
    /// The number of images of a step.
    public var batch: Int
    /// The side to which images are resized; nil leaves them as they are.
    public var resize: Int?
    /// The learning rate, or its peak.
    public var rate: Float
    /// How the rate changes.
    public var schedule = Schedule.constant
    /// `sgd`, `nesterov` or `adamw`.
    public var optimizer = OptimizerName.sgd
    /// The momentum of gradient descent.
    public var momentum: Float = 0
    /// How much weights decay.
    public var weightDecay: Float = 0
    /// How much of the target is spread evenly over the classes.
    public var labelSmoothing: Float = 0
    /// How training images are varied; not at all if nil.
    public var augmentation: Augmentation?
    /// How weights of rank 2 and more are drawn; as the network says if nil.
    public var initializer: String?
    /// The rate of every dropout; the network's own if nil.
    public var dropout: Float?

    /// The optimisers by name.
    public enum OptimizerName: String, Sendable, Hashable, CaseIterable, Codable {
        case sgd, nesterov, adamw
    }

    /// Finds the recipe of a network.
    ///
    /// `d2l` is the book's: plain gradient descent at a constant rate from Xavier weights. `fast`
    /// reaches the book's accuracy soonest.
    ///
    /// - Parameters:
    ///   - name: The name of the recipe.
    ///   - network: The name of the network.
    /// - Returns: The settings.
    /// - Throws: An error of the code `.usage` if the network has no such recipe.
    public static func named(_ name: String, for network: String) throws(FoveaError) -> Recipe {
        let recipes = all.filter { $0.network == network }
        if let found = recipes.first(where: { $0.name == name }) { return found.recipe }
        if name == "d2l", let relative = relatives.first(where: { network.hasPrefix($0.prefix) }) {
            return relative.recipe
        }
        let names = Set(recipes.map(\.name) + ["d2l"]).sorted().joined(separator: " or ")
        throw FoveaError(
            .usage, "\(network) has no recipe named \(name).",
            remedy: "Choose --recipe \(names).")
    }

    /// Every recipe there is.
    private static let all: [(name: String, network: String, recipe: Recipe)] = [
        ("d2l", "lenet", .d2l(batch: 256, resize: nil, rate: 0.9)),
        ("d2l", "lenet-bn", .d2l(batch: 256, resize: nil, rate: 1)),
        ("d2l", "alexnet-d2l", .d2l(batch: 128, resize: 224, rate: 0.01)),
        ("d2l", "vgg11-d2l", .d2l(batch: 128, resize: 224, rate: 0.05)),
        ("d2l", "nin", .d2l(batch: 128, resize: 224, rate: 0.1)),
        ("d2l", "googlenet-d2l", .d2l(batch: 128, resize: 96, rate: 0.1)),
        ("d2l", "resnet18-d2l", .d2l(batch: 256, resize: 96, rate: 0.05)),
        ("d2l", "densenet-d2l", .d2l(batch: 256, resize: 96, rate: 0.1)),
        ("fast", "nin", .fastNiN),
    ]

    /// The book does not train these; they get its settings for the network of their family, at a
    /// side that suits them.
    private static let relatives: [(prefix: String, recipe: Recipe)] = [
        ("alexnet-2012", .d2l(batch: 128, resize: 227, rate: 0.01)),
        ("alexnet", .d2l(batch: 128, resize: 224, rate: 0.01)),
        ("vgg", .d2l(batch: 128, resize: 224, rate: 0.05)),
        ("nin-cifar", .d2l(batch: 128, resize: 32, rate: 0.1)),
        ("nin", .d2l(batch: 128, resize: 224, rate: 0.1)),
        ("googlenet", .d2l(batch: 128, resize: 96, rate: 0.1)),
        ("resnet18-cifar", .d2l(batch: 256, resize: 32, rate: 0.05)),
        ("resnet", .d2l(batch: 256, resize: 96, rate: 0.05)),
        ("densenet", .d2l(batch: 256, resize: 96, rate: 0.1)),
    ]

    private static func d2l(batch: Int, resize: Int?, rate: Float) -> Recipe {
        Recipe(
            epochs: 10, batch: batch, resize: resize, rate: rate, initializer: "xavier-uniform")
    }

    /// 67 pixels are the fewest that the network's last pooling still has a window for, and cost a
    /// fourteenth of 224; He's weights and one cycle of a high rate do the rest.
    private static let fastNiN = Recipe(
        epochs: 4, batch: 64, resize: 67, rate: 0.03, schedule: .oneCycle, optimizer: .nesterov,
        momentum: 0.9, weightDecay: 5e-4, initializer: "kaiming-normal", dropout: 0.2)
}
