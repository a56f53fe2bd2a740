// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaGraph

/// What is to be computed of a convolution, whichever kernel does it.
struct ConvolutionProblem {
    /// What is computed from which of the tensors.
    enum Direction {
        /// y from x, w and b.
        case forward(isTraining: Bool)
        /// dx from dy and w.
        case data
        /// dw and db from x and dy.
        case weights
    }

    let direction: Direction
    let window: Window
    let groups: Int
    let x, weights, y: Shape
    var hasBias = false
    var isRectified = false

    /// Whether the weights' gradient is computed.
    var isForWeights: Bool { if case .weights = direction { true } else { false } }

    /// The problem in the library's words, with all layouts left to it.
    var native: fovea_convolution {
        var native = fovea_convolution()
        native.dtype = Int32(FOVEA_F32)
        native.direction =
            switch direction {
            case .forward(let isTraining):
                Int32(isTraining ? FOVEA_FORWARD_TRAINING : FOVEA_FORWARD_INFERENCE)
            case .data: Int32(FOVEA_BACKWARD_DATA)
            case .weights: Int32(FOVEA_BACKWARD_WEIGHTS)
            }
        native.source = x.four
        native.weights = weights.four
        native.destination = y.four
        native.groups = Int32(groups)
        native.window = fovea_window(window, from: x, to: y)
        native.bias = hasBias
        native.relu = isRectified
        return native
    }

    /// The library's arguments that the step's inputs and outputs are.
    var arguments: (inputs: [Int], outputs: [Int]) {
        switch direction {
        case .forward:
            (
                [FOVEA_ARG_SOURCE, FOVEA_ARG_WEIGHTS] + (hasBias ? [FOVEA_ARG_BIAS] : []),
                [FOVEA_ARG_DESTINATION]
            )
        case .data:
            ([FOVEA_ARG_DIFF_DESTINATION, FOVEA_ARG_WEIGHTS], [FOVEA_ARG_DIFF_SOURCE])
        case .weights:
            (
                [FOVEA_ARG_SOURCE, FOVEA_ARG_DIFF_DESTINATION],
                [FOVEA_ARG_DIFF_WEIGHTS] + (hasBias ? [FOVEA_ARG_DIFF_BIAS] : [])
            )
        }
    }

    /// Which of the step's inputs are x, or its gradient, and y, or its gradient; nil for the output.
    var images: (source: Int?, destination: Int?) {
        switch direction {
        case .forward: (0, nil)
        case .data: (nil, 0)
        case .weights: (0, 1)
        }
    }
}
