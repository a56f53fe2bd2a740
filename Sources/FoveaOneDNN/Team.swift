// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaGraph

/// The OpenMP threads that the library computes on, for loops of our own.
///
/// A second pool of threads would fight the library's for the cores.
enum Team {
    /// The number of threads.
    static var count: Int { Int(fovea_omp_max_threads()) }

    /// The number of threads before another was asked for: `OMP_NUM_THREADS`, else as many as there are cores.
    static let standardCount = EngineThread.shared.perform { count }

    /// Does something on the engine's thread with a number of threads.
    static func perform<Result, Failure: Error>(
        threads: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try EngineThread.shared.perform { () throws(Failure) -> Result in
            fovea_omp_set_threads(Int32(threads))
            return try body()
        }
    }

    /// Makes something that shall run on one thread, though the team has more.
    ///
    /// How many threads a primitive runs on is decided when it is made.
    static func withOneThread<Result>(
        _ body: () throws(FoveaError) -> Result
    ) throws(FoveaError) -> Result {
        let count = fovea_omp_max_threads()
        fovea_omp_set_threads(1)
        defer { fovea_omp_set_threads(count) }
        return try body()
    }

    /// Splits a loop over the team's threads and waits until all are done.
    ///
    /// - Parameters:
    ///   - count: The number of iterations.
    ///   - multiple: Each part but the last is a multiple of this long.
    ///   - body: Does one part of the iterations.
    static func split(_ count: Int, multipleOf multiple: Int = 1, _ body: (Range<Int>) -> Void) {
        // Starting the team costs some microseconds, more than a short loop takes.
        guard count > 4096 || multiple == 1 && count > 1 else {
            return body(0..<count)
        }
        withoutActuallyEscaping(body) { body in
            var context = Context(count: count, multiple: multiple, body: body)
            withUnsafeMutablePointer(to: &context) { pointer in
                fovea_omp_parallel(
                    { raw, index, threads in
                        guard let context = raw?.assumingMemoryBound(to: Context.self) else {
                            return
                        }
                        context.pointee.run(part: Int(index), of: Int(threads))
                    }, pointer)
            }
        }
    }

    private struct Context {
        let count: Int
        let multiple: Int
        let body: (Range<Int>) -> Void

        func run(part: Int, of parts: Int) {
            let units = (count + multiple - 1) / multiple
            let start = min(units * part / parts * multiple, count)
            let end = min(units * (part + 1) / parts * multiple, count)
            if start < end { body(start..<end) }
        }
    }
}
