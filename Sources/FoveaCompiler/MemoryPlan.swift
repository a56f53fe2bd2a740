// SPDX-License-Identifier: Apache-2.0

/// Offsets in one arena for buffers that live for a while.
///
/// Buffers are placed from the largest to the smallest, each at the lowest offset at which it
/// overlaps none of those already placed whose lifetimes meet its own (the greedy-by-size strategy
/// of Pisarchyk and Lee, 2020, arXiv:2001.03288).
///
/// Before the arena there may be memory that is lent: offsets begin in it, and no buffer lies
/// across its end.
package struct MemoryPlan: Sendable {
    /// A buffer that is written at one step and read until another.
    package struct Request: Sendable, Hashable {
        /// The size in bytes.
        package let byteCount: Int
        /// The steps at which it is in use, both ends counted.
        package let lifetime: ClosedRange<Int>

        /// Makes a request.
        package init(byteCount: Int, lifetime: ClosedRange<Int>) {
            self.byteCount = byteCount
            self.lifetime = lifetime
        }
    }

    /// Memory that is there anyway, and that buffers may use while its own content is not.
    package struct Loan: Sendable, Hashable {
        /// Its size in bytes, a multiple of the alignment.
        package let byteCount: Int
        /// Its content, by offsets.
        package let content: [Int: Request]

        /// Lends nothing.
        package static let none = Loan(byteCount: 0)

        /// Lends memory.
        package init(byteCount: Int, content: [Int: Request] = [:]) {
            self.byteCount = byteCount
            self.content = content
        }
    }

    /// Every buffer starts at a multiple of this, a cache line.
    package static let alignment = 64

    /// The offset of each request, in the order in which they were made.
    package let offsets: [Int]
    /// The size of the arena, without what is lent.
    package let byteCount: Int

    /// Places buffers.
    ///
    /// - Parameters:
    ///   - requests: The sizes and lifetimes.
    ///   - loan: The memory before the arena.
    package init(_ requests: [Request], lending loan: Loan = .none) {
        var offsets = [Int](repeating: 0, count: requests.count)
        var placed = loan.content.map { (offset: $0, request: $1) }
        var end = loan.byteCount
        let order = requests.indices.filter { requests[$0].byteCount > 0 }.sorted {
            (requests[$1].byteCount, $0) < (requests[$0].byteCount, $1)
        }
        for index in order {
            let size = Self.aligned(requests[index].byteCount)
            var conflicts = placed.filter { $0.request.lifetime.overlaps(requests[index].lifetime) }
                .map { $0.offset..<$0.offset + Self.aligned($0.request.byteCount) }
            conflicts.append(loan.byteCount..<loan.byteCount)
            var offset = 0
            for other in conflicts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if offset + size <= other.lowerBound { break }
                offset = max(offset, other.upperBound)
            }
            offsets[index] = offset
            end = max(end, offset + size)
            placed.append((offset, requests[index]))
        }
        self.offsets = offsets
        byteCount = end - loan.byteCount
    }

    /// A size rounded up to the alignment.
    ///
    /// - Parameter byteCount: A size in bytes.
    /// - Returns: The rounded size.
    package static func aligned(_ byteCount: Int) -> Int {
        (byteCount + alignment - 1) / alignment * alignment
    }
}
