// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Convolutions as products over patches, against the reference.
    @Suite struct Patches {
        typealias Example = ConvolutionExample

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
            // Outputs that fill no whole number of blocks.
            Example(x: [3, 1, 28, 28], outputs: 6, window: Window(kernel: 5, padding: 2)),
            Example(x: [2, 3, 9, 8], outputs: 20, window: Window(kernel: 3, stride: 2)),
        ]

        @Test(.enabled(if: Example.arePossible), arguments: examples)
        func areTheReference(_ example: Example) throws {
            // The gradient of the input, which first layers do not have, is the library's, as is all where
            // blocks of outputs were half empty.
            let name = "fovea:patches_\(example.extent)"
            let lanes = Processor.arrangement?.block
            let isPossible = !Processor.isHardlyAny(example.outputs, inBlocksOf: lanes)
            try example.expectReference(
                named: "patches_", kernels: isPossible ? [name, name] : [],
                arrangement: Processor.arrangement)
        }

        @Test(
            .enabled(if: Example.arePossible),
            arguments: [[5, 32, 9, 7], [2, 16, 1, 1], [1, 48, 6, 6]] as [Shape])
        func weightsOfOnePixelAreTheReference(_ x: Shape) throws {
            let example = Example(x: x, outputs: 32, window: Window(kernel: 1))
            try example.expectReference(named: "patches_", kernels: ["fovea:patches_1x1"])
        }
    }
}
