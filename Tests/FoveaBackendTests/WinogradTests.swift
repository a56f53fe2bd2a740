// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Our own Winograd's convolutions, each of its forms in each direction, against the reference.
    @Suite struct Winograd {
        /// A form of the algorithm, and a convolution that it can compute.
        struct Example: Sendable, CustomTestStringConvertible {
            let form: String
            let convolution: ConvolutionExample

            init(form: String, x: Shape, outputs: Int, window: Window) {
                self.form = form
                convolution = ConvolutionExample(x: x, outputs: outputs, window: window)
            }

            var name: String { "winograd_" + form }
            var testDescription: String { "\(form), \(convolution.testDescription)" }
        }

        /// Sizes that tiles divide and others, without padding and with it, in one chunk and several.
        static let examples = ["4x4_3x3", "6x6_3x3", "2x2_5x5", "4x4_5x5"].flatMap(examples)

        /// The convolutions for a form.
        static func examples(of form: String) -> [Example] {
            let kernel = form.hasSuffix("3x3") ? 3 : 5
            return [
                Example(
                    form: form, x: [2, 16, 12, 12], outputs: 32,
                    window: Window(kernel: Extent(kernel), padding: Extent(kernel / 2))),
                Example(
                    form: form, x: [3, 32, 11, 14], outputs: 16,
                    window: Window(kernel: Extent(kernel))),
                Example(
                    form: form, x: [1, 16, 5, 7], outputs: 16,
                    window: Window(kernel: Extent(kernel), padding: Extent(1, kernel - 1))),
                Example(
                    form: form, x: [9, 96, 61, 59], outputs: 64,
                    window: Window(kernel: Extent(kernel), padding: 1)),
            ]
        }

        @Test(.enabled(if: ConvolutionExample.arePossible), arguments: examples)
        func everyFormIsTheReference(_ example: Example) throws {
            try example.convolution.expectReference(
                named: example.name,
                kernels: [String](repeating: "fovea:" + example.name, count: 3))
        }

        @Test(.enabled(if: ConvolutionExample.arePossible), arguments: examples)
        func weightsThatLastAreTransformedOnce(_ example: Example) throws {
            try Self.expectWeightsAreTransformedOnce(
                example.convolution, named: "fovea:" + example.name, .f32, .exact)
        }

        /// The library's Winograd has weights that nothing else can read, so they are not what is kept.
        @Test(.enabled(if: Processor.hasAVX512))
        func weightsThatLastAreTransformedOnceForTheLibrary() throws {
            try Self.expectWeightsAreTransformedOnce(
                ConvolutionExample(
                    x: [4, 64, 28, 28], outputs: 64, window: Window(kernel: 3, padding: 1)),
                named: "jit_wino_4x3:avx512_core", by: "wino_reorder", .f32,
                .within(1e-4, absolute: 1e-3))
        }

        /// Checks that a plan transforms weights when they are written, and not in every run.
        ///
        /// - Parameters:
        ///   - convolution: The convolution.
        ///   - name: The kernel that computes it.
        ///   - transformation: The kernel that makes its weights.
        ///   - precision: The type in which images lie.
        ///   - agreement: How well it agrees with the reference.
        /// - Throws: An error if it cannot be planned or run.
        static func expectWeightsAreTransformedOnce(
            _ convolution: ConvolutionExample, named name: String,
            by transformation: String = "fovea:winograd_weights",
            _ precision: DType, _ agreement: Agreement
        ) throws {
            let (x, weights) = (convolution.x, convolution.weights)
            var builder = GraphBuilder()
            let images = builder.derive(.input(Op.Input("images", TensorType(x))), [])
            let w = builder.derive(.parameter(Op.Parameter("w", weights)), [])
            let y = try builder.value(
                .convolution(Op.Convolution(convolution.window)), [images, w])
            builder.setResult(.output("y"), to: y)
            let prepared = try PreparedGraph(
                builder.graph, selection: .named(name), precision: precision)
            #expect(prepared.kernels.filter { $0.contains("wino") } == [name])
            let once = prepared.plan.preparation.map(\.kernel.name)
            #expect(once == [transformation])
            #expect(prepared.plan.parameters.map(\.layout.isPlain) == [true])

            let inputs = ["images": FormulaValues.whole("images", x, largest: 3)]
            // Other weights are transformed anew.
            for largest in [3, 2] {
                let values = ["w": FormulaValues.whole("w", weights, largest: largest)]
                prepared.write(values)
                for _ in 1...2 {
                    try prepared.run(inputs)
                    let expected = try ReferenceInterpreter(builder.graph).run(
                        inputs: inputs, parameters: values)
                    expectAgreement(prepared, expected, agreement, name)
                }
            }
        }

        /// Outputs' gradients are the coefficients of a polynomial, and its values at the points what is multiplied.
        @Test func pointsAreWherePolynomialsAreEvaluated() {
            expectValues(SixPoints.self, outputs: [2, 4])
            expectValues(EightPoints.self, outputs: [4, 6])
        }

        private func expectValues<Points: GradientPoints>(
            _: Points.Type, outputs counts: [Int]
        ) {
            for count in counts {
                let coefficients = (0..<count).map { SIMD8<Float>(repeating: Float(3 * $0 + 2)) }
                var values = [SIMD8<Float>](repeating: SIMD8(repeating: 0), count: Points.count)
                values.withUnsafeMutableBufferPointer { values in
                    guard let base = values.baseAddress else { return }
                    Points.scatter(coefficients, 1, to: base, 1, outputs: count)
                }
                let expected: [Float] = Points.finite.map { point, _ in
                    coefficients.reversed().reduce(Float(0)) { Float(point) * $0 + $1[0] }
                }
                #expect(values.map { $0[0] } == expected + [coefficients[count - 1][0]])
            }
        }

        @Test func thereAreOthersForWhatItCannotCompute() throws {
            let windows = [
                Window(kernel: 3, stride: 2), Window(kernel: 3, padding: 2, dilation: 2),
                Window(kernel: 7, padding: 3), Window(kernel: Extent(1, 3)),
            ]
            for window in windows {
                let graph = try ConformanceCase.convolution([2, 16, 14, 14], 16, window).graph
                let prepared = try PreparedGraph(graph, selection: .named("winograd_"))
                #expect(!prepared.kernels.contains { $0.contains("fovea:winograd") })
            }
            // Ten channels fill no vectors.
            let odd = try ConformanceCase.convolution([2, 10, 14, 14], 16, Window(kernel: 3)).graph
            let prepared = try PreparedGraph(odd, selection: .named("winograd_"))
            #expect(!prepared.kernels.contains { $0.contains("fovea:winograd") })
        }
    }
}
