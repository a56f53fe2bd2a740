// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Blocks whose layers put their channels behind all before, in one and the same memory.
    @Suite struct DenseBlocks {
        struct Block: Sendable, CustomTestStringConvertible {
            let batch, stem: Int
            let growths: [Int]
            /// Whether a second tensor begins with what the block's second layer yields.
            var forks = false
            var testDescription: String { "\(batch), \(stem), \(growths)\(forks ? ", forks" : "")" }
        }

        static let blocks = [
            Block(batch: 2, stem: 16, growths: [16, 16, 16]),
            Block(batch: 3, stem: 16, growths: [8, 24, 16, 8]),
            Block(batch: 1, stem: 32, growths: [16, 16]),
            // Not all of these are made of whole blocks of channels.
            Block(batch: 2, stem: 16, growths: [16, 12, 20, 16]),
            Block(batch: 2, stem: 16, growths: [16, 16, 3]),
            Block(batch: 2, stem: 5, growths: [3, 8, 8]),
            // All but the first layer's begin with whole blocks, so that a part is cut out of a view.
            Block(batch: 2, stem: 20, growths: [28, 64]),
            Block(batch: 2, stem: 16, growths: [16, 16, 16], forks: true),
        ]

        @Test(arguments: blocks, [true, false])
        func aDenseBlockIsThatOfTheReference(_ block: Block, _ trains: Bool) throws {
            var graph = Self.graph(block, trains: trains)
            if trains { graph = try graph.differentiated() }
            let prepared = try PreparedGraph(graph)
            let (parameters, inputs) = Self.values(of: graph)
            prepared.write(parameters)
            try prepared.run(inputs)
            let expected = try ReferenceInterpreter(graph).run(
                inputs: inputs, parameters: parameters)
            expectAgreement(
                prepared, expected, .within(2e-5, absolute: 1e-6), block.testDescription)

            let first = prepared.bits
            prepared.backend.arena.fill(.nan)
            try prepared.run(inputs)
            #expect(prepared.bits == first)
        }

        /// Random parameters, of which no variance is near zero, and inputs.
        static func values(
            of graph: Graph
        ) -> (parameters: [String: HostValue], inputs: [String: HostValue]) {
            let values = RandomValues(seed: 6)
            var parameters = values.parameters(of: graph).mapValues(\.rounded)
            for (name, value) in parameters where name.hasSuffix("variance") {
                parameters[name] = HostValue(value.shape, value.values.map { abs($0) + 0.5 })
            }
            return (parameters, values.inputs(of: graph, classes: 4).mapValues(\.rounded))
        }

        @Test func onlyNewChannelsAreCopied() throws {
            let graph = try Self.graph(Self.blocks[0], trains: true).differentiated()
            let plan = try PreparedGraph(graph).plan
            func steps(_ name: String) -> [Plan.Step] {
                plan.steps.filter {
                    if case .compute(let op) = $0.action {
                        op.definition.name == name
                    } else {
                        false
                    }
                }
            }
            let places = steps("concatenation").map { plan.buffers[$0.outputs[0]].place }
            #expect(places.count == 3 && Set(places).count == 1, "\(plan)")
            for step in steps("add") {
                #expect(
                    plan.buffers[step.inputs[0]].place == plan.buffers[step.outputs[0]].place,
                    "\(plan)")
            }
            // One for each layer's own channels; what came before is added to where it is.
            #expect(steps("channelSlice").count == 3, "\(plan)")
        }

        static func graph(_ block: Block, trains: Bool) -> Graph {
            var builder = GraphBuilder()
            var count = 0
            func parameter(_ name: String, _ shape: Shape) -> Graph.Value {
                builder.derive(.parameter(Op.Parameter("\(count).\(name)", shape)), [])
            }
            func normalized(_ x: Graph.Value) -> Graph.Value {
                let channels: Shape = [builder.graph[x].shape.channels]
                let scale = parameter("scale", channels), shift = parameter("shift", channels)
                let y: Graph.Value
                if trains {
                    y = builder.derive(
                        .batchNormalization(Op.BatchNormalization(epsilon: 1e-2)),
                        [x, scale, shift])
                } else {
                    let statistics = ["mean", "variance"].map { parameter($0, channels) }
                    y = builder.derive(
                        .normalization(Op.Normalization(epsilon: 1e-2)),
                        [x] + statistics + [scale, shift])
                }
                count += 1
                return builder.derive(.activation(Op.Activation(.relu)), [y])
            }
            func convolution(_ x: Graph.Value, _ outputs: Int) -> Graph.Value {
                let w = parameter("weight", [outputs, builder.graph[x].shape.channels, 3, 3])
                count += 1
                return builder.derive(
                    .convolution(Op.Convolution(Window(kernel: 3, padding: 1))), [x, w])
            }
            func joined(_ x: Graph.Value, _ y: Graph.Value) -> Graph.Value {
                builder.derive(.concatenation(Op.Concatenation()), [x, y])
            }
            let images = TensorType([block.batch, 3, 6, 5])
            var x = builder.derive(.input(Op.Input("images", images)), [])
            x = convolution(x, block.stem)
            var forked: Graph.Value?
            for (index, growth) in block.growths.enumerated() {
                let before = x
                x = joined(x, convolution(normalized(x), growth))
                if block.forks, index == 2 {
                    forked = convolution(joined(before, convolution(before, 16)), 8)
                }
            }
            x = convolution(normalized(x), 8)
            if let forked { x = builder.derive(.add(Op.Add()), [x, forked]) }
            let row = builder.derive(.reshape(Op.Reshape(to: [block.batch, 240])), [x])
            let logits = builder.derive(
                .linear(Op.Linear()), [row, parameter("weight", [4, 240])])
            builder.setResult(.output("logits"), to: logits)
            if trains {
                let labels = builder.derive(
                    .input(Op.Input("labels", TensorType([block.batch], .i32))), [])
                let loss = builder.derive(
                    .crossEntropy(Op.CrossEntropy(smoothing: 0)), [logits, labels])
                builder.setResult(.output("loss"), to: loss)
            }
            return builder.graph
        }
    }
}
