// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc

/// The file of logged points, one JSON object a line, to which whole lines are appended.
final class MetricsLog {
    private let path: String
    private let file: Int32

    /// Opens the file, and cuts off what was logged after the last checkpoint.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - count: How many bytes of it belong to the run so far.
    /// - Throws: An error if it cannot be written.
    init(_ path: String, keeping count: Int) throws(FoveaError) {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        // A file that lost lines meanwhile is not filled up with zeros.
        guard file >= 0, ftruncate(file, min(off_t(count), lseek(file, 0, SEEK_END))) == 0,
            lseek(file, 0, SEEK_END) >= 0
        else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw FoveaError(
                .cannotCreate, "cannot be written: \(reason).",
                remedy: "Choose another folder with --out.", path: path)
        }
    }

    deinit { close(file) }

    /// Adds a point.
    func append(_ point: MetricPoint) throws(FoveaError) {
        let line = Array((try JSON.text(point) + "\n").utf8)
        guard write(file, line, line.count) == line.count else { throw failure() }
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
