// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Plans read nothing but what they have written, and disturb nobody.
    @Suite struct Memory {
        static func prepared(optimizer: Optimizer = .sgd()) throws -> PreparedGraph {
            let prepared = try PreparedGraph(
                SmallNetwork.graph(.training, batch: 4), optimizer: optimizer)
            prepared.write(SmallNetwork.parameters(of: prepared.graph))
            return prepared
        }

        static let inputs = SmallNetwork.inputs(batch: 4)

        @Test func theNetworkIsThatOfTheReference() throws {
            let prepared = try Self.prepared()
            try prepared.run(Self.inputs, seed: 1, step: 2)
            let expected = try ReferenceInterpreter(prepared.graph).run(
                inputs: Self.inputs, parameters: SmallNetwork.parameters(of: prepared.graph),
                seed: 1, step: 2)
            expectAgreement(prepared, expected, .within(1e-5), "small network")
        }

        @Test func aStepIsRepeatableToTheBit() throws {
            let prepared = try Self.prepared()
            try prepared.run(Self.inputs, seed: 1, step: 2)
            let first = prepared.bits
            try prepared.run(Self.inputs, seed: 1, step: 3)
            #expect(prepared.bits != first, "the dropouts drew the same elements")
            try prepared.run(Self.inputs, seed: 1, step: 2)
            #expect(prepared.bits == first)
            let other = try Self.prepared()
            try other.run(Self.inputs, seed: 1, step: 2)
            #expect(other.bits == first)
        }

        @Test(arguments: ["lenet-bn", "alexnet-d2l", "googlenet-d2l", "densenet-d2l"])
        func stepsWriteTheirOutputsAndScratchAlone(_ network: String) throws {
            let entry = try Catalog.entry(named: network)
            let side = network == "alexnet-d2l" ? 80 : 32
            let images = Shape([2, 1, side, side])
            let graph = try entry.traced(images: images, mode: .training, lossSmoothing: 0).graph
            let prepared = try PreparedGraph(graph.differentiated())
            let executable = try #require(prepared.executable as? OneDNNExecutable)
            let gradients = try prepared.gradients
            let inputs = [
                "images": FormulaValues.whole("images", images),
                "labels": FormulaValues.labels("labels", 2, classes: 10),
            ]
            try prepared.run(inputs)
            executable.setProfiling(true)
            var before = gradients.bytes + executable.arena.bytes
            executable.observer = { index in
                let after = gradients.bytes + executable.arena.bytes
                let step = prepared.plan.steps[index]
                let places =
                    step.outputs.map {
                        let buffer = prepared.plan.buffers[$0]
                        return (buffer.place, buffer.layout.byteCount)
                    } + [(step.scratch, step.kernel.scratchByteCount)]
                let own = places.compactMap { place, byteCount -> Range<Int>? in
                    switch place {
                    case .gradient(let offset): offset..<offset + byteCount
                    case .arena(let offset):
                        gradients.byteCount + offset..<gradients.byteCount + offset + byteCount
                    case .parameter, .derived, .input: nil
                    }
                }
                var start = 0
                for range in own.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                    if range.lowerBound > start {
                        #expect(
                            before[start..<range.lowerBound] == after[start..<range.lowerBound],
                            "\(step.path) \(step.kernel.name)")
                    }
                    start = max(start, range.upperBound)
                }
                #expect(before[start...] == after[start...], "\(step.path) \(step.kernel.name)")
                before = after
            }
            try prepared.run(inputs)
            executable.observer = nil
        }

        @Test(arguments: [Arrangement.blocked8, .blocked16])
        func aSigmoidLeavesWhatFillsBlocksUpZero(_ arrangement: Arrangement) throws {
            let single = ConformanceCase(.activation(Op.Activation(.sigmoid)), [3, 22, 5, 4])
            let graph = try single.graph
            let prepared = try PreparedGraph(graph, arrangement: arrangement)
            prepared.write(single.values(graph))
            let executable = try #require(prepared.executable as? OneDNNExecutable)
            executable.setProfiling(true)
            var count = 0
            executable.observer = { index in
                let step = prepared.plan.steps[index]
                guard case .compute(.activation) = step.action,
                    case .arena(let offset) = prepared.plan.buffers[step.outputs[0]].place
                else { return }
                let size = prepared.plan.buffers[step.outputs[0]].layout.byteCount
                let floats = executable.arena.floats[offset / 4..<(offset + size) / 4]
                count = floats.count { $0 == 0 }
            }
            try prepared.run()
            executable.observer = nil
            // No sigmoid is zero; two channels of each image's last block are.
            let block = try #require(arrangement.block)
            #expect(count == 3 * (22.roundedUp(to: block) - 22) * 20)
        }

        @Test func measuringChangesNothing() throws {
            let prepared = try Self.prepared()
            try prepared.run(Self.inputs)
            let first = prepared.bits
            prepared.executable.setProfiling(true)
            try prepared.run(Self.inputs)
            #expect(prepared.bits == first)
            #expect(prepared.executable.stepSeconds.count == prepared.plan.steps.count)
            #expect(prepared.executable.stepSeconds.allSatisfy { $0 > 0 })
            prepared.executable.setProfiling(false)
            try prepared.run(Self.inputs)
            #expect(prepared.bits == first)
            #expect(prepared.executable.stepSeconds.allSatisfy { $0 == 0 })
        }

        @Test func nothingIsReadThatTheRunHasNotWritten() throws {
            let prepared = try Self.prepared()
            try prepared.run(Self.inputs)
            let first = prepared.bits
            prepared.backend.arena.fill(.nan)
            try prepared.gradients.fill(.nan)
            try prepared.run(Self.inputs)
            #expect(prepared.bits == first)
        }

        @Test(arguments: 0..<60 as Range<UInt64>)
        func randomNetworksReadNothingElseEither(_ seed: UInt64) throws {
            let random = RandomGraph(seed: seed)
            let prepared = try PreparedGraph(random.graph.differentiated())
            prepared.write(random.parameters)
            try prepared.run(random.inputs)
            let first = prepared.bits
            prepared.backend.arena.fill(.nan)
            try prepared.gradients.fill(.nan)
            try prepared.run(random.inputs)
            #expect(prepared.bits == first, "seed \(seed)")
        }

        @Test func plansThatShareAnArenaDoNotDisturbEachOther() throws {
            let training = try Self.prepared()
            let inference = try PreparedGraph(
                SmallNetwork.graph(.inference, batch: 4), sharing: training)
            let partial = try PreparedGraph(
                SmallNetwork.graph(.training, batch: 3), sharing: training)
            let large = try PreparedGraph(
                SmallNetwork.graph(.inference, batch: 32), sharing: training)

            try training.run(Self.inputs, seed: 1, step: 2)
            let first = training.bits
            try inference.run(Self.inputs)
            let scores = inference.bits
            try large.run(SmallNetwork.inputs(batch: 32))
            try partial.run(SmallNetwork.inputs(batch: 3))
            try training.run(Self.inputs, seed: 1, step: 2)
            #expect(training.bits == first)
            try inference.run(Self.inputs)
            #expect(inference.bits == scores)

            let expected = try ReferenceInterpreter(partial.graph).run(
                inputs: SmallNetwork.inputs(batch: 3),
                parameters: SmallNetwork.parameters(of: partial.graph))
            try partial.run(SmallNetwork.inputs(batch: 3))
            expectAgreement(partial, expected, .within(1e-5), "the partial batch")
        }

        @Test func anOutputMayBeAnInput() throws {
            var builder = GraphBuilder()
            let images = builder.derive(.input(Op.Input("images", TensorType([2, 3, 4, 4]))), [])
            let flat = builder.derive(.reshape(Op.Reshape(to: [2, 48])), [images])
            builder.setResult(.output("logits"), to: flat)
            let prepared = try PreparedGraph(builder.graph)
            let values = FormulaValues.whole("images", [2, 3, 4, 4])
            try prepared.run(["images": values])
            #expect(prepared.results[.output("logits")]?.values == values.values)
        }

        @Test(arguments: [
            Optimizer.sgd(momentum: 0.9, weightDecay: 0.01), .adamW(weightDecay: 0.01),
        ])
        func paddingStaysZero(_ optimizer: Optimizer) throws {
            let prepared = try Self.prepared(optimizer: optimizer)
            let store = try #require(prepared.parameters as? OneDNNParameters)
            for step in 1...5 {
                // What is lent holds anything; each gradient fills its own padding.
                for slot in store.slots where slot.layout.byteCount % MemoryPlan.alignment == 0 {
                    let floats = slot.offset / 4..<(slot.offset + slot.layout.byteCount) / 4
                    store.blocks[1].floats[floats].update(repeating: .nan)
                }
                try prepared.run(Self.inputs, seed: 1, step: step)
                #expect(store.update(rate: 0.05, step: step))
            }
            // Where ones are written there are elements; all the rest is padding.
            let ones = try OneDNNParameters(prepared.plan, nil)
            for slot in ones.slots {
                ones.write(.value, of: slot.name, NDArray(slot.shape, repeating: 1))
            }
            let padding = ones.blocks[0].floats.enumerated().filter { $1 == 0 }.map(\.offset)
            try #require(padding.count > 1000, "hardly any parameter is padded:\n\(prepared.plan)")
            for (number, block) in store.blocks.enumerated() {
                let floats = block.floats
                #expect(padding.allSatisfy { floats[$0] == 0 }, "block \(number)")
                #expect(floats.contains { $0 != 0 }, "block \(number)")
            }
        }
    }
}

extension PreparedGraph {
    /// The gradients, and what is lent their memory.
    fileprivate var gradients: DeviceMemory {
        get throws { try #require(parameters as? OneDNNParameters).blocks[1] }
    }
}

extension Int {
    fileprivate func roundedUp(to multiple: Int) -> Int {
        (self + multiple - 1) / multiple * multiple
    }
}

extension DeviceMemory {
    /// A copy of the whole block.
    var bytes: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: base, count: byteCount)) }

    /// The whole block as numbers.
    var floats: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(
            start: base.assumingMemoryBound(to: Float.self), count: byteCount / 4)
    }

    /// Overwrites the whole block.
    func fill(_ value: Float) {
        floats.update(repeating: value)
    }
}
