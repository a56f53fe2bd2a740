// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

/// Gives the buffers and the scratch memory of a plan their places, once all steps are known.
///
/// A temporary buffer lives from the step that writes it to the last that reads it; outputs and constants
/// stay until the end. What a kernel uses while it runs lies wherever there is room at that step. In
/// training the memory of weights' gradients is lent until these are there.
struct Placement {
    private let plan: Plan
    /// The buffer whose memory a buffer shares; for most it is itself.
    private let owner: [Int]
    /// The steps from the first to the last at which an owner or one that shares its memory is in use.
    private let lifetimes: [Int: ClosedRange<Int>]

    init(_ plan: Plan, owner: [Int]) {
        self.plan = plan
        self.owner = owner
        var lifetimes: [Int: ClosedRange<Int>] = [:]
        func extend(_ buffer: Int, to step: Int) {
            let root = owner[buffer]
            let known = lifetimes[root] ?? step...step
            lifetimes[root] = min(known.lowerBound, step)...max(known.upperBound, step)
        }
        for (index, step) in plan.steps.enumerated() {
            for buffer in step.inputs + step.outputs { extend(buffer, to: index) }
        }
        for buffer in plan.outputs.values { extend(buffer, to: plan.steps.count) }
        for constant in plan.constants {
            extend(constant.buffer, to: -1)
            extend(constant.buffer, to: plan.steps.count)
        }
        self.lifetimes = lifetimes
    }

    /// The plan with all places.
    var placed: Plan {
        let temporary = plan.buffers.indices.filter {
            guard owner[$0] == $0, case .arena = plan.buffers[$0].place else { return false }
            return lifetimes[$0] != nil
        }
        let requests = temporary.map { number in
            MemoryPlan.Request(
                byteCount: plan.buffers[number].layout.byteCount,
                lifetime: lifetimes[number] ?? 0...0)
        }
        let loan = loan
        let memory = MemoryPlan(requests + scratchRequests, lending: loan)
        let places = memory.offsets.map { offset -> Plan.Place in
            offset < loan.byteCount ? .gradient(offset) : .arena(offset - loan.byteCount)
        }

        var placed = plan
        for (number, place) in zip(temporary, places) { placed.buffers[number].place = place }
        for number in placed.buffers.indices where owner[number] != number {
            placed.buffers[number].place = placed.buffers[owner[number]].place
        }
        var scratch = places.dropFirst(requests.count).makeIterator()
        for index in placed.preparation.indices {
            placed.preparation[index].scratch = scratch.next() ?? .arena(0)
        }
        for index in placed.steps.indices {
            placed.steps[index].scratch = scratch.next() ?? .arena(0)
        }
        placed.arenaByteCount = memory.byteCount
        // Among others, buffers may by chance even fit better.
        placed.scratchByteCount = max(
            0, memory.byteCount - MemoryPlan(requests, lending: loan).byteCount)
        return placed
    }

    /// The memory of weights' gradients, until these are there.
    ///
    /// An update runs over all of it, so that what fills a gradient up to the alignment must stay as
    /// it is, and so must the gradients of weights that this plan does not read.
    private var loan: MemoryPlan.Loan {
        guard plan.isTraining else { return .none }
        let end = plan.steps.count
        var content: [Int: MemoryPlan.Request] = [:]
        for slot in plan.parameters {
            content[slot.offset] = MemoryPlan.Request(
                byteCount: slot.layout.byteCount, lifetime: -1...end)
        }
        for (number, lifetime) in lifetimes {
            guard case .gradient(let offset) = plan.buffers[number].place else { continue }
            let byteCount = plan.buffers[number].layout.byteCount
            if byteCount == MemoryPlan.aligned(byteCount) {
                content[offset] = MemoryPlan.Request(
                    byteCount: byteCount, lifetime: lifetime.lowerBound...end)
            }
        }
        return MemoryPlan.Loan(byteCount: plan.parameterByteCount, content: content)
    }

    /// What kernels use while they run: nothing of it lasts, and none of it is needed before or after.
    ///
    /// The preparation is done while nothing but constants is in the arena.
    private var scratchRequests: [MemoryPlan.Request] {
        let before = plan.preparation.map { ($0, -1) }
        let steps = plan.steps.enumerated().map { ($1, $0) }
        return (before + steps).map { step, index in
            MemoryPlan.Request(
                byteCount: step.kernel.scratchByteCount, lifetime: index...index)
        }
    }
}
