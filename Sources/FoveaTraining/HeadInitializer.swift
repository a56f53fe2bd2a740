// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers

/// How the last layers of a network begin, when not as the layers before them.
///
/// The last layers are those at the end that have an output for each class: one in most networks,
/// and the three of the last block in Network in Network as the book has it.
public enum HeadInitializer: String, Sendable, Hashable, CaseIterable, Codable {
    /// Every class has the score 1, or 0 where the layer has no bias, whatever the image.
    ///
    /// The first of the last layers has weights of zero and a bias of one; those after it pass its
    /// scores on. Where scores go through a ReLU, as in Network in Network, one that is below zero
    /// for all images has no gradient, and its class is never learnt. Weights drawn at random leave
    /// that to luck.
    case even

    /// How each parameter of the last layers begins.
    ///
    /// - Parameter parameters: The network's parameters, in the order in which they are used.
    /// - Returns: Initialisers by the names of the parameters; all others are left as they are.
    func initializers(of parameters: [ParameterSpecification]) -> [String: Initializer] {
        let weights = parameters.filter { $0.shape.rank >= 2 }
        guard let classes = weights.last?.shape[0] else { return [:] }
        var head: [ParameterSpecification] = []
        for weight in weights.reversed() {
            guard weight.shape[0] == classes else { break }
            head.append(weight)
            // What reads more than a number for each class does not read scores.
            guard weight.shape.count == classes * classes else { break }
        }
        var result: [String: Initializer] = [:]
        for (position, weight) in head.reversed().enumerated() {
            let bias = weight.name.replacing(/weight$/, with: "bias")
            result[weight.name] = position == 0 ? .zeros : .identity
            result[bias] = position == 0 ? .ones : .zeros
        }
        return result
    }
}
