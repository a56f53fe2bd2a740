// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets convolutions and linear layers add their bias themselves, and compute its gradient.
///
/// Forward, a product that only an `addBias` reads takes the bias as a third input. Backward, the
/// sum of dy over all but the channels moves into the op that reads dy for the weights' gradient.
package struct FuseBias: Pass {
    package let name = "fuse-bias"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        var products: [Int: Graph.Node] = [:]
        var sums: [Int: Graph.Node] = [:]

        for node in graph.nodes {
            switch node.op {
            case .addBias:
                let product = graph.nodes[node.inputs[0].node]
                if readers.only(of: product.value()) == node.index,
                    Self.withBias(product.op) != nil
                {
                    products[node.index] = product
                }
            case .channelSum:
                let partner = readers[node.inputs[0]].map { graph.nodes[$0] }.first {
                    Self.weightGradientWithBias($0, of: node.inputs[0]) != nil
                        && sums[$0.index] == nil
                }
                if let partner, readers[node.value()].isEmpty { sums[partner.index] = node }
            default: break
            }
        }
        let fusedProducts = Set(products.values.map(\.index))
        let fusedSums = Set(sums.values.map(\.index))

        return GraphRewriter.rewrite(graph) { node, rewriter in
            if fusedProducts.contains(node.index) || fusedSums.contains(node.index) {
                rewriter.omit(node)
            } else if let product = products[node.index], let op = Self.withBias(product.op) {
                rewriter.replace(
                    node, with: op, reading: product.inputs + [node.inputs[1]], path: product.path)
            } else if let sum = sums[node.index],
                let op = Self.weightGradientWithBias(node, of: node.inputs[1])
            {
                rewriter.replace(node, with: op, reading: node.inputs)
                let fused = rewriter.place(of: node.value())
                rewriter.redirect(sum.value(), to: Graph.Value(node: fused.node, output: 1))
            } else {
                rewriter.copy(node)
            }
        }
    }

    private static func withBias(_ op: Op) -> Op? {
        switch op {
        case .convolution(var convolution)
        where !convolution.hasBias && convolution.activation == nil:
            convolution.hasBias = true
            return .convolution(convolution)
        case .linear(var linear) where !linear.hasBias && linear.activation == nil:
            linear.hasBias = true
            return .linear(linear)
        default: return nil
        }
    }

    private static func weightGradientWithBias(_ node: Graph.Node, of dy: Graph.Value) -> Op? {
        guard node.inputs.count == 2, node.inputs[1] == dy else { return nil }
        switch node.op {
        case .convolutionWeightGradient(var gradient) where !gradient.hasBias:
            gradient.hasBias = true
            return .convolutionWeightGradient(gradient)
        case .linearWeightGradient(var gradient) where !gradient.hasBias:
            gradient.hasBias = true
            return .linearWeightGradient(gradient)
        default: return nil
        }
    }
}
