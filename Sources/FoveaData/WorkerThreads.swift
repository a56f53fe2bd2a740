// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A lock with one condition that threads wait for.
final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs a body while no other thread runs one.
    func withLock<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Lets other threads in until one of them wakes this one; only within `withLock`.
    func wait() { pthread_cond_wait(changed, mutex) }

    /// Wakes all threads that wait.
    func wakeAll() { pthread_cond_broadcast(changed) }
}

/// Threads of the operating system that all run one body.
///
/// Swift's own pool is not used, because it has a thread per core and the engine needs the cores.
final class WorkerThreads: @unchecked Sendable {
    // Unchecked: the threads are written in the initializer and then only under the lock.

    private final class Start: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private let lock = Monitor()
    private var threads: [pthread_t] = []

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - body: What each of them does.
    init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        for _ in 0..<count {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(Start(body))
            let status = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                    start.body()
                    return nil
                }, context.toOpaque())
            if status == 0 {
                threads.append(thread)
            } else {
                context.release()
            }
        }
        precondition(!threads.isEmpty, "the system starts no more threads")
    }

    /// Waits until all threads have ended; may be called again.
    func join() {
        lock.withLock {
            for thread in threads { pthread_join(thread, nil) }
            threads = []
        }
    }
}
