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
    /// How the last layers begin; as the others if nil.
    public var headInitializer: HeadInitializer?
    /// The rate of every dropout; the network's own if nil.
    public var dropout: Float?

    /// The optimizers by name.
    public enum OptimizerName: String, Sendable, Hashable, CaseIterable, Codable {
        case sgd, nesterov, adamw
    }

    /// Finds the recipe of a network.
    ///
    /// `d2l` is the book's: plain gradient descent at a constant rate from Xavier weights. `fast`
    /// is for the book's accuracy soon, `best` for the highest. All forms of a network have the
    /// recipe of their family unless they have one of their own.
    ///
    /// - Parameters:
    ///   - name: The name of the recipe.
    ///   - network: The name of the network.
    /// - Returns: The settings.
    /// - Throws: An error of the code `.usage` if the network has no such recipe.
    public static func named(_ name: String, for network: String) throws(FoveaError) -> Recipe {
        if let found = all[name]?.first(where: { network.hasPrefix($0.prefix) }) {
            return found.recipe
        }
        let names = all.filter { $0.value.contains { network.hasPrefix($0.prefix) } }.keys.sorted()
        let others = names.dropLast().joined(separator: ", ")
        throw FoveaError(
            .usage, "\(network) has no recipe named \(name).",
            remedy: "Choose --recipe \(others.isEmpty ? "" : others + " or ")\(names.last ?? "").")
    }

    /// Recipes by the beginning of the names of the networks they are for, the special ones first.
    typealias Table = [(prefix: String, recipe: Recipe)]

    private static let all: [String: Table] = ["d2l": book, "fast": fast, "best": best]
}
