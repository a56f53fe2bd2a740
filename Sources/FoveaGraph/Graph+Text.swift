// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

extension Graph: CustomStringConvertible {
    /// One line a node, in order; the same graph always prints the same text.
    ///
    /// `%4 = convolution(%0, %1) 11×11, stride 4 : f32[64×96×54×54]  # features.0.0`
    public var description: String {
        var lines = nodes.map(line)
        for (result, value) in results {
            lines.append("\(result): \(name(of: value))")
        }
        return lines.joined(separator: "\n")
    }

    /// How the text form names a value: `%4`, or `%4.1` for a second output.
    ///
    /// - Parameter value: The value.
    /// - Returns: Its name.
    public func name(of value: Value) -> String {
        value.output == 0 ? "%\(value.node)" : "%\(value.node).\(value.output)"
    }

    private func line(_ node: Node) -> String {
        let definition = node.op.definition
        let inputs = node.inputs.map(name).joined(separator: ", ")
        let attributes = definition.attributes.isEmpty ? "" : " " + definition.attributes
        let types = node.outputs.map(\.description).joined(separator: ", ")
        let path = node.path.isEmpty ? "" : "  # \(node.path)"
        return "%\(node.index) = \(definition.name)(\(inputs))\(attributes) : \(types)\(path)"
    }
}
