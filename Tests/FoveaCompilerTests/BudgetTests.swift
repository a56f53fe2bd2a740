// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

/// What the catalog's networks cost on the CPU, pinned from both sides.
///
/// A change that makes a plan better or worse has to say so here. Steps that compute are the same on
/// every machine; reorders and memory are those of an instruction set, memory within a fifth.
@Suite struct BudgetTests {
    /// What depends on the kernels of an instruction set.
    struct Sizes: Sendable {
        let reorders: Int
        /// Bytes; nil where they were not measured since memory was last laid out anew.
        let arena: Int?
        /// The bytes of what follows from the parameters.
        let derived: Int?
        /// Steps more than elsewhere, for slices of channels that end within a block.
        let cuts: Int

        init(_ reorders: Int, _ arena: Int? = nil, derived: Int? = nil, cuts: Int = 0) {
            self.reorders = reorders
            self.arena = arena
            self.derived = derived
            self.cuts = cuts
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
        Budget("lenet", .training, steps: 28, avx512: Sizes(3, 678_912), avx2: Sizes(5, 690_944)),
        Budget(
            "lenet", .inference, steps: 11, avx512: Sizes(1, 376_320, derived: 0),
            avx2: Sizes(1, 376_320, derived: 0)),
        Budget(
            "lenet-bn", .training, steps: 36, avx512: Sizes(3, 750_464), avx2: Sizes(5, 763_264)),
        Budget(
            "lenet-bn", .inference, steps: 13, avx512: Sizes(1, 276_480, derived: 24_000),
            avx2: Sizes(1, 276_480, derived: 24_000)),
        Budget(
            "alexnet", .training, steps: 44, avx512: Sizes(3, 1_530_880),
            avx2: Sizes(5, 151_152_000)),
        Budget(
            "alexnet", .inference, steps: 12, avx512: Sizes(1, 50_962_432, derived: 34_209_792),
            avx2: Sizes(1, 22_249_472, derived: 37_355_520)),
        Budget(
            "alexnet-2012", .training, steps: 46, avx512: Sizes(5, 1_530_880),
            avx2: Sizes(7, 151_059_072)),
        Budget(
            "alexnet-2012", .inference, steps: 13,
            avx512: Sizes(1, 50_962_432, derived: 14_155_776),
            avx2: Sizes(1, 23_064_576, derived: 14_155_776)),
        Budget(
            "alexnet-d2l", .training, steps: 42, avx512: Sizes(3, 1_196_800),
            avx2: Sizes(3, 67_109_632)),
        Budget(
            "alexnet-d2l", .inference, steps: 11, avx512: Sizes(1, 50_528_256, derived: 49_545_216),
            avx2: Sizes(1, 27_049_984, derived: 94_371_840)),
        Budget(
            "vgg11", .training, steps: 60, avx512: Sizes(2, 105_216_640), avx2: Sizes(3, 67_172_992)
        ),
        Budget(
            "vgg11", .inference, steps: 17, avx512: Sizes(1, 508_428_288, derived: 147_456_000),
            avx2: Sizes(1, 256_901_120, derived: 203_423_744)),
        Budget(
            "vgg11-bn", .training, steps: 71, avx512: Sizes(2, 439_514_240),
            avx2: Sizes(3, 237_204_608)),
        Budget(
            "vgg11-bn", .inference, steps: 17, avx512: Sizes(1, 508_428_288, derived: 184_344_832),
            avx2: Sizes(1, 256_901_120, derived: 240_312_576)),
        Budget(
            "vgg13", .training, steps: 68, avx512: Sizes(2, 567_964_800),
            avx2: Sizes(3, 208_303_232)),
        Budget(
            "vgg13", .inference, steps: 19, avx512: Sizes(1, 676_593_664, derived: 150_405_120),
            avx2: Sizes(1, 423_477_248, derived: 208_666_624)),
        Budget(
            "vgg13-bn", .training, steps: 83, avx512: Sizes(2, 773_485_696),
            avx2: Sizes(3, 545_485_952)),
        Budget(
            "vgg13-bn", .inference, steps: 19, avx512: Sizes(1, 676_593_664, derived: 188_032_000),
            avx2: Sizes(1, 423_477_248, derived: 246_293_504)),
        Budget(
            "vgg16", .training, steps: 80, avx512: Sizes(2, 567_964_800),
            avx2: Sizes(3, 221_148_288)),
        Budget(
            "vgg16", .inference, steps: 22, avx512: Sizes(1, 676_593_664, derived: 235_339_776),
            avx2: Sizes(1, 423_477_248, derived: 330_301_440)),
        Budget(
            "vgg16-bn", .training, steps: 101, avx512: Sizes(2, 773_485_696),
            avx2: Sizes(3, 622_556_288)),
        Budget(
            "vgg16-bn", .inference, steps: 22, avx512: Sizes(1, 676_593_664, derived: 294_205_440),
            avx2: Sizes(1, 423_477_248, derived: 389_167_104)),
        Budget(
            "vgg19", .training, steps: 92, avx512: Sizes(2, 580_809_856),
            avx2: Sizes(3, 272_528_512)),
        Budget(
            "vgg19", .inference, steps: 25, avx512: Sizes(1, 676_593_664, derived: 320_274_432),
            avx2: Sizes(1, 423_477_248, derived: 451_936_256)),
        Budget(
            "vgg19-bn", .training, steps: 119, avx512: Sizes(2, 812_020_864),
            avx2: Sizes(3, 657_880_192)),
        Budget(
            "vgg19-bn", .inference, steps: 25, avx512: Sizes(1, 676_593_664, derived: 400_378_880),
            avx2: Sizes(1, 423_477_248, derived: 532_040_704)),
        Budget(
            "vgg11-d2l", .training, steps: 58, avx512: Sizes(3, 664_320), avx2: Sizes(4, 67_110_208)
        ),
        Budget(
            "vgg11-d2l", .inference, steps: 16, avx512: Sizes(1, 64_225_280, derived: 9_142_272),
            avx2: Sizes(1, 64_225_280, derived: 12_713_984)),
        Budget(
            "nin", .training, steps: 59, avx512: Sizes(12, 133_793_536), avx2: Sizes(12, 92_560_128)
        ),
        Budget(
            "nin", .inference, steps: 16, avx512: Sizes(1, 39_616_512, derived: 14_155_776),
            avx2: Sizes(1, 35_831_808, derived: 31_457_280)),
        Budget(
            "nin-cifar", .training, steps: 47, avx512: Sizes(9, 63_899_904),
            avx2: Sizes(8, 47_874_816)),
        Budget(
            "nin-cifar", .inference, steps: 12, avx512: Sizes(1, 23_068_672, derived: 5_308_416),
            avx2: Sizes(1, 23_068_672, derived: 10_027_008)),
        Budget(
            "nin-imagenet", .training, steps: 59, avx512: Sizes(11, 272_742_528),
            avx2: Sizes(10, 195_935_360)),
        Budget(
            "nin-imagenet", .inference, steps: 16,
            avx512: Sizes(1, 79_134_720, derived: 70_778_880),
            avx2: Sizes(0, 35_831_808, derived: 121_110_528)),
        Budget(
            "googlenet", .training, steps: 433, avx512: Sizes(49, 389_155_456),
            avx2: Sizes(55, 360_710_272)),
        Budget(
            "googlenet", .inference, steps: 81, avx512: Sizes(0, 175_046_656, derived: 84_097_024),
            avx2: Sizes(0, 64_225_280, derived: 90_320_896)),
        Budget(
            "googlenet-2014", .training, steps: 359, avx512: Sizes(54, 399_544_960),
            avx2: Sizes(45, 372_110_464)),
        Budget(
            "googlenet-2014", .inference, steps: 83,
            avx512: Sizes(0, 175_046_656, derived: 49_618_944),
            avx2: Sizes(0, 64_225_280, derived: 61_218_816)),
        Budget(
            "googlenet-bn", .training, steps: 433, avx512: Sizes(54, 385_042_560),
            avx2: Sizes(45, 359_265_408)),
        Budget(
            "googlenet-bn", .inference, steps: 81,
            avx512: Sizes(0, 175_046_656, derived: 85_108_736),
            avx2: Sizes(0, 64_225_280, derived: 94_192_640)),
        Budget(
            "googlenet-d2l", .training, steps: 314, avx512: Sizes(46, 76_739_328),
            avx2: Sizes(62, 49_785_600)),
        Budget(
            "googlenet-d2l", .inference, steps: 81,
            avx512: Sizes(0, 38_731_776, derived: 31_629_312),
            avx2: Sizes(0, 14_155_776, derived: 72_744_960)),
        Budget(
            "resnet18", .training, steps: 124, avx512: Sizes(6, 343_180_416),
            avx2: Sizes(6, 268_301_440)),
        Budget(
            "resnet18", .inference, steps: 31, avx512: Sizes(0, 151_028_224, derived: 202_600_704),
            avx2: Sizes(0, 64_225_280, derived: 209_940_736)),
        Budget(
            "resnet34", .training, steps: 220, avx512: Sizes(6, 468_419_712),
            avx2: Sizes(6, 378_706_048)),
        Budget(
            "resnet34", .inference, steps: 55, avx512: Sizes(0, 312_680_960, derived: 404_630_272),
            avx2: Sizes(0, 64_225_280, derived: 420_227_840)),
        Budget(
            "resnet50", .training, steps: 338, avx512: Sizes(39, 788_038_784),
            avx2: Sizes(39, 648_958_592)),
        Budget(
            "resnet50", .inference, steps: 72, avx512: Sizes(0, 131_564_032, derived: 286_393_600),
            avx2: Sizes(0, 115_605_504, derived: 293_274_880)),
        Budget(
            "resnet101", .training, steps: 661, avx512: Sizes(73, 985_508_480),
            avx2: Sizes(73, 906_048_128)),
        Budget(
            "resnet101", .inference, steps: 140,
            avx512: Sizes(0, 292_039_680, derived: 558_341_376),
            avx2: Sizes(0, 115_605_504, derived: 565_222_656)),
        Budget(
            "resnet152", .training, steps: 984, avx512: Sizes(107, 1_337_209_472),
            avx2: Sizes(107, 1_253_048_960)),
        Budget(
            "resnet152", .inference, steps: 208,
            avx512: Sizes(0, 424_203_776, derived: 782_304_512),
            avx2: Sizes(0, 115_605_504, derived: 796_525_824)),
        Budget(
            "resnet18-d2l", .training, steps: 118, avx512: Sizes(6, 125_768_448),
            avx2: Sizes(16, 26_486_528)),
        Budget(
            "resnet18-d2l", .inference, steps: 31,
            avx512: Sizes(0, 37_774_336, derived: 116_236_032),
            avx2: Sizes(0, 11_796_480, derived: 230_530_816)),
        Budget(
            "resnet18-cifar", .training, steps: 123, avx512: Sizes(6, 126_620_416),
            avx2: Sizes(9, 38_020_864)),
        Budget(
            "resnet18-cifar", .inference, steps: 30,
            avx512: Sizes(0, 151_028_224, derived: 202_539_264),
            avx2: Sizes(0, 22_029_312, derived: 202_539_264)),
        Budget(
            "resnet9", .training, steps: 61, avx512: Sizes(0, 125_047_552),
            avx2: Sizes(2, 48_375_552)),
        Budget(
            "resnet9", .inference, steps: 16, avx512: Sizes(0, 105_006_592, derived: 131_258_624),
            avx2: Sizes(0, 22_047_744, derived: 131_258_624)),
        Budget(
            "resnet9-half", .training, steps: 61, avx512: Sizes(0, 51_715_584),
            avx2: Sizes(2, 23_867_904)),
        Budget(
            "resnet9-half", .inference, steps: 16,
            avx512: Sizes(0, 26_265_088, derived: 32_820_352),
            avx2: Sizes(0, 9_839_616, derived: 32_820_352)),
        Budget(
            "densenet121", .training, steps: 909, avx512: Sizes(65, 459_404_416),
            avx2: Sizes(97, 463_665_792)),
        Budget(
            "densenet121", .inference, steps: 246,
            avx512: Sizes(0, 122_028_032, derived: 66_591_488),
            avx2: Sizes(0, 122_028_032, derived: 74_849_024)),
        Budget(
            "densenet161", .training, steps: 1209, avx512: Sizes(85, 706_357_888),
            avx2: Sizes(133, 738_622_080)),
        Budget(
            "densenet161", .inference, steps: 326,
            avx512: Sizes(0, 241_238_016, derived: 241_042_560),
            avx2: Sizes(0, 183_042_048, derived: 259_622_016)),
        Budget(
            "densenet169", .training, steps: 1269, avx512: Sizes(89, 477_115_264),
            avx2: Sizes(153, 486_587_008)),
        Budget(
            "densenet169", .inference, steps: 342,
            avx512: Sizes(0, 122_028_032, derived: 114_969_344),
            avx2: Sizes(0, 122_028_032, derived: 123_226_880)),
        Budget(
            "densenet201", .training, steps: 1509, avx512: Sizes(105, 522_081_408),
            avx2: Sizes(169, 525_859_456)),
        Budget(
            "densenet201", .inference, steps: 406,
            avx512: Sizes(0, 122_028_032, derived: 157_707_008),
            avx2: Sizes(0, 122_028_032, derived: 165_964_544)),
        Budget(
            "densenet-d2l", .training, steps: 183, avx512: Sizes(28, 56_578_816, cuts: 4),
            avx2: Sizes(16, 48_713_216)),
        Budget(
            "densenet-d2l", .inference, steps: 62,
            avx512: Sizes(8, 37_109_760, derived: 10_347_264),
            avx2: Sizes(0, 23_478_272, derived: 13_656_832)),
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
            + "arena: \(plan.arenaByteCount), derived: \(plan.derivedByteCount)"
        let isAVX512 = plan.library.contains("avx512")
        let isAVX2 = plan.library.hasSuffix("avx2")
        let sizes = isAVX512 ? budget.avx512 : isAVX2 ? budget.avx2 : nil
        let steps = budget.steps + (sizes?.cuts ?? 0)
        #expect(plan.steps.count - plan.reorderCount == steps, "found \(found)")
        guard let sizes else { return }
        #expect(plan.reorderCount == sizes.reorders, "found \(found)")
        for (size, pinned) in [
            (plan.arenaByteCount, sizes.arena), (plan.derivedByteCount, sizes.derived),
        ] {
            guard let pinned else { continue }
            #expect(abs(size - pinned) <= pinned / 5, "found \(found)")
        }
        expectImagesStay(plan, of: graph)
    }

    /// Checks that images stay where they are put, but for the map that linear layers read in rows.
    ///
    /// Convolutions choose their kernels one by one. That is as good as choosing for the whole network
    /// as long as what one chooses makes no reorders for others.
    private func expectImagesStay(_ plan: Plan, of graph: Graph) {
        // The map on its way to linear layers, and its gradient on the way back.
        let flattened = graph.nodes.filter { if case .reshape = $0.op { true } else { false } }
            .flatMap { node in node.inputs.map { graph[$0].shape } + node.outputs.map(\.shape) }
        var reordered = 0, all = 0
        for step in plan.steps {
            for buffer in step.outputs.map({ plan.buffers[$0] }) {
                let shape = buffer.type.shape
                guard shape.rank == 4, shape.batch == Self.batch else { continue }
                all += buffer.layout.byteCount
                if step.action == .reorder, !flattened.contains(shape) {
                    reordered += buffer.layout.byteCount
                }
            }
        }
        #expect(reordered * 50 <= all, "\(reordered) of \(all) bytes are reordered")
    }
}
