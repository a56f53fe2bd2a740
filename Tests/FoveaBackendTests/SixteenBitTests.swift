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
    /// Plans whose images lie as bfloat16, against the reference.
    @Suite(.enabled(if: OneDNNLibrary.hasSixteenBits())) struct SixteenBits {
        /// What goes in can be told exactly in 8 bits; what comes out is rounded to as many, at most twice.
        static let agreement = Agreement.within(0x1p-8, absolute: 1e-6)

        /// But residuals of whole numbers: what nearly cancels out, rounding may carry across a ReLU's edge.
        static let examples =
            (ConformanceCase.convolutions + ConformanceCase.poolings
            + ConformanceCase.elementwise + ConformanceCase.normalizations + ConformanceCase.rows)
            .filter { !$0.name.hasPrefix("a residual") }

        @Test(arguments: examples, [Arrangement.plain, .channelsLast, .blocked16])
        func everyOpIsTheReferenceRounded(
            _ example: ConformanceCase, _ arrangement: Arrangement
        ) throws {
            // A sigmoid's gradient multiplies what has been rounded by what is left of one.
            let agreement =
                example.name.hasPrefix("sigmoid")
                ? Agreement.within(0x1.8p-8, absolute: 1e-6) : Self.agreement
            try example.expectReference(agreement, rounding: Self.shortened) {
                try PreparedGraph($0, arrangement: arrangement, precision: .bf16)
            }
        }

        /// The form whose factors have 16 bits, too.
        static let short = hasShort ? Winograd.examples(of: "2x2_3x3") : []

        /// The library's products on tiles of AMX read weights in another order, so that there is none.
        static let hasShort = !OneDNNLibrary.instructions.contains("amx")

        @Test(arguments: Winograd.examples + short)
        func winogradReadsAndWritesThem(_ example: Winograd.Example) throws {
            let convolution = example.convolution
            let single = ConformanceCase.block(
                convolution.x, convolution.weights, Op.Convolution(convolution.window))
            let prepared = try single.expectReference(Self.agreement, rounding: Self.shortened) {
                try PreparedGraph($0, selection: .named(example.name), precision: .bf16)
            }
            let name = "fovea:" + example.name
            // Weights' gradients have no such products.
            let count = example.form == "2x2_3x3" ? 2 : 3
            let kernels = [String](repeating: name, count: count)
            #expect(prepared.kernels.filter { $0 == name } == kernels)
        }

        @Test(arguments: short)
        func weightsOfSixteenBitsAreTransformedOnce(_ example: Winograd.Example) throws {
            try Winograd.expectWeightsAreTransformedOnce(
                example.convolution, named: "fovea:" + example.name, .bf16, Self.agreement)
        }

        /// Numbers that 16 bits do not hold: weights are rounded, and the sums that Winograd multiplies.
        @Test(arguments: [
            ("jit", 0x1p-8), ("winograd_4x4_3x3", 0x1p-8), ("winograd_2x2_3x3", 0x1p-7),
        ])
        func productsOfOddNumbersLoseADigit(_ kernel: String, _ bound: Double) throws {
            let (x, weights): (Shape, Shape) = ([2, 128, 14, 14], [32, 128, 3, 3])
            var builder = GraphBuilder()
            let images = builder.derive(.input(Op.Input("images", TensorType(x))), [])
            let w = builder.derive(.parameter(Op.Parameter("w", weights)), [])
            let y = try builder.value(
                .convolution(Op.Convolution(Window(kernel: 3, padding: 1))), [images, w])
            builder.setResult(.output("y"), to: y)
            let prepared = try PreparedGraph(
                builder.graph, selection: .named(kernel), precision: .bf16)
            #expect(
                prepared.kernels.contains { $0.contains(kernel) }
                    == (Self.hasShort || kernel != "winograd_2x2_3x3"))
            let inputs = ["images": Self.shortened(FormulaValues.uniform("images", x))]
            let values = ["w": FormulaValues.uniform("w", weights)]
            prepared.write(values)
            try prepared.run(inputs)
            let expected = try ReferenceInterpreter(builder.graph).run(
                inputs: inputs, parameters: values)
            let result = Graph.Result.output("y")
            let found = try #require(prepared.results[result])
            let difference = Difference(found, from: try #require(expected[result]))
            #expect(difference.relativeL2 < bound, "\(kernel): \(difference)")
        }

        @Test(arguments: DenseBlocks.blocks)
        func denseBlocksShareTheirMemory(_ block: DenseBlocks.Block) throws {
            let graph = try DenseBlocks.graph(block, trains: true).differentiated()
            let prepared = try PreparedGraph(graph, precision: .bf16)
            let (parameters, inputs) = DenseBlocks.values(of: graph)
            prepared.write(parameters)
            try prepared.run(inputs)
            let expected = try ReferenceInterpreter(graph).run(
                inputs: inputs, parameters: parameters)
            let loss = Graph.Result.output("loss")
            let found = try #require(prepared.results[loss])
            #expect(Difference(found, from: try #require(expected[loss])).isWithin(0x1p-5))
            // What a second run finds in memory does not count.
            let first = prepared.bits
            prepared.backend.arena.fill(.nan)
            try prepared.run(inputs)
            #expect(prepared.bits == first)
        }

        /// Images are halved in memory, and lie in 16 bits wherever they are worth halving.
        @Test(arguments: ["nin", "resnet18", "densenet121", "vgg16", "alexnet-d2l", "googlenet"])
        func imagesStayInSixteenBits(_ name: String) throws {
            let entry = try Catalog.entry(named: name)
            let traced = try entry.traced(
                images: Shape([8] + entry.input.dimensions), mode: .training, lossSmoothing: 0)
            let graph = try traced.graph.differentiated()
            let plan = try OneDNNBackend(precision: .bf16).plan(graph, sharing: nil)
            let whole = try OneDNNBackend().plan(graph, sharing: nil)
            // Where gradients of linear layers lend more memory than images need, nothing is to be saved.
            if plan.parameterByteCount < plan.arenaByteCount {
                #expect(plan.arenaByteCount * 10 < whole.arenaByteCount * 7)
            }
            var all = 0, large = 0
            for step in plan.steps {
                for buffer in step.outputs.map({ plan.buffers[$0] })
                where buffer.type.shape.rank == 4 && buffer.type.shape.batch == 8
                    && buffer.type.dtype == .f32
                {
                    all += buffer.layout.byteCount
                    if buffer.layout.dtype == .f32 { large += buffer.layout.byteCount }
                }
            }
            #expect(large * 20 < all, "\(large) of \(all) bytes are in 32 bits")
            // Weights and their gradients are kept in full.
            #expect(plan.parameters.allSatisfy { $0.layout.dtype == .f32 })
        }

        @Test func numbersAreRoundedToTheNearest() {
            let cases: [(Float, Float)] = [
                (1, 1), (1 + 0x1p-8, 1), (1 + 0x1.8p-8, 1 + 0x1p-7), (1 + 0x1.8p-7, 1 + 0x1p-6),
                (-1 - 0x1.8p-8, -1 - 0x1p-7), (0, 0), (.infinity, .infinity),
                (-.infinity, -.infinity), (.greatestFiniteMagnitude, .infinity),
                (0x1p-133, 0x1p-133),
            ]
            for (number, rounded) in cases { #expect(BFloat16(rounding: number).float == rounded) }
            #expect(BFloat16(rounding: .nan).float.isNaN)
            #expect(BFloat16(rounding: -.nan).float.isNaN)
            // Vectors round as single numbers do.
            var lanes = SIMD16<Float>(repeating: 0)
            for (index, pair) in cases.enumerated() { lanes[index] = pair.0 }
            lanes[15] = .nan
            let memory = UnsafeMutablePointer<BFloat16>.allocate(capacity: 16)
            defer { memory.deallocate() }
            memory.write(lanes, 0, 16)
            let back: SIMD16<Float> = memory.lanes(0, 16)
            for (index, pair) in cases.enumerated() { #expect(back[index] == pair.1) }
            #expect(back[15].isNaN)
        }

        /// The number that 16 bits hold of each.
        static func shortened(_ value: HostValue) -> HostValue {
            HostValue(
                value.shape, value.values.map { Double(BFloat16(rounding: Float($0)).float) })
        }
    }
}
