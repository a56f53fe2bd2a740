// SPDX-License-Identifier: Apache-2.0
import Fovea
import FoveaArrays
import Glibc

/// The two outputs of the command: results go to one, remarks and progress to the other.
enum Console {
    /// Prints a result.
    static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Prints a remark or an error.
    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Prints a value as one JSON object.
    static func printJSON(_ value: some Encodable) throws(FoveaError) {
        print(try JSON.text(value, isPretty: true))
    }

    private static func write(_ text: String, to file: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(
                    file, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                // A reader that has gone away, as in `| head`, is no error of ours.
                guard count > 0 else { return }
                written += count
            }
        }
    }
}

/// Ends the process with an exit code.
func endProcess(_ code: Int32) -> Never { Glibc.exit(code) }
