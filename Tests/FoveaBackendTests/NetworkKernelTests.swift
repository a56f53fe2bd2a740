// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Which of the library's kernels the catalog's networks run on.
    @Suite struct NetworkKernels {
        /// Older instruction sets have fewer kernels, and leave odd numbers of channels to slow ones.
        static let hasAllKernels = OneDNNLibrary().name.contains("avx512")

        @Test(.enabled(if: hasAllKernels), arguments: Catalog.all, [Mode.training, .inference])
        func nothingLargeIsLeftToSlowKernels(_ entry: Catalog.Entry, _ mode: Mode) throws {
            let plan = try planned(entry, mode, batch: 16)
            for step in plan.steps {
                guard case .compute(let op) = step.action, op.isConvolution || op.isNormalization
                else { continue }
                let name = step.kernel.name
                let isSlow =
                    name.contains("ref") || name.contains("gemm") && !name.contains("brgemm")
                #expect(
                    !isSlow, "\(entry.name), \(mode), \(step.path): \(op.definition.name) \(name)")
            }
        }

        /// Images so small that the last maps have a pixel or four.
        @Test(
            .enabled(if: Processor.arrangement != nil),
            arguments: ["resnet18-d2l", "resnet50", "vgg11-d2l"])
        func smallMapsAreNotLeftToReferenceCode(_ name: String) throws {
            let entry = try Catalog.entry(named: name)
            let plan = try planned(entry, .training, batch: 16, side: 32)
            for step in plan.steps {
                guard case .compute(let op) = step.action, op.isConvolution else { continue }
                #expect(
                    !step.kernel.name.hasPrefix("ref"),
                    "\(name), \(step.path): \(op.definition.name)")
            }
        }

        @Test(arguments: Catalog.all)
        func theFirstLayerHasNoDataGradient(_ entry: Catalog.Entry) throws {
            let plan = try planned(entry, .training, batch: 2)
            // By their layers, as a bottleneck's last one is computed twice.
            func layers(_ name: String) -> [String] {
                plan.steps.compactMap { step in
                    guard case .compute(let op) = step.action, op.definition.name == name else {
                        return nil
                    }
                    return step.path
                }
            }
            let count = Set(layers("convolution")).count
            #expect(layers("convolutionWeightGradient").count == count)
            #expect(layers("convolutionDataGradient").count == count - 1)
        }

        @Test(.enabled(if: Processor.arrangement != nil), arguments: Catalog.all)
        func onlyLeNetLeavesBlocksEmpty(_ entry: Catalog.Entry) throws {
            let isSparse = entry.name.hasPrefix("lenet")
            for mode in [Mode.training, .inference] {
                let graph = try graph(entry, mode, batch: 2)
                #expect(
                    Processor.arrangement(for: graph)
                        == (isSparse ? .channelsLast : Processor.arrangement))
            }
        }

        private func planned(
            _ entry: Catalog.Entry, _ mode: Mode, batch: Int, side: Int? = nil
        ) throws -> Plan {
            try OneDNNBackend().plan(graph(entry, mode, batch: batch, side: side), sharing: nil)
        }

        private func graph(
            _ entry: Catalog.Entry, _ mode: Mode, batch: Int, side: Int? = nil
        ) throws -> Graph {
            let extents = side.map { [entry.input[0], $0, $0] } ?? entry.input.dimensions
            let images = Shape([batch] + extents)
            let traced = try entry.traced(
                images: images, mode: mode, lossSmoothing: mode == .training ? 0 : nil)
            return mode == .training ? try traced.graph.differentiated() : traced.graph
        }
    }
}

extension Op {
    /// Whether it is a convolution or one of its gradients.
    fileprivate var isConvolution: Bool {
        switch self {
        case .convolution, .convolutionDataGradient, .convolutionWeightGradient: true
        default: false
        }
    }

    /// Whether it is a normalization or the gradient of one.
    fileprivate var isNormalization: Bool {
        switch self {
        case .batchNormalization, .batchNormalizationGradient, .normalization,
            .localResponseNormalization, .localResponseNormalizationGradient:
            true
        default: false
        }
    }
}
