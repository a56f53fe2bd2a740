// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@Suite struct WindowTests {
    /// One axis: its length, the window on it, and PyTorch's output sizes; nil where it refuses.
    struct Axis: Sendable, CustomTestStringConvertible {
        let input, kernel, stride, padding, dilation: Int
        let down, up: Int?

        init(
            _ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int,
            _ down: Int?, _ up: Int?
        ) {
            (self.input, self.kernel, self.stride) = (input, kernel, stride)
            (self.padding, self.dilation, self.down, self.up) = (padding, dilation, down, up)
        }

        var testDescription: String {
            "\(input) by \(kernel), stride \(stride), padding \(padding), dilation \(dilation)"
        }
    }

    /// What `torch.nn.functional.max_pool2d` yields without and with `ceil_mode`.
    static let axes = [
        Axis(6, 3, 2, 0, 1, 2, 3), Axis(7, 3, 2, 0, 1, 3, 3), Axis(5, 2, 2, 1, 1, 3, 3),
        Axis(4, 2, 2, 1, 1, 3, 3), Axis(3, 2, 2, 1, 1, 2, 2), Axis(28, 2, 2, 0, 1, 14, 14),
        Axis(8, 3, 3, 1, 1, 3, 3), Axis(10, 3, 4, 1, 1, 3, 3), Axis(2, 3, 2, 0, 1, nil, 1),
        Axis(1, 3, 3, 0, 1, nil, 1), Axis(1, 3, 2, 0, 1, nil, nil), Axis(9, 3, 2, 1, 2, 4, 4),
        Axis(5, 4, 4, 2, 1, 2, 2), Axis(32, 3, 2, 0, 1, 15, 16), Axis(1, 2, 2, 1, 1, 1, 1),
        Axis(7, 2, 5, 1, 1, 2, 2),
    ]

    @Test(arguments: axes) func countsPositionsAsPyTorchDoes(_ axis: Axis) {
        for (rounding, expected) in [(Window.Rounding.down, axis.down), (.up, axis.up)] {
            // The other axis has a window that fits once, so that each axis is seen by itself.
            let rows = Window(
                kernel: Extent(axis.kernel, 1), stride: Extent(axis.stride, 1),
                padding: Extent(axis.padding, 0), dilation: Extent(axis.dilation, 1),
                rounding: rounding)
            let columns = Window(
                kernel: Extent(1, axis.kernel), stride: Extent(1, axis.stride),
                padding: Extent(0, axis.padding), dilation: Extent(1, axis.dilation),
                rounding: rounding)
            #expect(rows.output(of: Extent(axis.input, 1)) == expected.map { Extent($0, 1) })
            #expect(columns.output(of: Extent(1, axis.input)) == expected.map { Extent(1, $0) })
        }
    }

    @Test func smallestInputIsTheFirstThatFits() {
        for rounding in [Window.Rounding.down, .up] {
            for kernel in 1...5 {
                for stride in 1...4 {
                    for padding in 0...kernel / 2 {
                        let window = Window(
                            kernel: Extent(kernel), stride: Extent(stride),
                            padding: Extent(padding), rounding: rounding)
                        let first = (1...20).first { window.output(of: Extent($0)) != nil }
                        #expect(first == window.smallestInput.height, "\(window)")
                    }
                }
            }
        }
    }

    @Test func everyWindowTouchesTheInput() throws {
        for kernel in 1...4 {
            for stride in 1...5 {
                for padding in 0...kernel / 2 {
                    for input in 1...9 {
                        let window = Window(
                            kernel: Extent(kernel), stride: Extent(stride),
                            padding: Extent(padding), rounding: .up)
                        guard let output = window.output(of: Extent(input)) else { continue }
                        #expect((output.height - 1) * stride - padding < input, "\(window)")
                        let after = window.paddingAfter(Extent(input), output: output)
                        #expect(after.height < kernel, "\(window) on \(input)")
                    }
                }
            }
        }
    }

    @Test func emptyInputsAndSenselessWindowsHaveNoPositions() {
        #expect(Window(kernel: 1).output(of: Extent(0, 3)) == nil)
        #expect(Window(kernel: 3, stride: 0).output(of: 9) == nil)
        #expect(Window(kernel: 0).output(of: 9) == nil)
    }

    @Test func printsWhatIsNotUsual() {
        #expect(Window(kernel: 3).description == "3×3")
        #expect(
            Window(
                kernel: Extent(1, 7), stride: 2, padding: Extent(0, 3), dilation: 2, rounding: .up
            ).description == "1×7, stride 2, padding 0×3, dilation 2, rounding up")
    }
}
