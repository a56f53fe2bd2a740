// SPDX-License-Identifier: Apache-2.0
import Fovea
import FoveaArrays
import Glibc

/// The two outputs of the command: results go to one, remarks and progress to the other.
enum Console {
    /// Prints a result.
    ///
    /// - Throws: An error of the code `.cannotWrite`; a reader that has gone away, as in `| head`, is none.
    static func print(_ text: String) throws(FoveaError) {
        let status = write(text + "\n", to: STDOUT_FILENO)
        guard status == 0 || status == EPIPE else {
            throw FoveaError(
                .cannotWrite,
                "the result cannot be written: \(String(cString: strerror(status)).lowercased()).")
        }
    }

    /// Prints a result that was laid out for a terminal, in the characters that it takes.
    ///
    /// - Throws: An error of the code `.cannotWrite`, as `print` does.
    static func print(_ text: (TerminalStyle) -> String, plain: Bool) throws(FoveaError) {
        let style = TerminalStyle.standardOutput(plain: plain)
        try print(style.spelled(text(style)))
    }

    /// Prints a remark or an error, of which nobody can be told if it cannot be written.
    ///
    /// Names in it may come from files that were made to disturb a terminal.
    static func error(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        _ = write(lines.map { String($0).printable + "\n" }.joined(), to: STDERR_FILENO)
    }

    /// Prints a value as one JSON object.
    ///
    /// - Throws: An error of the code `.cannotWrite`, as `print` does.
    static func printJSON(_ value: some Encodable) throws(FoveaError) {
        try print(try JSON.text(value, isPretty: true))
    }

    /// Writes a text; returns the system's number of what went wrong, or 0.
    private static func write(_ text: String, to file: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(
                    file, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return errno }
                written += count
            }
            return 0
        }
    }
}

/// Lets writing to a reader that has gone away fail, instead of ending the process.
func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

/// Ends the process with an exit code.
func endProcess(_ code: Int32) -> Never { Glibc.exit(code) }
