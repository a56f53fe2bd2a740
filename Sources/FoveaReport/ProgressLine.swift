// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The line that tells how a run is going.
///
/// On a live terminal it is drawn again in place, at most ten times a second. Elsewhere it is whole
/// lines: one when an epoch ends and one for each minute within an epoch.
package final class ProgressLine: Sendable {
    /// The least time between two drawings in place.
    private static let livePause = 0.1
    /// The least time between two lines in a file.
    private static let plainPause = 60.0

    private struct Memory {
        var lastDrawn: Double
        var isShown = false
    }

    private let style: TerminalStyle
    private let clock: @Sendable () -> Double
    private let columns: @Sendable () -> Int?
    private let output: @Sendable (String) -> Void
    private let memory: Mutex<Memory>

    /// Makes a progress line on standard error.
    package convenience init(style: TerminalStyle) {
        self.init(
            style: style,
            clock: {
                var time = timespec()
                clock_gettime(CLOCK_MONOTONIC, &time)
                return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            },
            columns: { TerminalStyle.columns(of: STDERR_FILENO) },
            output: { text in
                // Progress that cannot be shown is no reason to stop a run.
                var text = style.spelled(text)
                _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            })
    }

    /// Makes a progress line with its own time, width and outlet.
    package init(
        style: TerminalStyle, clock: @escaping @Sendable () -> Double,
        columns: @escaping @Sendable () -> Int? = { nil },
        output: @escaping @Sendable (String) -> Void
    ) {
        self.style = style
        self.clock = clock
        self.columns = columns
        self.output = output
        let start = style.isLive ? -Double.infinity : clock()
        memory = Mutex(Memory(lastDrawn: start))
    }

    /// Shows a new state, unless the last one was shown a moment ago.
    package func update(_ state: ProgressState) {
        let now = clock()
        memory.withLock { memory in
            let pause = style.isLive ? Self.livePause : Self.plainPause
            guard now - memory.lastDrawn >= pause else { return }
            memory.lastDrawn = now
            guard style.isLive else {
                output(Self.sentence(state) + "\n")
                return
            }
            // The window may have changed its width since the last frame.
            let line = Self.render(state, width: columns() ?? style.width, style: style)
            output("\r" + line + "\u{1B}[K")
            memory.isShown = true
        }
    }

    /// Leaves the line of a finished epoch on the screen.
    package func finishEpoch(_ result: EpochLine) {
        let now = clock()
        memory.withLock { memory in
            output(erasure(&memory) + Self.render(result, style: style) + "\n")
            memory.lastDrawn = style.isLive ? -Double.infinity : now
        }
    }

    /// Writes a remark above the line.
    package func remark(_ text: String) {
        memory.withLock { memory in
            output(erasure(&memory) + text + "\n")
            if style.isLive { memory.lastDrawn = -Double.infinity }
        }
    }

    /// Takes the line off the screen.
    package func finish() {
        memory.withLock { memory in
            let erasure = erasure(&memory)
            if !erasure.isEmpty { output(erasure) }
        }
    }

    private func erasure(_ memory: inout Memory) -> String {
        defer { memory.isShown = false }
        return memory.isShown ? "\r\u{1B}[K" : ""
    }
}
