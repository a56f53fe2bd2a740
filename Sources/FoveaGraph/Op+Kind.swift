// SPDX-License-Identifier: Apache-2.0

/// What ops have in common that are counted together where time and memory are shown.
package enum OpKind: String, Sendable, Hashable, CaseIterable {
    case leaf = "leaves"
    case convolution = "convolutions"
    case linear = "linear layers"
    case normalization
    case pooling
    case activation = "activations"
    case dropout
    case arrangement = "concatenation"
    case sum = "sums and biases"
    case loss = "softmax and loss"
}

extension Op {
    /// With which ops it is counted; a gradient is counted with its op.
    package var kind: OpKind {
        switch self {
        case .input, .parameter, .constant: .leaf
        case .convolution, .convolutionDataGradient, .convolutionWeightGradient: .convolution
        case .linear, .linearDataGradient, .linearWeightGradient: .linear
        case .batchNormalization, .batchNormalizationGradient, .normalization,
            .foldNormalization, .movingAverage, .localResponseNormalization,
            .localResponseNormalizationGradient:
            .normalization
        case .maxPool, .maxPoolGradient, .averagePool, .averagePoolGradient,
            .adaptiveAveragePool, .adaptiveAveragePoolGradient:
            .pooling
        case .activation, .activationGradient: .activation
        case .dropout: .dropout
        case .concatenation, .channelSlice, .reshape: .arrangement
        case .addBias, .channelSum, .add, .scale: .sum
        case .softmax, .softmaxGradient, .crossEntropy, .crossEntropyGradient: .loss
        }
    }
}
