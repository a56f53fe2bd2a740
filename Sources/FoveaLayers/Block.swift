// SPDX-License-Identifier: Apache-2.0

/// A layer made of layers, such as a residual block, that summaries and messages show as one.
///
/// A block says what it does in `forward`, and is called like every layer.
public protocol Block: Layer {
    /// Records the block's layers on a tensor.
    ///
    /// - Parameter x: The input.
    /// - Returns: The output.
    func forward(_ x: Tensor) -> Tensor
}

extension Block {
    /// Records the block under its path.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.trace.enter(block: self)
        let y = forward(x)
        x.trace.leave(output: y.shape)
        return y
    }
}
