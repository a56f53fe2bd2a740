// SPDX-License-Identifier: Apache-2.0

/// How weights follow from gradients.
public enum Optimizer: Sendable, Hashable {
    /// Stochastic gradient descent, as PyTorch has it.
    ///
    /// g ← g + decay·w; v ← momentum·v + g (v begins as g); with Nesterov g ← g + momentum·v,
    /// else g ← v; w ← w − rate·g
    case sgd(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0)

    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, arXiv:1711.05101).
    ///
    /// w ← w − rate·decay·w; m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
    /// w ← w − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
    case adamW(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float)

    /// The names of the numbers it keeps for each weight.
    public var stateNames: [String] {
        switch self {
        case .sgd(let momentum, _, _): momentum == 0 ? [] : ["momentum"]
        case .adamW: ["mean", "variance"]
        }
    }
}
