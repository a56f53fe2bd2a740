// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
package import OrderedCollections

/// A graph made ready for a device: a flat list of steps over buffers with fixed places.
public struct Plan: Sendable {
    /// Where a buffer lies.
    public enum Place: Hashable, Sendable {
        /// In the arena, at this offset.
        case arena(Int)
        /// Among the parameters, at this offset.
        case parameter(Int)
        /// Among the gradients: at the offset of its parameter a weight's gradient, or what a statistic is
        /// from the next step on; anywhere, what is needed only before gradients are there.
        case gradient(Int)
        /// In memory of the plan's own that lasts, at this offset: what follows from parameters.
        case derived(Int)
        /// In memory that is given at every execution.
        case input(String)
    }

    /// One tensor's memory.
    public struct Buffer: Sendable {
        /// What it holds.
        public let type: TensorType
        /// How it lies.
        public let layout: Layout
        /// Where it lies.
        public internal(set) var place: Place
    }

    /// What a step does.
    public enum Action: Sendable, Hashable {
        /// Computes an operation.
        case compute(Op)
        /// Copies a tensor into another layout.
        case reorder
    }

    /// One thing to be done.
    public struct Step: Sendable {
        /// What it does.
        public let action: Action
        /// The path of the layer it belongs to.
        public let path: String
        /// The buffers it reads.
        public let inputs: [Int]
        /// The buffers it writes.
        public let outputs: [Int]
        /// Its multiply-adds.
        public let multiplyAdds: Int
        /// Its code.
        package let kernel: any Kernel
        /// Where it has the memory that it uses while it runs.
        public internal(set) var scratch = Place.arena(0)
    }

    /// The place of one parameter among the parameters, and of its gradient among the gradients.
    public struct ParameterSlot: Sendable, Hashable {
        /// The name in weights files.
        public let name: String
        /// The extents.
        public let shape: Shape
        /// What it is for.
        public let role: ParameterRole
        /// How it lies.
        public let layout: Layout
        /// Its offset in bytes.
        public let offset: Int
    }

    /// The buffers, by number.
    public internal(set) var buffers: [Buffer] = []
    /// The steps in the order of their execution.
    public internal(set) var steps: [Step] = []
    /// The steps that follow from the parameters alone, to be done when those have changed.
    public internal(set) var preparation: [Step] = []
    /// The parameters in the order in which they lie.
    public internal(set) var parameters: [ParameterSlot] = []
    /// The size of what follows from the parameters.
    public internal(set) var derivedByteCount = 0
    /// The size of the arena for everything between the steps, scratch memory included.
    public internal(set) var arenaByteCount = 0
    /// By how much the arena would be smaller if no kernel used memory while it runs.
    public internal(set) var scratchByteCount = 0
    /// The buffers of the named outputs.
    package internal(set) var outputs: OrderedDictionary<String, Int> = [:]
    /// The buffers that hold constants, with their value.
    package internal(set) var constants: [(buffer: Int, value: Float)] = []
    /// Whether the plan computes gradients.
    public internal(set) var isTraining = false
    /// The name and version of the library the kernels are from.
    public internal(set) var library = ""

    /// The names of the outputs, in the order of the network.
    public var outputNames: [String] { Array(outputs.keys) }

    /// The size of all parameters together.
    public var parameterByteCount: Int { Self.end(of: parameters) }

    /// The size of the statistics, which lie before the weights.
    public var statisticByteCount: Int { Self.end(of: parameters.filter { $0.role == .statistic }) }

    private static func end(of slots: [ParameterSlot]) -> Int {
        slots.map { $0.offset + MemoryPlan.aligned($0.layout.byteCount) }.max() ?? 0
    }

    /// The place of a parameter.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Its place, or nil if the plan has no such parameter.
    package func parameter(named name: String) -> ParameterSlot? {
        parameters.first { $0.name == name }
    }

    /// The number of steps that only move data between layouts.
    public var reorderCount: Int { steps.count { $0.action == .reorder } }
}
