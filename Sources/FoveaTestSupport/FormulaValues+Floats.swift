// SPDX-License-Identifier: Apache-2.0
import Dispatch
public import FoveaArrays
public import FoveaGraph

/// The same numbers for large tensors: 32-bit floats, on all cores.
extension FormulaValues {
    /// The lanes of a sketch.
    public static let sketchLanes = 32

    /// Numbers in [−1, 1) times a scale, plus an offset, both operations rounded to 32-bit floats.
    ///
    /// - Parameters:
    ///   - name: The name of the tensor.
    ///   - shape: The extents.
    ///   - scale: What the numbers are multiplied by.
    ///   - offset: What is then added to each.
    /// - Returns: The numbers.
    public static func array(
        _ name: String, _ shape: Shape, scale: Float, offset: Float = 0
    ) -> NDArray {
        let hash = fnv1a(name)
        return NDArray(shape) { target in
            // The pieces are apart from each other.
            nonisolated(unsafe) let target = target
            inPieces(of: target.count) { piece in
                for index in piece {
                    let number = Float(Int32(truncatingIfNeeded: bits(hash, index)))
                    target[index] = (number * 0x1p-23 - 1) * scale + offset
                }
            }
        }
    }

    /// The sketch of a tensor, from which the size of a difference is known well enough.
    ///
    /// `Scripts/fixtures/catalog.py` says what it is and why. Sketches are subtracted lane by lane.
    ///
    /// - Parameters:
    ///   - name: The name of the tensor.
    ///   - values: Its numbers in row-major order.
    /// - Returns: One number a lane.
    public static func sketch(_ name: String, _ values: NDArray) -> [Double] {
        let hash = fnv1a("sketch." + name), lanes = sketchLanes
        let pieces = pieceCount(values.count)
        var sums = [Double](repeating: 0, count: pieces * lanes)
        values.withFloats { values in
            sums.withUnsafeMutableBufferPointer { sums in
                nonisolated(unsafe) let (values, sums) = (values, sums)
                inPieces(of: values.count) { piece in
                    let first = piece.lowerBound / pieceSize * lanes
                    for index in piece {
                        let value = Double(values[index])
                        let isOdd = bits(hash, index) & 1 == 1
                        sums[first + index % lanes] += isOdd ? -value : value
                    }
                }
            }
        }
        return (0..<lanes).map { lane in
            stride(from: lane, to: sums.count, by: lanes).reduce(0) { $0 + sums[$1] }
        }
    }

    private static func bits(_ hash: UInt64, _ index: Int) -> UInt64 {
        splitMix(hash &+ UInt64(truncatingIfNeeded: index)) >> 40
    }

    /// A whole number of sketches' rows.
    private static let pieceSize = 1 << 20

    private static func pieceCount(_ count: Int) -> Int { (count + pieceSize - 1) / pieceSize }

    private static func inPieces(of count: Int, _ body: @Sendable (Range<Int>) -> Void) {
        DispatchQueue.concurrentPerform(iterations: pieceCount(count)) { piece in
            let start = piece * pieceSize
            body(start..<min(start + pieceSize, count))
        }
    }
}
