// SPDX-License-Identifier: Apache-2.0
import Fovea
import Glibc
import Synchronization

/// The line that tells how a download is going.
enum DownloadLine {
    private static let shown = Mutex<String>("")
    /// Whether the cursor stands behind a line that is not complete.
    private static let isOpen = Mutex(false)

    /// Shows how far a download has come: in place on a terminal, elsewhere once for each file.
    static func show(_ progress: DownloadProgress, style: TerminalStyle) {
        let isComplete = progress.bytesReceived == progress.byteCount
        let received = NetworkSummary.bytes(progress.bytesReceived)
        let text =
            "\(progress.file) from \(progress.host): "
            + "\(received) of \(NetworkSummary.bytes(progress.byteCount))"
        let output: String? = shown.withLock { shown in
            guard text != shown, style.isLive || isComplete else { return nil }
            shown = text
            return style.isLive ? "\r\(text)\u{1B}[K\(isComplete ? "\n" : "")" : text + "\n"
        }
        guard var output else { return }
        isOpen.withLock { $0 = style.isLive && !isComplete }
        _ = output.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Ends the line of a download that has failed, so that what is said next has one of its own.
    static func close() {
        if isOpen.withLock({ isOpen in
            defer { isOpen = false }
            return isOpen
        }) {
            _ = "\n".withCString { write(STDERR_FILENO, $0, 1) }
        }
    }
}
