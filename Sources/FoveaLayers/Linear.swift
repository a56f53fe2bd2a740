// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// A fully connected layer.
///
/// - Shape: [N, K] → [N, outputs]; K is read from the input.
public struct Linear: Layer {
    /// The weights, [outputs, K].
    public let weight: Parameter
    /// One number for each output.
    public let bias: Parameter?
    /// The number of outputs.
    public let outputs: Int
    private let identity = Identity()

    /// Makes a fully connected layer.
    public init(
        _ outputs: Int, bias: Bool = true, initializer: Initializer = .fanInUniform,
        biasInitializer: Initializer = .fanInUniform
    ) {
        self.outputs = outputs
        weight = Parameter(initializer)
        self.bias = bias ? Parameter(biasInitializer) : nil
    }

    /// Multiplies by the weights and adds the bias.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            let inputs = x.shape.perImage.count
            let y = x.multiplied(by: x.parameter(weight, [outputs, inputs]))
            guard let bias else { return y }
            return y.addingToChannels(x.parameter(bias, [outputs], fanIn: inputs))
        }
    }
}
