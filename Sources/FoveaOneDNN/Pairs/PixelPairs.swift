// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaGraph

/// A convolution in which two pixels side by side count as one with twice the channels.
///
/// Kernels fill vectors with the channels they write. Six of them leave most of a vector of sixteen empty;
/// twelve, those of two pixels, do not, and where the channels lie last they are the same bytes. In a row the
/// kernel becomes
///
///     w′[(p, o), (q, c), h, j] = w[o, c, h, 2 j + q − p + padding], or zero where there is no such column,
///
/// for pixel p of a pair of outputs and pixel q of a pair of inputs, j pairs to the right: of five columns three
/// pairs, so that six are multiplied.
struct PixelPairs {
    /// The convolution of single pixels.
    let problem: ConvolutionProblem
    /// The first pair that a pair of outputs reads, from its own on, and their number.
    private let first, columns: Int

    /// Finds out whether a convolution has pairs: of even rows, without strides, dilations and groups.
    init?(_ problem: ConvolutionProblem) {
        let window = problem.window
        guard window.stride == 1, window.dilation == 1, problem.groups == 1,
            problem.x.width.isMultiple(of: 2), problem.y.width.isMultiple(of: 2)
        else { return nil }
        self.problem = problem
        // Shifts round down, also what is below zero.
        first = -window.padding.width >> 1
        columns = ((window.kernel.width - window.padding.width) >> 1) - first + 1
    }

    /// How many times as much is multiplied.
    var work: Double { 2 * Double(columns) / Double(problem.window.kernel.width) }

    /// The weights of pairs.
    var weights: Shape {
        [
            2 * problem.weights[0], 2 * problem.weights[1], problem.window.kernel.height, columns,
        ]
    }

    /// The convolution of pairs in the library's words, with all layouts left to it.
    var native: fovea_convolution {
        var native = problem.native
        native.source = paired(problem.x).four
        native.destination = paired(problem.y).four
        native.weights = weights.four
        native.window.kernel.1 = Int32(columns)
        // As many pairs of zeros on either side, as there are as many pixels.
        native.window.padding_before.1 = Int32(-first)
        native.window.padding_after.1 = Int32(-first)
        return native
    }

    /// The same images with half the columns and twice the channels.
    func paired(_ images: Shape) -> Shape {
        [images.batch, 2 * images.channels, images.height, images.width / 2]
    }

    /// Writes the weights of pairs, row-major, from those of pixels.
    func expand(_ weights: UnsafePointer<Float>, to paired: UnsafeMutablePointer<Float>) {
        paired.update(repeating: 0, count: self.weights.count)
        forEachWeight { single, pair in paired[pair] = weights[single] }
    }

    /// Adds up what each of the pixels' weights is to the pairs'.
    func gather(_ paired: UnsafePointer<Float>, to weights: UnsafeMutablePointer<Float>) {
        weights.update(repeating: 0, count: problem.weights.count)
        forEachWeight { single, pair in weights[single] += paired[pair] }
    }

    /// Calls a body with the position of each of the pixels' weights and those where it is in the pairs'.
    @inline(__always)
    private func forEachWeight(_ body: (_ single: Int, _ pair: Int) -> Void) {
        let (outputs, channels) = (problem.weights[0], problem.weights[1])
        let kernel = problem.window.kernel
        for output in 0..<2 * outputs {
            let p = output / outputs
            for channel in 0..<2 * channels {
                let q = channel / channels
                let plane = (output % outputs * channels + channel % channels) * kernel.height
                for row in 0..<kernel.height {
                    let line = ((output * 2 * channels + channel) * kernel.height + row) * columns
                    for j in 0..<columns {
                        let column = 2 * (first + j) + q - p + problem.window.padding.width
                        if (0..<kernel.width).contains(column) {
                            body((plane + row) * kernel.width + column, line + j)
                        }
                    }
                }
            }
        }
    }
}
