// SPDX-License-Identifier: Apache-2.0

extension Op {
    /// The largest element under each window.
    ///
    /// Padding never wins. The first of equal elements in row-major order does.
    ///
    /// - Shape: x [N, C, H, W] → y [N, C, H′, W′] and, when recorded, the winners, one byte each
    public struct MaxPool: OpDefinition {
        /// How the window slides.
        public var window: Window
        /// Whether a second output tells for each window which element won.
        ///
        /// The bytes are read by the gradient op of the same backend only; their meaning is the
        /// backend's affair.
        public var recordsWinners: Bool

        /// Makes a max pooling.
        public init(_ window: Window, recordsWinners: Bool = false) {
            self.window = window
            self.recordsWinners = recordsWinners
        }

        package var name: String { "maxPool" }
        package var attributes: String { window.description }
        package var isForInferenceOnly: Bool { !recordsWinners }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4])
            let y = try pooled("max pooling", window, inputs[0])
            return recordsWinners ? [y, TensorType(y.shape, .u8)] : [y]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            let op = MaxPoolGradient(window, inputShape: graph.graph[node.inputs[0]].shape)
            return [graph.derive(.maxPoolGradient(op), [dy, node.value(1)])]
        }
    }

    /// The gradient of a max pooling: each dy goes to the element that won.
    ///
    /// - Shape: dy [N, C, H′, W′], winners [N, C, H′, W′] → dx [N, C, H, W]
    public struct MaxPoolGradient: OpDefinition {
        /// How the window slides.
        public var window: Window
        /// The shape of the pooling's input.
        public var inputShape: Shape

        /// Makes the gradient op of a max pooling.
        public init(_ window: Window, inputShape: Shape) {
            self.window = window
            self.inputShape = inputShape
        }

        package var name: String { "maxPoolGradient" }
        package var attributes: String { window.description }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4, 4])
            let dy = try pooled("max pooling", window, TensorType(inputShape, inputs[0].dtype))
            guard inputs[0] == dy, inputs[1].shape == dy.shape else {
                throw Diagnostic("\(name) \(window) does not lead to \(inputShape).")
            }
            return [TensorType(inputShape, inputs[0].dtype)]
        }
    }

    /// The mean of the elements under each window.
    ///
    /// With counted padding the divisor is the part of the window inside the input and its declared
    /// padding, as in PyTorch: what hangs over only because sizes are rounded up is never counted.
    ///
    /// - Shape: [N, C, H, W] → [N, C, H′, W′]
    public struct AveragePool: OpDefinition {
        /// How the window slides.
        public var window: Window
        /// Whether padding counts as zeros that are averaged too.
        public var countsPadding: Bool

        /// Makes an average pooling.
        public init(_ window: Window, countsPadding: Bool = true) {
            self.window = window
            self.countsPadding = countsPadding
        }

        package var name: String { "averagePool" }
        package var attributes: String {
            window.description
                + (window.padding == 0 || countsPadding ? "" : ", padding not counted")
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4])
            guard window.dilation == 1 else {
                throw Diagnostic("average pooling \(window) cannot be dilated.")
            }
            return [try pooled("average pooling", window, inputs[0])]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            let op = AveragePoolGradient(
                window, countsPadding: countsPadding,
                inputShape: graph.graph[node.inputs[0]].shape)
            return [graph.derive(.averagePoolGradient(op), [dy])]
        }
    }

    /// The gradient of an average pooling: each dy is shared equally.
    ///
    /// - Shape: dy [N, C, H′, W′] → dx [N, C, H, W]
    public struct AveragePoolGradient: OpDefinition {
        /// How the window slides.
        public var window: Window
        /// Whether padding counts as zeros that are averaged too.
        public var countsPadding: Bool
        /// The shape of the pooling's input.
        public var inputShape: Shape

        /// Makes the gradient op of an average pooling.
        public init(_ window: Window, countsPadding: Bool, inputShape: Shape) {
            self.window = window
            self.countsPadding = countsPadding
            self.inputShape = inputShape
        }

        package var name: String { "averagePoolGradient" }
        package var attributes: String { window.description }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4])
            let dy = try pooled("average pooling", window, TensorType(inputShape, inputs[0].dtype))
            guard inputs[0] == dy else {
                throw Diagnostic("\(name) \(window) does not lead to \(inputShape).")
            }
            return [TensorType(inputShape, inputs[0].dtype)]
        }
    }

    /// The mean over a grid of nearly equal cells, whatever the input's size.
    ///
    /// Cell i of n over an axis of length L reaches from ⌊i·L/n⌋ to ⌈(i+1)·L/n⌉, as in PyTorch.
    /// Where n divides L the layers record an `AveragePool`, which is the same and faster.
    ///
    /// - Shape: [N, C, H, W] → [N, C, n, m]
    public struct AdaptiveAveragePool: OpDefinition {
        /// The size of the grid.
        public var extent: Extent

        /// Makes an adaptive average pooling.
        public init(to extent: Extent) { self.extent = extent }

        package var name: String { "adaptiveAveragePool" }
        package var attributes: String { "to \(extent)" }

        /// The rows or columns of one cell.
        ///
        /// - Parameters:
        ///   - index: Which cell along the axis.
        ///   - count: How many cells the axis has.
        ///   - length: How many rows or columns the input has.
        /// - Returns: A range that is never empty.
        public static func cell(_ index: Int, of count: Int, length: Int) -> Range<Int> {
            (index * length / count)..<(((index + 1) * length + count - 1) / count)
        }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4])
            guard min(extent.height, extent.width) > 0 else {
                throw Diagnostic("\(name) needs a grid of at least 1×1, but has \(extent).")
            }
            let x = inputs[0].shape
            return [
                TensorType([x.batch, x.channels, extent.height, extent.width], inputs[0].dtype)
            ]
        }

        package func gradient(
            of node: Graph.Node, from gradients: [Graph.Value?], in graph: inout GraphBuilder
        ) -> [Graph.Value?] {
            guard let dy = gradients[0] else { return [nil] }
            let op = AdaptiveAveragePoolGradient(inputShape: graph.graph[node.inputs[0]].shape)
            return [graph.derive(.adaptiveAveragePoolGradient(op), [dy])]
        }
    }

    /// The gradient of an adaptive average pooling: each dy is shared equally among its cell.
    ///
    /// - Shape: dy [N, C, n, m] → dx [N, C, H, W]
    public struct AdaptiveAveragePoolGradient: OpDefinition {
        /// The shape of the pooling's input.
        public var inputShape: Shape

        /// Makes the gradient op of an adaptive average pooling.
        public init(inputShape: Shape) { self.inputShape = inputShape }

        package var name: String { "adaptiveAveragePoolGradient" }

        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            try expect(inputs, ranks: [4])
            let dy = inputs[0].shape
            guard dy.batch == inputShape.batch, dy.channels == inputShape.channels else {
                throw Diagnostic("\(name) does not lead from \(dy) to \(inputShape).")
            }
            return [TensorType(inputShape, inputs[0].dtype)]
        }
    }

    private static func pooled(
        _ what: String, _ window: Window, _ x: TensorType
    ) throws(Diagnostic) -> TensorType {
        try expectSound(window, what)
        // A larger padding would leave windows without any element of the input.
        guard 2 * window.padding.height <= window.reach.height,
            2 * window.padding.width <= window.reach.width
        else {
            throw Diagnostic("\(what) \(window) needs a padding of at most half its kernel.")
        }
        guard let extent = window.output(of: x.shape.extent) else {
            throw tooSmall(what, window, x.shape)
        }
        return TensorType([x.shape.batch, x.shape.channels, extent.height, extent.width], x.dtype)
    }
}
