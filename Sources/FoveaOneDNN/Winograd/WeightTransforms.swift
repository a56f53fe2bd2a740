// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The transformations of weights between row-major kernels and matrices of blocked channels, one matrix
/// a point: [point][block of outputs][block of inputs][input][output].
struct WeightTransforms<Lanes: ChannelLanes, Points: InterpolationPoints> {
    typealias Vectors = UnsafeMutablePointer<Lanes>

    private let kernel: Int
    /// The numbers of channels that a matrix reads and writes.
    private let inputs, outputs: Int
    /// The distances between the kernels of two channels that are read, and written.
    private let inputStride, outputStride: Int
    private let isFlipped: Bool
    /// G, row by row.
    private let factors: [Float]

    /// Prepares the transformation of weights [O, C, r, r].
    ///
    /// - Parameters:
    ///   - weights: Their shape.
    ///   - isTransposed: Whether to read from O channels and write to C, with kernels turned
    ///     round, as the gradient of the input does.
    init(_ weights: Shape, isTransposed: Bool) {
        kernel = weights[3]
        let area = kernel * kernel
        inputs = isTransposed ? weights[0] : weights[1]
        outputs = isTransposed ? weights[1] : weights[0]
        inputStride = isTransposed ? weights[1] * area : area
        outputStride = isTransposed ? area : weights[1] * area
        isFlipped = isTransposed
        var factors: [Float] = []
        for (point, factor) in Points.finite {
            var power = factor
            for _ in 0..<kernel {
                factors.append(Float(power))
                power *= point
            }
        }
        factors += [Float](repeating: 0, count: kernel - 1) + [1]
        self.factors = factors
    }

    /// The distance between the matrices of two points, in vectors.
    var pointStride: Int { inputs * outputs / Lanes.scalarCount }

    /// Writes G w Gᵀ as numbers of a type: 32-bit floats, or bfloat16 in pairs.
    func expand(
        _ weights: UnsafePointer<Float>, to matrices: UnsafeMutableRawPointer, as type: DType
    ) {
        if type == .bf16 {
            expand(weights, toPairs: matrices.assumingMemoryBound(to: BFloat16.self))
        } else {
            expand(weights, to: matrices.assumingMemoryBound(to: Lanes.self))
        }
    }

    private func expand(_ weights: UnsafePointer<Float>, to matrices: Vectors) {
        forEachChannel { source, place, room, factors in
            let columns = columns(weights + source, room, factors)
            for point in 0..<Points.count * Points.count {
                matrices[point * pointStride + place] = expanded(columns, point, factors)
            }
        }
    }

    /// Two inputs of an output lie side by side, as the library's products read them: [point][block of
    /// outputs][pair of inputs][output][input].
    private func expand(
        _ weights: UnsafePointer<Float>, toPairs matrices: UnsafeMutablePointer<BFloat16>
    ) {
        let width = Lanes.scalarCount
        forEachChannel(stride: 2) { source, place, room, factors in
            let first = columns(weights + source, room, factors)
            // Kernels of 3×3 take a sixth of the room.
            let second = columns(weights + source + inputStride, room + 64, factors)
            for point in 0..<Points.count * Points.count {
                expanded(first, point, factors).narrow(
                    with: expanded(second, point, factors),
                    to: matrices + (point * pointStride + place) * width)
            }
        }
    }

    /// G w of one channel's kernels.
    @inline(__always)
    private func columns(
        _ weights: UnsafePointer<Float>, _ room: Vectors, _ factors: UnsafePointer<Float>
    ) -> Vectors {
        for place in 0..<kernel * kernel { room[place] = vector(weights, place) }
        let columns = room + kernel * kernel
        for point in 0..<Points.count {
            let row = factors + point * kernel
            for column in 0..<kernel {
                var sum = row[0] * room[column]
                for k in 1..<kernel { sum += row[k] * room[k * kernel + column] }
                columns[point * kernel + column] = sum
            }
        }
        return columns
    }

    /// A point of G w Gᵀ.
    @inline(__always)
    private func expanded(
        _ columns: Vectors, _ point: Int, _ factors: UnsafePointer<Float>
    ) -> Lanes {
        let (first, second) = point.quotientAndRemainder(dividingBy: Points.count)
        let line = columns + first * kernel, row = factors + second * kernel
        var sum = row[0] * line[0]
        for k in 1..<kernel { sum += row[k] * line[k] }
        return sum
    }

    /// Writes Gᵀ u G.
    func contract(_ matrices: Vectors, to weights: UnsafeMutablePointer<Float>) {
        forEachChannel { target, place, room, factors in
            let matrix = matrices + place
            for point in 0..<Points.count {
                for column in 0..<kernel {
                    var sum = Lanes(repeating: 0)
                    for other in 0..<Points.count {
                        sum +=
                            factors[other * kernel + column]
                            * matrix[(point * Points.count + other) * pointStride]
                    }
                    room[point * kernel + column] = sum
                }
            }
            for place in 0..<kernel * kernel {
                let (row, column) = place.quotientAndRemainder(dividingBy: kernel)
                var sum = Lanes(repeating: 0)
                for point in 0..<Points.count {
                    sum += factors[point * kernel + row] * room[point * kernel + column]
                }
                for lane in 0..<Lanes.scalarCount {
                    weights[target + lane * outputStride + place] = sum[lane]
                }
            }
        }
    }

    /// One place of the kernels of a block's outputs.
    @inline(__always)
    private func vector(_ weights: UnsafePointer<Float>, _ place: Int) -> Lanes {
        let place = isFlipped ? kernel * kernel - 1 - place : place
        var vector = Lanes(repeating: 0)
        for lane in 0..<Lanes.scalarCount { vector[lane] = weights[lane * outputStride + place] }
        return vector
    }

    /// Calls a body, on all threads, for every block of outputs and every input, or every other, with the place
    /// of its first kernel among the weights, of its vector in the first matrix, room for its numbers, and G.
    private func forEachChannel(
        stride: Int = 1,
        _ body: (
            _ weights: Int, _ place: Int, _ room: Vectors, _ factors: UnsafePointer<Float>
        ) -> Void
    ) {
        let width = Lanes.scalarCount
        factors.withUnsafeBufferPointer { factors in
            guard let factors = factors.baseAddress else { return }
            Team.split(outputs / width * inputs / stride) { part in
                withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 128) { room in
                    guard let room = room.baseAddress else { return }
                    for index in part {
                        let place = index * stride
                        let (block, input) = place.quotientAndRemainder(dividingBy: inputs)
                        body(
                            block * width * outputStride + input * inputStride,
                            place, room, factors)
                    }
                }
            }
        }
    }
}
