// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import OrderedCollections

/// Chooses kernels and layouts for a graph; `Placement` then places its buffers.
///
/// Layouts spread from producers to readers: each op is asked for a kernel knowing how its inputs
/// lie; where the kernel wants another layout, a reorder is put in between, once for all readers. A
/// parameter takes the layout that its first reader wants, so that weights lie as the forward
/// kernels like them; a gradient is brought into its parameter's layout, so that the optimizer is
/// one loop. Statistics lie before the weights, which that loop runs over.
///
/// Concatenations of which each continues the one before it share one buffer, as wide as the last:
/// each is its first channels, and copies only what is new (`ConcatenationChains`). The other way
/// round, the first channels of a gradient to which others are added are added to in place.
///
/// In a plan that does not train, what follows from parameters alone becomes a step of the plan's
/// preparation, with its output in memory that lasts from run to run.
struct Planner {
    private let graph: Graph
    private let library: any KernelLibrary
    private let chains: ConcatenationChains
    private let readers: Graph.Readers
    private var planned = Plan()
    /// The buffers that hold a value, one for each layout in which it was needed.
    private var buffers: [Graph.Value: [Int]] = [:]
    /// The buffer whose memory a buffer shares, if it is not its own.
    private var owner: [Int] = []
    /// How many readers of each value are still to come.
    private var pendingReads: [Graph.Value: Int] = [:]

    init(_ graph: Graph, _ library: any KernelLibrary, _ parameters: [Plan.ParameterSlot]) {
        self.graph = graph
        self.library = library
        planned.parameters = parameters
        chains = ConcatenationChains(graph)
        readers = graph.readers()
    }

    mutating func plan() throws(FoveaError) -> Plan {
        planned.library = library.name
        planned.isTraining = graph.results.keys.contains {
            if case .gradient = $0 { true } else { false }
        }
        for node in graph.nodes {
            for input in node.inputs { pendingReads[input, default: 0] += 1 }
        }
        settleStatistics()
        for node in graph.nodes {
            try place(node)
            for input in node.inputs { pendingReads[input, default: 1] -= 1 }
        }
        try settleResults()
        return Placement(planned, owner: owner).placed
    }

    // MARK: - Steps

    private mutating func place(_ node: Graph.Node) throws(FoveaError) {
        switch node.op {
        case .input(let input):
            let layout = library.plainLayout(of: input.type)
            buffers[node.value()] = [addBuffer(input.type, layout, .input(input.label))]
        case .parameter(let parameter):
            if let slot = planned.parameter(named: parameter.key) { take(slot, for: node.value()) }
        case .constant(let constant):
            let type = node.outputs[0]
            let buffer = addBuffer(type, library.plainLayout(of: type), nil)
            buffers[node.value()] = [buffer]
            planned.constants.append((buffer, constant.value))
        case .reshape(let reshape):
            try alias(node, reshape.shape)
        case .channelSlice(let slice) where slice.channels.lowerBound == 0:
            if !aliasLeading(node) { try compute(node) }
        default:
            try compute(node)
        }
    }

    private mutating func compute(_ node: Graph.Node) throws(FoveaError) {
        var request = KernelRequest(
            op: node.op, inputs: node.inputs.map { graph[$0] },
            layouts: node.inputs.map { value in
                buffers[value].flatMap { known in
                    // What lasts from run to run is brought into any layout once.
                    if case .derived = planned.buffers[known[0]].place { return nil }
                    return planned.buffers[known[0]].layout
                }
            },
            lasting: Set(node.inputs.indices.filter { isLasting(node.inputs[$0]) }),
            outputs: node.outputs, isTraining: planned.isTraining)
        request.whole = chains.whole(of: node)
        request.mayContinue = chains.continues(node)
        let choice = try library.kernel(for: request)
        var inputs: [Int] = []
        for (value, layout) in zip(node.inputs, choice.inputs) {
            inputs.append(try buffer(of: value, in: layout, path: node.path))
        }
        let lasts = followsFromParameters(inputs)
        var outputs: [Int] = []
        for (index, type) in node.outputs.enumerated() {
            let layout = choice.outputs[index]
            let shares =
                index == 0
                && (choice.continuesInput
                    || choice.kernel.worksInPlace
                        && mayOverwrite(node.inputs[0], inputs[0], layout))
            outputs.append(
                lasts
                    ? addDerived(type, layout)
                    : addBuffer(type, layout, nil, sharing: shares ? inputs[0] : nil))
            buffers[node.value(index)] = [outputs[index]]
        }
        append(
            Plan.Step(
                action: .compute(node.op), path: node.path, inputs: inputs, outputs: outputs,
                multiplyAdds: node.op.definition.multiplyAdds(
                    inputs: request.inputs, outputs: node.outputs), kernel: choice.kernel),
            isPreparation: lasts)
    }

