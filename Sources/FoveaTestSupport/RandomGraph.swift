// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
public import FoveaRuntime

/// Random small networks, each a pure function of its seed, for tests of what holds for all graphs.
///
/// Convolutions with random windows and groups, poolings of every kind, activations, dropouts and
/// normalizations, branches that are added up or joined follow on each other; a linear layer and a loss end them.
public struct RandomGraph: Sendable {
    /// The network, with the outputs `logits` and `loss`, not yet differentiated.
    public let graph: Graph
    /// The number of classes.
    public let classes: Int
    /// Random inputs for it.
    public let inputs: [String: HostValue]
    /// Random parameters for it.
    public let parameters: [String: HostValue]

    /// Makes the network that belongs to a seed.
    ///
    /// - Parameters:
    ///   - seed: The seed.
    ///   - normalizes: Whether batch normalizations and concatenations may be among the layers.
    public init(seed: UInt64, normalizes: Bool = true) {
        var recipe = Recipe(seed: seed, normalizes: normalizes)
        (graph, classes) = recipe.network()
        let values = RandomValues(seed: seed)
        inputs = values.inputs(of: graph, classes: classes)
        parameters = values.parameters(of: graph)
    }
}

/// Draws a network op by op; an op that does not fit what is there is left out.
private struct Recipe {
    var stream: RandomStream
    var builder = GraphBuilder()
    var layers = 0

    let normalizes: Bool

    init(seed: UInt64, normalizes: Bool) {
        self.normalizes = normalizes
        stream = RandomStream(seed: seed, purpose: .init("graph"))
    }

    mutating func network() -> (Graph, classes: Int) {
        let batch = draw(1...3), classes = draw(2...5)
        let images = TensorType([batch, draw(1...4), draw(5...12), draw(5...12)])
        var x = builder.derive(.input(Op.Input("images", images)), [])
        for _ in 0..<draw(2...6) { x = layer(x) }
        x = builder.derive(.reshape(Op.Reshape(to: [batch, shape(x).perImage.count])), [x])
        if draw(0...2) == 0 {
            x = withBias(linear(x, outputs: draw(2...8)))
            x = activated(x)
        }
        if draw(0...2) == 0 { x = dropout(x, perChannel: false) }
        let logits = withBias(linear(x, outputs: classes))
        builder.setResult(.output("logits"), to: logits)

        let labels = builder.derive(.input(Op.Input("labels", TensorType([batch], .i32))), [])
        let smoothing: Float = draw(0...1) == 0 ? 0 : 0.1
        let loss = builder.derive(
            .crossEntropy(Op.CrossEntropy(smoothing: smoothing)), [logits, labels])
        builder.setResult(.output("loss"), to: loss)
        return (builder.graph, classes)
    }

    /// One more layer on images.
    private mutating func layer(_ x: Graph.Value) -> Graph.Value {
        builder.path = "layers.\(layers)"
        layers += 1
        switch draw(0...(normalizes ? 13 : 10)) {
        case 0, 1, 2: return activated(withBias(convolution(x)))
        case 3: return convolution(x)
        case 4:
            return attempt(.maxPool(Op.MaxPool(poolingWindow(), recordsWinners: true)), x)
        case 5:
            let counts = draw(0...1) == 0
            return attempt(.averagePool(Op.AveragePool(poolingWindow(), countsPadding: counts)), x)
        case 6:
            let grid = Extent(draw(1...4), draw(1...4))
            return attempt(.adaptiveAveragePool(Op.AdaptiveAveragePool(to: grid)), x)
        case 7: return activated(x)
        case 8: return dropout(x, perChannel: draw(0...1) == 0)
        case 9:
            return attempt(.scale(Op.Scale(by: Float(draw(1...4)) / 2)), x)
        case 11, 12:
            let normalized = batchNormalized(draw(0...1) == 0 ? convolution(x) : x)
            return draw(0...2) == 0 ? normalized : activated(normalized)
        case 13:
            let other = activated(withBias(sameSize(x)))
            return builder.derive(.concatenation(Op.Concatenation()), [x, other])
        default:
            let other = activated(withBias(sameSize(x)))
            return builder.derive(.add(Op.Add()), [x, other])
        }
    }

