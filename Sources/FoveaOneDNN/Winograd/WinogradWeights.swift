// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Weights as the products of Winograd's convolution forward read them, made once where they last.
///
/// For a few images at a time, to transform them would take longer than to multiply by them.
struct WinogradWeights {
    /// How they lie.
    let layout: Layout
    private let points, lanes: Int

    /// What tells points from lanes in a token.
    private static var step: Int { 100 }

    /// Describes the weights of a convolution.
    init(_ geometry: WinogradGeometry) {
        points = geometry.points
        lanes = geometry.lanes
        layout = Layout(
            token: -Int32(points * Self.step + lanes), name: geometry.name,
            byteCount: geometry.weightFloats * MemoryLayout<Float>.size, isPlain: false,
            isTransformed: true)
    }

    /// Recognises weights by how they lie; nil if they are not transformed, or by the library.
    init?(_ layout: Layout) {
        guard layout.isTransformed, layout.token < 0 else { return nil }
        self.layout = layout
        (points, lanes) = Int(-layout.token).quotientAndRemainder(dividingBy: Self.step)
    }

    /// The kernel that makes them from row-major weights [O, C, r, r].
    func kernel(_ weights: Shape) -> any Kernel {
        switch (lanes, points) {
        case (_, 4): kernel(weights, SIMD16<Float>.self, FourPoints.self, .bf16)
        case (16, 6): kernel(weights, SIMD16<Float>.self, SixPoints.self)
        case (16, _): kernel(weights, SIMD16<Float>.self, EightPoints.self)
        case (_, 6): kernel(weights, SIMD8<Float>.self, SixPoints.self)
        default: kernel(weights, SIMD8<Float>.self, EightPoints.self)
        }
    }

    @inline(__always)
    private func kernel<Lanes: ChannelLanes, Points: InterpolationPoints>(
        _ weights: Shape, _: Lanes.Type, _: Points.Type, _ type: DType = .f32
    ) -> any Kernel {
        let transforms = WeightTransforms<Lanes, Points>(weights, isTransposed: false)
        return LoopKernel("winograd_weights") { operands in
            transforms.expand(operands.input(0), to: operands.outputs[0], as: type)
        }
    }
}
