// SPDX-License-Identifier: Apache-2.0
import Fovea
import Glibc
import Synchronization

/// The line that tells how a download is going.
enum DownloadLine {
    private struct State {
        /// What was shown last.
        var text = ""
        /// Whether the cursor stands behind it, so that the line is still to be ended.
        var isOpen = false
    }

    private static let state = Mutex(State())

    /// Shows how far a download has come: in place on a terminal, elsewhere once for each file.
    static func show(_ progress: DownloadProgress, style: TerminalStyle) {
        let isComplete = progress.bytesReceived == progress.byteCount
        let received = NetworkSummary.bytes(progress.bytesReceived)
        let text =
            "\(progress.file) from \(progress.host): "
            + "\(received) of \(NetworkSummary.bytes(progress.byteCount))"
        let output: String? = state.withLock { state in
            guard text != state.text, style.isLive || isComplete else { return nil }
            state = State(text: text, isOpen: style.isLive && !isComplete)
            return style.isLive ? "\r\(text)\u{1B}[K\(isComplete ? "\n" : "")" : text + "\n"
        }
        if let output { show(output) }
    }

    /// Ends the line of a download that has failed, so that what is said next has one of its own.
    static func close() {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen { show("\n") }
    }

    private static func show(_ text: String) {
        var text = text
        _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
