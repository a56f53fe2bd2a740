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
                isForWeights: isForWeights))
        points = geometry.points * geometry.points
        let vector = geometry.lanes * MemoryLayout<Float>.size
        source = geometry.pointStride(inputs) * vector
        weights = inputs * outputs * MemoryLayout<Float>.size
        destination = geometry.pointStride(outputs) * vector
    }

    /// Multiplies the matrices of all points.
    func execute(
        _ x: UnsafeMutableRawPointer, _ w: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer
    ) throws(FoveaError) {
        try team.execute(points, scratch: scratch) { point, _ in
            ChannelProduct.Operands(
                x: x + point * source, weights: w + point * weights, y: y + point * destination)
        }
    }
}
