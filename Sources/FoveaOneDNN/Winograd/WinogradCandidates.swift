// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

/// The ways in which one direction of a convolution can be computed by our own Winograd.
struct WinogradCandidates {
    /// Which gradient is computed, if any.
    enum Direction {
        case forward(isRectified: Bool)
        case data
        case weights
    }

    private let direction: Direction
    private let x, weights, y: Shape
    private let padding: Extent
    private let request: KernelRequest
    private let lanes: Int

    /// Finds out whether a convolution is one of those that can.
    ///
    /// - Returns: Nil for kernels other than 3×3 and 5×5, for strides, dilations and groups, and where a
    ///   number of channels does not fill the processor's vectors.
    init?(
        _ direction: Direction, _ window: Window, groups: Int, x: Shape, weights: Shape, y: Shape,
        _ request: KernelRequest
    ) {
        let kernel = window.kernel
        guard let lanes = OwnCandidate.lanes, kernel == 3 || kernel == 5, window.stride == 1,
            window.dilation == 1, groups == 1, x.channels % lanes == 0, y.channels % lanes == 0,
            window.padding.height < kernel.height, window.padding.width < kernel.width
        else { return nil }
        self.direction = direction
        self.x = x
        self.weights = weights
        self.y = y
        padding = window.padding
        self.request = request
        self.lanes = lanes
    }

    /// All ways that the library has products for.
    var all: [OwnCandidate] {
        let kernel = weights[3]
        var candidates: [OwnCandidate] = []
        for points in [6, 8] {
            for bytes in [4 << 20, 12 << 20] {
                let geometry = geometry(outputs: points - kernel + 1, bytes: bytes)
                guard let kernel = try? self.kernel(geometry) else { continue }
                candidates.append(
                    OwnCandidate(
                        choice: choice(kernel), seconds: seconds(geometry), isEstimated: lanes == 8)
                )
                if geometry.chunks == 1 { break }
            }
        }
        return candidates
    }

    private func geometry(outputs: Int, bytes: Int) -> WinogradGeometry {
        let kernel = weights[3]
        if case .data = direction {
            return WinogradGeometry(
                y, padding: Extent(kernel - 1 - padding.height, kernel - 1 - padding.width), to: x,
                kernel: kernel, outputs: outputs, lanes: lanes, bytes: bytes)
        }
        return WinogradGeometry(
            x, padding: padding, to: y, kernel: kernel, outputs: outputs, lanes: lanes,
            bytes: bytes)
    }

    private func kernel(_ geometry: WinogradGeometry) throws(FoveaError) -> any Kernel {
        switch (lanes, geometry.points) {
        case (16, 6): try kernel(geometry, SIMD16<Float>.self, SixPoints.self)
        case (16, _): try kernel(geometry, SIMD16<Float>.self, EightPoints.self)
        case (_, 6): try kernel(geometry, SIMD8<Float>.self, SixPoints.self)
        default: try kernel(geometry, SIMD8<Float>.self, EightPoints.self)
        }
    }

    @inline(__always)
    private func kernel<Lanes: ChannelLanes, Points: InterpolationPoints>(
        _ geometry: WinogradGeometry, _: Lanes.Type, _: Points.Type
    ) throws(FoveaError) -> any Kernel {
        switch direction {
        case .forward(let isRectified):
            try WinogradConvolution<Lanes, Points>(
                geometry, weights: weights, isTransposed: false, isRectified: isRectified
            ).kernel()
        case .data:
            try WinogradConvolution<Lanes, Points>(
                geometry, weights: weights, isTransposed: true, isRectified: false
            ).kernel()
        case .weights:
            try WinogradWeightGradient<Lanes, Points>(geometry, weights: weights).kernel()
        }
    }

    /// Images lie in blocks, weights and biases in the order of their rows.
    private func choice(_ kernel: any Kernel) -> KernelChoice {
        let arrangement: Arrangement = lanes == 16 ? .blocked16 : .blocked8
        func blocked(_ type: TensorType) -> Layout { Layout(type, arrangement) ?? .plain(type) }
        let inputs = request.inputs.map { Layout.plain($0) }
        let outputs = request.outputs.map { Layout.plain($0) }
        if case .weights = direction {
            return KernelChoice(
                kernel, inputs: request.inputs.map(blocked), outputs: outputs)
        }
        return KernelChoice(
            kernel, inputs: [blocked(request.inputs[0])] + inputs.dropFirst(),
            outputs: request.outputs.map(blocked))
    }

    /// What a geometry is expected to cost, from rates measured on two cores.
    private func seconds(_ geometry: WinogradGeometry) -> Double {
        let points = Double(geometry.points * geometry.points)
        let channels = Double(x.channels), outputs = Double(y.channels)
        let tiles = Double(geometry.chunk * geometry.chunks)
        let products = 2 * points * channels * outputs * tiles / (lanes == 16 ? 250e9 : 140e9)
        let transforms = 4 * points * (channels + outputs) * tiles / 12e9
        return products + transforms + 4 * points * channels * outputs / 4e9
    }
}
