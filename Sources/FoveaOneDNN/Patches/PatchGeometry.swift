// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// How a convolution of few channels becomes a product: each output pixel's patch, the numbers under the
/// kernel, is seen as that pixel's channels.
///
/// Patches lie as [block][pixel][lane], in the order of the rows of a kernel, and are filled up with zeros.
struct PatchGeometry: Sendable {
    let x, weights, y: Shape
    let window: Window
    /// The channels of a block.
    let lanes: Int
    /// The numbers of a kernel, filled up to whole blocks.
    let channels: Int
    /// The output's channels, filled up to whole blocks as they are in memory.
    let outputs: Int

    init(_ problem: ConvolutionProblem, lanes: Int) {
        x = problem.x
        weights = problem.weights
        y = problem.y
        window = problem.window
        self.lanes = lanes
        channels = (weights.perImage.count + lanes - 1) / lanes * lanes
        outputs = (y.channels + lanes - 1) / lanes * lanes
    }

    /// Whether an image's blocks are its patches.
    var isIdentity: Bool {
        window.kernel == 1 && window.stride == 1 && window.padding == 0
            && x.channels % lanes == 0
    }

    /// The output pixels of an image.
    var pixels: Int { y.extent.area }
    /// The floats that one image's patches take beyond the image.
    var patchFloats: Int { isIdentity ? 0 : channels * pixels }
    /// The floats of weights whose kernels are filled up.
    var weightFloats: Int { channels * outputs }
    /// The floats of one image of the output.
    var outputFloats: Int { outputs * pixels }

    /// The patches of one image, in the room for them if they are not the image itself.
    func patches(
        of image: UnsafeMutablePointer<Float>, in room: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        if isIdentity { return image }
        write(image, to: room)
        return room
    }

    /// Writes the patches of one image.
    private func write(_ image: UnsafePointer<Float>, to patches: UnsafeMutablePointer<Float>) {
        let kernel = window.kernel
        for channel in 0..<channels {
            let block = patches + channel / lanes * lanes * pixels + channel % lanes
            let (plane, place) = channel.quotientAndRemainder(dividingBy: kernel.area)
            guard plane < x.channels else {
                for pixel in 0..<pixels { block[pixel * lanes] = 0 }
                continue
            }
            let row = place / kernel.width * window.dilation.height - window.padding.height
            let column = place % kernel.width * window.dilation.width - window.padding.width
            write(image + plane * x.extent.area, row, column, to: block)
        }
    }

    /// Writes what lies under one place of the kernel.
    private func write(
        _ plane: UnsafePointer<Float>, _ row: Int, _ column: Int,
        to block: UnsafeMutablePointer<Float>
    ) {
        let width = y.extent.width, step = window.stride.width
        // The outputs whose number is inside the image.
        let first = min(max(0, (step - 1 - column) / step), width)
        let last = max(first, min(width, (x.extent.width - column + step - 1) / step))
        for line in 0..<y.extent.height {
            let target = block + line * width * lanes
            let position = line * window.stride.height + row
            guard position >= 0, position < x.extent.height else {
                for pixel in 0..<width { target[pixel * lanes] = 0 }
                continue
            }
            let source = plane + position * x.extent.width + column
            for pixel in 0..<first { target[pixel * lanes] = 0 }
            for pixel in first..<last { target[pixel * lanes] = source[pixel * step] }
            for pixel in last..<width { target[pixel * lanes] = 0 }
        }
    }

    /// Writes row-major weights in blocks: [block of outputs][block of channels][channel][output].
    func block(_ weights: UnsafePointer<Float>, to blocked: UnsafeMutablePointer<Float>) {
        if outputs > y.channels { blocked.update(repeating: 0, count: weightFloats) }
        forEachWeight { plain, place in
            blocked[place] = plain.map { weights[$0] } ?? 0
        }
    }

    /// Writes blocked weights row by row.
    func unblock(_ blocked: UnsafePointer<Float>, to weights: UnsafeMutablePointer<Float>) {
        forEachWeight { plain, place in
            if let plain { weights[plain] = blocked[place] }
        }
    }

    @inline(__always)
    private func forEachWeight(_ body: (_ plain: Int?, _ blocked: Int) -> Void) {
        let count = weights.perImage.count
        for output in 0..<weights[0] {
            let start = output / lanes * lanes * channels + output % lanes
            for channel in 0..<channels {
                let plain = channel < count ? output * count + channel : nil
                body(plain, start + channel * lanes)
            }
        }
    }
}
