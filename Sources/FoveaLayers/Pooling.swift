// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// Takes the largest element under each window.
///
/// - Shape: [N, C, H, W] → [N, C, H′, W′]
public struct MaxPool2d: Layer {
    /// How the window slides.
    public let window: Window
    private let identity = Identity()

    /// Makes a max pooling; the stride is the kernel's size unless given.
    public init(
        kernel: Extent, stride: Extent? = nil, padding: Extent = 0,
        rounding: Window.Rounding = .down
    ) {
        window = Window(
            kernel: kernel, stride: stride ?? kernel, padding: padding, rounding: rounding)
    }

    /// Pools the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { $0.maxPooled(window) }
    }
}

/// Takes the mean of the elements under each window.
///
/// - Shape: [N, C, H, W] → [N, C, H′, W′]
public struct AveragePool2d: Layer {
    /// How the window slides.
    public let window: Window
    /// Whether padding counts as zeros that are averaged too.
    public let countsPadding: Bool
    private let identity = Identity()

    /// Makes an average pooling; the stride is the kernel's size unless given.
    public init(
        kernel: Extent, stride: Extent? = nil, padding: Extent = 0,
        rounding: Window.Rounding = .down, countsPadding: Bool = true
    ) {
        window = Window(
            kernel: kernel, stride: stride ?? kernel, padding: padding, rounding: rounding)
        self.countsPadding = countsPadding
    }

    /// Pools the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) {
            $0.averagePooled(window, countsPadding: countsPadding)
        }
    }
}

/// Takes the means over a grid of nearly equal cells, whatever the input's size.
///
/// - Shape: [N, C, H, W] → [N, C, height, width]
public struct AdaptiveAveragePool2d: Layer {
    /// The height and width of the output.
    public let extent: Extent
    private let identity = Identity()

    /// Makes an adaptive average pooling.
    public init(_ extent: Extent) {
        self.extent = extent
    }

    /// Pools the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { $0.averagePooled(to: extent) }
    }
}

/// Takes the mean of each channel.
///
/// - Shape: [N, C, H, W] → [N, C, 1, 1]
public struct GlobalAveragePool: Layer {
    private let identity = Identity()

    /// Makes a global average pooling.
    public init() {}

    /// Pools the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { $0.globallyAveraged() }
    }
}

/// Takes the largest element of each channel.
///
/// - Shape: [N, C, H, W] → [N, C, 1, 1]
public struct GlobalMaxPool: Layer {
    private let identity = Identity()

    /// Makes a global max pooling.
    public init() {}

    /// Pools the images.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { $0.globallyMaximized() }
    }
}
