// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaOneDNN
import FoveaTestSupport
import Testing

/// What the catalog's networks cost on the CPU, pinned from both sides.
///
/// A change that makes a plan better or worse has to say so here. Steps that compute are the same on
/// every machine; reorders and memory are those of a processor with AVX-512, memory within a fifth.
@Suite struct BudgetTests {
    struct Budget: Sendable, CustomTestStringConvertible {
        let network: String
        let mode: Mode
        let steps, reorders, arena: Int

        init(_ network: String, _ mode: Mode, steps: Int, reorders: Int, arena: Int) {
            self.network = network
            self.mode = mode
            self.steps = steps
            self.reorders = reorders
            self.arena = arena
        }

        var testDescription: String { "\(network), \(mode.rawValue)" }
    }

    static let batch = 16

    static let budgets = [
        Budget("lenet", .training, steps: 28, reorders: 3, arena: 800_768),
        Budget("lenet", .inference, steps: 11, reorders: 1, arena: 388_608),
        Budget("alexnet-d2l", .training, steps: 42, reorders: 3, arena: 94_120_704),
        Budget("alexnet-d2l", .inference, steps: 11, reorders: 2, arena: 65_519_616),
        Budget("nin", .training, steps: 59, reorders: 12, arena: 144_063_232),
        Budget("nin", .inference, steps: 16, reorders: 2, arena: 69_550_080),
        Budget("nin-cifar", .training, steps: 47, reorders: 9, arena: 73_337_088),
        Budget("nin-cifar", .inference, steps: 12, reorders: 1, arena: 36_438_016),
        Budget("nin-imagenet", .training, steps: 59, reorders: 11, arena: 317_712_512),
        Budget("nin-imagenet", .inference, steps: 16, reorders: 1, arena: 111_722_496),
    ]

    @Test func everyNetworkHasABudget() {
        let modes: [Mode] = [.training, .inference]
        #expect(
            Self.budgets.map(\.testDescription)
                == Catalog.all.flatMap { entry in
                    modes.map { "\(entry.name), \($0.rawValue)" }
                })
    }

    @Test(arguments: budgets)
    func aNetworkCostsWhatItDid(_ budget: Budget) throws {
        let entry = try Catalog.entry(named: budget.network)
        let images = Shape([Self.batch] + entry.input.dimensions)
        let isTraining = budget.mode == .training
        let traced = try entry.traced(
            images: images, mode: budget.mode, lossSmoothing: isTraining ? 0 : nil)
        let graph = isTraining ? try traced.graph.differentiated() : traced.graph
        let plan = try OneDNNBackend().plan(graph, sharing: nil)
        let found =
            "steps: \(plan.steps.count - plan.reorderCount), reorders: \(plan.reorderCount), "
            + "arena: \(plan.arenaByteCount)"
        #expect(plan.steps.count - plan.reorderCount == budget.steps, "found \(found)")
        guard plan.library.contains("avx512") else { return }
        #expect(plan.reorderCount == budget.reorders, "found \(found)")
        let tolerance = budget.arena / 5
        #expect(
            abs(plan.arenaByteCount - budget.arena) <= tolerance, "found \(found)")
    }
}
