// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Updates of the weights against PyTorch and against their formulas.
    @Suite struct Optimizers {
        /// What three steps of PyTorch's optimizer yield.
        ///
        /// With `torch.optim` of version 2.15, in f32:
        ///
        ///     w = torch.tensor(weights, requires_grad=True); optimizer = make([w])
        ///     for g, rate in zip(gradients, rates):
        ///         w.grad = torch.tensor(g); optimizer.param_groups[0]["lr"] = rate
        ///         optimizer.step()
        ///     w, optimizer.state[w]
        struct Case: Sendable, CustomTestStringConvertible {
            let name: String
            let optimizer: Optimizer
            let weights: [Double]
            var states: [[Double]] = []

            var testDescription: String { name }
        }

        static let weights: [Float] = [0.5, -1.25, 2, -0.125]
        static let gradients: [[Float]] = [
            [0.25, -0.5, 1, 0], [-0.75, 0.125, 0.5, 2], [0.1, 0.2, -0.3, -4],
        ]
        static let rates: [Float] = [0.1, 0.05, 0.2]

        static let cases = [
            Case(
                name: "SGD", optimizer: .sgd(),
                weights: [0.49249998, -1.24625003, 1.93500006, 0.57500005]),
            Case(
                name: "SGD with weight decay", optimizer: .sgd(weightDecay: 0.01),
                weights: [0.49073923, -1.24199188, 1.92830694, 0.57563710]),
            Case(
                name: "momentum", optimizer: .sgd(momentum: 0.9),
                weights: [0.57574999, -1.16525006, 1.63799989, 0.21500002],
                states: [[-0.37249997, -0.09249999, 0.95999998, -2.20000005]]),
            Case(
                name: "momentum and weight decay",
                optimizer: .sgd(momentum: 0.9, weightDecay: 0.01),
                weights: [0.57212311, -1.15629279, 1.62384236, 0.21612047],
                states: [[-0.35917661, -0.12522712, 1.01154351, -2.20438385]]),
            Case(
                name: "Nesterov's momentum and weight decay",
                optimizer: .sgd(momentum: 0.9, nesterov: true, weightDecay: 0.01),
                weights: [0.55568725, -1.15796685, 1.59051251, 0.88298661],
                states: [[-0.35926557, -0.12442508, 1.00961256, -2.20528173]]),
            Case(
                name: "AdamW", optimizer: .adamW(weightDecay: 0.01),
                weights: [0.48291737, -1.10105753, 1.74069679, -0.09883814],
                states: [
                    [-0.03725000, -0.00925000, 0.09600000, -0.21999998],
                    [0.00063431, 0.00030511, 0.00133775, 0.01999600],
                ]),
            Case(
                name: "AdamW with other constants",
                optimizer: .adamW(beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0),
                weights: [0.48799807, -1.12384474, 1.76189578, -0.08912331],
                states: [
                    [-0.06800000, -0.00400000, 0.14800000, -0.48000002],
                    [0.03003906, 0.01402344, 0.06149998, 0.99000001],
                ]),
        ]

        /// A parameter of a shape and nothing else.
        static func store(_ shape: Shape, _ optimizer: Optimizer) throws -> any ParameterStore {
            let graph = try OpGraph.make([("w", TensorType(shape))]) { builder, leaves in
                try builder.value(.scale(Op.Scale(by: 1)), leaves)
            }
            return try PreparedGraph(graph, optimizer: optimizer).parameters
        }

        @Test(arguments: cases)
        func stepsArePyTorchs(_ example: Case) throws {
            let store = try Self.store([4], example.optimizer)
            store.write(.value, of: "w", NDArray([4], Self.weights))
            for (index, gradient) in Self.gradients.enumerated() {
                store.write(.gradient, of: "w", NDArray([4], gradient))
                #expect(store.update(rate: Self.rates[index], step: index + 1))
            }
            let found = try #require(store.read(.value, of: "w"))
            let difference = Difference(HostValue(found).values, from: example.weights)
            #expect(difference.isWithin(1e-6), "\(difference): \(found.floats)")
            #expect(example.optimizer.stateNames.count == example.states.count)
            for (number, expected) in example.states.enumerated() {
                let state = try #require(store.read(.state(number), of: "w"))
                let difference = Difference(HostValue(state).values, from: expected)
                #expect(difference.isWithin(2e-5), "state \(number) \(difference): \(state.floats)")
            }
            #expect(store.read(.state(example.states.count), of: "w") == nil)
        }

        /// More weights than one thread takes, and a number of them that fills no vector.
        @Test(arguments: cases)
        func everyWeightIsUpdated(_ example: Case) throws {
            let shape: Shape = [101, 103]
            let store = try Self.store(shape, example.optimizer)
            var w = FormulaValues.uniform("w", shape).values
            var states = example.states.map { _ in [Double](repeating: 0, count: w.count) }
            store.write(.value, of: "w", HostValue(shape, w).array)
            for step in 1...4 {
                let g = FormulaValues.uniform("g\(step)", shape)
                store.write(.gradient, of: "w", g.array)
                #expect(store.update(rate: 0.125, step: step))
                Self.update(example.optimizer, &w, g.values, &states, rate: 0.125, step: step)
            }
            let found = try #require(store.read(.value, of: "w"))
            let difference = Difference(HostValue(found).values, from: w)
            #expect(difference.isWithin(1e-5), "\(difference)")
        }

        @Test(arguments: [Float.nan, .infinity, -.infinity], cases)
        func aGradientThatIsNotFiniteIsReported(_ value: Float, _ example: Case) throws {
            let shape: Shape = [101, 103]
            for place in [0, 5000, shape.count - 1] {
                let store = try Self.store(shape, example.optimizer)
                var g = [Float](repeating: 1, count: shape.count)
                store.write(.gradient, of: "w", NDArray(shape, g))
                #expect(store.update(rate: 0.1, step: 1))
                g[place] = value
                store.write(.gradient, of: "w", NDArray(shape, g))
                #expect(!store.update(rate: 0.1, step: 2), "element \(place)")
            }
        }

        @Test func theLargestFiniteGradientIsFinite() throws {
            let store = try Self.store([3], .sgd())
            let largest = Float.greatestFiniteMagnitude
            store.write(.gradient, of: "w", NDArray([3], [largest, -largest, 0]))
            #expect(store.update(rate: 0, step: 1))
        }

        /// The formulas of `Optimizer`, one number after the other.
        private static func update(
            _ optimizer: Optimizer, _ w: inout [Double], _ gradient: [Double],
            _ states: inout [[Double]], rate: Double, step: Int
        ) {
            for i in w.indices {
                switch optimizer {
                case .sgd(let momentum, let nesterov, let decay):
                    var g = gradient[i] + Double(decay) * w[i]
                    if momentum != 0 {
                        states[0][i] = Double(momentum) * states[0][i] + g
                        g = nesterov ? g + Double(momentum) * states[0][i] : states[0][i]
                    }
                    w[i] -= rate * g
                case .adamW(let beta1, let beta2, let epsilon, let decay):
                    let (beta1, beta2) = (Double(beta1), Double(beta2))
                    w[i] -= rate * Double(decay) * w[i]
                    states[0][i] = beta1 * states[0][i] + (1 - beta1) * gradient[i]
                    states[1][i] =
                        beta2 * states[1][i] + (1 - beta2) * gradient[i] * gradient[i]
                    var mean = states[0][i], variance = states[1][i]
                    var (power1, power2) = (1.0, 1.0)
                    for _ in 0..<step { (power1, power2) = (power1 * beta1, power2 * beta2) }
                    mean /= 1 - power1
                    variance /= 1 - power2
                    w[i] -= rate * mean / (variance.squareRoot() + Double(epsilon))
                }
            }
        }
    }
}
