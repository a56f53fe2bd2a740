// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaTraining
import Testing

@Suite struct RecipeTests {
    @Test(arguments: Catalog.all) func everyNetworkHasTheBooks(_ entry: Catalog.Entry) throws {
        let recipe = try Recipe.named("d2l", for: entry.name)
        #expect(recipe.epochs == 10)
        #expect(recipe.schedule == .constant && recipe.optimizer == .sgd && recipe.momentum == 0)
        #expect(recipe.weightDecay == 0 && recipe.labelSmoothing == 0)
        #expect(recipe.augmentation == nil && recipe.dropout == nil)
        #expect(recipe.initializer == "xavier-uniform")
        try expectFits(recipe, entry)
    }

    /// Rate, batch and side as the book has them.
    @Test(
        arguments: [
            ("lenet", 0.9, 256, nil), ("lenet-bn", 1, 256, nil), ("alexnet-d2l", 0.01, 128, 224),
            ("vgg11-d2l", 0.05, 128, 224), ("nin", 0.1, 128, 224), ("googlenet-d2l", 0.1, 128, 96),
            ("resnet18-d2l", 0.05, 256, 96), ("densenet-d2l", 0.1, 256, 96),
            ("resnet18-cifar", 0.05, 256, 32), ("alexnet-2012", 0.01, 128, 227),
        ] as [(String, Float, Int, Int?)])
    func theBooks(_ network: String, _ rate: Float, _ batch: Int, _ side: Int?) throws {
        let recipe = try Recipe.named("d2l", for: network)
        #expect(recipe.rate == rate)
        #expect(recipe.batch == batch)
        #expect(recipe.resize == side)
    }

    @Test(arguments: Catalog.all.filter { !$0.name.hasPrefix("lenet") })
    func allButLeNetHaveAFastOne(_ entry: Catalog.Entry) throws {
        let recipe = try Recipe.named("fast", for: entry.name)
        #expect(recipe.schedule == .oneCycle)
        try expectFits(recipe, entry)
    }

    @Test("Scores that go through a ReLU begin alive", arguments: Catalog.all)
    func scoresBeginAlive(_ entry: Catalog.Entry) throws {
        guard let recipe = try? Recipe.named("fast", for: entry.name) else { return }
        let graph = try entry.traced(images: entry.input.batched(2), mode: .inference).graph
        // Before the pooling that ends Network in Network; elsewhere a linear layer comes last.
        let endsInReLU = graph.nodes.suffix(4).contains { $0.op.kind == .activation }
        #expect((recipe.headInitializer == .even) == endsInReLU)
        #expect(endsInReLU == entry.name.hasPrefix("nin"))
    }

    @Test(arguments: Catalog.all.filter { (try? Recipe.named("best", for: $0.name)) != nil })
    func bestTakesItsTime(_ entry: Catalog.Entry) throws {
        let recipe = try Recipe.named("best", for: entry.name)
        #expect(try recipe.epochs > Recipe.named("fast", for: entry.name).epochs)
        try expectFits(recipe, entry)
    }

    @Test(arguments: [
        ("lenet", "best", "lenet has no recipe named best.", "Choose --recipe d2l."),
        (
            "nin", "quick", "nin has no recipe named quick.",
            "Choose --recipe best, d2l or fast."
        ),
    ]) func whatIsNotThereIsSaid(
        _ network: String, _ name: String, _ message: String, _ remedy: String
    ) {
        do throws(FoveaError) {
            _ = try Recipe.named(name, for: network)
            Issue.record("\(name) was found")
        } catch {
            #expect(error.code == .usage)
            #expect(error.message == message)
            #expect(error.remedy == remedy)
        }
    }

    /// A recipe's images fit its network, and its weights have a name that is known.
    private func expectFits(_ recipe: Recipe, _ entry: Catalog.Entry) throws {
        let side = recipe.resize ?? 28
        _ = try entry.traced(images: [2, 1, side, side], mode: .training)
        if let name = recipe.initializer {
            #expect(Initializer.named.contains { $0.name == name })
        }
    }
}
