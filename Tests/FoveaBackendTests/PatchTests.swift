// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Convolutions as products over patches, against the reference.
    @Suite struct Patches {
        struct Example: Sendable, CustomTestStringConvertible {
            let x: Shape
            let outputs: Int
            let window: Window

            var testDescription: String { "\(window) of \(x) to \(outputs)" }
        }

        /// First layers of the catalog made small, and windows at odd places.
        static let examples = [
            Example(x: [5, 1, 31, 35], outputs: 32, window: Window(kernel: 11, stride: 4)),
            Example(
                x: [2, 1, 30, 30], outputs: 16, window: Window(kernel: 11, stride: 4, padding: 1)),
            Example(
                x: [3, 3, 22, 18], outputs: 48, window: Window(kernel: 7, stride: 2, padding: 3)),
            Example(x: [4, 3, 9, 10], outputs: 16, window: Window(kernel: 3, padding: 1)),
            Example(
                x: [1, 2, 14, 13], outputs: 16,
                window: Window(
                    kernel: Extent(3, 2), stride: Extent(1, 3), padding: Extent(2, 1), dilation: 2)),
            Example(x: [2, 4, 5, 5], outputs: 32, window: Window(kernel: 5, padding: 4)),
        ]

        @Test(.enabled(if: OneDNNLibrary().name.contains("avx")), arguments: examples)
        func areTheReference(_ example: Example) throws {
            let kernel = example.window.kernel
            let weights: Shape = [
                example.outputs, example.x.channels, kernel.height, kernel.width,
            ]
            let single = ConformanceCase.block(
                example.x, weights, Op.Convolution(example.window))
            let graph = try single.graph
            let prepared = try PreparedGraph(graph, selection: .named("patches_"))
            // The gradient of the input, which first layers do not have, is the library's.
            let name = "fovea:patches_\(kernel.height)x\(kernel.width)"
            #expect(prepared.kernels.filter { $0.contains("patches") } == [name, name])
            let values = single.values(graph)
            prepared.write(values)
            try prepared.run()
            var expected = try ReferenceInterpreter(graph).run(inputs: [:], parameters: values)
            expected[.output("loss")] = nil
            expectAgreement(prepared, expected, .exact, single.name)
        }

        @Test(
            .enabled(if: OneDNNLibrary().name.contains("avx")),
            arguments: [[5, 32, 9, 7], [2, 16, 1, 1], [1, 48, 6, 6]] as [Shape])
        func weightsOfOnePixelAreTheReference(_ x: Shape) throws {
            let single = ConformanceCase.block(
                x, [32, x.channels, 1, 1], Op.Convolution(Window(kernel: 1)))
            let graph = try single.graph
            let prepared = try PreparedGraph(graph, selection: .named("patches_"))
            #expect(prepared.kernels.filter { $0.contains("patches") } == ["fovea:patches_1x1"])
            let values = single.values(graph)
            prepared.write(values)
            try prepared.run()
            var expected = try ReferenceInterpreter(graph).run(inputs: [:], parameters: values)
            expected[.output("loss")] = nil
            expectAgreement(prepared, expected, .exact, single.name)
        }
    }
}
