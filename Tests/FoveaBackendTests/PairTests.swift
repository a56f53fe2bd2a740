// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Convolutions of pairs of pixels, against the reference.
    @Suite struct Pairs {
        typealias Example = ConvolutionExample

        /// LeNet's, kernels of one to five columns, and padding that is odd, even, and all but the kernel.
        static let examples = [
            Example(x: [7, 1, 28, 28], outputs: 6, window: Window(kernel: 5, padding: 2)),
            Example(x: [3, 6, 14, 14], outputs: 16, window: Window(kernel: 5)),
            Example(
                x: [2, 3, 8, 10], outputs: 5,
                window: Window(kernel: Extent(4, 3), padding: Extent(3, 1))),
            Example(x: [2, 4, 5, 6], outputs: 9, window: Window(kernel: 5, padding: 4)),
            Example(x: [3, 4, 5, 6], outputs: 9, window: Window(kernel: 1)),
            Example(
                x: [2, 3, 6, 8], outputs: 7,
                window: Window(kernel: Extent(3, 1), padding: Extent(1, 2))),
        ]

        /// How many of the directions write so few channels that there are pairs.
        private func count(_ example: Example) -> Int {
            let lanes = Processor.hasAVX512 ? 16 : 8
            func isSparse(_ channels: Int) -> Bool {
                (channels + lanes - 1) / lanes * lanes * 3 >= channels * 4
            }
            // Forward and the weights' gradient; the data's gradient.
            return (isSparse(example.outputs) ? 2 : 0) + (isSparse(example.x.channels) ? 1 : 0)
        }

        /// Whichever of the library's kernels it is; planned twice, when it has made them already.
        @Test(
            .enabled(if: Example.arePossible), arguments: examples,
            ["pairs:", "pairs:brgconv", "pairs:jit:avx2", "pairs:x64:gemm"])
        func areTheReference(_ example: Example, _ name: String) throws {
            func kernels() throws -> [String] {
                try PreparedGraph(
                    try example.single.graph, arrangement: .channelsLast, selection: .named(name)
                ).kernels
            }
            let found = try kernels().filter { $0.hasPrefix("pairs:") }
            // Where there is none of another name, the quickest by estimate may be one for pixels.
            if name == "pairs:" { #expect(found.count == count(example)) }
            try example.expectReference(
                named: "pairs:", kernels: found, choosing: name, arrangement: .channelsLast)
        }

        /// Without a bias, outside training, with other weights and images from run to run.
        @Test(.enabled(if: Example.arePossible))
        func weightsThatLastMayBeWrittenAnew() throws {
            let (x, weights): (Shape, Shape) = ([3, 1, 12, 14], [6, 1, 5, 5])
            var builder = GraphBuilder()
            let images = builder.derive(.input(Op.Input("images", TensorType(x))), [])
            let w = builder.derive(.parameter(Op.Parameter("w", weights)), [])
            let y = try builder.value(
                .convolution(Op.Convolution(Window(kernel: 5, padding: 2))), [images, w])
            builder.setResult(.output("y"), to: y)
            let prepared = try PreparedGraph(
                builder.graph, arrangement: .channelsLast, selection: .named("pairs:"))
            #expect(prepared.kernels.contains { $0.hasPrefix("pairs:") })
            for largest in [3, 2] {
                let inputs = ["images": FormulaValues.whole("images", x, largest: largest)]
                let values = ["w": FormulaValues.whole("w", weights, largest: largest + 1)]
                prepared.write(values)
                try prepared.run(inputs)
                let expected = try ReferenceInterpreter(builder.graph).run(
                    inputs: inputs, parameters: values)
                expectAgreement(prepared, expected, .exact, "largest \(largest)")
            }
        }

        @Test(.enabled(if: OneDNNLibrary.hasSixteenBits()), arguments: examples)
        func readAndWriteSixteenBits(_ example: Example) throws {
            let prepared = try example.single.expectReference(
                SixteenBits.agreement, rounding: SixteenBits.shortened
            ) {
                try PreparedGraph(
                    $0, arrangement: .channelsLast, selection: .named("pairs:"), precision: .bf16)
            }
            let kernels = prepared.kernels.filter { $0.hasPrefix("pairs:") }
            #expect(kernels.count == count(example))
        }

        /// Rows of odd length have no pairs, and steps of two pixels none of neighbours.
        @Test(arguments: [
            Example(x: [2, 1, 9, 9], outputs: 6, window: Window(kernel: 3, padding: 1)),
            Example(x: [2, 1, 9, 10], outputs: 6, window: Window(kernel: 4, padding: 1)),
            Example(x: [2, 1, 8, 8], outputs: 6, window: Window(kernel: 2, stride: 2)),
            Example(
                x: [2, 1, 8, 8], outputs: 6, window: Window(kernel: 3, padding: 2, dilation: 2)),
        ])
        func othersAreTheLibrarys(_ example: Example) throws {
            try example.expectReference(
                named: "pairs:", kernels: [], arrangement: .channelsLast)
        }
    }
}
