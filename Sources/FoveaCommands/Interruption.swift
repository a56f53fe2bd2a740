// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Ctrl-C and a request to terminate: the first asks the run to save and stop, the second ends it.
enum Interruption {
    private static let signal = Atomic<Int32>(0)

    /// Takes over the signals from now on.
    static func observe() {
        // A parent that blocks signals, as worker threads of many programs do, passes that on.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in [SIGINT, SIGTERM] {
            _ = Glibc.signal(number) { number in
                let (isFirst, _) = Interruption.signal.compareExchange(
                    expected: 0, desired: number, ordering: .relaxed)
                if !isFirst { _exit(128 + number) }
            }
        }
    }

    /// Whether a signal has come.
    static var isRequested: Bool { signal.load(ordering: .relaxed) != 0 }

    /// The exit code that belongs to the signal.
    static var exitCode: Int32 { 128 + signal.load(ordering: .relaxed) }
}
