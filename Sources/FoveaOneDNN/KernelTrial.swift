// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// A kernel that may be run to see how long it takes.
struct KernelTrial {
    /// Raised when kernels of our own become quicker or slower, or when trials are made in another way, so
    /// that what was measured before does not count.
    static let version = 2

    /// What the timing belongs to.
    let key: String
    /// The kernel.
    let kernel: any OneDNNKernel
    private let inputs: [Int]
    private let outputs: [Int]

    /// Describes a kernel that competes.
    ///
    /// - Parameters:
    ///   - key: What the timing belongs to.
    ///   - kernel: The kernel.
    ///   - choice: The layouts of its operands.
    init(_ key: String, _ kernel: any OneDNNKernel, _ choice: KernelChoice) {
        self.key = key
        self.kernel = kernel
        inputs = choice.inputs.map(\.byteCount)
        outputs = choice.outputs.map(\.byteCount)
    }

    /// The memory it is run in.
    var byteCount: Int { sizes.reduce(0, +) }

    /// Inputs, outputs and scratch memory, in whole pages.
    private var sizes: [Int] {
        (inputs + outputs + [kernel.scratchByteCount]).map { ($0 + 4095) / 4096 * 4096 }
    }

    /// Makes the kernel ready to be run in memory that may be another's, too.
    func prepare(in memory: DeviceMemory) throws(FoveaError) {
        var addresses: [UnsafeMutableRawPointer] = []
        var next = memory.base
        for size in sizes {
            addresses.append(next)
            next += size
        }
        try kernel.prepare()
        try kernel.bind(
            inputs: Array(addresses.prefix(inputs.count)),
            outputs: Array(addresses.dropFirst(inputs.count).dropLast()),
            scratch: addresses[addresses.count - 1])
    }
}
