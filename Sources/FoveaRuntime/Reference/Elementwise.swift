// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Glibc

extension Op.Activation {
    /// relu(x) = max(x, 0); sigmoid(x) = 1 / (1 + e⁻ˣ).
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        switch kind {
        case .relu: inputs[0].mapped { $0 < 0 ? 0 : $0 }
        case .sigmoid: inputs[0].mapped { 1 / (1 + exp(-$0)) }
        }
    }
}

extension Op.ActivationGradient {
    /// relu: dx = y > 0 ? dy : 0; sigmoid: dx = dy · y · (1 − y).
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        switch kind {
        case .relu: inputs[0].combined(with: inputs[1]) { dy, y in y > 0 ? dy : 0 }
        case .sigmoid: inputs[0].combined(with: inputs[1]) { dy, y in dy * y * (1 - y) }
        }
    }
}

extension Op.AddBias {
    /// y[n, c, …] = x[n, c, …] + b[c].
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        var y = inputs[0]
        let channels = y.shape.channels
        let area = y.shape.dimensions.dropFirst(2).reduce(1, *)
        for index in y.values.indices {
            y.values[index] += inputs[1].values[index / area % channels]
        }
        return y
    }
}

extension Op.ChannelSum {
    /// s[c] = Σ x[n, c, …].
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let x = inputs[0]
        let channels = x.shape.channels
        let area = x.shape.dimensions.dropFirst(2).reduce(1, *)
        var sums = HostValue([channels], repeating: 0)
        for (index, value) in x.values.enumerated() {
            sums.values[index / area % channels] += value
        }
        return sums
    }
}

extension Op.Add {
    /// The sum of the tensors from the first to the last, element by element.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let sum = inputs.dropFirst().reduce(inputs[0]) { $0.combined(with: $1) { $0 + $1 } }
        return activation.map { Op.Activation($0).evaluate([sum]) } ?? sum
    }
}

extension Op.Scale {
    /// Each element times the factor.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        inputs[0].mapped { $0 * Double(factor) }
    }
}

extension HostValue {
    /// The same shape with a function applied to each element.
    fileprivate func mapped(_ function: (Double) -> Double) -> HostValue {
        HostValue(shape, values.map(function))
    }

    /// The same shape with a function applied to each pair of elements at one place.
    fileprivate func combined(
        with other: HostValue, _ function: (Double, Double) -> Double
    ) -> HostValue {
        HostValue(shape, zip(values, other.values).map(function))
    }
}
