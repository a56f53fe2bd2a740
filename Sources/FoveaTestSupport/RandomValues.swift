// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
public import FoveaRuntime

/// Random numbers for tests, each a pure function of its seed and name.
public struct RandomValues: Sendable {
    /// What all numbers are drawn from.
    public let seed: UInt64

    /// Makes a source of numbers.
    public init(seed: UInt64 = 1) {
        self.seed = seed
    }

    /// Distinct numbers in (−1, 1), none near another or near zero, in random order.
    ///
    /// A change much smaller than their distance, 2 / count, moves none across a kink of a ReLU or
    /// lets another element win a max pooling.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - name: Tells one draw from another.
    /// - Returns: The numbers.
    public func separated(_ shape: Shape, _ name: String) -> HostValue {
        var stream = RandomStream(seed: seed, purpose: .init(name))
        let count = shape.count
        let order = stream.permutation(of: count)
        // Among an odd number of steps one would be zero: a quarter of a step moves all of them.
        return HostValue(shape, order.map { (2 * Double($0) + 1.25) / Double(count) - 1 })
    }

    /// Uniform numbers in ±bound.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - name: Tells one draw from another.
    ///   - bound: The largest magnitude.
    /// - Returns: The numbers.
    public func uniform(_ shape: Shape, _ name: String, bound: Double = 1) -> HostValue {
        var stream = RandomStream(seed: seed, purpose: .init(name))
        return HostValue(
            shape, (0..<shape.count).map { _ in (2 * Double(stream.uniform()) - 1) * bound })
    }

    /// Random labels.
    ///
    /// - Parameters:
    ///   - count: The number of images.
    ///   - classes: The number of classes.
    /// - Returns: One label an image.
    public func labels(_ count: Int, classes: Int) -> HostValue {
        var stream = RandomStream(seed: seed, purpose: .init("labels"))
        return HostValue(
            [count], (0..<count).map { _ in Double(stream.whole(below: classes)) })
    }

    /// Random inputs for a graph that classifies `images` and measures them against `labels`.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - classes: The number of classes.
    /// - Returns: The inputs by their labels.
    public func inputs(of graph: Graph, classes: Int) -> [String: HostValue] {
        var inputs: [String: HostValue] = [:]
        for node in graph.nodes {
            guard case .input(let input) = node.op else { continue }
            inputs[input.label] =
                input.type.dtype == .f32
                ? uniform(input.type.shape, input.label)
                : labels(input.type.shape.batch, classes: classes)
        }
        return inputs
    }

    /// Random parameters, uniform in ±√(3 / fan-in), so that what passes through keeps its scale.
    ///
    /// - Parameter graph: The graph.
    /// - Returns: The parameters by their names.
    public func parameters(of graph: Graph) -> [String: HostValue] {
        var parameters: [String: HostValue] = [:]
        for (name, _, shape) in graph.parameters {
            let fanIn = shape.rank > 1 ? shape.perImage.count : 12
            parameters[name] = uniform(
                shape, name, bound: (3 / Double(max(1, fanIn))).squareRoot())
        }
        return parameters
    }
}
