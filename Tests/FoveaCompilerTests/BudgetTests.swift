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
/// every machine; reorders and memory are those of an instruction set, memory within a fifth.
@Suite struct BudgetTests {
    /// What depends on the kernels of an instruction set.
    struct Sizes: Sendable {
        let reorders, arena: Int

        init(_ reorders: Int, _ arena: Int) {
            self.reorders = reorders
            self.arena = arena
        }
    }

    struct Budget: Sendable, CustomTestStringConvertible {
        let network: String
        let mode: Mode
        let steps: Int
        /// Nil where no such machine was at hand yet.
        let avx512: Sizes?
        let avx2: Sizes

        init(_ network: String, _ mode: Mode, steps: Int, avx512: Sizes? = nil, avx2: Sizes) {
            self.network = network
            self.mode = mode
            self.steps = steps
            self.avx512 = avx512
            self.avx2 = avx2
        }

        var testDescription: String { "\(network), \(mode.rawValue)" }
    }

    static let batch = 16

    static let budgets = [
        Budget("lenet", .training, steps: 28, avx512: Sizes(3, 800_768), avx2: Sizes(5, 803_520)),
        Budget("lenet", .inference, steps: 11, avx512: Sizes(1, 388_608), avx2: Sizes(1, 376_320)),
        Budget("lenet-bn", .training, steps: 36, avx2: Sizes(5, 859_968)),
        Budget("lenet-bn", .inference, steps: 13, avx2: Sizes(1, 278_464)),
        Budget("alexnet", .training, steps: 44, avx2: Sizes(8, 300_457_600)),
        Budget("alexnet", .inference, steps: 12, avx2: Sizes(2, 41_337_856)),
        Budget("alexnet-2012", .training, steps: 46, avx2: Sizes(7, 346_270_848)),
        Budget("alexnet-2012", .inference, steps: 13, avx2: Sizes(1, 49_026_048)),
        Budget(
            "alexnet-d2l", .training, steps: 42, avx512: Sizes(3, 94_120_704),
            avx2: Sizes(7, 164_134_656)),
        Budget(
            "alexnet-d2l", .inference, steps: 11, avx512: Sizes(2, 65_519_616),
            avx2: Sizes(2, 47_293_440)),
        Budget("vgg11", .training, steps: 60, avx2: Sizes(3, 818_068_096)),
        Budget("vgg11", .inference, steps: 17, avx2: Sizes(1, 332_152_832)),
        Budget("vgg11-bn", .training, steps: 68, avx2: Sizes(3, 897_167_488)),
        Budget("vgg11-bn", .inference, steps: 17, avx2: Sizes(1, 332_152_832)),
        Budget("vgg13", .training, steps: 68, avx2: Sizes(3, 1_126_349_440)),
        Budget("vgg13", .inference, steps: 19, avx2: Sizes(1, 411_041_792)),
        Budget("vgg13-bn", .training, steps: 78, avx2: Sizes(3, 1_513_731_712)),
        Budget("vgg13-bn", .inference, steps: 19, avx2: Sizes(1, 411_041_792)),
        Budget("vgg16", .training, steps: 80, avx2: Sizes(3, 1_205_426_816)),
        Budget("vgg16", .inference, steps: 22, avx2: Sizes(1, 411_041_792)),
        Budget("vgg16-bn", .training, steps: 93, avx2: Sizes(3, 1_680_727_680)),
        Budget("vgg16-bn", .inference, steps: 22, avx2: Sizes(1, 411_041_792)),
        Budget("vgg19", .training, steps: 92, avx2: Sizes(3, 1_288_919_680)),
        Budget("vgg19", .inference, steps: 25, avx2: Sizes(1, 411_041_792)),
        Budget("vgg19-bn", .training, steps: 108, avx2: Sizes(3, 1_847_723_648)),
        Budget("vgg19-bn", .inference, steps: 25, avx2: Sizes(1, 411_041_792)),
        Budget("vgg11-d2l", .training, steps: 58, avx2: Sizes(5, 236_430_080)),
        Budget("vgg11-d2l", .inference, steps: 16, avx2: Sizes(1, 77_217_792)),
        Budget(
            "nin", .training, steps: 59, avx512: Sizes(12, 144_063_232),
            avx2: Sizes(13, 141_983_488)),
        Budget(
            "nin", .inference, steps: 16, avx512: Sizes(2, 69_550_080), avx2: Sizes(1, 53_944_320)),
        Budget(
            "nin-cifar", .training, steps: 47, avx512: Sizes(9, 73_337_088),
            avx2: Sizes(8, 63_587_072)),
        Budget(
            "nin-cifar", .inference, steps: 12, avx512: Sizes(1, 36_438_016),
            avx2: Sizes(1, 37_240_832)),
        Budget(
            "nin-imagenet", .training, steps: 59, avx512: Sizes(11, 317_712_512),
            avx2: Sizes(11, 263_675_008)),
        Budget(
            "nin-imagenet", .inference, steps: 16, avx512: Sizes(1, 111_722_496),
            avx2: Sizes(0, 61_793_280)),
        Budget("googlenet", .training, steps: 414, avx2: Sizes(81, 462_503_552)),
        Budget("googlenet", .inference, steps: 81, avx2: Sizes(0, 80_454_656)),
        Budget("googlenet-2014", .training, steps: 359, avx2: Sizes(49, 486_630_016)),
        Budget("googlenet-2014", .inference, steps: 83, avx2: Sizes(0, 80_454_656)),
        Budget("googlenet-bn", .training, steps: 414, avx2: Sizes(49, 460_076_800)),
        Budget("googlenet-bn", .inference, steps: 81, avx2: Sizes(0, 80_454_656)),
        Budget("googlenet-d2l", .training, steps: 314, avx2: Sizes(71, 87_290_624)),
        Budget("googlenet-d2l", .inference, steps: 81, avx2: Sizes(0, 19_152_896)),
        Budget("resnet18", .training, steps: 116, avx2: Sizes(7, 354_890_880)),
        Budget("resnet18", .inference, steps: 31, avx2: Sizes(0, 106_701_824)),
        Budget("resnet34", .training, steps: 204, avx2: Sizes(7, 515_483_776)),
        Budget("resnet34", .inference, steps: 55, avx2: Sizes(0, 106_701_824)),
        Budget("resnet50", .training, steps: 289, avx2: Sizes(40, 1_384_275_072)),
        Budget("resnet50", .inference, steps: 72, avx2: Sizes(0, 158_082_048)),
        Budget("resnet101", .training, steps: 561, avx2: Sizes(74, 2_039_581_824)),
        Budget("resnet101", .inference, steps: 140, avx2: Sizes(0, 158_082_048)),
        Budget("resnet152", .training, steps: 833, avx2: Sizes(108, 2_849_004_672)),
        Budget("resnet152", .inference, steps: 208, avx2: Sizes(0, 158_082_048)),
        Budget("resnet18-d2l", .training, steps: 110, avx2: Sizes(18, 79_644_928)),
        Budget("resnet18-d2l", .inference, steps: 31, avx2: Sizes(0, 17_055_744)),
        Budget("resnet18-cifar", .training, steps: 114, avx2: Sizes(10, 106_212_608)),
        Budget("resnet18-cifar", .inference, steps: 30, avx2: Sizes(0, 24_388_608)),
        Budget("densenet121", .training, steps: 790, avx2: Sizes(98, 1_412_050_304)),
        Budget("densenet121", .inference, steps: 246, avx2: Sizes(0, 128_589_824)),
        Budget("densenet161", .training, steps: 1050, avx2: Sizes(134, 2_566_283_136)),
        Budget("densenet161", .inference, steps: 326, avx2: Sizes(0, 192_976_128)),
        Budget("densenet169", .training, steps: 1102, avx2: Sizes(154, 1_658_549_632)),
        Budget("densenet169", .inference, steps: 342, avx2: Sizes(0, 128_676_864)),
        Budget("densenet201", .training, steps: 1310, avx2: Sizes(170, 2_069_760_384)),
        Budget("densenet201", .inference, steps: 406, avx2: Sizes(0, 128_711_680)),
        Budget("densenet-d2l", .training, steps: 164, avx2: Sizes(18, 68_982_016)),
        Budget("densenet-d2l", .inference, steps: 62, avx2: Sizes(0, 25_706_496)),
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
        let isAVX512 = plan.library.contains("avx512")
        guard let sizes = isAVX512 ? budget.avx512 : budget.avx2,
            isAVX512 || plan.library.hasSuffix("avx2")
        else { return }
        #expect(plan.reorderCount == sizes.reorders, "found \(found)")
        #expect(abs(plan.arenaByteCount - sizes.arena) <= sizes.arena / 5, "found \(found)")
    }
}
