// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// Lets convolutions, linear layers, normalizations and sums apply a ReLU to what they yield.
///
/// The ReLU's gradient reads the ReLU's output, so the sum before it is stored nowhere.
package struct FuseActivation: Pass {
    package let name = "fuse-activation"

    package init() {}

    package func run(_ graph: Graph) -> Graph {
        let readers = graph.readers()
        var fused: [Int: Graph.Node] = [:]
        for node in graph.nodes {
            guard case .activation(let activation) = node.op else { continue }
            let product = graph.nodes[node.inputs[0].node]
            if readers.only(of: product.value()) == node.index,
                Self.with(activation.kind, product.op) != nil
            {
                fused[node.index] = product
            }
        }
        let products = Set(fused.values.map(\.index))
        return GraphRewriter.rewrite(graph) { node, rewriter in
            if products.contains(node.index) {
                rewriter.omit(node)
            } else if let product = fused[node.index], case .activation(let activation) = node.op,
                let op = Self.with(activation.kind, product.op)
            {
                rewriter.replace(
                    node, with: op, reading: product.inputs, path: product.path)
            } else {
                rewriter.copy(node)
            }
        }
    }

    private static func with(_ kind: Op.Activation.Kind, _ op: Op) -> Op? {
        guard kind == .relu else { return nil }
        switch op {
        case .convolution(var convolution) where convolution.activation == nil:
            convolution.activation = kind
            return .convolution(convolution)
        case .linear(var linear) where linear.activation == nil:
            linear.activation = kind
            return .linear(linear)
        case .normalization(var normalization) where normalization.activation == nil:
            normalization.activation = kind
            return .normalization(normalization)
        case .add(var add) where add.activation == nil:
            add.activation = kind
            return .add(add)
        default: return nil
        }
    }
}
