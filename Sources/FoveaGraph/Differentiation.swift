// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

extension Graph {
    /// Adds the gradients of a scalar output with respect to every weight.
    ///
    /// Reverse mode: the nodes are walked from the last to the first, the gradients of each node's
    /// outputs are summed over their readers, and the op's gradient rule records what follows for
    /// its inputs. Nodes that no weight leads to are passed over, so that the first layer's data
    /// gradient is never recorded.
    ///
    /// - Parameter loss: The name of the scalar output.
    /// - Returns: The graph with a `.gradient` result for each weight that the loss depends on.
    /// - Throws: A diagnostic if there is no such scalar output, or an op on the way was recorded
    ///   for inference only or has no gradient.
    public func differentiated(loss: String = "loss") throws(Diagnostic) -> Graph {
        guard let target = results[.output(loss)] else {
            throw Diagnostic("the graph has no output named \(loss) to differentiate.")
        }
        guard self[target].shape.rank == 0 else {
            throw Diagnostic("\(loss) has the shape \(self[target].shape); a scalar is needed.")
        }
        let wanted = leadsFromWeights()
        var builder = GraphBuilder(self)
        var gradients: [Value: [Value]] = [:]
        gradients[target] = [builder.derive(.constant(Op.Constant(1)), [], path: "")]

        for node in nodes.reversed() where wanted[node.index] {
            builder.path = node.path
            let arriving = node.outputs.indices.map { output -> Value? in
                guard var sum = gradients[node.value(output)]?.first else { return nil }
                for term in gradients[node.value(output), default: []].dropFirst() {
                    sum = builder.derive(.add(Op.Add()), [sum, term])
                }
                return sum
            }
            guard arriving.contains(where: { $0 != nil }) else { continue }
            if case .parameter(let parameter) = node.op, let gradient = arriving[0] {
                builder.setResult(.gradient(parameter.key), to: gradient)
                continue
            }
            let op = node.op.definition
            if op.isForInferenceOnly {
                throw Diagnostic(
                    "\(op.name) \(op.attributes) was not recorded for training and has no "
                        + "gradient.", path: node.path)
            }
            for output in arriving.indices
            where arriving[output] != nil && !op.hasGradient(ofOutput: output) {
                throw Diagnostic(
                    "the loss depends on output \(output) of \(op.name), which has no gradient.",
                    path: node.path)
            }
            let leaving = op.gradient(of: node, from: arriving, in: &builder)
            precondition(
                leaving.count == node.inputs.count,
                "\(op.name) has a gradient rule for \(leaving.count) inputs")
            for (input, gradient) in zip(node.inputs, leaving) where wanted[input.node] {
                if let gradient { gradients[input, default: []].append(gradient) }
            }
        }
        return builder.graph.withoutDeadNodes()
    }

    /// For each node, whether a weight leads to it.
    private func leadsFromWeights() -> [Bool] {
        var leads = [Bool](repeating: false, count: nodes.count)
        for node in nodes {
            if case .parameter(let parameter) = node.op {
                leads[node.index] = parameter.role == .weight
            } else {
                leads[node.index] = node.inputs.contains { leads[$0.node] }
            }
        }
        return leads
    }

    /// For each node, whether a result depends on it.
    package func livingNodes() -> [Bool] {
        var alive = [Bool](repeating: false, count: nodes.count)
        for value in results.values { alive[value.node] = true }
        for node in nodes.reversed() where alive[node.index] {
            for input in node.inputs { alive[input.node] = true }
        }
        return alive
    }

    /// The graph without the nodes that no result depends on.
    ///
    /// - Returns: The smaller graph, in the same order.
    public func withoutDeadNodes() -> Graph {
        let alive = livingNodes()
        return GraphRewriter.rewrite(self) { node, rewriter in
            alive[node.index] ? rewriter.copy(node) : rewriter.omit(node)
        }
    }
}
