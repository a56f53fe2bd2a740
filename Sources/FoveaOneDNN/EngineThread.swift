// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The one thread that makes primitives and executes them, itself or with its team.
///
/// A primitive with scratch memory of the library's own crashes in Debian's build when it is executed on
/// another thread than the one that made it, and OpenMP keeps a team of threads for each thread that starts
/// one; so everything the engine does is handed to this thread, and the caller waits.
final class EngineThread: @unchecked Sendable {
    static let shared = EngineThread()

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var thread = pthread_t()
    /// The job that waits or runs; others queue behind it.
    private var job: (() -> Void)?
    private var isTaken = false
    private var isDone = false

    private init() {
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        // The object lives as long as the process, as does its thread.
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<EngineThread>.fromOpaque(context).takeUnretainedValue().serve()
                return nil
            }, context)
        precondition(status == 0, "the engine's thread cannot be started: error \(status)")
    }

    /// Runs a job on the engine's thread and waits for it.
    func perform<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        if pthread_equal(pthread_self(), thread) != 0 { return try body() }
        var result: Result<R, E>?
        withoutActuallyEscaping(body) { body in
            submit { result = Result(catching: body) }
        }
        guard let result else { preconditionFailure("the engine's thread dropped a job") }
        return try result.get()
    }

    private func submit(_ job: @escaping () -> Void) {
        pthread_mutex_lock(mutex)
        while isTaken { pthread_cond_wait(changed, mutex) }
        isTaken = true
        isDone = false
        self.job = job
        pthread_cond_broadcast(changed)
        while !isDone { pthread_cond_wait(changed, mutex) }
        isTaken = false
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    private func serve() {
        pthread_mutex_lock(mutex)
        while true {
            while job == nil { pthread_cond_wait(changed, mutex) }
            let current = job
            pthread_mutex_unlock(mutex)
            current?()
            pthread_mutex_lock(mutex)
            job = nil
            isDone = true
            pthread_cond_broadcast(changed)
        }
    }
}
