// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Op {
    /// Whether it is the gradient of a batch normalization.
    var isNormalizationGradient: Bool {
        if case .batchNormalizationGradient = self { true } else { false }
    }

    /// Whether it is the gradient of a convolution's weights.
    var isConvolutionWeightGradient: Bool {
        if case .convolutionWeightGradient = self { true } else { false }
    }
}
