// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import OrderedCollections

/// The recording of one network: the graph so far, the parameters met, and what went wrong.
final class Trace {
    let mode: Mode
    /// What is wrong with how the network is stored and named.
    private(set) var flaws: [Diagnostic] = []
    /// Operations that do not fit what they read.
    private(set) var misfits: [Diagnostic] = []
    private(set) var parameters: OrderedDictionary<String, ParameterSpecification> = [:]
    private(set) var calls: [LayerCall] = []
    private(set) var builder = GraphBuilder()
    private let paths: ParameterPaths
    private var parameterNodes: [String: Tensor] = [:]
    private var open: [(path: String, type: String, call: Int)] = []
    private var visits: [String: Int] = [:]

    init(_ network: any Parameterized, mode: Mode) {
        self.mode = mode
        paths = ParameterPaths(of: network)
        for pair in paths.shared {
            flaws.append(
                Diagnostic(
                    "one layer is stored here and at \(pair.first). Make a second layer, or call "
                        + "the first one twice to share its weights.", path: pair.second))
        }
        for path in paths.clashes {
            flaws.append(
                Diagnostic(
                    "two layers have this name, and so their weights would. Give each its own.",
                    path: path))
        }
    }

    /// The parameters the walk found and the trace never used.
    var unusedParameters: [String] {
        paths.order.compactMap { paths.parameters[$0] }.filter { parameters[$0] == nil }
    }

    func input(_ label: String, _ type: TensorType) -> Tensor {
        root(.input(Op.Input(label, type)), type.shape, path: "")
    }

    /// Records what reads nothing.
    private func root(_ op: Op, _ shape: Shape, path: String) -> Tensor {
        do {
            let node = try builder.record(op, [], path: path)
            return Tensor(shape: shape, value: Graph.Value(node: node), trace: self)
        } catch {
            misfits.append(error)
            return Tensor(shape: shape, value: nil, trace: self)
        }
    }

    /// Notes a mistake that no operation finds by itself.
    func refuse(_ flaw: Diagnostic) { flaws.append(flaw) }

    func setResult(_ name: String, to tensor: Tensor) {
        if let value = tensor.value { builder.setResult(.output(name), to: value) }
    }

    func record(_ op: Op, _ inputs: [Tensor]) -> Tensor { record(op, inputs, outputs: 1)[0] }

    func record(_ op: Op, _ inputs: [Tensor], outputs count: Int) -> [Tensor] {
        let values = inputs.compactMap(\.value)
        // What follows from a mistake is not told again.
        let absorbing = Tensor(shape: inputs[0].shape, value: nil, trace: self)
        guard values.count == inputs.count else {
            return [Tensor](repeating: absorbing, count: count)
        }
        do {
            let node = try builder.record(op, values, path: open.last?.path ?? "")
            return (0..<count).map { output in
                let value = Graph.Value(node: node, output: output)
                return Tensor(shape: builder.graph[value].shape, value: value, trace: self)
            }
        } catch {
            misfits.append(error)
            return [Tensor](repeating: absorbing, count: count)
        }
    }

    func update(_ parameter: Parameter, to next: Tensor) {
        guard let key = paths.parameters[parameter.identity], let value = next.value else { return }
        guard parameter.role == .statistic else {
            flaws.append(
                Diagnostic(
                    "is a weight, which gradients move; only statistics are updated.", path: key))
            return
        }
        builder.setResult(.update(key), to: value)
        // A layer that is called again goes on from what its first call has made of it.
        parameterNodes[key] = next
    }

    func parameter(_ parameter: Parameter, _ shape: Shape, fanIn: Int?) -> Tensor {
        guard let key = paths.parameters[parameter.identity] else {
            flaws.append(
                Diagnostic(
                    "a parameter of shape \(shape) is used that no stored property leads to. Store "
                        + "its layer in a property of the network, an array or a Sequential.",
                    path: open.last?.path ?? ""))
            return Tensor(shape: shape, value: nil, trace: self)
        }
        if let known = parameterNodes[key] {
            if known.shape != shape {
                flaws.append(
                    Diagnostic(
                        "is used with the shape \(shape), but has the shape \(known.shape).",
                        path: key))
            }
            return known
        }
        let tensor = root(
            .parameter(Op.Parameter(key, shape, role: parameter.role)), shape, path: key)
        parameterNodes[key] = tensor
        let fans = ParameterSpecification.fans(of: shape)
        parameters[key] = ParameterSpecification(
            name: key, shape: shape, role: parameter.role, initializer: parameter.initializer,
            fanIn: fanIn ?? fans.fanIn, fanOut: fans.fanOut)
        return tensor
    }

    /// Begins a layer whose path the walk over the network knows.
    func enter(_ identity: Identity, type: String) {
        let owner = open.last?.path ?? ""
        // A layer without parameters may be stored in several places, such as two of a sequence.
        let places = paths.layers[identity] ?? []
        enter(path: places.contains(owner) ? owner : places.first ?? owner, type: type)
    }

    /// Begins a block, whose path is what the paths of the parts inside it begin with.
    func enter(block: any Parameterized) {
        let owner = open.last?.path ?? ""
        let places = paths.places(of: block)
        let type = "\(Swift.type(of: block))"
        enter(path: places.contains(owner) ? owner : places.first ?? owner, type: type)
    }

    /// Begins the part of this name within the layer that is being recorded.
    func enter(part: String, type: String) {
        let owner = open.last?.path ?? ""
        enter(path: owner.isEmpty ? part : "\(owner).\(part)", type: type)
    }

    private func enter(path: String, type: String) {
        // An element of a sequence that is itself a layer with an identity is one call, not two.
        if open.last?.path == path, let last = calls.indices.last, calls[last].path == path,
            calls[last].nodes.upperBound == builder.graph.nodes.count
        {
            calls[last].type = type
            open.append((path, type, -1))
            return
        }
        let start = builder.graph.nodes.count
        calls.append(
            LayerCall(
                path: path, type: type, depth: open.count { $0.call >= 0 }, output: [],
                nodes: start..<start))
        open.append((path, type, calls.count - 1))
    }

    func leave(output: Shape) {
        guard let (_, _, call) = open.popLast(), call >= 0 else { return }
        calls[call].output = output
        calls[call].nodes = calls[call].nodes.lowerBound..<builder.graph.nodes.count
    }

    /// A name for the next random draw of the layer that is being recorded.
    ///
    /// A layer that is called twice draws twice, so the second call's name differs.
    func nextSite() -> String {
        let path = open.last?.path ?? ""
        visits[path, default: 0] += 1
        let visit = visits[path, default: 1]
        return visit == 1 ? path : "\(path)#\(visit)"
    }
}
