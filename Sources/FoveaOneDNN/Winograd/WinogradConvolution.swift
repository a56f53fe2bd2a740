// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Winograd's convolution forward, or backward to its input, which is one with kernels turned round.
///
/// The library's own exists for 3×3 with AVX-512 only; products over channels are the library's here as
/// well, and around them are loops of ours.
struct WinogradConvolution<
    Lanes: ChannelLanes, Points: InterpolationPoints, Number: StoredNumber, Product: StoredNumber
> {
    private let geometry: WinogradGeometry
    private let weights: WeightTransforms<Lanes, Points>
    private let weightsAreTransformed: Bool
    private let isRectified: Bool

    /// Describes a convolution from x, w and b to y, or from dy and w to dx.
    ///
    /// - Parameters:
    ///   - geometry: How it is cut up.
    ///   - weights: The shape of w.
    ///   - weightsAreTransformed: Whether w lies as `WinogradWeights` makes it.
    ///   - isTransposed: Whether the convolution is from dy to dx.
    ///   - isRectified: Whether y is rectified.
    init(
        _ geometry: WinogradGeometry, weights: Shape, weightsAreTransformed: Bool,
        isTransposed: Bool, isRectified: Bool
    ) {
        self.geometry = geometry
        self.weights = WeightTransforms(weights, isTransposed: isTransposed)
        self.weightsAreTransformed = weightsAreTransformed
        self.isRectified = isRectified
    }

    /// The convolution as a kernel.
    @inline(__always)
    func kernel() throws(FoveaError) -> ComposedKernel {
        let products = try PointProducts(geometry, isForWeights: false)
        return ComposedKernel(
            geometry.name, products.team,
            parts: [
                weightsAreTransformed ? 0 : geometry.weightFloats,
                geometry.factorFloats(geometry.source.channels),
                geometry.floats(geometry.destination.channels),
            ]
        ) { operands throws(FoveaError) in try run(operands, products) }
    }

    private func run(
        _ operands: ComposedKernel.Operands, _ products: PointProducts
    ) throws(FoveaError) {
        let transforms = TileTransforms<Lanes, Points, Number>(geometry: geometry)
        let inputs = operands.inputs
        let x = inputs[0].assumingMemoryBound(to: Number.self)
        let y = operands.outputs[0].assumingMemoryBound(to: Number.self)
        let bias = inputs.count > 2 ? inputs[2].assumingMemoryBound(to: Lanes.self) : nil
        let parts = operands.parts
        let expanded = weightsAreTransformed ? inputs[1] : parts[0]
        if !weightsAreTransformed {
            weights.expand(
                inputs[1].assumingMemoryBound(to: Float.self), to: expanded, as: Product.dtype)
        }
        let factors = parts[1].assumingMemoryBound(to: Product.self)
        let sums = parts[2].assumingMemoryBound(to: Lanes.self)
        for chunk in 0..<geometry.chunks {
            transforms.spread(x, chunk: chunk, to: factors)
            try products.execute(factors, expanded, sums, scratch: operands.rest)
            transforms.gather(sums, chunk: chunk, to: y, bias: bias, isRectified: isRectified)
        }
    }
}
