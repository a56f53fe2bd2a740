// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The arithmetic of one operation, written out in its terms.
struct Arithmetic {
    /// The graph the node belongs to, recorded for one image.
    let graph: Graph
    /// The nodes of the same layer.
    let nodes: [Graph.Node]
    /// The operation.
    let node: Graph.Node

    /// Some terms and what they come to.
    typealias Term = (text: String, value: Int)

    /// Everything there is to say, for an operation that stands alone.
    var lines: [LayerExplanation.Line] {
        sizes
            + [
                Self.sum("parameters", parameters), Self.sum("statistics", statistics),
                Self.sum("multiply-adds", multiplyAdds),
            ].compactMap { $0 }
    }

    /// Whether the operation has settings that decide about sizes.
    var isSized: Bool {
        if case .convolution = node.op { return true }
        return window != nil
    }

    /// One line for several terms that are added; nil if there is none.
    static func sum(_ quantity: String, _ terms: [Term]) -> LayerExplanation.Line? {
        guard !terms.isEmpty else { return nil }
        return LayerExplanation.Line(
            quantity, terms.map(\.text).joined(separator: " + "),
            terms.reduce(0) { $0 + $1.value })
    }

    // MARK: - Sizes

    private var inputs: [Shape] { node.inputs.map { graph[$0].shape } }
    private var output: Shape { node.outputs.first?.shape ?? [] }

    private var window: Window? {
        switch node.op {
        case .convolution(let op): op.window
        case .maxPool(let op): op.window
        case .averagePool(let op): op.window
        default: nil
        }
    }

    /// How the output's extents follow from the input's.
    var sizes: [LayerExplanation.Line] {
        guard let input = inputs.first else { return [] }
        if let window { return sides(window, input) }
        switch node.op {
        case .adaptiveAveragePool:
            return [
                cells("height", output.height, over: input.height),
                cells("width", output.width, over: input.width),
            ]
        case .reshape where output.rank == 2 && input.rank > 2:
            let terms = input.perImage.dimensions.map(String.init).joined(separator: "·")
            return [.init("features", terms, output.channels)]
        case .concatenation:
            let terms = inputs.map { "\($0.channels)" }.joined(separator: " + ")
            return [.init("channels", terms, output.channels)]
        default: return []
        }
    }

    /// What a pooling over the whole image makes of it; nil for other operations.
    private func whole(_ op: Op) -> String? {
        switch op {
        case .averagePool: "the mean over the whole image"
        case .maxPool: "the largest of the whole image"
        default: nil
        }
    }

    private func sides(_ window: Window, _ input: Shape) -> [LayerExplanation.Line] {
        if let remark = whole(node.op), window.kernel == input.extent, window.padding == 0 {
            if input.height == input.width {
                return [.init("side", "\(input.height)/\(input.height)", output.height, remark)]
            }
            return [
                .init("height", "\(input.height)/\(input.height)", output.height, remark),
                .init("width", "\(input.width)/\(input.width)", output.width),
            ]
        }
        let height = Axis(
            input: input.height, output: output.height, kernel: window.kernel.height,
            stride: window.stride.height, padding: window.padding.height,
            dilation: window.dilation.height, roundsUp: window.rounding == .up)
        let width = Axis(
            input: input.width, output: output.width, kernel: window.kernel.width,
            stride: window.stride.width, padding: window.padding.width,
            dilation: window.dilation.width, roundsUp: window.rounding == .up)
        return height == width
            ? [height.line("side")] : [height.line("height"), width.line("width")]
    }

    /// A cell of an adaptive pooling: how many there are is chosen, not computed.
    private func cells(_ quantity: String, _ count: Int, over length: Int) -> LayerExplanation.Line
    {
        .init(
            quantity, "\(count)", count,
            "as chosen; cell i covers ⌊i·\(length)/\(count)⌋ to ⌈(i + 1)·\(length)/\(count)⌉")
    }

    /// One axis of a sliding window.
    private struct Axis: Equatable {
        let input, output, kernel, stride, padding, dilation: Int
        let roundsUp: Bool

        func line(_ quantity: String) -> LayerExplanation.Line {
            let reach = dilation == 1 ? "\(kernel)" : "\(dilation)·(\(kernel) − 1) − 1"
            let room = "(\(input) − \(reach) + 2·\(padding))/\(stride)"
            guard roundsUp else { return .init(quantity, "⌊\(room)⌋ + 1", output) }
            // The count before PyTorch's rule: a last window must begin before the trailing padding.
            let free = input + 2 * padding - dilation * (kernel - 1) - 1
            let last = (free + stride - 1) / stride
            guard last + 1 > output else { return .init(quantity, "⌈\(room)⌉ + 1", output) }
            return .init(
                quantity, "⌈\(room)⌉ + 1 − 1", output,
                "for the last window would begin at \(stride)·\(last) ≥ \(input) + \(padding)")
        }
    }

    // MARK: - Counts

    /// The learned numbers that the operation stands for, if it is a parameter.
    var parameters: [Term] { numbers(.weight) }
    /// The gathered numbers that the operation stands for, if it is a parameter.
    var statistics: [Term] { numbers(.statistic) }

    private func numbers(_ role: ParameterRole) -> [Term] {
        guard case .parameter(let parameter) = node.op, parameter.role == role else { return [] }
        let shape = parameter.shape
        guard shape.rank > 2 else {
            return [(shape.dimensions.map(String.init).joined(separator: "·"), shape.count)]
        }
        return [("\(shape[0])·(\(Self.kernel(shape, groups: groups)))", shape.count)]
    }

    /// The groups of the convolution that reads this parameter.
    private var groups: Int {
        for reader in nodes where reader.inputs.contains(node.value()) {
            if case .convolution(let op) = reader.op { return op.groups }
        }
        return 1
    }

    /// The numbers that one output channel reads: "1·11·11", or "96/2·5·5" in two groups.
    private static func kernel(_ weights: Shape, groups: Int) -> String {
        let first = groups == 1 ? "\(weights[1])" : "\(weights[1] * groups)/\(groups)"
        return ([first] + weights.dimensions.dropFirst(2).map(String.init)).joined(separator: "·")
    }

    /// The multiply-adds of the operation.
    var multiplyAdds: [Term] {
        let value = node.op.definition.multiplyAdds(
            inputs: node.inputs.map { graph[$0] }, outputs: node.outputs)
        guard value > 0, inputs.count > 1 else { return [] }
        let weights = inputs[1]
        guard case .convolution(let op) = node.op else {
            return [(weights.dimensions.map(String.init).joined(separator: "·"), value)]
        }
        let kernel = Self.kernel(weights, groups: op.groups)
        return [("\(output.height)·\(output.width)·\(output.channels)·(\(kernel))", value)]
    }
}
