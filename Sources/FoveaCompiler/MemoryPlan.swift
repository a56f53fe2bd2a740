// SPDX-License-Identifier: Apache-2.0

/// Offsets in one arena for buffers that live for a while.
///
/// Buffers are placed from the largest to the smallest, each at the lowest offset at which it
/// overlaps none of those already placed whose lifetimes meet its own (the greedy-by-size strategy
/// of Pisarchyk and Lee, 2020, arXiv:2001.03288).
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

    /// Every buffer starts at a multiple of this, a cache line.
    package static let alignment = 64

    /// The offset of each request, in the order in which they were made.
    package let offsets: [Int]
    /// The size of the arena.
    package let byteCount: Int

    /// Places buffers.
    ///
    /// - Parameter requests: The sizes and lifetimes.
    package init(_ requests: [Request]) {
        var offsets = [Int](repeating: 0, count: requests.count)
        var placed: [Int] = []
        var end = 0
        let order = requests.indices.filter { requests[$0].byteCount > 0 }.sorted {
            (requests[$1].byteCount, $0) < (requests[$0].byteCount, $1)
        }
        for index in order {
            let size = Self.aligned(requests[index].byteCount)
            let conflicts = placed.filter {
                requests[$0].lifetime.overlaps(requests[index].lifetime)
            }.sorted { offsets[$0] < offsets[$1] }
            var offset = 0
            for other in conflicts {
                if offset + size <= offsets[other] { break }
                offset = max(offset, offsets[other] + Self.aligned(requests[other].byteCount))
            }
            offsets[index] = offset
            end = max(end, offset + size)
            placed.append(index)
        }
        self.offsets = offsets
        byteCount = end
    }

    /// A size rounded up to the alignment.
    ///
    /// - Parameter byteCount: A size in bytes.
    /// - Returns: The rounded size.
    package static func aligned(_ byteCount: Int) -> Int {
        (byteCount + alignment - 1) / alignment * alignment
    }
}
