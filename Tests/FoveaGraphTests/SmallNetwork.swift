// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Convolution, bias, ReLU, max pooling, dropout, linear layer and loss, recorded by hand.
func smallNetwork() -> Graph {
    var builder = GraphBuilder()
    func parameter(_ key: String, _ shape: Shape) -> Graph.Value {
        builder.derive(.parameter(Op.Parameter(key, shape)), [], path: key)
    }
    let images = builder.derive(.input(Op.Input("images", TensorType([2, 1, 8, 8]))), [])
    let weight = parameter("features.0.weight", [4, 1, 3, 3])
    let bias = parameter("features.0.bias", [4])
    builder.path = "features.0"
    var x = builder.derive(
        .convolution(Op.Convolution(Window(kernel: 3, stride: 2, padding: 1))), [images, weight])
    x = builder.derive(.addBias(Op.AddBias()), [x, bias])
    x = builder.derive(.activation(Op.Activation(.relu)), [x], path: "features.1")
    let pool = Op.MaxPool(Window(kernel: 2, stride: 2), recordsWinners: true)
    x = builder.derive(.maxPool(pool), [x], path: "features.2")
    x = builder.derive(
        .dropout(Op.Dropout(rate: 0.5, site: "features.3")), [x], path: "features.3")
    x = builder.derive(.reshape(Op.Reshape(to: [2, 16])), [x], path: "")
    let matrix = parameter("fc.weight", [3, 16])
    x = builder.derive(.linear(Op.Linear()), [x, matrix], path: "fc")
    builder.setResult(.output("logits"), to: x)
    let labels = builder.derive(.input(Op.Input("labels", TensorType([2], .i32))), [], path: "")
    let loss = builder.derive(
        .crossEntropy(Op.CrossEntropy(smoothing: 0.1)), [x, labels], path: "")
    builder.setResult(.output("loss"), to: loss)
    return builder.graph
}
