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
    ///   - head: How the last layers begin instead of either.
    public init(
        drawing parameters: [ParameterSpecification], seed: UInt64,
        override: Initializer? = nil, head: HeadInitializer? = nil
    ) {
        let last = head?.initializers(of: parameters) ?? [:]
        self.init(
            parameters.map { parameter in
                let isMatrix = parameter.shape.rank >= 2
                let initializer =
                    last[parameter.name] ?? (isMatrix ? override : nil) ?? parameter.initializer
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
        case .identity: return Self.identity(parameter.shape)
        case .normal(let deviation): return normal(deviation)
        case .fanInUniform: return uniform(1 / fanIn.squareRoot())
        case .caffeXavier: return uniform((3 / fanIn).squareRoot())
        case .xavierUniform: return uniform((6 / (fanIn + fanOut)).squareRoot())
        case .xavierNormal: return normal((2 / (fanIn + fanOut)).squareRoot())
        case .kaimingUniform(let fan): return uniform((6 / scale(fan)).squareRoot())
        case .kaimingNormal(let fan): return normal((2 / scale(fan)).squareRoot())
        }
    }

    /// Ones where an output and an input of the same number meet in the middle of the kernel.
    private static func identity(_ shape: Shape) -> NDArray {
        let inputs = shape.rank > 1 ? shape[1] : 1
        let kernel = shape.rank == 4 ? Extent(shape[2], shape[3]) : Extent(1)
        let middle = kernel.height / 2 * kernel.width + kernel.width / 2
        return NDArray(shape) { buffer in
            buffer.update(repeating: 0)
            for channel in 0..<min(shape[0], inputs) {
                buffer[(channel * inputs + channel) * kernel.area + middle] = 1
            }
        }
    }
}
