// SPDX-License-Identifier: Apache-2.0
import FoveaData

/// `Documentation/Recipes.md` says which of these were run on Fashion-MNIST, and what came of it.
extension Recipe {
    /// The settings that reach the book's accuracy soonest.
    ///
    /// What they save is pixels: 67 and 79 are the fewest for which the last pooling still has a
    /// window, and cost a fourteenth and an eighth of 224.
    static let fast: Table = [
        ("alexnet", .cycle(epochs: 2, resize: 67, rate: 0.02, weights: he, dropout: 0.2)),
        (
            "vgg",
            .cycle(
                epochs: 8, batch: 128, resize: 32, rate: 0.05, weights: he, dropout: 0.2,
                augmentation: .flip)
        ),
        (
            "nin-cifar",
            .cycle(epochs: 2, resize: 32, rate: 0.03, weights: he, head: .even, dropout: 0.2)
        ),
        ("nin", .cycle(epochs: 4, resize: 67, rate: 0.03, weights: he, head: .even, dropout: 0.2)),
        ("googlenet-2014", .cycle(epochs: 2, resize: 79, rate: 0.03, weights: he)),
        ("googlenet-bn", .cycle(epochs: 2, resize: 79, rate: 0.03, weights: he)),
        ("googlenet", .cycle(epochs: 2, resize: 48, rate: 0.03, weights: he)),
        ("resnet9", .cycle(epochs: 1, batch: 128, resize: 28, rate: 0.1, weights: he)),
        ("resnet18-cifar", .cycle(epochs: 1, batch: 128, resize: 28, rate: 0.1)),
        ("resnet", .cycle(epochs: 2, batch: 128, resize: 48, rate: 0.1)),
        ("densenet", .cycle(epochs: 1, resize: 48, rate: 0.1)),
    ]

    /// The settings that reach the highest accuracy: those of `fast`, but for more epochs of images every
    /// other of which is mirrored; ResNet-9 has its own.
    static let best: Table =
        fast.compactMap { family in
            guard let epochs = epochsOfBest[family.prefix] else { return nil }
            var recipe = family.recipe
            recipe.epochs = epochs
            recipe.augmentation = .flip
            return (family.prefix, recipe)
        } + [
            (
                "resnet9",
                .cycle(
                    epochs: 15, batch: 128, resize: 28, rate: 0.2, weights: he, smoothing: 0.1,
                    augmentation: .shiftFlip)
            )
        ]

    private static let epochsOfBest = [
        "alexnet": 10, "vgg": 12, "nin-cifar": 10, "nin": 10, "googlenet-2014": 10,
        "googlenet-bn": 10, "googlenet": 10, "densenet": 10,
    ]

    private static let he = "kaiming-normal"

    /// Nesterov's momentum along one cycle of a high rate.
    private static func cycle(
        epochs: Int, batch: Int = 64, resize: Int?, rate: Float, weights: String? = nil,
        head: HeadInitializer? = nil, dropout: Float? = nil, smoothing: Float = 0,
        augmentation: Augmentation? = nil
    ) -> Recipe {
        Recipe(
            epochs: epochs, batch: batch, resize: resize, rate: rate, schedule: .oneCycle,
            optimizer: .nesterov, momentum: 0.9, weightDecay: 5e-4, labelSmoothing: smoothing,
            augmentation: augmentation, initializer: weights, headInitializer: head,
            dropout: dropout)
    }
}
