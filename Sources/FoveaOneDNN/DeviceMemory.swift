// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Glibc

/// A block of memory, zero at first, aligned to pages.
final class DeviceMemory: @unchecked Sendable {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var byteCount: Int
    /// Counts how often the block has moved, so that those who know its address notice.
    private(set) var generation = 0

    init(byteCount: Int) throws(FoveaError) {
        base = try Self.map(byteCount)
        self.byteCount = byteCount
    }

    deinit {
        munmap(base, max(byteCount, 1))
    }

    /// Makes the block at least this large; its content is lost when it moves.
    func reserve(_ needed: Int) throws(FoveaError) {
        guard needed > byteCount else { return }
        let larger = try Self.map(needed)
        munmap(base, max(byteCount, 1))
        base = larger
        byteCount = needed
        generation += 1
    }

    /// Writes zeros over the first bytes.
    func clear(_ count: Int) {
        base.initializeMemory(as: UInt8.self, repeating: 0, count: min(count, byteCount))
    }

    private static func map(_ byteCount: Int) throws(FoveaError) -> UnsafeMutableRawPointer {
        let address = mmap(
            nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else {
            throw FoveaError(
                .device, "there is no memory for \(byteCount) bytes.",
                remedy: "Choose a smaller --batch or --resize.")
        }
        return address
    }
}
