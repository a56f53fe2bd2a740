// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Records small graphs for the tests.
struct Recording {
    var builder = GraphBuilder()

    mutating func images(_ shape: Shape) -> Graph.Value {
        builder.derive(.input(Op.Input("images", TensorType(shape))), [], path: "")
    }

    mutating func labels(_ count: Int) -> Graph.Value {
        builder.derive(.input(Op.Input("labels", TensorType([count], .i32))), [], path: "")
    }

    mutating func parameter(_ name: String, _ shape: Shape) -> Graph.Value {
        builder.derive(.parameter(Op.Parameter(name, shape)), [], path: name)
    }

    /// A convolution that keeps the size.
    mutating func convolution(
        _ x: Graph.Value, _ outputs: Int, _ name: String, kernel: Extent = 3
    ) -> Graph.Value {
        let inputs = builder.graph[x].shape.channels
        let w = parameter("\(name).weight", [outputs, inputs, kernel.height, kernel.width])
        let op = Op.Convolution(Window(kernel: kernel, padding: kernel.half))
        return builder.derive(.convolution(op), [x, w], path: name)
    }

    mutating func linear(_ x: Graph.Value, _ outputs: Int, _ name: String) -> Graph.Value {
        let w = parameter("\(name).weight", [outputs, builder.graph[x].shape.perImage.count])
        return builder.derive(.linear(Op.Linear()), [x, w], path: name)
    }

    mutating func bias(_ x: Graph.Value, _ name: String) -> Graph.Value {
        let b = parameter("\(name).bias", [builder.graph[x].shape.channels])
        return builder.derive(.addBias(Op.AddBias()), [x, b], path: name)
    }

    mutating func activation(_ x: Graph.Value, _ kind: Op.Activation.Kind = .relu) -> Graph.Value {
        builder.derive(.activation(Op.Activation(kind)), [x])
    }

    mutating func batchNormalization(_ x: Graph.Value, _ name: String) -> Graph.Value {
        let channels: Shape = [builder.graph[x].shape.channels]
        let inputs = [
            x, parameter("\(name).weight", channels), parameter("\(name).bias", channels),
        ]
        let op = Op.BatchNormalization(epsilon: 1e-5)
        return builder.derive(.batchNormalization(op), inputs, path: name)
    }

    /// With running statistics that move.
    mutating func movedBatchNormalization(
        _ x: Graph.Value, _ name: String, momenta: (mean: Float, variance: Float) = (0.1, 0.1)
    ) -> Graph.Value {
        let channels: Shape = [builder.graph[x].shape.channels]
        let running = ["mean", "var"].map {
            builder.derive(
                .parameter(Op.Parameter("\(name).\($0)", channels, role: .statistic)), [],
                path: name)
        }
        let y = batchNormalization(x, name)
        let averages = [
            Op.MovingAverage(momentum: momenta.mean),
            Op.MovingAverage(momentum: momenta.variance, factor: 1.25),
        ]
        for (index, average) in averages.enumerated() {
            let next = builder.derive(
                .movingAverage(average),
                [running[index], Graph.Value(node: y.node, output: index + 1)], path: name)
            builder.setResult(.update("\(name).\(["mean", "var"][index])"), to: next)
        }
        return y
    }

    /// A residual block behind a convolution, with a loss.
    static func residual() -> Graph {
        var it = Recording()
        let x = it.convolution(it.images([2, 3, 4, 4]), 8, "stem")
        let y = it.movedBatchNormalization(it.convolution(x, 8, "conv"), "bn")
        let z = it.activation(it.add(y, x))
        it.output("loss", it.crossEntropy(it.linear(it.flattened(z), 5, "fc")))
        return it.builder.graph
    }

    /// By statistics gathered before.
    mutating func normalization(_ x: Graph.Value, _ name: String) -> Graph.Value {
        let channels: Shape = [builder.graph[x].shape.channels]
        let vectors = ["mean", "var", "weight", "bias"].map { part in
            builder.derive(
                .parameter(
                    Op.Parameter(
                        "\(name).\(part)", channels,
                        role: part == "mean" || part == "var" ? .statistic : .weight)),
                [], path: name)
        }
        return builder.derive(
            .normalization(Op.Normalization(epsilon: 1e-5)), [x] + vectors, path: name)
    }

    mutating func flattened(_ x: Graph.Value) -> Graph.Value {
        let shape = builder.graph[x].shape
        return builder.derive(
            .reshape(Op.Reshape(to: [shape.batch, shape.perImage.count])), [x])
    }

    mutating func add(_ x: Graph.Value, _ y: Graph.Value) -> Graph.Value {
        builder.derive(.add(Op.Add()), [x, y])
    }

    mutating func crossEntropy(_ x: Graph.Value) -> Graph.Value {
        let labels = labels(builder.graph[x].shape.batch)
        return builder.derive(.crossEntropy(Op.CrossEntropy()), [x, labels])
    }

    mutating func output(_ name: String, _ value: Graph.Value) {
        builder.setResult(.output(name), to: value)
    }

    /// A convolution, a pooling and a linear layer with everything that is fused.
    static func network() -> Graph {
        var it = Recording()
        var x = it.images([2, 3, 6, 6])
        x = it.activation(it.bias(it.convolution(x, 4, "conv"), "conv"))
        let pool = Op.MaxPool(Window(kernel: 2, stride: 2), recordsWinners: true)
        x = it.builder.derive(.maxPool(pool), [x], path: "pool")
        x = it.bias(it.linear(it.flattened(x), 5, "fc"), "fc")
        it.output("logits", x)
        it.output("loss", it.crossEntropy(x))
        return it.builder.graph
    }
}
