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
        Budget("alexnet", .training, steps: 44, avx2: Sizes(12, 263_878_656)),
        Budget("alexnet", .inference, steps: 12, avx2: Sizes(2, 16_027_008)),
        Budget("alexnet-2012", .training, steps: 46, avx2: Sizes(8, 306_153_600)),
        Budget("alexnet-2012", .inference, steps: 13, avx2: Sizes(1, 23_064_576)),
        Budget(
            "alexnet-d2l", .training, steps: 42, avx512: Sizes(3, 94_120_704),
            avx2: Sizes(9, 126_352_192)),
        Budget(
            "alexnet-d2l", .inference, steps: 11, avx512: Sizes(2, 65_519_616),
            avx2: Sizes(2, 22_564_992)),
        Budget("vgg11", .training, steps: 60, avx2: Sizes(10, 683_539_072)),
        Budget("vgg11", .inference, steps: 17, avx2: Sizes(1, 256_901_120)),
        Budget("vgg11-bn", .training, steps: 68, avx2: Sizes(10, 767_111_296)),
        Budget("vgg11-bn", .inference, steps: 17, avx2: Sizes(1, 256_901_120)),
        Budget("vgg13", .training, steps: 68, avx2: Sizes(12, 991_820_416)),
        Budget("vgg13", .inference, steps: 19, avx2: Sizes(1, 411_041_792)),
        Budget("vgg13-bn", .training, steps: 78, avx2: Sizes(12, 1_383_675_520)),
        Budget("vgg13-bn", .inference, steps: 19, avx2: Sizes(1, 411_041_792)),
        Budget("vgg16", .training, steps: 80, avx2: Sizes(15, 1_075_313_280)),
        Budget("vgg16", .inference, steps: 22, avx2: Sizes(1, 411_041_792)),
        Budget("vgg16-bn", .training, steps: 93, avx2: Sizes(15, 1_550_667_392)),
        Budget("vgg16-bn", .inference, steps: 22, avx2: Sizes(1, 411_041_792)),
        Budget("vgg19", .training, steps: 92, avx2: Sizes(18, 1_158_806_144)),
        Budget("vgg19", .inference, steps: 25, avx2: Sizes(1, 411_041_792)),
        Budget("vgg19-bn", .training, steps: 108, avx2: Sizes(18, 1_717_659_264)),
        Budget("vgg19-bn", .inference, steps: 25, avx2: Sizes(1, 411_041_792)),
        Budget("vgg11-d2l", .training, steps: 58, avx2: Sizes(12, 219_243_264)),
        Budget("vgg11-d2l", .inference, steps: 16, avx2: Sizes(1, 64_225_280)),
        Budget(
            "nin", .training, steps: 59, avx512: Sizes(12, 144_063_232),
            avx2: Sizes(15, 110_355_520)),
        Budget(
            "nin", .inference, steps: 16, avx512: Sizes(2, 69_550_080), avx2: Sizes(1, 35_832_000)),
        Budget(
            "nin-cifar", .training, steps: 47, avx512: Sizes(9, 73_337_088),
            avx2: Sizes(10, 45_482_944)),
        Budget(
            "nin-cifar", .inference, steps: 12, avx512: Sizes(1, 36_438_016),
            avx2: Sizes(1, 23_068_864)),
        Budget(
            "nin-imagenet", .training, steps: 59, avx512: Sizes(11, 317_712_512),
            avx2: Sizes(12, 129_669_248)),
        Budget(
            "nin-imagenet", .inference, steps: 16, avx512: Sizes(1, 111_722_496),
            avx2: Sizes(0, 35_831_808)),
        Budget("googlenet", .training, steps: 414, avx2: Sizes(90, 439_242_496)),
        Budget("googlenet", .inference, steps: 81, avx2: Sizes(0, 64_225_280)),
        Budget("googlenet-2014", .training, steps: 359, avx2: Sizes(68, 463_677_184)),
        Budget("googlenet-2014", .inference, steps: 83, avx2: Sizes(0, 64_225_280)),
        Budget("googlenet-bn", .training, steps: 414, avx2: Sizes(68, 436_834_048)),
        Budget("googlenet-bn", .inference, steps: 81, avx2: Sizes(0, 64_225_280)),
        Budget("googlenet-d2l", .training, steps: 314, avx2: Sizes(68, 75_151_744)),
        Budget("googlenet-d2l", .inference, steps: 81, avx2: Sizes(0, 11_796_480)),
        Budget("resnet18", .training, steps: 116, avx2: Sizes(20, 283_566_336)),
        Budget("resnet18", .inference, steps: 31, avx2: Sizes(0, 64_626_816)),
        Budget("resnet34", .training, steps: 204, avx2: Sizes(36, 444_134_656)),
        Budget("resnet34", .inference, steps: 55, avx2: Sizes(0, 64_626_816)),
        Budget("resnet50", .training, steps: 289, avx2: Sizes(53, 1_307_171_072)),
        Budget("resnet50", .inference, steps: 72, avx2: Sizes(0, 117_211_264)),
        Budget("resnet101", .training, steps: 561, avx2: Sizes(104, 1_962_477_824)),
        Budget("resnet101", .inference, steps: 140, avx2: Sizes(0, 117_211_264)),
        Budget("resnet152", .training, steps: 833, avx2: Sizes(155, 2_771_900_672)),
        Budget("resnet152", .inference, steps: 208, avx2: Sizes(0, 117_211_264)),
        Budget("resnet18-d2l", .training, steps: 110, avx2: Sizes(22, 57_701_760)),
        Budget("resnet18-d2l", .inference, steps: 31, avx2: Sizes(0, 11_870_336)),
        Budget("resnet18-cifar", .training, steps: 114, avx2: Sizes(20, 85_264_768)),
        Budget("resnet18-cifar", .inference, steps: 30, avx2: Sizes(0, 12_714_112)),
        Budget("densenet121", .training, steps: 790, avx2: Sizes(124, 1_403_645_312)),
        Budget("densenet121", .inference, steps: 246, avx2: Sizes(0, 128_589_824)),
        Budget("densenet161", .training, steps: 1050, avx2: Sizes(164, 2_530_550_400)),
        Budget("densenet161", .inference, steps: 326, avx2: Sizes(0, 192_976_128)),
        Budget("densenet169", .training, steps: 1102, avx2: Sizes(172, 1_645_511_040)),
        Budget("densenet169", .inference, steps: 342, avx2: Sizes(0, 128_676_864)),
        Budget("densenet201", .training, steps: 1310, avx2: Sizes(204, 2_044_169_600)),
        Budget("densenet201", .inference, steps: 406, avx2: Sizes(0, 128_711_680)),
        Budget("densenet-d2l", .training, steps: 164, avx2: Sizes(26, 57_465_024)),
        Budget("densenet-d2l", .inference, steps: 62, avx2: Sizes(0, 14_189_504)),
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
