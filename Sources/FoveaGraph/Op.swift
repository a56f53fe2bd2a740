// SPDX-License-Identifier: Apache-2.0

/// What the graph knows about one kind of operation.
///
/// Each op is a payload that conforms to this protocol, in one file of `Ops/`, with its shape rule,
/// its gradient, its cost and its text side by side.
package protocol OpDefinition: Hashable, Sendable {
    /// The name in the text form, in camelCase.
    var name: String { get }

    /// The settings in the text form: "3×3, stride 2", or nothing.
    var attributes: String { get }

    /// The shape rule: what comes out for what goes in.
    ///
    /// - Parameter inputs: The types of the inputs.
    /// - Returns: The types of the outputs.
    /// - Throws: A diagnostic without a path when the inputs do not fit.
    func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType]

    /// The gradient rule: records how the inputs' gradients follow from the outputs'.
    ///
    /// - Parameters:
    ///   - node: The node to be differentiated, with its inputs and outputs.
    ///   - gradients: The gradient of each output, nil where nothing depends on it.
    ///   - graph: Where the rule records its nodes.
    /// - Returns: The gradient of each input, nil where there is none.
    func gradient(
        of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
    ) -> [Graph.Value?]

    /// The arithmetic of one execution.
    ///
    /// - Parameters:
    ///   - inputs: The types of the inputs.
    ///   - outputs: The types of the outputs.
    /// - Returns: The number of multiply-adds.
    func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int

    /// Whether it was recorded without what its gradient needs.
    var isForInferenceOnly: Bool { get }

    /// Says whether the gradient rule knows what to do with the gradient of an output.
    ///
    /// - Parameter output: The number of the output.
    /// - Returns: Whether a loss may depend on it.
    func hasGradient(ofOutput output: Int) -> Bool
}

extension OpDefinition {
    /// Nothing to say.
    package var attributes: String { "" }

    /// No gradient: ops that compute gradients have none themselves.
    package func gradient(
        of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
    ) -> [Graph.Value?] {
        node.inputs.map { _ in nil }
    }

    /// Most ops have a gradient, or are one.
    package var isForInferenceOnly: Bool { false }

    /// Most ops have a gradient for all that they yield.
    package func hasGradient(ofOutput output: Int) -> Bool { true }

    /// No multiply-adds: only convolutions and linear layers are counted, as is usual.
    package func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int { 0 }
}

/// The closed set of operations.
///
/// Every question about ops is a `switch` without `default`, so that a new case makes the compiler
/// list the places to fill.
public enum Op: Hashable, Sendable {
    case input(Input)
    case parameter(Parameter)
    case constant(Constant)
    case convolution(Convolution)
    case convolutionDataGradient(ConvolutionDataGradient)
    case convolutionWeightGradient(ConvolutionWeightGradient)
    case linear(Linear)
    case linearDataGradient(LinearDataGradient)
    case linearWeightGradient(LinearWeightGradient)
    case addBias(AddBias)
    case channelSum(ChannelSum)
    case activation(Activation)
    case activationGradient(ActivationGradient)
    case maxPool(MaxPool)
    case maxPoolGradient(MaxPoolGradient)
    case averagePool(AveragePool)
    case averagePoolGradient(AveragePoolGradient)
    case adaptiveAveragePool(AdaptiveAveragePool)
    case adaptiveAveragePoolGradient(AdaptiveAveragePoolGradient)
    case batchNormalization(BatchNormalization)
    case batchNormalizationGradient(BatchNormalizationGradient)
    case normalization(Normalization)
    case foldNormalization(FoldNormalization)
    case movingAverage(MovingAverage)
    case localResponseNormalization(LocalResponseNormalization)
    case localResponseNormalizationGradient(LocalResponseNormalizationGradient)
    case dropout(Dropout)
    case concatenation(Concatenation)
    case channelSlice(ChannelSlice)
    case reshape(Reshape)
    case softmax(Softmax)
    case softmaxGradient(SoftmaxGradient)
    case crossEntropy(CrossEntropy)
    case crossEntropyGradient(CrossEntropyGradient)
    case add(Add)
    case scale(Scale)

    /// What the graph knows about this op.
    package var definition: any OpDefinition {
        switch self {
        case .input(let op): op
        case .parameter(let op): op
        case .constant(let op): op
        case .convolution(let op): op
        case .convolutionDataGradient(let op): op
        case .convolutionWeightGradient(let op): op
        case .linear(let op): op
        case .linearDataGradient(let op): op
        case .linearWeightGradient(let op): op
        case .addBias(let op): op
        case .channelSum(let op): op
        case .activation(let op): op
        case .activationGradient(let op): op
        case .maxPool(let op): op
        case .maxPoolGradient(let op): op
        case .averagePool(let op): op
        case .averagePoolGradient(let op): op
        case .adaptiveAveragePool(let op): op
        case .adaptiveAveragePoolGradient(let op): op
        case .batchNormalization(let op): op
        case .batchNormalizationGradient(let op): op
        case .normalization(let op): op
        case .foldNormalization(let op): op
        case .movingAverage(let op): op
        case .localResponseNormalization(let op): op
        case .localResponseNormalizationGradient(let op): op
        case .dropout(let op): op
        case .concatenation(let op): op
        case .channelSlice(let op): op
        case .reshape(let op): op
        case .softmax(let op): op
        case .softmaxGradient(let op): op
        case .crossEntropy(let op): op
        case .crossEntropyGradient(let op): op
        case .add(let op): op
        case .scale(let op): op
        }
    }
}
