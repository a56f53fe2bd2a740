// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph
import FoveaRuntime

/// A kernel of the CPU backend: bound to its memory once, then executed again and again.
protocol OneDNNKernel: Kernel {
    /// Makes the code ready, which may take milliseconds.
    func prepare() throws(FoveaError)

    /// Tells where the tensors lie.
    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) throws(FoveaError)

    /// Tells where one input lies from now on.
    func rebind(input: Int, to address: UnsafeMutableRawPointer) throws(FoveaError)

    /// Runs the kernel on the engine's thread.
    func execute(_ draw: RandomDraw) throws(FoveaError)
}

/// A primitive of the library.
final class PrimitiveKernel: OneDNNKernel, @unchecked Sendable {
    let name: String
    let scratchByteCount: Int
    let worksInPlace: Bool
    private let primitive: Primitive
    private let inputArguments: [Int]
    private let outputArguments: [Int]

    /// Wraps a primitive.
    ///
    /// - Parameters:
    ///   - primitive: The primitive.
    ///   - inputs: The arguments that the op's inputs are for it.
    ///   - outputs: The arguments that the op's outputs are for it.
    ///   - worksInPlace: Whether the first output may lie where the first input lies.
    init(
        _ primitive: consuming Primitive, inputs: [Int], outputs: [Int], worksInPlace: Bool = false
    ) {
        name = primitive.implementation
        scratchByteCount = fovea_primitive_scratchpad_bytes(primitive.handle)
        self.worksInPlace = worksInPlace
        self.primitive = primitive
        inputArguments = inputs
        outputArguments = outputs
    }

    /// The kernel with the layouts that the primitive wants.
    var choice: KernelChoice {
        KernelChoice(
            self, inputs: inputArguments.map { primitive.layout($0) },
            outputs: outputArguments.map { primitive.layout($0) })
    }

    func prepare() throws(FoveaError) {
        try check(fovea_primitive_prepare(primitive.handle), "prepare \(name)")
    }

    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) throws(FoveaError) {
        for (argument, address) in zip(
            inputArguments + outputArguments, inputs + outputs)
        {
            try bind(argument, to: address)
        }
        if scratchByteCount > 0 { try bind(Int(FOVEA_ARG_SCRATCHPAD), to: scratch) }
    }

    func rebind(input: Int, to address: UnsafeMutableRawPointer) throws(FoveaError) {
        try bind(inputArguments[input], to: address)
    }

    func execute(_ draw: RandomDraw) throws(FoveaError) {
        try check(fovea_primitive_execute(primitive.handle), "execute \(name)")
    }

    private func bind(
        _ argument: Int, to address: UnsafeMutableRawPointer
    ) throws(FoveaError) {
        try check(
            fovea_primitive_bind(primitive.handle, Int32(argument), address), "bind \(name)")
    }
}

/// A loop of our own, on the library's threads.
final class LoopKernel: OneDNNKernel, @unchecked Sendable {
    /// The memory of one execution.
    struct Operands {
        fileprivate(set) var inputs: [UnsafeMutableRawPointer] = []
        fileprivate(set) var outputs: [UnsafeMutableRawPointer] = []
        fileprivate(set) var memory: UnsafeMutableRawPointer?
        fileprivate(set) var draw = RandomDraw(seed: 0, step: 0)

        /// Memory for sums and the like, of which nothing lasts.
        var scratch: UnsafeMutablePointer<Float> {
            guard let memory else { preconditionFailure("a kernel runs before it is bound") }
            return memory.assumingMemoryBound(to: Float.self)
        }

        func input(_ index: Int) -> UnsafeMutablePointer<Float> {
            inputs[index].assumingMemoryBound(to: Float.self)
        }

        func output(_ index: Int) -> UnsafeMutablePointer<Float> {
            outputs[index].assumingMemoryBound(to: Float.self)
        }

        /// An input whose numbers lie as another type.
        func input<Number>(_ index: Int, _: Number.Type) -> UnsafeMutablePointer<Number> {
            inputs[index].assumingMemoryBound(to: Number.self)
        }

        /// An output whose numbers lie as another type.
        func output<Number>(_ index: Int, _: Number.Type) -> UnsafeMutablePointer<Number> {
            outputs[index].assumingMemoryBound(to: Number.self)
        }
    }

    let name: String
    let scratchByteCount: Int
    let worksInPlace: Bool
    private let body: (Operands) -> Void
    private var operands = Operands()

    /// Wraps a loop.
    ///
    /// - Parameters:
    ///   - name: What it computes.
    ///   - worksInPlace: Whether the first output may lie where the first input lies.
    ///   - scratch: The number of floats it needs while it runs.
    ///   - body: The loop.
    init(
        _ name: String, worksInPlace: Bool = false, scratch: Int = 0,
        _ body: @escaping (Operands) -> Void
    ) {
        self.name = "fovea:" + name
        scratchByteCount = scratch * MemoryLayout<Float>.size
        self.worksInPlace = worksInPlace
        self.body = body
    }

    func prepare() {}

    func bind(
        inputs: [UnsafeMutableRawPointer], outputs: [UnsafeMutableRawPointer],
        scratch: UnsafeMutableRawPointer
    ) {
        operands.inputs = inputs
        operands.outputs = outputs
        operands.memory = scratch
    }

    func rebind(input: Int, to address: UnsafeMutableRawPointer) {
        operands.inputs[input] = address
    }

    func execute(_ draw: RandomDraw) {
        operands.draw = draw
        body(operands)
    }
}
