// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaTraining
import Testing

@Suite struct InitializerTests {
    static func specifications() throws -> [ParameterSpecification] {
        try Catalog.entry(named: "nin").traced(images: [1, 1, 67, 67], mode: .inference).parameters
    }

    /// A weight of 256×96×5×5 with the fans 2400 and 6400.
    static func large() throws -> ParameterSpecification {
        let found = try specifications().first { $0.shape == [256, 96, 5, 5] }
        let parameter = try #require(found)
        #expect(parameter.fanIn == 2400 && parameter.fanOut == 6400)
        return parameter
    }

    /// The variance of each way to draw, and the bound of those that have one.
    static let kinds: [(kind: Initializer, variance: Double, bound: Double?)] = [
        (.normal(deviation: 0.01), 1e-4, nil),
        (.fanInUniform, 1.0 / 2400 / 3, (1.0 / 2400).squareRoot()),
        (.xavierUniform, 2.0 / 8800, (6.0 / 8800).squareRoot()),
        (.xavierNormal, 2.0 / 8800, nil),
        (.kaimingUniform(.fanIn), 2.0 / 2400, (6.0 / 2400).squareRoot()),
        (.kaimingUniform(.fanOut), 2.0 / 6400, (6.0 / 6400).squareRoot()),
        (.kaimingNormal(.fanIn), 2.0 / 2400, nil),
        (.kaimingNormal(.fanOut), 2.0 / 6400, nil),
    ]

    @Test(arguments: kinds)
    func statistics(_ kind: Initializer, _ variance: Double, _ bound: Double?) throws {
        let parameter = try Self.large()
        let numbers = kind.draw(for: parameter, seed: 7).floats.map(Double.init)
        let count = Double(numbers.count)
        let mean = numbers.reduce(0, +) / count
        let spread = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        // Five standard errors each; the fourth moment of a normal is three, of a uniform 1.8.
        #expect(abs(mean) < 5 * (variance / count).squareRoot())
        #expect(abs(spread / variance - 1) < 5 * (2 / count).squareRoot())
        let largest = numbers.reduce(0) { max($0, abs($1)) }
        if let bound {
            #expect(largest <= bound * 1.000_001 && largest > bound * 0.999)
        } else {
            // Of 614400 numbers one lies beyond four deviations, and none beyond seven.
            let deviation = variance.squareRoot()
            #expect(largest > 4 * deviation && largest < 7 * deviation)
            let within = Double(numbers.count { abs($0) < deviation }) / count
            #expect(abs(within - 0.682_689) < 0.004)
        }
    }

    static let fixed: [(Initializer, Float)] = [
        (.zeros, 0), (.ones, 1), (.constant(-0.25), -0.25),
    ]

    @Test(arguments: fixed) func constants(_ kind: Initializer, _ value: Float) throws {
        let numbers = kind.draw(for: try Self.large(), seed: 7).floats
        #expect(numbers.count == 614_400 && numbers.allSatisfy { $0 == value })
    }

    @Test("A parameter's numbers depend on the seed and its name, not on other layers")
    func streams() throws {
        let parameters = try Self.specifications()
        let all = Weights(drawing: parameters, seed: 3)
        for parameter in parameters {
            let alone = Weights(drawing: [parameter], seed: 3)
            #expect(alone[parameter.name] == all[parameter.name])
        }
        let other = Weights(drawing: parameters, seed: 4)
        let large = try Self.large()
        #expect(other[large.name] != all[large.name])
        let alike = parameters.filter { $0.shape == [256, 256, 1, 1] }
        #expect(alike.count == 2)
        #expect(all[alike[0].name] != all[alike[1].name])
    }

    @Test("Another way to draw is for weights, and leaves biases alone")
    func overridden() throws {
        let parameters = try Self.specifications()
        let plain = Weights(drawing: parameters, seed: 3)
        let ones = Weights(drawing: parameters, seed: 3, override: .ones)
        for parameter in parameters {
            let array = try #require(ones[parameter.name])
            if parameter.shape.rank >= 2 {
                #expect(array == NDArray(parameter.shape, repeating: 1))
            } else {
                #expect(array == plain[parameter.name])
            }
        }
    }

    @Test("The identity passes on what the middle of the kernel sees")
    func identity() throws {
        // Of 256 channels of output the first 96 have a channel of input to pass on.
        let numbers = Initializer.identity.draw(for: try Self.large(), seed: 7).floats
        let ones = (0..<96).map { ($0 * 96 + $0) * 25 + 12 }
        #expect(numbers.indices.filter { numbers[$0] == 1 } == ones)
        #expect(numbers.count { $0 == 0 } == numbers.count - 96)
    }

    /// Networks with the layers that an even head has to set, the first of them first.
    static let heads: [(network: String, classes: Int, layers: [String])] = [
        ("nin", 10, ["features.7.0", "features.7.2", "features.7.4"]),
        // As wide as the block before it, whose layers read no scores.
        ("nin", 384, ["features.7.0", "features.7.2", "features.7.4"]),
        ("nin-cifar", 10, ["features.6.4"]),
        ("alexnet-d2l", 10, ["classifier.6"]),
        ("resnet9-half", 10, ["fc"]),
    ]

    @Test("Only the last layers are of an even head", arguments: heads.indices)
    func evenHead(_ index: Int) throws {
        let (name, classes, layers) = Self.heads[index]
        let entry = try Catalog.entry(named: name)
        let traced = try entry.traced(
            images: [2, 1, 67, 67], mode: .inference, options: .init(classes: classes))
        let plain = Weights(drawing: traced.parameters, seed: 3, override: .kaimingNormal(.fanIn))
        let even = Weights(
            drawing: traced.parameters, seed: 3, override: .kaimingNormal(.fanIn), head: .even)
        for parameter in traced.parameters {
            let isHead = layers.contains { parameter.name.hasPrefix($0 + ".") }
            #expect((even[parameter.name] == plain[parameter.name]) == !isHead, "\(parameter.name)")
        }
    }

    @Test("The command's names draw what they say", arguments: Initializer.named.indices)
    func named(_ index: Int) throws {
        let (name, initializer) = Initializer.named[index]
        let expected: [String: Initializer] = [
            "xavier-uniform": .xavierUniform, "xavier-normal": .xavierNormal,
            "kaiming-uniform": .kaimingUniform(.fanIn), "kaiming-normal": .kaimingNormal(.fanIn),
            "kaiming-normal-fan-out": .kaimingNormal(.fanOut), "normal": .normal(deviation: 0.01),
            "fan-in-uniform": .fanInUniform, "zeros": .zeros,
        ]
        #expect(expected[name] == initializer)
    }
}
