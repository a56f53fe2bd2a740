// SPDX-License-Identifier: Apache-2.0
package import FoveaArrays
package import FoveaCompiler
package import FoveaGraph

/// A device's code: its kernels, and plans made ready to run on it.
package protocol Backend: Sendable {
    /// The number of threads its kernels run on.
    var threadCount: Int { get }
    /// The library of its kernels, with its version and the instruction set.
    var libraryName: String { get }

    /// Plans a graph.
    ///
    /// - Parameters:
    ///   - graph: A graph as it was recorded and differentiated.
    ///   - store: Parameters that another plan has already laid out.
    ///   - runsSeldom: Whether it will run too seldom for kernels to be tried.
    /// - Returns: The plan.
    /// - Throws: An error if the device has no kernel for an operation.
    func plan(
        _ graph: Graph, sharing store: (any ParameterStore)?, runsSeldom: Bool
    ) throws(FoveaError) -> Plan

    /// Makes memory for the parameters of a plan.
    ///
    /// - Parameters:
    ///   - plan: The plan whose layouts the parameters take.
    ///   - optimizer: What will update them; nil if nothing will.
    /// - Returns: The parameters, all zero.
    /// - Throws: An error if there is not enough memory.
    func makeParameters(
        for plan: Plan, optimizer: Optimizer?
    ) throws(FoveaError) -> any ParameterStore

    /// Makes a plan ready: kernels are generated, memory is allocated, arguments are bound.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - parameters: The parameters it reads, in the layouts it expects.
    /// - Returns: What runs the plan.
    /// - Throws: An error if a kernel cannot be made or there is not enough memory.
    func prepare(
        _ plan: Plan, parameters: any ParameterStore
    ) throws(FoveaError) -> any Executable
}

extension Backend {
    /// Plans a graph that will run often.
    ///
    /// - Parameters:
    ///   - graph: A graph as it was recorded and differentiated.
    ///   - store: Parameters that another plan has already laid out.
    /// - Returns: The plan.
    /// - Throws: An error if the device has no kernel for an operation.
    package func plan(
        _ graph: Graph, sharing store: (any ParameterStore)?
    ) throws(FoveaError) -> Plan {
        try plan(graph, sharing: store, runsSeldom: false)
    }
}

/// A plan that is ready to run.
package protocol Executable: AnyObject, Sendable {
    /// The plan.
    var plan: Plan { get }

    /// Runs the plan once.
    ///
    /// - Parameters:
    ///   - images: The images, [N, C, H, W] in row-major order.
    ///   - labels: One label an image, if the plan has a loss.
    ///   - draw: What random decisions depend on.
    /// - Throws: An error if a kernel fails.
    func run(
        images: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>?, draw: RandomDraw
    ) throws(FoveaError)

    /// A named output of the last run.
    ///
    /// - Parameter name: `logits`, `loss`, or an auxiliary head's name.
    /// - Returns: A copy of its numbers, or nil if the plan has no such output.
    func output(_ name: String) -> NDArray?

    /// The time each step took in runs since profiling began, in seconds.
    var stepSeconds: [Double] { get }

    /// Begins or ends measuring each step.
    ///
    /// - Parameter isOn: Whether to measure.
    func setProfiling(_ isOn: Bool)
}

/// What random decisions within a step depend on.
package struct RandomDraw: Sendable, Hashable {
    /// The seed of the run.
    package let seed: UInt64
    /// The number of the step, counted from the start of training.
    package let step: Int

    /// Names a draw.
    package init(seed: UInt64, step: Int) {
        self.seed = seed
        self.step = step
    }
}

/// The parameters of a network on a device, with their gradients and the optimizer's state.
package protocol ParameterStore: AnyObject, Sendable {
    /// Where each parameter lies.
    var slots: [Plan.ParameterSlot] { get }
    /// What updates the parameters.
    var optimizer: Optimizer? { get }

    /// The numbers that belong to a parameter, in row-major order.
    ///
    /// - Parameters:
    ///   - part: Which numbers.
    ///   - name: The parameter's name.
    /// - Returns: A copy, or nil if there are none under this name.
    func read(_ part: ParameterPart, of name: String) -> NDArray?

    /// Replaces the numbers that belong to a parameter.
    ///
    /// - Parameters:
    ///   - part: Which numbers.
    ///   - name: The parameter's name.
    ///   - array: The numbers in row-major order, of the parameter's shape.
    func write(_ part: ParameterPart, of name: String, _ array: NDArray)

    /// Lets the weights follow from the gradients of the last run, and statistics take the values
    /// it gathered.
    ///
    /// - Parameters:
    ///   - rate: The learning rate.
    ///   - step: The number of this update, counted from one.
    /// - Returns: Whether all gradients were finite; if not, everything is left as it was.
    func update(rate: Float, step: Int) -> Bool
}

/// One of the numbers kept for each weight.
package enum ParameterPart: Sendable, Hashable {
    /// The weight itself.
    case value
    /// The gradient of the loss with respect to it.
    case gradient
    /// The optimizer's state of this number, in the order of its `stateNames`.
    case state(Int)
}
