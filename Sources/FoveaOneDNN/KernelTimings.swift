// SPDX-License-Identifier: Apache-2.0
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
        /// What this machine's kernels took.
        var known: [String: Double] = [:]
        /// What they took where a run began that is resumed here, and what was tried since.
        var ofRun: [String: Double]?
        /// Whether `known` has grown.
        var isChanged = false

        subscript(key: String) -> Double? {
            get { ofRun?[key] ?? known[key] }
            set {
                guard ofRun == nil else {
                    ofRun?[key] = newValue
                    return
                }
                known[key] = newValue
                isChanged = true
            }
        }
    }

    private let timings = Mutex(Timings())
    private let trial = Mutex<DeviceMemory?>(nil)

    /// Makes a collection.
    ///
    /// - Parameter text: The contents of a file written before; lines that are none of ours are passed over.
    package init(_ text: String = "") { adopt(text) }

    /// How many kernels are known.
    package var count: Int { timings.withLock { $0.known.count } }

    /// Whether something was tried, and does not belong to a run alone, since this was last asked.
    package func takeChange() -> Bool {
        timings.withLock { timings in
            defer { timings.isChanged = false }
            return timings.isChanged
        }
    }

    /// What this machine's kernels took, as the text of a file, sorted.
    package var text: String { timings.withLock { Self.text($0.known) } }

    /// The same with what belongs to a run that is resumed.
    package var textOfRun: String {
        timings.withLock { Self.text($0.known.merging($0.ofRun ?? [:]) { _, ofRun in ofRun }) }
    }

    private static func text(_ timings: [String: Double]) -> String {
        timings.sorted { $0.key < $1.key }.map { "\($0.value)\t\($0.key)\n" }.joined()
    }

    /// Takes over what a file has beyond what is known.
    package func adopt(_ text: String) {
        timings.withLock { $0.known.merge(Self.parsed(text)) { known, _ in known } }
    }

    /// Takes over what a run's file has, for this process: it counts for more than what is known, and what is
    /// tried from now on belongs to the run, too.
    package func restore(_ text: String) {
        timings.withLock { $0.ofRun = Self.parsed(text) }
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
    func seconds(_ key: String) -> Double? { timings.withLock { $0[key] } }

    /// The times that kernels take which compete; those that are not known are run.
    ///
    /// A machine is faster in one hour than in another. So kernels that are tried together take
    /// turns, and newcomers take turns with the quickest that is known and get their times in
    /// proportion to its. What is known stays: whoever chose by it chooses the same again.
    ///
    /// - Parameter trials: The kernels.
    /// - Returns: Seconds, in the kernels' order.
    /// - Throws: An error if a kernel cannot be run, or if memory ends.
    func seconds(of trials: [KernelTrial]) throws(FoveaError) -> [Double] {
        let newcomers = trials.filter { seconds($0.key) == nil }
        if !newcomers.isEmpty {
            let yardstick = trials.compactMap { trial in seconds(trial.key).map { (trial, $0) } }
                .min { $0.1 < $1.1 }
            let taken = try measure(newcomers + (yardstick.map { [$0.0] } ?? []))
            let scale = yardstick.map { $0.1 / max(taken[newcomers.count], 1e-9) } ?? 1
            timings.withLock { timings in
                for (newcomer, seconds) in zip(newcomers, taken) {
                    timings[newcomer.key] = seconds * scale
                }
            }
        }
        return trials.map { seconds($0.key) ?? .infinity }
    }

    /// Gives back the memory in which kernels were tried.
    package func releaseMemory() { trial.withLock { $0 = nil } }

    /// The median of several runs of each kernel, in turns, after one that brings its code to hand.
    ///
    /// After three runs those that may still be the quickest go on alone, for a fifth of a second or
    /// twenty runs: where a processor is shared, a run is easily a fifth too slow. Kernels that live on the
    /// cache and the memory, which are shared, too, are so more often than others; the shortest of their runs
    /// would promise what a step seldom keeps.
    private func measure(_ trials: [KernelTrial]) throws(FoveaError) -> [Double] {
        let byteCount = trials.reduce(0) { max($0, $1.byteCount) }
        let memory = try memory(byteCount)
        // Pages that were never written are one page of zeros, which is read from the cache.
        memory.clear(byteCount)
        let draw = RandomDraw(seed: 0, step: 0)
        for trial in trials {
            try trial.prepare(in: memory)
            try trial.kernel.execute(draw)
        }
        var runs: [[Double]] = trials.map { _ in [] }
        for round in 0..<20 {
            let limit = round < 3 ? .infinity : 1.2 * (runs.map(Self.median).min() ?? 0)
            for (index, trial) in trials.enumerated()
            where round < 3 || Self.median(runs[index]) <= limit && runs[index].reduce(0, +) < 0.2 {
                let start = monotonicSeconds()
                try trial.kernel.execute(draw)
                runs[index].append(monotonicSeconds() - start)
            }
        }
        return runs.map(Self.median)
    }

    private static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

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
