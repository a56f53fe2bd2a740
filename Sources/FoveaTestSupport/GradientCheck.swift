// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
public import FoveaRuntime
import OrderedCollections

/// Compares the gradients of a graph with central differences, both taken by the reference.
public struct GradientCheck: Sendable {
    /// A derivative that is not what the difference says.
    public struct Mismatch: Error, Sendable, CustomStringConvertible {
        /// The name of the parameter.
        public let parameter: String
        /// The position of the element.
        public let index: Int
        /// What the recorded gradient says; nil if none was recorded.
        public let recorded: Double?
        /// (loss(x + h) − loss(x − h)) / 2h.
        public let difference: Double

        /// Both numbers.
        public var description: String {
            "\(parameter)[\(index)]: recorded \(recorded.map { "\($0)" } ?? "nothing"), "
                + "by differences \(difference)"
        }
    }

    /// h, by which an element is moved up and down.
    public var step = 1e-6
    /// The difference that is allowed for small derivatives.
    public var absoluteTolerance = 1e-5
    /// The difference that is allowed, relative to the derivative.
    public var relativeTolerance = 1e-3
    /// How many elements of each parameter are tried, chosen at random.
    public var elements = 30
    /// What the inputs and parameters are drawn from.
    public var values = RandomValues()

    /// Makes a check with the usual step and tolerances.
    public init() {}

    /// Finds the derivatives of a graph's loss that are wrong.
    ///
    /// - Parameters:
    ///   - graph: A graph with a scalar output `loss`, not yet differentiated.
    ///   - inputs: The inputs.
    ///   - parameters: The parameters.
    /// - Returns: The mismatches; none if all is well.
    /// - Throws: An error if the graph cannot be differentiated or evaluated.
    public func mismatches(
        in graph: Graph, inputs: [String: HostValue], parameters: [String: HostValue]
    ) throws -> [Mismatch] {
        try mismatches(
            between: graph, and: graph.differentiated(), inputs: inputs, parameters: parameters)
    }

    /// Finds the recorded derivatives that are not those of a graph's loss.
    ///
    /// - Parameters:
    ///   - graph: A graph with a scalar output `loss`.
    ///   - differentiated: A graph of the same inputs and parameters with the recorded gradients.
    ///   - inputs: The inputs.
    ///   - parameters: The parameters.
    /// - Returns: The mismatches; none if all is well.
    /// - Throws: An error if a graph is broken or cannot be evaluated.
    public func mismatches(
        between graph: Graph, and differentiated: Graph, inputs: [String: HostValue],
        parameters: [String: HostValue]
    ) throws -> [Mismatch] {
        try differentiated.verify()
        let results = try ReferenceInterpreter(differentiated).run(
            inputs: inputs, parameters: parameters, seed: values.seed)
        let forward = ReferenceInterpreter(Self.onlyLoss(of: graph))

        var mismatches: [Mismatch] = []
        for (name, role, shape) in graph.parameters where role == .weight {
            var stream = RandomStream(seed: values.seed, purpose: .init("elements of " + name))
            let recorded = results[.gradient(name)]
            for index in stream.permutation(of: shape.count).prefix(elements) {
                func loss(_ change: Double) throws -> Double {
                    var moved = parameters
                    moved[name]?.values[index] += change
                    let results = try forward.run(
                        inputs: inputs, parameters: moved, seed: values.seed)
                    return results[.output("loss")]?.values[0] ?? .nan
                }
                let difference = try (loss(step) - loss(-step)) / (2 * step)
                let found = recorded?.values[index]
                let allowed = absoluteTolerance + relativeTolerance * abs(difference)
                if let found, abs(found - difference) <= allowed { continue }
                mismatches.append(
                    Mismatch(
                        parameter: name, index: index, recorded: found, difference: difference))
            }
        }
        return mismatches
    }

    /// Finds the derivatives of one op that are wrong, with respect to each of its inputs.
    ///
    /// - Parameters:
    ///   - op: The op.
    ///   - types: The types of its inputs; those of 32-bit integers are labels.
    /// - Returns: The mismatches; none if all is well.
    /// - Throws: An error if the inputs do not fit the op.
    public func mismatches(of op: Op, reading types: [TensorType]) throws -> [Mismatch] {
        let graph = try Self.graph(of: op, reading: types)
        var parameters: [String: HostValue] = [:]
        for (name, _, shape) in graph.parameters {
            parameters[name] = values.separated(shape, name)
        }
        let classes = types.first?.shape.channels ?? 1
        return try mismatches(
            in: graph, inputs: values.inputs(of: graph, classes: classes), parameters: parameters)
    }

    /// A graph whose loss depends on every element of an op's first output, each in its own measure.
    ///
    /// - Parameters:
    ///   - op: The op; what it reads are the parameters `x0`, `x1`, … and the input `labels`.
    ///   - types: The types of its inputs.
    /// - Returns: The graph.
    /// - Throws: A diagnostic if the inputs do not fit the op.
    public static func graph(
        of op: Op, reading types: [TensorType]
    ) throws(Diagnostic) -> Graph {
        var builder = GraphBuilder()
        var inputs: [Graph.Value] = []
        for (index, type) in types.enumerated() {
            let leaf: Op =
                type.dtype == .f32
                ? .parameter(Op.Parameter("x\(index)", type.shape))
                : .input(Op.Input("labels", type))
            inputs.append(Graph.Value(node: try builder.record(leaf, [])))
        }
        var y = Graph.Value(node: try builder.record(op, inputs))
        if builder.graph[y].shape.rank > 0 {
            let row: Shape = [1, builder.graph[y].shape.count]
            let mix = builder.derive(.parameter(Op.Parameter("mix", row)), [])
            y = builder.derive(.reshape(Op.Reshape(to: row)), [y])
            y = builder.derive(.linear(Op.Linear()), [y, mix])
            y = builder.derive(.reshape(Op.Reshape(to: [])), [y])
        }
        builder.setResult(.output("loss"), to: y)
        return builder.graph
    }

    /// The graph without its other results and what only they need.
    private static func onlyLoss(of graph: Graph) -> Graph {
        guard let loss = graph.results[.output("loss")] else { return graph }
        return Graph(nodes: graph.nodes, results: [.output("loss"): loss]).withoutDeadNodes()
    }
}
