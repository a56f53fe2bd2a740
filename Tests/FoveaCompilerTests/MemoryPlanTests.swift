// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaTestSupport
import Testing

/// Where buffers are placed, as properties of random sets of them.
@Suite struct MemoryPlanTests {
    @Test func liveBuffersNeverOverlap() {
        for seed in 0..<2000 as Range<UInt64> {
            var stream = RandomStream(seed: seed, purpose: .init("buffers"))
            let requests = (0..<1 + stream.whole(below: 40)).map { _ in
                let start = stream.whole(below: 30) - 1
                let scale = [1, 100, 100_000][stream.whole(below: 3)]
                return MemoryPlan.Request(
                    byteCount: stream.whole(below: 10) * scale + stream.whole(below: 3),
                    lifetime: start...start + stream.whole(below: 12))
            }
            let loan = Self.loan(&stream)
            let plan = MemoryPlan(requests, lending: loan)
            let places = zip(plan.offsets, requests).map { offset, request in
                offset..<offset + request.byteCount
            }
            #expect(plan.offsets.count == requests.count)
            #expect(plan.offsets.allSatisfy { $0 >= 0 && $0 % MemoryPlan.alignment == 0 })
            let end = loan.byteCount + plan.byteCount
            #expect(places.allSatisfy { $0.upperBound <= end }, "seed \(seed)")
            #expect(
                places.allSatisfy {
                    $0.upperBound <= loan.byteCount || $0.lowerBound >= loan.byteCount || $0.isEmpty
                }, "seed \(seed)")
            for (place, request) in zip(places, requests) {
                for (offset, content) in loan.content
                where content.lifetime.overlaps(request.lifetime) {
                    #expect(!place.overlaps(offset..<offset + content.byteCount), "seed \(seed)")
                }
            }
            for first in requests.indices {
                for second in requests.indices.dropFirst(first + 1)
                where requests[first].lifetime.overlaps(requests[second].lifetime) {
                    #expect(!places[first].overlaps(places[second]), "seed \(seed)")
                }
            }
            // Never worse than no reuse, never better than what is live at one time.
            let sizes = requests.map { MemoryPlan.aligned($0.byteCount) }
            #expect(plan.byteCount <= sizes.reduce(0, +), "seed \(seed)")
            let most = (-1...45).map { step in
                zip(requests, sizes).reduce(0) { $0 + ($1.0.lifetime.contains(step) ? $1.1 : 0) }
            }.max()
            #expect(end >= most ?? 0, "seed \(seed)")
        }
    }

    /// Half of the time nothing, otherwise contents one behind the other that come in time.
    private static func loan(_ stream: inout RandomStream) -> MemoryPlan.Loan {
        var loan = MemoryPlan.Loan.none
        for _ in 0..<stream.whole(below: 2) * stream.whole(below: 6) {
            let content = MemoryPlan.Request(
                byteCount: 1 + stream.whole(below: 100_000),
                lifetime: stream.whole(below: 30)...45)
            let offset = loan.byteCount
            loan = MemoryPlan.Loan(
                byteCount: offset + MemoryPlan.aligned(content.byteCount),
                content: loan.content.merging([offset: content]) { $1 })
        }
        return loan
    }

    @Test func whatIsLentIsUsedBeforeTheArena() {
        let loan = MemoryPlan.Loan(
            byteCount: 256, content: [0: .init(byteCount: 256, lifetime: 4...9)])
        let requests = [
            MemoryPlan.Request(byteCount: 256, lifetime: 0...3),
            MemoryPlan.Request(byteCount: 192, lifetime: 3...4),
        ]
        let plan = MemoryPlan(requests, lending: loan)
        #expect(plan.offsets == [0, 256])
        #expect(plan.byteCount == 192)
    }

    @Test func buffersThatFollowEachOtherShareTheirMemory() {
        let plan = MemoryPlan(
            (0..<10).map { MemoryPlan.Request(byteCount: 1000, lifetime: 2 * $0...2 * $0 + 1) })
        #expect(plan.byteCount == 1024)
        #expect(plan.offsets.allSatisfy { $0 == 0 })
    }

    @Test func endsOfALifetimeAreCounted() {
        let plan = MemoryPlan([
            MemoryPlan.Request(byteCount: 64, lifetime: 0...1),
            MemoryPlan.Request(byteCount: 64, lifetime: 1...2),
        ])
        #expect(plan.byteCount == 128)
    }

    @Test func nothingTakesNoMemory() {
        #expect(MemoryPlan([]).byteCount == 0)
        #expect(MemoryPlan.aligned(0) == 0)
        #expect(MemoryPlan.aligned(1) == 64)
        #expect(MemoryPlan.aligned(64) == 64)
        #expect(MemoryPlan.aligned(65) == 128)
    }
}