    private mutating func append(_ step: Plan.Step, isPreparation: Bool) {
        if isPreparation { planned.preparation.append(step) } else { planned.steps.append(step) }
    }

    /// Whether a value is a parameter, or follows from some, and stays as it is from run to run.
    private func isLasting(_ value: Graph.Value) -> Bool {
        guard let known = buffers[value] else { return !planned.isTraining }
        return followsFromParameters([known[0]])
    }

    /// Whether a step over these buffers need not be done at every run.
    private func followsFromParameters(_ inputs: [Int]) -> Bool {
        !planned.isTraining && !inputs.isEmpty
            && inputs.allSatisfy {
                switch planned.buffers[owner[$0]].place {
                case .parameter, .derived: true
                case .arena, .gradient, .input: false
                }
            }
    }

    private mutating func addDerived(_ type: TensorType, _ layout: Layout) -> Int {
        let buffer = addBuffer(type, layout, .derived(planned.derivedByteCount))
        planned.derivedByteCount += MemoryPlan.aligned(layout.byteCount)
        return buffer
    }

    private mutating func alias(_ node: Graph.Node, _ shape: Shape) throws(FoveaError) {
        let source = node.inputs[0]
        let type = graph[source]
        for buffer in buffers[source, default: []] {
            if let layout = library.reshaped(planned.buffers[buffer].layout, of: type, to: shape) {
                buffers[node.value()] = [
                    addBuffer(node.outputs[0], layout, nil, sharing: buffer)
                ]
                return
            }
        }
        let plain = try buffer(of: source, in: library.plainLayout(of: type), path: node.path)
        buffers[node.value()] = [
            addBuffer(
                node.outputs[0], library.plainLayout(of: node.outputs[0]), nil, sharing: plain)
        ]
    }

    /// Lets a slice of the first channels be those of its source, if all that happens to it is that
    /// others are added to it.
    private mutating func aliasLeading(_ node: Graph.Node) -> Bool {
        let source = node.inputs[0]
        guard let sum = readers.only(of: node.value()).map({ graph.nodes[$0] }),
            case .add = sum.op, sum.inputs.first == node.value(),
            let buffer = buffers[source]?.first, isTemporary(buffer),
            let layout = library.leading(
                node.outputs[0], of: graph[source], lying: planned.buffers[buffer].layout)
        else { return false }
        buffers[node.value()] = [addBuffer(node.outputs[0], layout, nil, sharing: buffer)]
        return true
    }

    /// Whether a step may write its output over its input.
    private func mayOverwrite(_ value: Graph.Value, _ buffer: Int, _ layout: Layout) -> Bool {
        guard planned.buffers[buffer].layout == layout, isTemporary(buffer) else { return false }
        // Others may read the same memory under another name: a reshape, or a reorder's source.
        let root = owner[buffer]
        for (other, numbers) in buffers where numbers.contains(where: { owner[$0] == root }) {
            let reads = pendingReads[other, default: 0] - (other == value ? 1 : 0)
            if reads > 0 || graph.results.values.contains(other) { return false }
        }
        return true
    }

    private func isTemporary(_ buffer: Int) -> Bool {
        if case .arena = planned.buffers[owner[buffer]].place {
            return !planned.constants.contains { owner[$0.buffer] == owner[buffer] }
        }
        return false
    }

