// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import OrderedCollections

extension Plan: CustomStringConvertible {
    /// One line a step, then the sizes.
    public var description: String {
        let rows = preparation.map { "once: " + line($0) } + steps.map(line)
        let summary =
            "\(steps.count) steps, \(reorderCount) reorders, arena \(arenaByteCount) bytes "
            + "(scratch \(scratchByteCount)), parameters \(parameterByteCount) bytes"
        return (rows + [summary]).joined(separator: "\n")
    }

    private func line(_ step: Step) -> String {
        let name: String
        let attributes: String
        switch step.action {
        case .reorder: (name, attributes) = ("reorder", "")
        case .compute(let op):
            name = op.definition.name
            attributes = op.definition.attributes.isEmpty ? "" : " " + op.definition.attributes
        }
        let path = step.path.isEmpty ? "" : "\(step.path): "
        return path + name + attributes + " (" + step.inputs.map(text).joined(separator: ", ")
            + ") → " + step.outputs.map(text).joined(separator: ", ") + " [\(step.kernel.name)]"
    }

    private func text(_ number: Int) -> String {
        let buffer = buffers[number]
        let place =
            switch buffer.place {
            case .arena(let offset): "@\(offset)"
            case .parameter(let offset): "parameter@\(offset)"
            case .gradient(let offset): "gradient@\(offset)"
            case .derived(let offset): "derived@\(offset)"
            case .input(let name): name
            }
        return "\(buffer.type) \(buffer.layout) \(place)"
    }
}
