// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

extension Graph {
    /// Checks every invariant of a graph.
    ///
    /// Nodes stand at their own index, read only earlier nodes' existing outputs, obey their shape
    /// rule, name each parameter once, and every result exists; the gradient and the next value of a
    /// parameter have its shape.
    ///
    /// - Throws: The first violation, with the node it is found at.
    public func verify() throws(Diagnostic) {
        var shapes: [String: Shape] = [:]
        for (index, node) in nodes.enumerated() {
            guard node.index == index else {
                throw Diagnostic("node \(index) believes to be node \(node.index)", path: node.path)
            }
            for input in node.inputs {
                guard input.node >= 0, input.node < index else {
                    throw Diagnostic(
                        "node \(index) reads \(name(of: input)), which does not come before it",
                        path: node.path)
                }
                guard nodes[input.node].outputs.indices.contains(input.output) else {
                    throw Diagnostic(
                        "node \(index) reads \(name(of: input)), which does not exist",
                        path: node.path)
                }
            }
            let expected: [TensorType]
            do {
                expected = try node.op.definition.outputs(for: node.inputs.map { self[$0] })
            } catch {
                throw Diagnostic("node \(index): \(error.message)", path: node.path)
            }
            guard expected == node.outputs else {
                throw Diagnostic(
                    "node \(index) yields \(node.outputs.listed), its shape rule says \(expected.listed)",
                    path: node.path)
            }
            if case .parameter(let parameter) = node.op {
                guard shapes.updateValue(node.outputs[0].shape, forKey: parameter.key) == nil
                else {
                    throw Diagnostic(
                        "parameter \(parameter.key) stands in two nodes", path: node.path)
                }
            }
        }
        for (result, value) in results {
            guard nodes.indices.contains(value.node),
                nodes[value.node].outputs.indices.contains(value.output)
            else { throw Diagnostic("\(result) is a value that does not exist") }
            switch result {
            case .output: break
            case .gradient(let name):
                guard let shape = shapes[name] else {
                    throw Diagnostic("has a gradient, but is no parameter", path: name)
                }
                guard shape == self[value].shape else {
                    throw Diagnostic("its gradient has the shape \(self[value].shape)", path: name)
                }
            case .update(let name):
                guard shapes[name] == self[value].shape else {
                    throw Diagnostic(
                        "is to become \(self[value]), but is no parameter of that shape",
                        path: name)
                }
            }
        }
    }
}
