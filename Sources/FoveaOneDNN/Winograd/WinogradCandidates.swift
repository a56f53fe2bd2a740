// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// The ways in which one direction of a convolution can be computed by our own Winograd.
struct WinogradCandidates {
    private let problem: ConvolutionProblem
    private let kernel: Int
    private let lanes: Int
    private let keepsWeights: Bool
    private let precision: DType

    /// Finds out whether a convolution is one of those that can: not with kernels other than 3×3 and 5×5,
    /// with strides, dilations or groups, nor where a number of channels does not fill the
    /// processor's vectors.
    ///
    /// - Parameters:
    ///   - problem: The convolution.
    ///   - lanes: The channels of a block.
    ///   - keepsWeights: Whether weights stay as they are from run to run, and are transformed once.
    ///   - precision: The type in which images lie; with four points it is also that of the factors of products.
    init?(
        _ problem: ConvolutionProblem, lanes: Int?, keepsWeights: Bool,
        _ precision: DType
    ) {
        let window = problem.window
        guard let lanes, window.kernel == 3 || window.kernel == 5,
            window.stride == 1, window.dilation == 1, problem.groups == 1,
            problem.x.channels % lanes == 0, problem.y.channels % lanes == 0,
            window.padding.height < window.kernel.height,
            window.padding.width < window.kernel.width
        else { return nil }
        self.problem = problem
        kernel = window.kernel.height
        self.lanes = lanes
        self.keepsWeights = keepsWeights
        self.precision = precision
    }

    /// All ways that the library has products for.
    var all: [OwnCandidate] {
        var candidates: [OwnCandidate] = []
        for points in points {
            var chunk = 0
            for bytes in [4 << 20, 12 << 20] {
                let geometry = geometry(outputs: points - kernel + 1, bytes: bytes)
                // Of large tiles a chunk of either size has as many.
                guard geometry.chunk != chunk, let kernel = try? self.kernel(geometry) else {
                    continue
                }
                chunk = geometry.chunk
                candidates.append(
                    OwnCandidate(choice: choice(kernel, geometry), seconds: seconds(geometry)))
            }
        }
        return candidates
    }

    /// The numbers of points, of which four are for products of 16 bits.
    private var points: [Int] {
        precision == .bf16 && kernel == 3 && !problem.isForWeights ? [4, 6, 8] : [6, 8]
    }

    /// Whether it is the gradient of the input.
    private var isData: Bool { if case .data = problem.direction { true } else { false } }

    private func geometry(outputs: Int, bytes: Int) -> WinogradGeometry {
        let padding = problem.window.padding
        return WinogradGeometry(
            isData ? problem.y : problem.x,
            padding: isData
                ? Extent(kernel - 1 - padding.height, kernel - 1 - padding.width) : padding,
            to: isData ? problem.x : problem.y, kernel: kernel, outputs: outputs, lanes: lanes,
            products: outputs + kernel - 1 == 4 ? .bf16 : .f32, bytes: bytes)
    }

    private func kernel(_ geometry: WinogradGeometry) throws(FoveaError) -> any Kernel {
        // Processors that know numbers of 16 bits have blocks of sixteen channels.
        switch (precision, lanes, geometry.points) {
        case (_, _, 4): try sixteenBitKernel(geometry)
        case (.bf16, _, 6): try kernel(geometry, SIMD16<Float>.self, SixPoints.self, BFloat16.self)
        case (.bf16, _, _):
            try kernel(geometry, SIMD16<Float>.self, EightPoints.self, BFloat16.self)
        case (_, 16, 6): try kernel(geometry, SIMD16<Float>.self, SixPoints.self, Float.self)
        case (_, 16, _): try kernel(geometry, SIMD16<Float>.self, EightPoints.self, Float.self)
        case (_, _, 6): try kernel(geometry, SIMD8<Float>.self, SixPoints.self, Float.self)
        default: try kernel(geometry, SIMD8<Float>.self, EightPoints.self, Float.self)
        }
    }

    @inline(__always)
    private func kernel<
        Lanes: ChannelLanes, Points: GradientPoints, Number: StoredNumber
    >(
        _ geometry: WinogradGeometry, _: Lanes.Type, _: Points.Type, _: Number.Type
    ) throws(FoveaError) -> any Kernel {
        switch problem.direction {
        case .forward, .data:
            try convolution(geometry, Lanes.self, Points.self, Number.self, Float.self)
        case .weights:
            try WinogradWeightGradient<Lanes, Points, Number>(geometry, weights: problem.weights)
                .kernel()
        }
    }

    /// Products of 16 bits, of which weights' gradients have none.
    private func sixteenBitKernel(_ geometry: WinogradGeometry) throws(FoveaError) -> any Kernel {
        try convolution(
            geometry, SIMD16<Float>.self, FourPoints.self, BFloat16.self, BFloat16.self)
    }

    /// The convolution, or the gradient of its input.
    @inline(__always)
    private func convolution<
        Lanes: ChannelLanes, Points: InterpolationPoints, Number: StoredNumber,
        Product: StoredNumber
    >(
        _ geometry: WinogradGeometry, _: Lanes.Type, _: Points.Type, _: Number.Type,
        _: Product.Type
    ) throws(FoveaError) -> any Kernel {
        try WinogradConvolution<Lanes, Points, Number, Product>(
            geometry, weights: problem.weights,
            weightsAreTransformed: keepsWeights && !isData, isTransposed: isData,
            isRectified: problem.isRectified
        ).kernel()
    }

    /// Images lie in blocks, weights that change and biases in the order of their rows.
    private func choice(_ kernel: any Kernel, _ geometry: WinogradGeometry) -> KernelChoice {
        let x = Layout.blocked(problem.x, by: lanes, precision)
        let y = Layout.blocked(problem.y, by: lanes, precision)
        let weights = Layout.plain(TensorType(problem.weights))
        let bias = problem.hasBias ? [Layout.plain(TensorType([problem.y.channels]))] : []
        return switch problem.direction {
        case .forward:
            KernelChoice(
                kernel,
                inputs: [x, keepsWeights ? WinogradWeights(geometry).layout : weights] + bias,
                outputs: [y])
        case .data: KernelChoice(kernel, inputs: [y, weights], outputs: [x])
        case .weights: KernelChoice(kernel, inputs: [x, y], outputs: [weights] + bias)
        }
    }

    /// What a geometry is expected to cost, from rates measured on two cores.
    private func seconds(_ geometry: WinogradGeometry) -> Double {
        let points = Double(geometry.points * geometry.points)
        let channels = Double(problem.x.channels)
        let outputs = Double(problem.y.channels)
        let tiles = Double(geometry.chunk * geometry.chunks)
        let rate = geometry.products == .bf16 ? 430e9 : lanes == 16 ? 250e9 : 140e9
        let products = 2 * points * channels * outputs * tiles / rate
        let transforms = 4 * points * (channels + outputs) * tiles / 12e9
        let weights = keepsWeights ? 0 : 4 * points * channels * outputs / 4e9
        return products + transforms + weights
    }
}
