// SPDX-License-Identifier: Apache-2.0
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
    /// How weights of rank 2 and more are drawn; as the network says if nil.
    public var initializer: String?
    /// The rate of every dropout; the network's own if nil.
    public var dropout: Float?

    /// The optimisers by name.
    public enum OptimizerName: String, Sendable, Hashable, CaseIterable, Codable {
        case sgd, nesterov, adamw = "adamw"
    }

    /// The names of all recipes.
    public static let names = ["d2l", "fast", "best"]

    /// Finds the recipe of a network.
    ///
    /// `d2l` is the book's, and what networks without one of their own train with: plain gradient
    /// descent at a constant rate from Xavier weights. `fast` reaches the book's accuracy soonest.
    ///
    /// - Parameters:
    ///   - name: The name of the recipe.
    ///   - network: The name of the network.
    /// - Returns: The settings.
    /// - Throws: An error of the code `.usage` if the network has no such recipe.
    public static func named(_ name: String, for network: String) throws(FoveaError) -> Recipe {
        switch (name, network) {
        case ("d2l", "lenet"): return .d2l(epochs: 10, batch: 256, resize: nil, rate: 0.9)
        case ("d2l", "alexnet-d2l"): return .d2l(epochs: 10, batch: 128, resize: 224, rate: 0.01)
        case ("d2l", "nin"): return .d2l(epochs: 10, batch: 128, resize: 224, rate: 0.1)
        case ("d2l", "nin-imagenet"): return .d2l(epochs: 10, batch: 128, resize: 224, rate: 0.1)
        case ("d2l", "nin-cifar"): return .d2l(epochs: 10, batch: 128, resize: 32, rate: 0.1)
        case ("fast", "nin"): return fastNiN
        default:
            let known = names.filter { (try? named($0, for: network)) != nil && $0 != name }
            throw FoveaError(
                .usage, "\(network) has no recipe \(name).",
                remedy: known.isEmpty
                    ? nil : "Choose --recipe \(known.joined(separator: " or "))")
        }
    }

    private static func d2l(epochs: Int, batch: Int, resize: Int?, rate: Float) -> Recipe {
        Recipe(
            epochs: epochs, batch: batch, resize: resize, rate: rate,
            initializer: "xavier-uniform")
    }

    /// 67 pixels are the fewest that the network's last pooling still has a window for, and cost a
    /// fourteenth of 224; He's weights and one cycle of a high rate do the rest.
    private static let fastNiN = Recipe(
        epochs: 6, batch: 64, resize: 67, rate: 0.03, schedule: .oneCycle, optimizer: .nesterov,
        momentum: 0.9, weightDecay: 5e-4, initializer: "kaiming-normal", dropout: 0.2)
}
