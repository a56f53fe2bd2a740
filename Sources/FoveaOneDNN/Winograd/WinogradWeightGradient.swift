// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// The gradient of a convolution's weights and biases by the transposition of Winograd's algorithm:
/// dw = Gᵀ (Σ (Bᵀ x B) ⊙ (A dy Aᵀ)) G, the sum over all tiles.
struct WinogradWeightGradient<
    Lanes: ChannelLanes, Points: GradientPoints, Number: StoredNumber
> {
    private let geometry: WinogradGeometry
    private let weights: WeightTransforms<Lanes, Points>

    init(_ geometry: WinogradGeometry, weights: Shape) {
        self.geometry = geometry
        self.weights = WeightTransforms(weights, isTransposed: false)
    }

    /// The gradient as a kernel.
    @inline(__always)
    func kernel() throws(FoveaError) -> ComposedKernel {
        let products = try PointProducts(geometry, isForWeights: true)
        return ComposedKernel(
            geometry.name, products.team,
            parts: [
                geometry.weightFloats,
                // What a point of one chunk adds, where there are several.
                geometry.chunks > 1
                    ? weights.pointStride * geometry.lanes * products.team.count : 0,
                geometry.floats(geometry.source.channels),
                geometry.floats(geometry.destination.channels),
            ]
        ) { operands throws(FoveaError) in try run(operands, products) }
    }

    private func run(
        _ operands: ComposedKernel.Operands, _ products: PointProducts
    ) throws(FoveaError) {
        let transforms = TileTransforms<Lanes, Points, Number>(geometry: geometry)
        let x = operands.inputs[0].assumingMemoryBound(to: Number.self)
        let dy = operands.inputs[1].assumingMemoryBound(to: Number.self)
        let outputs = operands.outputs
        let bias = outputs.count > 1 ? outputs[1].assumingMemoryBound(to: Lanes.self) : nil
        let factors = operands.parts[2].assumingMemoryBound(to: Float.self)
        let matrices = operands.parts.map { $0.assumingMemoryBound(to: Lanes.self) }
        for chunk in 0..<geometry.chunks {
            transforms.spread(x, chunk: chunk, to: factors)
            transforms.scatter(dy, chunk: chunk, to: matrices[3])
            transforms.clearRest(of: matrices[2], geometry.source.channels, chunk: chunk)
            transforms.clearRest(of: matrices[3], geometry.destination.channels, chunk: chunk)
            if let bias { addBias(matrices[3], isFirst: chunk == 0, to: bias) }
            if chunk == 0 {
                try products.execute(
                    matrices[2], matrices[0], matrices[3], scratch: operands.rest)
            } else {
                try products.execute(
                    matrices[2], matrices[3], room: matrices[1], scratch: operands.rest
                ) { product, point in
                    add(product, to: matrices[0] + point * weights.pointStride)
                }
            }
        }
        weights.contract(matrices[0], to: outputs[0].assumingMemoryBound(to: Float.self))
    }

    @inline(__always)
    private func add(_ part: UnsafeMutableRawPointer, to sum: UnsafeMutablePointer<Lanes>) {
        let part = part.assumingMemoryBound(to: Lanes.self)
        for index in 0..<weights.pointStride { sum[index] += part[index] }
    }

    /// Adds the sums of a chunk's dy, which stand where both rows and columns are evaluated at 1.
    private func addBias(
        _ d: UnsafeMutablePointer<Lanes>, isFirst: Bool, to bias: UnsafeMutablePointer<Lanes>
    ) {
        let channels = geometry.destination.channels
        let ones = d + (Points.count + 1) * geometry.pointStride(channels)
        for block in 0..<channels / geometry.lanes {
            var sum = Lanes(repeating: 0)
            for place in 0..<geometry.chunk { sum += ones[block * geometry.chunk + place] }
            bias[block] = isFirst ? sum : bias[block] + sum
        }
    }
}
