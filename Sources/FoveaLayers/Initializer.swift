// SPDX-License-Identifier: Apache-2.0

/// How a parameter's numbers are drawn before training.
///
/// The fans of a weight of shape [out, in, KH, KW] are in·KH·KW and out·KH·KW; a bias has the fan
/// of its layer's weight.
public enum Initializer: Hashable, Sendable {
    /// Which fan a scale is taken from.
    public enum Fan: Hashable, Sendable {
        case fanIn, fanOut
    }

    /// All zero.
    case zeros
    /// All one.
    case ones
    /// All the same number.
    case constant(Float)
    /// The identity: the middle of the kernel passes each channel on to the one of its number, and
    /// all else is zero (Zagoruyko and Komodakis, 2017, arXiv:1706.00388).
    case identity
    /// Normal with this standard deviation.
    case normal(deviation: Float)
    /// Uniform in ±1/√fan-in, as PyTorch's layers begin unless told otherwise.
    case fanInUniform
    /// Uniform in ±√(3 / fan-in), which Caffe calls Xavier.
    case caffeXavier
    /// Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio, 2010).
    case xavierUniform
    /// Normal with the variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010).
    case xavierNormal
    /// Uniform in ±√(6 / fan) (He et al., 2015, arXiv:1502.01852).
    case kaimingUniform(Fan = .fanIn)
    /// Normal with the variance 2 / fan (He et al., 2015, arXiv:1502.01852); torchvision takes the fan-out for
    /// ResNet.
    case kaimingNormal(Fan = .fanIn)

    /// The names by which the command knows the initializers of weights.
    public static let named: [(name: String, initializer: Initializer)] = [
        ("xavier-uniform", .xavierUniform),
        ("xavier-normal", .xavierNormal),
        ("kaiming-uniform", .kaimingUniform()),
        ("kaiming-normal", .kaimingNormal(.fanIn)),
        ("kaiming-normal-fan-out", .kaimingNormal(.fanOut)),
        ("normal", .normal(deviation: 0.01)),
        ("fan-in-uniform", .fanInUniform),
        ("zeros", .zeros),
    ]
}
