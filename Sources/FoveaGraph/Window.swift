// SPDX-License-Identifier: Apache-2.0

/// How a kernel slides over an image: its size, steps, padding and dilation.
///
/// Along each axis the output has ⌊(in + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1
/// positions. Rounding up instead counts a last window that hangs over the edge, unless it would
/// start beyond the input and its leading padding; this is PyTorch's rule for `ceil_mode`.
public struct Window: Hashable, Sendable, CustomStringConvertible {
    /// What becomes of a last window that does not fit as a whole.
    public enum Rounding: Hashable, Sendable {
        /// It is left out.
        case down
        /// It is counted, and reads padding beyond the edge.
        case up
    }

    /// The number of rows and columns that are read.
    public var kernel: Extent
    /// The distance from one window to the next.
    public var stride: Extent
    /// The rows and columns added on each side of the input.
    public var padding: Extent
    /// The distance between the rows or columns that are read.
    public var dilation: Extent
    /// What becomes of a last window that does not fit as a whole.
    public var rounding: Rounding

    /// Makes a window.
    public init(
        kernel: Extent, stride: Extent = 1, padding: Extent = 0, dilation: Extent = 1,
        rounding: Rounding = .down
    ) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.rounding = rounding
    }

    /// The window that covers a whole image.
    public static func covering(_ image: Extent) -> Window {
        Window(kernel: image, stride: image)
    }

    /// The rows and columns between the first and the last that are read, both counted.
    public var reach: Extent {
        Extent(
            dilation.height * (kernel.height - 1) + 1, dilation.width * (kernel.width - 1) + 1)
    }

    /// The smallest input this window fits into.
    public var smallestInput: Extent {
        // Rounded up, a first window may hang over the edge too, by less than a step.
        let overhang = rounding == .up ? Extent(stride.height - 1, stride.width - 1) : 0
        return Extent(
            max(1, reach.height - 2 * padding.height - overhang.height),
            max(1, reach.width - 2 * padding.width - overhang.width))
    }

    /// What is wrong with the window itself, whatever its input; nil if nothing is.
    var defect: String? {
        if min(kernel.height, kernel.width) < 1 { return "a kernel of at least 1×1" }
        if min(stride.height, stride.width) < 1 { return "a stride of at least 1" }
        if min(dilation.height, dilation.width) < 1 { return "a dilation of at least 1" }
        if min(padding.height, padding.width) < 0 { return "a padding of at least 0" }
        return nil
    }

    /// The number of positions the window takes on an input.
    ///
    /// - Parameter input: The height and width of the input.
    /// - Returns: The height and width of the output, or nil if the input is too small.
    public func output(of input: Extent) -> Extent? {
        guard defect == nil,
            let height = positions(
                input.height, reach.height, stride.height, padding.height),
            let width = positions(input.width, reach.width, stride.width, padding.width)
        else { return nil }
        return Extent(height, width)
    }

    /// The padding after the last row and column that makes the output come out exact.
    ///
    /// - Parameters:
    ///   - input: The height and width of the input.
    ///   - output: The height and width of the output.
    /// - Returns: The rows and columns below and to the right; negative where the last are unread.
    public func paddingAfter(_ input: Extent, output: Extent) -> Extent {
        Extent(
            (output.height - 1) * stride.height + reach.height - input.height - padding.height,
            (output.width - 1) * stride.width + reach.width - input.width - padding.width)
    }

    private func positions(_ input: Int, _ reach: Int, _ stride: Int, _ padding: Int) -> Int? {
        let room = input + 2 * padding - reach + (rounding == .up ? stride - 1 : 0)
        guard room >= 0, input > 0 else { return nil }
        let count = room / stride + 1
        guard rounding == .up else { return count }
        return (count - 1) * stride >= input + padding ? count - 1 : count
    }

    /// The kernel and whatever else is not usual: "3×3, stride 2, padding 1".
    public var description: String {
        var text = "\(kernel)"
        if stride != 1 { text += ", stride \(Self.short(stride))" }
        if padding != 0 { text += ", padding \(Self.short(padding))" }
        if dilation != 1 { text += ", dilation \(Self.short(dilation))" }
        if rounding == .up { text += ", rounding up" }
        return text
    }

    private static func short(_ extent: Extent) -> String {
        extent.height == extent.width ? "\(extent.height)" : "\(extent)"
    }
}