    private mutating func convolution(_ x: Graph.Value) -> Graph.Value {
        let kernel = Extent(draw(1...4), draw(1...4))
        let window = Window(
            kernel: kernel, stride: Extent(draw(1...2), draw(1...3)),
            padding: Extent(draw(0...2), draw(0...2)), dilation: Extent(draw(1...2), draw(1...2)))
        guard window.output(of: shape(x).extent) != nil else { return x }
        let divisors = (1...shape(x).channels).filter { shape(x).channels % $0 == 0 }
        let groups = divisors[draw(0...divisors.count - 1)]
        return convolution(x, window, outputs: groups * draw(1...3), groups: groups)
    }

    private mutating func batchNormalized(_ x: Graph.Value) -> Graph.Value {
        // Over few numbers the differences of roundings grow without bound.
        guard shape(x).count / shape(x).channels >= 8 else { return x }
        let scale = parameter("scale", [shape(x).channels])
        let shift = parameter("shift", [shape(x).channels])
        return builder.derive(
            .batchNormalization(Op.BatchNormalization(epsilon: 1e-2)), [x, scale, shift])
    }

    /// A convolution that keeps the shape.
    private mutating func sameSize(_ x: Graph.Value) -> Graph.Value {
        let kernel: Extent = draw(0...1) == 0 ? 1 : 3
        let window = Window(kernel: kernel, padding: kernel.half)
        return convolution(x, window, outputs: shape(x).channels, groups: 1)
    }

    private mutating func convolution(
        _ x: Graph.Value, _ window: Window, outputs: Int, groups: Int
    ) -> Graph.Value {
        let weight = parameter(
            "weight",
            [
                outputs, shape(x).channels / groups, window.kernel.height, window.kernel.width,
            ])
        return builder.derive(
            .convolution(Op.Convolution(window, groups: groups)), [x, weight])
    }

    private mutating func linear(_ x: Graph.Value, outputs: Int) -> Graph.Value {
        builder.path = "linear.\(layers)"
        layers += 1
        let weight = parameter("weight", [outputs, shape(x).perImage.count])
        return builder.derive(.linear(Op.Linear()), [x, weight])
    }

    private mutating func withBias(_ x: Graph.Value) -> Graph.Value {
        guard draw(0...3) != 0 else { return x }
        let bias = parameter("bias", [shape(x).channels])
        return builder.derive(.addBias(Op.AddBias()), [x, bias])
    }

    private mutating func activated(_ x: Graph.Value) -> Graph.Value {
        let kinds: [Op.Activation.Kind?] = [.relu, .relu, .sigmoid, nil]
        guard let kind = kinds[draw(0...kinds.count - 1)] else { return x }
        return builder.derive(.activation(Op.Activation(kind)), [x])
    }

    private mutating func dropout(_ x: Graph.Value, perChannel: Bool) -> Graph.Value {
        let op = Op.Dropout(
            rate: Float(draw(1...7)) / 10, perChannel: perChannel, site: builder.path)
        return builder.derive(.dropout(op), [x])
    }

    private mutating func poolingWindow() -> Window {
        let kernel = Extent(draw(1...3), draw(1...4))
        return Window(
            kernel: kernel, stride: Extent(draw(1...3), draw(1...3)),
            padding: Extent(draw(0...kernel.half.height), draw(0...kernel.half.width)),
            rounding: draw(0...1) == 0 ? .down : .up)
    }

    /// The op's output, or the input itself where the op does not fit.
    private mutating func attempt(_ op: Op, _ x: Graph.Value) -> Graph.Value {
        guard let node = try? builder.record(op, [x]) else { return x }
        return Graph.Value(node: node)
    }

    private mutating func parameter(_ name: String, _ shape: Shape) -> Graph.Value {
        let key = "\(builder.path).\(name)"
        return builder.derive(.parameter(Op.Parameter(key, shape)), [], path: key)
    }

    private func shape(_ value: Graph.Value) -> Shape { builder.graph[value].shape }

    private mutating func draw(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + stream.whole(below: range.count)
    }
}
