// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaRuntime
import Glibc
import Synchronization

/// What kernels took when they were tried, kept for the next time.
///
/// A timing belongs to a library's version, an instruction set, a number of threads, shapes and layouts.
/// The file has a line each, seconds and what they belong to, with a tabulator between.
package final class KernelTimings: Sendable {
    private struct Timings {
        var known: [String: Double] = [:]
        var isChanged = false
    }

    private let timings = Mutex(Timings())
    private let trial = Mutex<DeviceMemory?>(nil)

    /// Makes a collection.
    ///
    /// - Parameter texts: The contents of files written before; lines that are none of ours are passed over.
    package init(_ texts: [String] = []) {
        for text in texts { adopt(text) }
    }

    /// How many kernels are known.
    package var count: Int { timings.withLock { $0.known.count } }

    /// Whether something was tried since this was last asked.
    package func takeChange() -> Bool {
        timings.withLock { timings in
            defer { timings.isChanged = false }
            return timings.isChanged
        }
    }

    /// The file's text, sorted.
    package var text: String {
        timings.withLock { timings in
            timings.known.sorted { $0.key < $1.key }.map { "\($0.value)\t\($0.key)\n" }.joined()
        }
    }

    /// Takes over what a file has beyond what is known.
    package func adopt(_ text: String) {
        timings.withLock { $0.known.merge(Self.parsed(text)) { known, _ in known } }
    }

    /// Takes over what a file has in place of what is known.
    package func restore(_ text: String) {
        timings.withLock { $0.known.merge(Self.parsed(text)) { _, restored in restored } }
    }

    private static func parsed(_ text: String) -> [String: Double] {
        var result: [String: Double] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t")
            guard parts.count == 2, let seconds = Double(parts[0]), seconds.isFinite, seconds >= 0
            else { continue }
            result[String(parts[1])] = seconds
        }
        return result
    }

    /// The time that a kernel took.
    ///
    /// - Parameter key: What the timing belongs to.
    /// - Returns: Seconds, or nil if it was never tried.
    func seconds(_ key: String) -> Double? { timings.withLock { $0.known[key] } }

    /// The time that a kernel takes, which is run if it is not known.
    ///
    /// - Parameters:
    ///   - key: What the timing belongs to.
    ///   - kernel: The kernel.
    ///   - inputs: The bytes of its inputs.
    ///   - outputs: The bytes of its outputs.
    /// - Returns: Seconds.
    /// - Throws: An error if the kernel cannot be run, or if memory ends.
    func seconds(
        _ key: String, of kernel: any OneDNNKernel, inputs: [Int], outputs: [Int]
    ) throws(FoveaError) -> Double {
        if let known = seconds(key) { return known }
        let seconds = try measure(kernel, inputs, outputs)
        timings.withLock { timings in
            timings.known[key] = seconds
            timings.isChanged = true
        }
        return seconds
    }

    /// Gives back the memory in which kernels were tried.
    package func releaseMemory() { trial.withLock { $0 = nil } }

    /// The shortest of several runs, after one that brings code and data to hand.
    private func measure(
        _ kernel: any OneDNNKernel, _ inputs: [Int], _ outputs: [Int]
    ) throws(FoveaError) -> Double {
        let sizes = (inputs + outputs + [kernel.scratchByteCount]).map { ($0 + 4095) / 4096 * 4096 }
        let memory = try memory(sizes.reduce(0, +))
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
            scratch: addresses[sizes.count - 1])
        let draw = RandomDraw(seed: 0, step: 0)
        try kernel.execute(draw)
        var best = Double.infinity, total = 0.0, runs = 0
        while runs < 3 || total < 0.01 && runs < 20 {
            let start = monotonicSeconds()
            try kernel.execute(draw)
            let seconds = monotonicSeconds() - start
            best = min(best, seconds)
            total += seconds
            runs += 1
        }
        return best
    }

    private func memory(_ byteCount: Int) throws(FoveaError) -> DeviceMemory {
        if let memory = trial.withLock({ $0 }) {
            try memory.reserve(byteCount)
            return memory
        }
        let memory = try DeviceMemory(byteCount: byteCount)
        trial.withLock { $0 = memory }
        return memory
    }
}
