// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// The number of threads is the process's, so that each of these runs in one of its own.
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
