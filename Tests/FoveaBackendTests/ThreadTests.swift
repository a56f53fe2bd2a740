// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Each of these runs in a process of its own, so that OpenMP's teams of other sizes are gone with it.
    @Suite struct Threads {
        @Test func oneThreadIsEnough() async {
            await #expect(processExitsWith: .success) { try Threads.compare(threads: 1) }
        }

        @Test func twoThreadsShareTheWork() async {
            await #expect(processExitsWith: .success) { try Threads.compare(threads: 2) }
        }

        @Test func moreThreadsThanCoresDoNoHarm() async {
            await #expect(processExitsWith: .success) { try Threads.compare(threads: 5) }
        }

        @Test(arguments: [0, -1, 1025])
        func anotherNumberIsRefused(_ count: Int) {
            #expect {
                try OneDNNBackend(threads: count)
            } throws: { error in
                (error as? FoveaError)?.description
                    == "cannot compute on \(count) threads.\nChoose --threads from 1 to 1024."
            }
        }

        /// A backend keeps its number, whatever another one is made with.
        @Test func everyBackendHasANumberOfItsOwn() async {
            await #expect(processExitsWith: .success) {
                let one = try OneDNNBackend(threads: 1)
                let standard = try OneDNNBackend()
                #expect(one.threadCount == 1)
                #expect(standard.threadCount == Team.standardCount)
                let graph = try SmallNetwork.graph(.training, batch: 4)
                _ = try standard.plan(graph, sharing: nil)
                #expect(EngineThread.shared.perform { Team.count } == standard.threadCount)
                _ = try one.plan(graph, sharing: nil)
                #expect(EngineThread.shared.perform { Team.count } == 1)
            }
        }

        /// Threads that have no image, and averages over windows that share columns and rows or leave some out.
        @Test(arguments: [
            Window(kernel: 2, stride: 2), Window(kernel: 3, stride: 2, padding: 1),
            Window(kernel: Extent(1, 2), stride: 3),
        ])
        func averagesOfTwoImagesAreTheSameOnFiveThreads(_ window: Window) throws {
            let example = ConformanceCase.averagePool([2, 6, 9, 14], window)
            func bits(threads: Int) throws -> [Graph.Result: [UInt32]] {
                try example.expectReference(.within(1e-6)) {
                    try PreparedGraph($0, arrangement: .channelsLast, threads: threads)
                }.bits
            }
            #expect(try bits(threads: 5) == bits(threads: 1))
        }

        /// Trains on a number of threads and compares with the reference.
        static func compare(threads: Int) throws {
            let prepared = try PreparedGraph(
                SmallNetwork.graph(.training, batch: 4), threads: threads)
            #expect(prepared.backend.threadCount == threads)
            let inputs = SmallNetwork.inputs(batch: 4)
            let parameters = SmallNetwork.parameters(of: prepared.graph)
            prepared.write(parameters)
            try prepared.run(inputs, seed: 1, step: 2)
            let expected = try ReferenceInterpreter(prepared.graph).run(
                inputs: inputs, parameters: parameters, seed: 1, step: 2)
            expectAgreement(prepared, expected, .within(1e-5), "\(threads) threads")
            let first = prepared.bits
            try prepared.run(inputs, seed: 1, step: 2)
            #expect(prepared.bits == first)
        }
    }
}
