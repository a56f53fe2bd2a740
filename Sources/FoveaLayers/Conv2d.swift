// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// A 2-D convolution, with an optional bias per output channel.
///
/// - Shape: [N, C, H, W] → [N, channels, H′, W′]; C is read from the input.
public struct Conv2d: Layer {
    /// The weights, [channels, C/groups, KH, KW].
    public let weight: Parameter
    /// One number for each output channel.
    public let bias: Parameter?
    /// The number of output channels.
    public let channels: Int
    /// How the kernel slides.
    public let window: Window
    /// Into how many independent parts the channels are split.
    public let groups: Int
    private let identity = Identity()

    /// Makes a convolution.
    public init(
        _ channels: Int, kernel: Extent, stride: Extent = 1, padding: Extent = 0,
        dilation: Extent = 1, groups: Int = 1, bias: Bool = true,
        initializer: Initializer = .fanInUniform, biasInitializer: Initializer = .fanInUniform
    ) {
        self.channels = channels
        self.groups = groups
        window = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
        weight = Parameter(initializer)
        self.bias = bias ? Parameter(biasInitializer) : nil
    }

    /// Convolves the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            let inputs = x.channels / max(groups, 1)
            let kernel = x.parameter(
                weight, [channels, inputs, window.kernel.height, window.kernel.width])
            let y = x.convolved(with: kernel, window, groups: groups)
            guard let bias else { return y }
            let fanIn = inputs * window.kernel.area
            return y.addingToChannels(x.parameter(bias, [channels], fanIn: fanIn))
        }
    }
}
