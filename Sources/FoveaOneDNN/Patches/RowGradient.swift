// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// The gradient of the weights of a small kernel over few channels, row by row of the kernel.
///
/// Where there are hardly any outputs a product over patches takes less time than to write the patches and
/// to call the library for every image. Here the sums of a kernel's row, a vector of outputs for each
/// column, stay in registers while they pass over the image.
struct RowGradient<Lanes: ChannelLanes>: Sendable {
    /// The most columns that a kernel may have.
    static var columns: Int { 5 }

    private let x, weights, y: Shape
    private let window: Window
    private let hasBias: Bool
    private let blocks: Int
    /// The rows and columns of a channel with the zeros around it, and more on the right for columns
    /// that the kernel does not have.
    private let height, width: Int
    private let threads: Int

    init(_ problem: ConvolutionProblem) {
        x = problem.x
        weights = problem.weights
        y = problem.y
        window = problem.window
        hasBias = problem.hasBias
        blocks = (y.channels + Lanes.scalarCount - 1) / Lanes.scalarCount
        height = y.height + window.kernel.height - 1
        width = y.width + Self.columns - 1
        threads = Team.count
    }

    /// The multiplications of vectors.
    var multiplications: Int {
        y.batch * y.extent.area * blocks * x.channels * window.kernel.height * Self.columns
    }

    /// The gradient of weights and biases from x and dy as a kernel.
    @inline(__always)
    var kernel: LoopKernel {
        let kernel = window.kernel
        return LoopKernel(
            "rows_\(kernel.height)x\(kernel.width)",
            scratch: threads * (sumCount * Lanes.scalarCount + planeCount)
        ) { operands in run(operands) }
    }

    /// The vectors that a thread sums up: for each row of kernels so many columns, and the biases.
    private var sumCount: Int {
        blocks * (x.channels * window.kernel.height * Self.columns + 1)
    }
    /// The floats of an image with zeros around it, filled up to whole lines of the cache.
    private var planeCount: Int { (x.channels * height * width + 15) / 16 * 16 }

    private func run(_ operands: LoopKernel.Operands) {
        let x = operands.input(0)
        let dy = operands.inputs[1].assumingMemoryBound(to: Lanes.self)
        let sums = UnsafeMutableRawPointer(operands.scratch).assumingMemoryBound(to: Lanes.self)
        let planes = operands.scratch + threads * sumCount * Lanes.scalarCount
        Team.split(threads) { part in
            for thread in part {
                let own = sums + thread * sumCount
                own.update(repeating: Lanes(repeating: 0), count: sumCount)
                let plane = planes + thread * planeCount
                for image in y.batch * thread / threads..<y.batch * (thread + 1) / threads {
                    surround(x + image * self.x.perImage.count, to: plane)
                    for block in 0..<blocks {
                        add(
                            plane, dy + (image * blocks + block) * y.extent.area,
                            to: own + block * (sumCount / blocks))
                    }
                }
            }
        }
        for thread in 1..<threads {
            for index in 0..<sumCount { sums[index] += sums[thread * sumCount + index] }
        }
        write(
            sums, to: operands.output(0), bias: hasBias ? operands.output(1) : nil)
    }

    /// Copies an image to where it has zeros around it.
    private func surround(
        _ image: UnsafePointer<Float>, to plane: UnsafeMutablePointer<Float>
    ) {
        plane.update(repeating: 0, count: planeCount)
        let top = window.padding.height, left = window.padding.width
        for channel in 0..<x.channels {
            for row in 0..<x.height {
                (plane + (channel * height + row + top) * width + left).update(
                    from: image + (channel * x.height + row) * x.width, count: x.width)
            }
        }
    }

    /// Adds what one image and one block of outputs give.
    @inline(__always)
    private func add(
        _ plane: UnsafePointer<Float>, _ dy: UnsafePointer<Lanes>,
        to sums: UnsafeMutablePointer<Lanes>
    ) {
        var sums = sums
        for channel in 0..<x.channels {
            for row in 0..<window.kernel.height {
                let first = plane + (channel * height + row) * width
                var a = Lanes(repeating: 0), b = a, c = a, d = a, e = a
                for line in 0..<y.height {
                    let numbers = first + line * width, gradients = dy + line * y.width
                    for column in 0..<y.width {
                        let gradient = gradients[column]
                        a += numbers[column] * gradient
                        b += numbers[column + 1] * gradient
                        c += numbers[column + 2] * gradient
                        d += numbers[column + 3] * gradient
                        e += numbers[column + 4] * gradient
                    }
                }
                sums[0] += a
                sums[1] += b
                sums[2] += c
                sums[3] += d
                sums[4] += e
                sums += Self.columns
            }
        }
        guard hasBias else { return }
        var sum = Lanes(repeating: 0)
        for pixel in 0..<y.extent.area { sum += dy[pixel] }
        sums[0] += sum
    }

    /// Writes the sums as row-major weights and biases.
    private func write(
        _ sums: UnsafePointer<Lanes>, to weights: UnsafeMutablePointer<Float>,
        bias: UnsafeMutablePointer<Float>?
    ) {
        let kernel = window.kernel, rows = x.channels * kernel.height
        for output in 0..<y.channels {
            let (block, lane) = output.quotientAndRemainder(dividingBy: Lanes.scalarCount)
            let own = sums + block * (sumCount / blocks)
            for row in 0..<rows {
                for column in 0..<kernel.width {
                    weights[(output * rows + row) * kernel.width + column] =
                        own[row * Self.columns + column][lane]
                }
            }
            bias?[output] = own[rows * Self.columns][lane]
        }
    }
}

extension OwnCandidate {
    /// The weights' gradient of a small kernel over few channels.
    ///
    /// - Returns: Nil for other directions, strides, dilations and groups, for kernels that are too wide,
    ///   and where the channels fill more than half a block.
    static func rows(
        _ problem: ConvolutionProblem, _ lanes: Int?
    ) -> OwnCandidate? {
        let window = problem.window
        guard problem.isForWeights, let lanes, problem.groups == 1,
            window.stride == 1, window.dilation == 1,
            window.kernel.width <= RowGradient<SIMD8<Float>>.columns,
            problem.x.channels <= lanes / 2
        else { return nil }
        let kernel: LoopKernel
        let multiplications: Int
        if lanes == 16 {
            let gradient = RowGradient<SIMD16<Float>>(problem)
            (kernel, multiplications) = (gradient.kernel, 2 * gradient.multiplications)
        } else {
            let gradient = RowGradient<SIMD8<Float>>(problem)
            (kernel, multiplications) = (gradient.kernel, gradient.multiplications)
        }
        let bias = problem.hasBias ? [Layout.plain(TensorType([problem.y.channels]))] : []
        return OwnCandidate(
            choice: KernelChoice(
                kernel,
                inputs: [
                    .plain(TensorType(problem.x)), .blocked(problem.y, by: lanes),
                ],
                outputs: [.plain(TensorType(problem.weights))] + bias),
            // As vectors of 128 bits: this is compiled for any processor.
            seconds: Double(multiplications) * 0.3e-9)
    }
}
