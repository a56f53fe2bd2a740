// SPDX-License-Identifier: Apache-2.0

/// A function from one tensor to another, with the parameters it owns.
public protocol Layer: Parameterized {
    /// Records the layer's operations on a tensor.
    ///
    /// - Parameter x: The input.
    /// - Returns: The output; nothing is computed until a plan runs.
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// An image classifier: logits, and during training any auxiliary logits.
public protocol Network: Parameterized {
    /// Records the network's operations on a batch of images.
    ///
    /// - Parameter images: The images, [N, C, H, W].
    /// - Returns: The logits.
    func classify(_ images: Tensor) -> Classification
}

extension Network where Self: Layer {
    /// The layer's output as logits.
    public func classify(_ images: Tensor) -> Classification { Classification(self(images)) }
}

/// What a classifier yields: logits, and any auxiliary heads with their weight in the loss.
public struct Classification {
    /// An extra classifier on top of an inner layer, used by the training loss only.
    public struct Head {
        /// The name of its output, such as `aux1`.
        public let name: String
        /// Its logits, [N, classes].
        public let logits: Tensor
        /// The weight of its loss.
        public let weight: Float
    }

    /// The unnormalised scores, [N, classes].
    public let logits: Tensor
    /// The auxiliary heads, in the order of the network.
    public let auxiliary: [Head]

    /// Makes a classification.
    public init(_ logits: Tensor, auxiliary: [(logits: Tensor, weight: Float)] = []) {
        self.logits = logits
        self.auxiliary = auxiliary.enumerated().map { index, head in
            Head(name: "aux\(index + 1)", logits: head.logits, weight: head.weight)
        }
    }
}
