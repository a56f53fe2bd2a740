// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import OrderedCollections

/// Evaluates a graph node by node on the host, straight from the formulas of the ops.
///
/// This is the oracle that every backend and every pass of the compiler is compared with. All
/// numbers are 64-bit floats, so that its own gradients can be compared with finite differences.
public struct ReferenceInterpreter: Sendable {
    /// What is evaluated.
    public let graph: Graph

    /// Makes an interpreter of a valid graph, differentiated or not, fused or not.
    public init(_ graph: Graph) {
        self.graph = graph
    }

    /// Evaluates what the graph is asked for.
    ///
    /// - Parameters:
    ///   - inputs: The value of each input, by its label.
    ///   - parameters: The value of each parameter, by its name.
    ///   - seed: The seed of the run, which dropouts draw from.
    ///   - step: The number of the step, which dropouts draw from.
    /// - Returns: The value of each result.
    /// - Throws: An error if a value is missing or has another shape, or a label is no class.
    public func run(
        inputs: [String: HostValue], parameters: [String: HostValue], seed: UInt64 = 0,
        step: Int = 0
    ) throws(FoveaError) -> [Graph.Result: HostValue] {
        let given = Given(inputs: inputs, parameters: parameters, seed: seed, step: step)
        let values = try evaluate(given, keeping: Set(graph.results.values))
        return Dictionary(
            uniqueKeysWithValues: graph.results.compactMap { result, value in
                values[value].map { (result, $0) }
            })
    }

    /// Evaluates a graph and keeps what every node yields, to find where two computations part.
    ///
    /// - Parameters:
    ///   - inputs: The value of each input, by its label.
    ///   - parameters: The value of each parameter, by its name.
    ///   - seed: The seed of the run, which dropouts draw from.
    ///   - step: The number of the step, which dropouts draw from.
    /// - Returns: Every value of the graph.
    /// - Throws: An error if a value is missing or has another shape, or a label is no class.
    public func allValues(
        inputs: [String: HostValue], parameters: [String: HostValue], seed: UInt64 = 0,
        step: Int = 0
    ) throws(FoveaError) -> [Graph.Value: HostValue] {
        let given = Given(inputs: inputs, parameters: parameters, seed: seed, step: step)
        return try evaluate(given, keeping: nil)
    }

    /// What one execution is given.
    private struct Given {
        let inputs: [String: HostValue]
        let parameters: [String: HostValue]
        let seed: UInt64
        let step: Int
    }

    /// Evaluates all nodes; what is not kept goes when its last reader has read it.
    private func evaluate(
        _ given: Given, keeping kept: Set<Graph.Value>?
    ) throws(FoveaError) -> [Graph.Value: HostValue] {
        var lastReader: [Graph.Value: Int] = [:]
        for node in graph.nodes {
            for input in node.inputs { lastReader[input] = node.index }
        }
        var values: [Graph.Value: HostValue] = [:]
        for node in graph.nodes {
            let read = node.inputs.compactMap { values[$0] }
            precondition(read.count == node.inputs.count, "node \(node.index) reads ahead")
            let yielded = try evaluate(node, read, given)
            for (output, value) in yielded.enumerated() { values[node.value(output)] = value }
            guard let kept else { continue }
            for value in node.inputs + node.outputs.indices.map(node.value)
            where !kept.contains(value) && lastReader[value, default: 0] <= node.index {
                values[value] = nil
            }
        }
        return values
    }

    /// Evaluates one node from the values it reads.
    private func evaluate(
        _ node: Graph.Node, _ read: [HostValue], _ given: Given
    ) throws(FoveaError) -> [HostValue] {
        let shape = node.outputs[0].shape
        switch node.op {
        case .input(let op):
            return [try check(given.inputs[op.label], op.label, shape)]
        case .parameter(let op):
            return [try check(given.parameters[op.key], op.key, shape)]
        case .constant(let op): return [HostValue(shape, repeating: Double(op.value))]
        case .convolution(let op): return [op.evaluate(read, yielding: shape)]
        case .convolutionDataGradient(let op): return [op.evaluate(read, yielding: shape)]
        case .convolutionWeightGradient(let op): return op.evaluate(read, yielding: shape)
        case .linear(let op): return [op.evaluate(read, yielding: shape)]
        case .linearDataGradient(let op): return [op.evaluate(read, yielding: shape)]
        case .linearWeightGradient(let op): return op.evaluate(read, yielding: shape)
        case .addBias(let op): return [op.evaluate(read)]
        case .channelSum(let op): return [op.evaluate(read)]
        case .activation(let op): return [op.evaluate(read)]
        case .activationGradient(let op): return [op.evaluate(read)]
        case .maxPool(let op): return op.evaluate(read, yielding: shape)
        case .maxPoolGradient(let op): return [op.evaluate(read)]
        case .averagePool(let op): return [op.evaluate(read, yielding: shape)]
        case .averagePoolGradient(let op): return [op.evaluate(read)]
        case .adaptiveAveragePool(let op): return [op.evaluate(read, yielding: shape)]
        case .adaptiveAveragePoolGradient(let op): return [op.evaluate(read)]
        case .batchNormalization(let op): return op.evaluate(read)
        case .batchNormalizationGradient(let op): return op.evaluate(read)
        case .normalization(let op): return [op.evaluate(read)]
        case .foldNormalization(let op): return op.evaluate(read)
        case .movingAverage(let op): return [op.evaluate(read)]
        case .localResponseNormalization(let op): return op.evaluate(read)
        case .localResponseNormalizationGradient(let op): return [op.evaluate(read)]
        case .dropout(let op): return [op.evaluate(read, seed: given.seed, step: given.step)]
        case .concatenation(let op): return [op.evaluate(read, yielding: shape)]
        case .channelSlice(let op): return [op.evaluate(read, yielding: shape)]
        case .reshape: return [HostValue(shape, read[0].values)]
        case .softmax(let op): return [op.evaluate(read)]
        case .softmaxGradient(let op): return [op.evaluate(read)]
        case .crossEntropy(let op): return [try op.evaluate(read)]
        case .crossEntropyGradient(let op): return [try op.evaluate(read)]
        case .add(let op): return [op.evaluate(read)]
        case .scale(let op): return [op.evaluate(read)]
        }
    }

    /// A value that was given for a leaf, once its shape is checked.
    private func check(
        _ value: HostValue?, _ name: String, _ shape: Shape
    ) throws(FoveaError) -> HostValue {
        guard let value else {
            throw FoveaError(.usage, "no value is given; its shape is \(shape).", path: name)
        }
        guard value.shape == shape else {
            throw FoveaError(
                .usage, "the value given has the shape \(value.shape), but \(shape) is needed.",
                path: name)
        }
        return value
    }
}
