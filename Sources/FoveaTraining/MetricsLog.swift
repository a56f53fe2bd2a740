// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc

/// The file of logged points, one JSON object a line, to which whole lines are appended.
final class MetricsLog {
    private let path: String
    private let file: Int32

    /// Opens the file of a run, which only one process may train at a time.
    ///
    /// - Parameter path: The file.
    /// - Throws: An error if it cannot be written, or another process has it.
    init(_ path: String) throws(FoveaError) {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw FoveaError(
                .cannotCreate, "cannot be written: \(reason).",
                remedy: "Choose another folder with --out.", path: path)
        }
        // The lock goes with the process, however that ends. Disks without locks do without.
        if flock(file, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw FoveaError(
                .usage, "another process is training here.",
                remedy: "Wait for its end, or choose another folder with --out.", path: path)
        }
    }

    deinit { close(file) }

    /// Cuts off what was logged after the last checkpoint.
    ///
    /// - Parameter count: How many bytes of the file belong to the run so far.
    /// - Throws: An error if it cannot be written.
    func keep(_ count: Int) throws(FoveaError) {
        // A file that lost lines meanwhile is not filled up with zeros.
        guard ftruncate(file, min(off_t(count), lseek(file, 0, SEEK_END))) == 0,
            lseek(file, 0, SEEK_END) >= 0
        else { throw failure() }
    }

    /// Adds a point.
    func append(_ point: MetricPoint) throws(FoveaError) {
        var rest = Array((try JSON.text(point) + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            rest = rest.dropFirst(count)
        }
    }

    /// Brings the file to disk; returns its size.
    func synchronize() throws(FoveaError) -> Int {
        guard fsync(file) == 0 else { throw failure() }
        return Int(lseek(file, 0, SEEK_CUR))
    }

    private func failure() -> FoveaError {
        FoveaError(
            .cannotWrite, "cannot be written: \(String(cString: strerror(errno)).lowercased()).",
            remedy: errno == ENOSPC ? "Make room on the disk; the run can be resumed." : nil,
            path: path)
    }
}
