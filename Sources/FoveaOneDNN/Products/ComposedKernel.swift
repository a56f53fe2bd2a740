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
        fileprivate(set) var inputs: [UnsafeMutableRawPointer] = []
        fileprivate(set) var outputs: [UnsafeMutableRawPointer] = []
        /// The parts of the scratch memory, each aligned to lines of the cache.
        fileprivate(set) var parts: [UnsafeMutableRawPointer] = []
        /// What follows the parts.
        fileprivate(set) var rest = UnsafeMutableRawPointer(bitPattern: MemoryPlan.alignment)
    }

    let name: String
    let scratchByteCount: Int
    let worksInPlace = false
    private let making: () throws(FoveaError) -> Void
    private let parts: [Int]
    private let body: (Operands) throws(FoveaError) -> Void
    private var operands = Operands()

    /// Wraps loops.
    ///
    /// - Parameters:
    ///   - name: Which of the kernels it is.
    ///   - parts: The floats of each part of the scratch memory.
    ///   - rest: The bytes of scratch memory that the products need.
    ///   - prepare: Makes the products ready.
    ///   - body: The loops.
    init(
        _ name: String, parts: [Int], rest: Int,
        prepare: @escaping () throws(FoveaError) -> Void,
        _ body: @escaping (Operands) throws(FoveaError) -> Void
    ) {
        self.name = name
        making = prepare
        self.parts = parts.map { MemoryPlan.aligned($0 * MemoryLayout<Float>.size) }
        self.body = body
        scratchByteCount = self.parts.reduce(rest, +)
    }

    func prepare() throws(FoveaError) { try making() }

    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) {
        operands.inputs = inputs
        operands.outputs = outputs
        operands.parts = []
        var next = scratch
        for part in parts {
            operands.parts.append(next)
            next += part
        }
        operands.rest = next
    }

    func rebind(input: Int, to address: UnsafeMutableRawPointer) {
        operands.inputs[input] = address
    }

    func execute(_ draw: RandomDraw) throws(FoveaError) { try body(operands) }
}
