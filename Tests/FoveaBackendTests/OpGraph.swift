// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Graphs that show all an op does: its output `y` and, through a loss, its inputs' gradients.
enum OpGraph {
    /// A graph whose loss is Σ y · dy, so that the gradients are those that belong to dy.
    ///
    /// The gradient of the parameter `dy` is y.
    ///
    /// - Parameters:
    ///   - leaves: The names and types of what the op reads: parameters, or labels.
    ///   - body: Records the op.
    /// - Returns: The differentiated graph.
    /// - Throws: A diagnostic if the inputs do not fit the op.
    static func make(
        _ leaves: [(name: String, type: TensorType)],
        _ body: (inout GraphBuilder, [Graph.Value]) throws -> Graph.Value
    ) throws -> Graph {
        var builder = GraphBuilder()
        var values: [Graph.Value] = []
        for (name, type) in leaves {
            let leaf: Op =
                type.dtype == .f32
                ? .parameter(Op.Parameter(name, type.shape)) : .input(Op.Input(name, type))
            values.append(builder.derive(leaf, []))
        }
        let y = try body(&builder, values)
        builder.setResult(.output("y"), to: y)
        let row: Shape = [1, builder.graph[y].shape.count]
        let dy = builder.derive(.parameter(Op.Parameter("dy", row)), [])
        let flat = builder.derive(.reshape(Op.Reshape(to: row)), [y])
        let sum = builder.derive(.linear(Op.Linear()), [flat, dy])
        let loss = builder.derive(.reshape(Op.Reshape(to: [])), [sum])
        builder.setResult(.output("loss"), to: loss)
        return try builder.graph.differentiated()
    }
}

extension GraphBuilder {
    /// Records an op whose inputs may not fit.
    mutating func value(_ op: Op, _ inputs: [Graph.Value]) throws -> Graph.Value {
        Graph.Value(node: try record(op, inputs))
    }
}
