// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaGraph
import Synchronization

/// The products over channels of a chunk's matrices, each thread of the team with its share of the points.
final class PointProducts: Sendable {
    private let team: [ChannelProduct]
    private let points: Int
    /// The bytes from the matrix of one point to that of the next.
    private let source, weights, destination: Int

    /// Finds the library's kernels.
    ///
    /// - Parameters:
    ///   - geometry: How tiles lie.
    ///   - isForWeights: Whether the weights' gradient is computed from the other two.
    /// - Throws: An error if it has none.
    init(_ geometry: WinogradGeometry, isForWeights: Bool) throws(FoveaError) {
        let inputs = geometry.source.channels, outputs = geometry.destination.channels
        team = try ChannelProduct.team(
            ChannelProduct.Request(
                inputs: inputs, outputs: outputs, pixels: geometry.chunk, lanes: geometry.lanes,
                isForWeights: isForWeights))
        points = geometry.points * geometry.points
        let vector = geometry.lanes * MemoryLayout<Float>.size
        source = geometry.pointStride(inputs) * vector
        weights = inputs * outputs * MemoryLayout<Float>.size
        destination = geometry.pointStride(outputs) * vector
    }

    var scratchByteCount: Int { team.reduce(0) { $0 + $1.scratchByteCount } }

    func prepare() throws(FoveaError) { try ChannelProduct.prepare(team) }

    /// Multiplies the matrices of all points.
    func execute(
        _ x: UnsafeMutableRawPointer, _ w: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer?
    ) throws(FoveaError) {
        let status = Atomic<Int32>(0)
        Team.split(team.count) { part in
            for number in part {
                let product = team[number]
                let scratch = scratch.map { $0 + number * product.scratchByteCount }
                for point in points * number / team.count..<points * (number + 1) / team.count {
                    let result = product.execute(
                        ChannelProduct.Operands(
                            x: x + point * source, weights: w + point * weights,
                            y: y + point * destination, scratch: scratch))
                    if result != 0 { status.store(result, ordering: .relaxed) }
                }
            }
        }
        try check(status.load(ordering: .relaxed), "execute products")
    }
}
