// SPDX-License-Identifier: Apache-2.0
package import FoveaArrays
import FoveaGraph
public import FoveaLayers

extension Weights {
    /// Draws the weights a network begins with.
    ///
    /// Each parameter has a stream of random numbers of its own, which belongs to the seed and its
    /// name, so that adding a layer does not change the others.
    ///
    /// - Parameters:
    ///   - parameters: The network's parameters.
    ///   - seed: The seed of the run.
    ///   - override: How weights of rank 2 and more are drawn instead of as their layers say.
    public init(
        drawing parameters: [ParameterSpecification], seed: UInt64,
        override: Initializer? = nil
    ) {
        self.init(
            parameters.map { parameter in
                let isMatrix = parameter.shape.rank >= 2
                let initializer = (isMatrix ? override : nil) ?? parameter.initializer
                return (parameter.name, initializer.draw(for: parameter, seed: seed))
            })
    }
}

extension Initializer {
    /// Draws the numbers of one parameter.
    ///
    /// - Parameters:
    ///   - parameter: The parameter.
    ///   - seed: The seed of the run.
    /// - Returns: The numbers.
    package func draw(for parameter: ParameterSpecification, seed: UInt64) -> NDArray {
        let fanIn = Float(parameter.fanIn), fanOut = Float(parameter.fanOut)
        func scale(_ fan: Fan) -> Float { fan == .fanIn ? fanIn : fanOut }
        var stream = RandomStream(seed: seed, purpose: .init(parameter.name))

        func uniform(_ bound: Float) -> NDArray {
            fill { bound * (2 * stream.uniform() - 1) }
        }
        func normal(_ deviation: Float) -> NDArray {
            fill { deviation * stream.normal() }
        }
        func fill(_ next: () -> Float) -> NDArray {
            NDArray(parameter.shape) { buffer in
                for index in buffer.indices { buffer[index] = next() }
            }
        }
        switch self {
        case .zeros: return NDArray(parameter.shape, repeating: 0)
        case .ones: return NDArray(parameter.shape, repeating: 1)
        case .constant(let value): return NDArray(parameter.shape, repeating: value)
        case .normal(let deviation): return normal(deviation)
        case .fanInUniform: return uniform(1 / fanIn.squareRoot())
        case .caffeXavier: return uniform((3 / fanIn).squareRoot())
        case .xavierUniform: return uniform((6 / (fanIn + fanOut)).squareRoot())
        case .xavierNormal: return normal((2 / (fanIn + fanOut)).squareRoot())
        case .kaimingUniform(let fan): return uniform((6 / scale(fan)).squareRoot())
        case .kaimingNormal(let fan): return normal((2 / scale(fan)).squareRoot())
        }
    }
}
