// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaTestSupport
import OrderedCollections
import Testing

@testable import FoveaCompiler

/// How layouts are chosen and buffers are shared, on a device that computes nothing.
@Suite struct PlannerTests {
    private func planned(_ recording: Recording) throws -> Plan {
        try planned(recording.builder.graph)
    }

    /// Plans a graph as it is, without the passes.
    private func planned(
        _ graph: Graph, parameters: [Plan.ParameterSlot] = []
    ) throws -> Plan {
        var planner = Planner(graph, FakeLibrary(), parameters)
        return try planner.plan()
    }

    private func step(_ name: String, of plan: Plan) throws -> Plan.Step {
        try #require(
            plan.steps.first {
                if case .compute(let op) = $0.action { op.definition.name == name } else { false }
            })
    }

    /// Whether a step's first output lies where its first input does.
    private func isInPlace(_ step: Plan.Step, _ plan: Plan) -> Bool {
        plan.buffers[step.inputs[0]].place == plan.buffers[step.outputs[0]].place
    }

    // MARK: - Layouts

    @Test func oneReorderServesAllReaders() throws {
        var it = Recording()
        let x = it.images([1, 3, 4, 4])
        it.output("y", it.add(it.convolution(x, 4, "first"), it.convolution(x, 4, "second")))
        let plan = try planned(it)
        // The images once, the output once; weights lie as their readers want them.
        #expect(plan.reorderCount == 2)
        #expect(plan.steps[0].action == .reorder)
        #expect(plan.parameters.map(\.layout.name) == ["packed", "packed"])
        let readers = plan.steps.filter { $0.inputs[0] == plan.steps[0].outputs[0] }
        #expect(readers.map(\.path) == ["first", "second"])
    }

    @Test func outputsAreRowMajor() throws {
        var it = Recording()
        let x = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        it.output("y", x)
        let plan = try planned(it)
        let output = plan.buffers[try #require(plan.outputs["y"])]
        #expect(output.layout.isPlain)
        #expect(plan.steps.last?.action == .reorder)
        #expect(plan.outputNames == ["y"])
    }

    @Test func anOutputThatIsGivenIsCopied() throws {
        var it = Recording()
        it.output("y", it.flattened(it.images([1, 3, 4, 4])))
        let plan = try planned(it)
        #expect(plan.steps.map(\.action) == [.reorder])
        guard case .arena = plan.buffers[try #require(plan.outputs["y"])].place else {
            Issue.record("the output lies where the input did")
            return
        }
    }

    @Test func gradientsLieAsTheirParametersDo() throws {
        let plan = try planned(try Recording.network().differentiated())
        #expect(plan.isTraining)
        var gradients: [Int: Layout] = [:]
        for buffer in plan.buffers {
            if case .gradient(let offset) = buffer.place { gradients[offset] = buffer.layout }
        }
        #expect(plan.parameters.count == 4)
        for slot in plan.parameters {
            // A gradient is the last to be put where it belongs, after what it lent its memory to.
            #expect(gradients[slot.offset] == slot.layout, "\(slot.name)")
            #expect(slot.offset % MemoryPlan.alignment == 0)
        }
        let end = plan.parameters.map { $0.offset + $0.layout.byteCount }.max()
        #expect(try #require(end) <= plan.parameterByteCount)
    }

    @Test func parametersOfOneGradientGetACopyEach() throws {
        var it = Recording()
        let x = it.add(it.parameter("first", [2, 5]), it.parameter("second", [2, 5]))
        it.output("loss", it.crossEntropy(x))
        let plan = try planned(try it.builder.graph.differentiated())
        let places = plan.steps.flatMap(\.outputs).map { plan.buffers[$0].place }
        for slot in plan.parameters {
            #expect(places.count { $0 == .gradient(slot.offset) } == 1, "\(slot.name)")
        }
        #expect(plan.reorderCount == 1)
    }

    @Test func parametersStayWhereAnotherPlanPutThem() throws {
        let packed = Layout(token: 7, name: "elsewhere", byteCount: 4096, isPlain: false)
        let free = try planned(try Recording.network().differentiated())
        let slots = free.parameters.reversed().map { slot in
            slot.name == "conv.weight"
                ? Plan.ParameterSlot(
                    name: slot.name, shape: slot.shape, role: slot.role, layout: packed,
                    offset: free.parameterByteCount) : slot
        }
        let plan = try planned(try Recording.network().differentiated(), parameters: slots)
        #expect(plan.parameters == slots)
        #expect(plan.parameterByteCount == free.parameterByteCount + packed.byteCount)
        for slot in slots {
            #expect(plan.buffers.contains { $0.place == .parameter(slot.offset) }, "\(slot.name)")
        }
        // Read in another layout, and written in another one: a reorder each.
        #expect(plan.reorderCount == free.reorderCount + 1)
    }

    // MARK: - Work in place

    @Test func theOnlyReaderWorksInPlace() throws {
        var it = Recording()
        it.output("y", it.activation(it.convolution(it.images([1, 3, 4, 4]), 4, "conv")))
        let plan = try planned(it)
        #expect(isInPlace(try step("relu", of: plan), plan))
    }

    @Test func whatIsStillReadIsNotOverwritten() throws {
        var it = Recording()
        let x = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        it.output("y", it.add(it.activation(x), x))
        let plan = try planned(it)
        #expect(!isInPlace(try step("relu", of: plan), plan))
        // Nobody reads the ReLU's output after the sum.
        #expect(isInPlace(try step("add", of: plan), plan))
    }

    @Test func aTensorThatIsAddedToItselfIsReadOnce() throws {
        var it = Recording()
        let x = it.convolution(it.images([1, 3, 4, 4]), 4, "conv")
        it.output("y", it.add(x, x))
        let plan = try planned(it)
        #expect(!isInPlace(try step("add", of: plan), plan))
    }

    @Test func whatIsStillReadAfterAReshapeIsNotOverwritten() throws {
        var it = Recording()
        let x = it.linear(it.flattened(it.images([1, 3, 2, 2])), 12, "fc")
        let image = it.builder.derive(.reshape(Op.Reshape(to: [1, 3, 2, 2])), [x])
        let y = it.activation(x)
        it.output("y", y)
        it.output("z", it.linear(it.flattened(it.activation(image, .sigmoid)), 2, "other"))
        let plan = try planned(it)
        #expect(!isInPlace(try step("relu", of: plan), plan))
        #expect(isInPlace(try step("sigmoid", of: plan), plan))
    }

    @Test func outputsAreNotOverwritten() throws {
        var it = Recording()
        let x = it.linear(it.flattened(it.images([1, 3, 2, 2])), 12, "fc")
        it.output("x", x)
        it.output("y", it.activation(x))
        let plan = try planned(it)
        #expect(!isInPlace(try step("relu", of: plan), plan))
    }

    @Test func inputsAndParametersAreNotOverwritten() throws {
        var it = Recording()
        it.output("x", it.activation(it.images([1, 3, 2, 2])))
        it.output("y", it.activation(it.parameter("p", [2, 2])))
        let plan = try planned(it)
        for step in plan.steps { #expect(!isInPlace(step, plan)) }
    }

    @Test func inputsBehindAReshapeAreNotOverwritten() throws {
        var it = Recording()
        it.output("x", it.activation(it.flattened(it.images([1, 3, 2, 2]))))
        let plan = try planned(it)
        #expect(!isInPlace(try step("relu", of: plan), plan))
    }

    // MARK: - Places

    @Test func constantsSurviveTheWholePlan() throws {
        var it = Recording()
        let one = it.builder.derive(.constant(Op.Constant(2)), [])
        let loss = it.crossEntropy(it.linear(it.flattened(it.images([2, 3, 2, 2])), 5, "fc"))
        it.output("loss", it.add(it.add(one, loss), one))
        let plan = try planned(try it.builder.graph.differentiated())
        #expect(plan.constants.count == 2)
        let constants = plan.constants.map { plan.buffers[$0.buffer].place }
        let written = plan.steps.flatMap(\.outputs).map { plan.buffers[$0].place }
        for place in constants {
            guard case .arena = place else {
                Issue.record("\(place) is no place for a constant")
                continue
            }
            #expect(!written.contains(place))
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func everyReaderFindsWhatWasWrittenForIt(_ seed: UInt64) throws {
        let random = RandomGraph(seed: seed)
        let plan = try Compiler(for: FakeLibrary()).plan(random.graph.differentiated())
        var memory = TracedMemory(plan)
        for (index, step) in plan.steps.enumerated() { memory.execute(step, index) }
        for (name, buffer) in plan.outputs { memory.read(buffer, "the output \(name)") }
        memory.update()
        #expect(memory.complaints.isEmpty, "seed \(seed): \(memory.complaints)\n\(plan)")
    }

    @Test func scratchLiesWhereThereIsRoomAtItsStep() throws {
        let plan = try planned(try Recording.network().differentiated())
        #expect(plan.steps.contains { $0.kernel.scratchByteCount == 1000 })
        for step in plan.preparation + plan.steps {
            guard case .arena(let offset) = step.scratch else { continue }
            #expect(offset + step.kernel.scratchByteCount <= plan.arenaByteCount)
        }
        // Where the arena is largest the greediest kernel need not run.
        #expect((0...MemoryPlan.aligned(1000)).contains(plan.scratchByteCount))
    }

    @Test func aPlanIsAPureFunctionOfItsGraph() throws {
        let graph = try Recording.network().differentiated()
        let compiler = Compiler(for: FakeLibrary())
        try #expect(compiler.plan(graph).description == compiler.plan(graph).description)
        try expectGolden(compiler.plan(graph).description, "plan.txt")
    }
}

/// Remembers for each byte of the gradients and the arena which step wrote it last.
private struct TracedMemory {
    private let plan: Plan
    /// The gradients', then the arena's.
    private var writers: [Int]
    /// The step that wrote each buffer.
    private var written: [Int: Int] = [:]
    /// The step that last wrote a buffer at each place, for buffers that are another name for one.
    private var writtenAt: [Plan.Place: Int] = [:]
    private(set) var complaints: [String] = []

    init(_ plan: Plan) {
        self.plan = plan
        writers = [Int](repeating: -1, count: plan.parameterByteCount + plan.arenaByteCount)
        for constant in plan.constants { write(constant.buffer, -2) }
    }

    mutating func execute(_ step: Plan.Step, _ index: Int) {
        spoilScratch(of: step)
        for input in step.inputs { read(input, "step \(index)") }
        for output in step.outputs { write(output, index) }
        spoilScratch(of: step)
    }

    /// Complains if an update would not find each gradient whole, and nothing behind it.
    mutating func update() {
        for slot in plan.parameters {
            let end = slot.offset + slot.layout.byteCount
            let steps = Set(writers[slot.offset..<end])
            let isWhole = steps.contains(-1) || steps.allSatisfy { writesGradient(of: slot, $0) }
            if steps.count != 1 || !isWhole {
                complaints.append("the gradient of \(slot.name) is written by \(steps.sorted())")
            }
            if writers[end..<MemoryPlan.aligned(end)].contains(where: { $0 != -1 }) {
                complaints.append("something lies behind the gradient of \(slot.name)")
            }
        }
    }

    private func writesGradient(of slot: Plan.ParameterSlot, _ step: Int) -> Bool {
        guard plan.steps.indices.contains(step) else { return false }
        return plan.steps[step].outputs.map { plan.buffers[$0] }.contains {
            $0.place == .gradient(slot.offset) && $0.layout == slot.layout
                && $0.type.shape == slot.shape
        }
    }

    /// Writes what nobody may read.
    private mutating func spoilScratch(of step: Plan.Step) {
        for byte in bytes(at: step.scratch, step.kernel.scratchByteCount) { writers[byte] = -3 }
    }

    private func bytes(at place: Plan.Place, _ count: Int) -> Range<Int> {
        switch place {
        case .gradient(let offset): offset..<offset + count
        case .arena(let offset):
            plan.parameterByteCount + offset..<plan.parameterByteCount + offset + count
        case .parameter, .derived, .input: 0..<0
        }
    }

    /// Complains unless the whole buffer holds what was written for it.
    mutating func read(_ buffer: Int, _ reader: String) {
        let place = plan.buffers[buffer].place
        let bytes = Set(writers[bytes(at: place, plan.buffers[buffer].layout.byteCount)])
        guard !bytes.isEmpty else { return }
        if bytes.count != 1 || bytes.first != written[buffer] ?? writtenAt[place] {
            complaints.append("\(reader) reads \(place), written by \(bytes.sorted())")
        }
    }

    private mutating func write(_ buffer: Int, _ step: Int) {
        let place = plan.buffers[buffer].place
        for byte in bytes(at: place, plan.buffers[buffer].layout.byteCount) { writers[byte] = step }
        written[buffer] = step
        writtenAt[place] = step
    }
}
