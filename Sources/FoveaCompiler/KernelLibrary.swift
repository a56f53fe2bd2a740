// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph

/// What a device's kernels can do, as the compiler asks it while it chooses layouts.
package protocol KernelLibrary: Sendable {
    /// The library's name and version, for the record of a run.
    var name: String { get }

    /// The row-major layout of a tensor.
    ///
    /// - Parameter type: What the tensor holds.
    /// - Returns: The layout.
    func plainLayout(of type: TensorType) -> Layout

    /// Whether two layouts put the same bytes in the same places.
    ///
    /// - Parameters:
    ///   - first: A layout.
    ///   - second: Another layout of the same tensor.
    /// - Returns: True if no reorder is needed between them.
    func agree(_ first: Layout, _ second: Layout) -> Bool

    /// The same bytes under another shape.
    ///
    /// - Parameters:
    ///   - layout: How the tensor lies now.
    ///   - type: What it holds.
    ///   - shape: The new extents.
    /// - Returns: The layout of the reshaped tensor, or nil if elements would have to move.
    func reshaped(_ layout: Layout, of type: TensorType, to shape: Shape) -> Layout?

    /// The first channels of a tensor as a tensor of their own, in the same memory.
    ///
    /// - Parameters:
    ///   - type: What it holds.
    ///   - whole: What the wider tensor holds.
    ///   - layout: How that lies.
    /// - Returns: The layout of the first channels, or nil if there is none that kernels know.
    func leading(_ type: TensorType, of whole: TensorType, lying layout: Layout) -> Layout?

    /// The kernel for an operation.
    ///
    /// - Parameter request: The operation, and how its inputs lie.
    /// - Returns: A kernel for one step, with the layouts it reads and writes.
    /// - Throws: An error if the library has no kernel for it.
    func kernel(for request: KernelRequest) throws(FoveaError) -> KernelChoice

    /// The kernel that copies a tensor from one layout to another.
    ///
    /// - Parameters:
    ///   - type: What the tensor holds.
    ///   - from: How it lies; row-major if the other is transformed.
    ///   - to: How it shall lie.
    /// - Returns: A kernel for one step.
    /// - Throws: An error if the library cannot.
    func reorder(
        _ type: TensorType, from: Layout, to: Layout
    ) throws(FoveaError) -> any Kernel
}

/// An operation that needs a kernel.
package struct KernelRequest: Sendable {
    /// What is computed.
    package let op: Op
    /// The types of the inputs.
    package let inputs: [TensorType]
    /// How the inputs lie; nil where a layout is still free: a parameter's, or what follows from one.
    package var layouts: [Layout?]
    /// The inputs that last from run to run: what is done to them alone is done once.
    package let lasting: Set<Int>
    /// The types of the outputs.
    package let outputs: [TensorType]
    /// Whether gradients will follow.
    package let isTraining: Bool
    /// For a concatenation, a wider one whose first channels it may yield, in the same memory.
    package var whole: TensorType?
    /// Whether its first input may be the first channels of that, and there is no need to move it.
    package var mayContinue = false
}

/// A kernel and how it wants its tensors to lie.
package struct KernelChoice: Sendable {
    /// The kernel.
    package let kernel: any Kernel
    /// The layouts of the inputs.
    package let inputs: [Layout]
    /// The layouts of the outputs.
    package let outputs: [Layout]
    /// Whether the output has to lie where the first input does, whose memory goes on behind it.
    package let continuesInput: Bool

    /// Makes a choice.
    package init(
        _ kernel: any Kernel, inputs: [Layout], outputs: [Layout], continuesInput: Bool = false
    ) {
        self.kernel = kernel
        self.inputs = inputs
        self.outputs = outputs
        self.continuesInput = continuesInput
    }
}

/// One step's code; the backend that made it knows how to bind and run it.
package protocol Kernel: AnyObject, Sendable {
    /// Which of the library's kernels it is, such as `jit:avx512_core`.
    var name: String { get }
    /// The temporary memory it needs while it runs.
    var scratchByteCount: Int { get }
    /// Whether its first output may lie where its first input lies.
    var worksInPlace: Bool { get }
}
