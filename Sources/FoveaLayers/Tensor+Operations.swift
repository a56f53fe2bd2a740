// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

extension Tensor {
    /// Slides a kernel over the images.
    ///
    /// - Parameters:
    ///   - weight: The weights, [O, C/groups, KH, KW].
    ///   - window: How the kernel slides.
    ///   - groups: Into how many independent parts the channels are split.
    /// - Returns: [N, O, H′, W′]
    public func convolved(with weight: Tensor, _ window: Window, groups: Int = 1) -> Tensor {
        recording(.convolution(Op.Convolution(window, groups: groups)), [weight])
    }

    /// Multiplies each row by a matrix.
    ///
    /// - Parameter weight: The matrix, [O, K].
    /// - Returns: [N, O]
    public func multiplied(by weight: Tensor) -> Tensor {
        recording(.linear(Op.Linear()), [weight])
    }

    /// Adds one number to each channel.
    ///
    /// - Parameter bias: The numbers, [C].
    /// - Returns: The same shape.
    public func addingToChannels(_ bias: Tensor) -> Tensor {
        recording(.addBias(Op.AddBias()), [bias])
    }

    /// Takes the largest element under each window.
    ///
    /// - Parameter window: How the window slides.
    /// - Returns: [N, C, H′, W′]
    public func maxPooled(_ window: Window) -> Tensor {
        recording(.maxPool(Op.MaxPool(window, recordsWinners: mode == .training)))
    }

    /// Takes the mean of the elements under each window.
    ///
    /// - Parameters:
    ///   - window: How the window slides.
    ///   - countsPadding: Whether padding counts as zeros that are averaged too.
    /// - Returns: [N, C, H′, W′]
    public func averagePooled(_ window: Window, countsPadding: Bool = true) -> Tensor {
        recording(.averagePool(Op.AveragePool(window, countsPadding: countsPadding)))
    }

    /// Takes the means over a grid of nearly equal cells, whatever the input's size.
    ///
    /// - Parameter grid: The height and width of the output.
    /// - Returns: [N, C, height, width]
    public func averagePooled(to grid: Extent) -> Tensor {
        guard min(grid.height, grid.width) > 0, shape.height % grid.height == 0,
            shape.width % grid.width == 0
        else {
            return recording(.adaptiveAveragePool(Op.AdaptiveAveragePool(to: grid)))
        }
        let cell = Extent(shape.height / grid.height, shape.width / grid.width)
        return averagePooled(Window(kernel: cell, stride: cell))
    }

    /// Takes the mean of each channel.
    ///
    /// - Returns: [N, C, 1, 1]
    public func globallyAveraged() -> Tensor { averagePooled(to: 1) }

    /// Takes the largest element of each channel.
    ///
    /// - Returns: [N, C, 1, 1]
    public func globallyMaximized() -> Tensor {
        maxPooled(Window(kernel: extent, stride: extent))
    }

    /// Joins all axes but the first.
    ///
    /// - Returns: [N, C·H·W]
    public func flattened() -> Tensor {
        recording(.reshape(Op.Reshape(to: [shape.batch, shape.perImage.count])))
    }

    /// Turns each row into probabilities.
    ///
    /// - Returns: The same shape.
    public func softmax() -> Tensor { recording(.softmax(Op.Softmax())) }

    /// Multiplies each element by a number.
    ///
    /// - Parameter factor: The number.
    /// - Returns: The same shape.
    public func scaled(by factor: Float) -> Tensor { recording(.scale(Op.Scale(by: factor))) }

    /// Measures these logits against labels.
    ///
    /// - Parameters:
    ///   - labels: One label an image, [N].
    ///   - smoothing: How much of the target is spread evenly over the classes.
    /// - Returns: The mean over the batch, a scalar.
    public func crossEntropy(against labels: Tensor, smoothing: Float = 0) -> Tensor {
        recording(.crossEntropy(Op.CrossEntropy(smoothing: smoothing)), [labels])
    }

    /// The sum of two tensors of one shape.
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        left.recording(.add(Op.Add()), [right])
    }
}

/// max(x, 0) of each element.
///
/// - Parameter x: Any tensor.
/// - Returns: The same shape.
public func relu(_ x: Tensor) -> Tensor { x.recording(.activation(Op.Activation(.relu))) }

/// 1 / (1 + e⁻ˣ) of each element.
///
/// - Parameter x: Any tensor.
/// - Returns: The same shape.
public func sigmoid(_ x: Tensor) -> Tensor { x.recording(.activation(Op.Activation(.sigmoid))) }

/// The channels of several tensors, one after the other.
///
/// - Parameter tensors: Two or more tensors that differ in their number of channels only.
/// - Returns: [N, sum of the channels, H, W]
public func concat(_ tensors: [Tensor]) -> Tensor {
    precondition(!tensors.isEmpty, "nothing is to be joined")
    return tensors[0].recording(.concatenation(Op.Concatenation()), Array(tensors.dropFirst()))
}
