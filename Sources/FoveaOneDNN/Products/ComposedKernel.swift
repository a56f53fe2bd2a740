// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaRuntime

/// Loops of our own around the library's products, as a step of a plan.
///
/// The loops are a closure, since only functions of generic types are compiled anew for each vector, and
/// methods of generic classes are not.
final class ComposedKernel: OneDNNKernel, @unchecked Sendable {
    /// The memory of one execution.
    struct Operands {
        fileprivate(set) var inputs: [UnsafeMutableRawPointer]
        let outputs: [UnsafeMutableRawPointer]
        /// The parts of the scratch memory, each aligned to lines of the cache.
        let parts: [UnsafeMutableRawPointer]
        /// What follows the parts, for the products.
        let rest: UnsafeMutableRawPointer
    }

    let name: String
    let scratchByteCount: Int
    let worksInPlace = false
    private let team: ProductTeam
    private let parts: [Int]
    private let body: (Operands) throws(FoveaError) -> Void
    private var operands: Operands?

    /// Wraps loops.
    ///
    /// - Parameters:
    ///   - name: Which of the kernels it is.
    ///   - team: The products.
    ///   - parts: The floats of each part of the scratch memory.
    ///   - body: The loops.
    init(
        _ name: String, _ team: ProductTeam, parts: [Int],
        _ body: @escaping (Operands) throws(FoveaError) -> Void
    ) {
        self.name = "fovea:" + name
        self.team = team
        self.parts = parts.map { MemoryPlan.aligned($0 * MemoryLayout<Float>.size) }
        self.body = body
        scratchByteCount = self.parts.reduce(team.scratchByteCount, +)
    }

    func prepare() throws(FoveaError) { try team.prepare() }

    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) {
        var next = scratch
        let parts = parts.map { size in
            defer { next += size }
            return next
        }
        operands = Operands(inputs: inputs, outputs: outputs, parts: parts, rest: next)
    }

    func rebind(input: Int, to address: UnsafeMutableRawPointer) {
        operands?.inputs[input] = address
    }

    func execute(_ draw: RandomDraw) throws(FoveaError) {
        guard let operands else { preconditionFailure("a kernel runs before it is bound") }
        try body(operands)
    }
}