    /// The buffer that holds a value in a layout, after a reorder if there is none yet.
    private mutating func buffer(
        of value: Graph.Value, in layout: Layout, path: String
    ) throws(FoveaError) -> Int {
        if buffers[value] == nil, case .parameter(let parameter) = graph.nodes[value.node].op {
            // What is kept can be read and written, in full; what is computed from it is not it.
            let type = graph[value]
            let isWhole = !layout.isTransformed && layout.dtype == type.dtype
            let kept = isWhole ? layout : library.plainLayout(of: type)
            settle(value, parameter, kept)
        }
        let known = buffers[value, default: []]
        if let match = known.first(where: { library.agree(planned.buffers[$0].layout, layout) }) {
            return match
        }
        let type = graph[value]
        let source =
            layout.isTransformed
            ? try buffer(of: value, in: library.plainLayout(of: type), path: path) : known[0]
        let lasts = followsFromParameters([source])
        let target = lasts ? addDerived(type, layout) : addBuffer(type, layout, nil)
        append(
            Plan.Step(
                action: .reorder, path: path, inputs: [source], outputs: [target], multiplyAdds: 0,
                kernel: try library.reorder(
                    type, from: planned.buffers[source].layout, to: layout)),
            isPreparation: lasts)
        buffers[value, default: []].append(target)
        return target
    }

    /// Fixes the layout of a parameter, and lets it lie behind those before.
    private mutating func settle(
        _ value: Graph.Value, _ parameter: Op.Parameter, _ layout: Layout
    ) {
        let slot = Plan.ParameterSlot(
            name: parameter.key, shape: parameter.shape, role: parameter.role, layout: layout,
            offset: planned.parameterByteCount)
        planned.parameters.append(slot)
        take(slot, for: value)
    }

    private mutating func take(_ slot: Plan.ParameterSlot, for value: Graph.Value) {
        buffers[value] = [addBuffer(graph[value], slot.layout, .parameter(slot.offset))]
    }

    /// Places the statistics, which are vectors and lie the same way for every kernel.
    private mutating func settleStatistics() {
        for node in graph.nodes {
            guard case .parameter(let parameter) = node.op, parameter.role == .statistic,
                planned.parameter(named: parameter.key) == nil
            else { continue }
            settle(node.value(), parameter, library.plainLayout(of: graph[node.value()]))
        }
    }

    // MARK: - Results

    /// Brings outputs into the row-major layout, and gradients beside their parameters.
    private mutating func settleResults() throws(FoveaError) {
        for (result, value) in graph.results {
            switch result {
            case .output(let name):
                let layout = library.plainLayout(of: graph[value])
                var buffer = try buffer(of: value, in: layout, path: "")
                // What is given is read only while the plan runs; an output is read afterwards.
                if case .input = planned.buffers[owner[buffer]].place {
                    buffer = try addCopy(of: buffer, to: nil, path: "")
                }
                planned.outputs[name] = buffer
            case .gradient(let name), .update(let name):
                guard let slot = planned.parameter(named: name) else {
                    preconditionFailure("\(name) is to change, but nothing reads it")
                }
                try settleGradient(value, slot)
            }
        }
    }

    private mutating func settleGradient(
        _ value: Graph.Value, _ slot: Plan.ParameterSlot
    ) throws(FoveaError) {
        let buffer = try buffer(of: value, in: slot.layout, path: slot.name)
        if isTemporary(buffer) {
            planned.buffers[owner[buffer]].place = .gradient(slot.offset)
        } else {
            // The same value is another parameter's gradient already: it is copied.
            _ = try addCopy(of: buffer, to: .gradient(slot.offset), path: slot.name)
        }
    }

    /// Copies a buffer as it is.
    private mutating func addCopy(
        of buffer: Int, to place: Plan.Place?, path: String
    ) throws(FoveaError) -> Int {
        let type = planned.buffers[buffer].type
        let layout = planned.buffers[buffer].layout
        let copy = addBuffer(type, layout, place)
        planned.steps.append(
            Plan.Step(
                action: .reorder, path: path, inputs: [buffer], outputs: [copy], multiplyAdds: 0,
                kernel: try library.reorder(type, from: layout, to: layout)))
        return copy
    }

    private mutating func addBuffer(
        _ type: TensorType, _ layout: Layout, _ place: Plan.Place?, sharing: Int? = nil
    ) -> Int {
        planned.buffers.append(Plan.Buffer(type: type, layout: layout, place: place ?? .arena(0)))
        let number = planned.buffers.count - 1
        owner.append(sharing.map { owner[$0] } ?? number)
        return number
    }
}
