// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The products over channels of a chunk's matrices, one for each point.
struct PointProducts {
    let team: ProductTeam
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
        team = try ProductTeam(
            ChannelProduct.Request(
                inputs: inputs, outputs: outputs, pixels: geometry.chunk, lanes: geometry.lanes,
                factors: geometry.products, isForWeights: isForWeights))
        points = geometry.points * geometry.points
        source = geometry.pointStride(inputs) * geometry.lanes * geometry.products.size
        weights = inputs * outputs * geometry.products.size
        destination = geometry.pointStride(outputs) * geometry.lanes * MemoryLayout<Float>.size
    }

    /// Multiplies the matrices of all points, where the result of each has a place of its own.
    func execute(
        _ x: UnsafeMutableRawPointer, _ w: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer
    ) throws(FoveaError) {
        try team.execute(points, scratch: scratch) { point, _ in
            ChannelProduct.Operands(
                x: x + point * source, weights: w + point * weights, y: y + point * destination)
        }
    }

    /// Multiplies the matrices of all points for the weights' gradient, each into one thread's room.
    ///
    /// - Parameters:
    ///   - x: The matrices of the input.
    ///   - y: Those of the output's gradient.
    ///   - room: A matrix of weights for every thread.
    ///   - scratch: What the products need while they run.
    ///   - done: Takes a point's product from the room, on that thread, while it is in the cache.
    /// - Throws: An error if one fails.
    func execute(
        _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer, room: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer,
        done: (_ product: UnsafeMutableRawPointer, _ point: Int) -> Void
    ) throws(FoveaError) {
        try team.execute(points, scratch: scratch) { point, thread in
            ChannelProduct.Operands(
                x: x + point * source, weights: room + thread * weights, y: y + point * destination)
        } done: { point, thread in
            done(room + thread * weights, point)
        }
    }
}
