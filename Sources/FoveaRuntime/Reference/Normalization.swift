// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Glibc

extension Op.BatchNormalization {
    /// y = scale · (x − mean) / √(variance + ε) + shift, with the batch's own statistics.
    func evaluate(_ inputs: [HostValue]) -> [HostValue] {
        let x = inputs[0]
        let channels = Channels(x.shape)
        let mean = channels.sums { x.values[$0] }.map { $0 / channels.elements }
        let variance = channels.sums { index in
            let difference = x.values[index] - mean[channels.of(index)]
            return difference * difference
        }.map { $0 / channels.elements }
        var y = normalized(
            x, mean: mean, variance: variance, scale: inputs[1].values, shift: inputs[2].values,
            epsilon, addsShortcut ? nil : activation)
        if addsShortcut {
            y = HostValue(y.shape, zip(y.values, inputs[3].values).map { $0 + $1 })
            y = activation.map { Op.Activation($0).evaluate([y]) } ?? y
        }
        let batch = [mean, variance].map { HostValue([channels.count], $0) }
        guard let running else { return [y] + batch }
        let old = inputs.suffix(2)
        var plain = running
        plain.factor = 1
        return [y] + batch + [
            plain.evaluate([old[old.startIndex], batch[0]]),
            running.evaluate([old[old.startIndex + 1], batch[1]]),
        ]
    }
}

extension Op.BatchNormalizationGradient {
    /// dx = scale / √(variance + ε) · (dy − dshift / m − x̂ · dscale / m), dscale, dshift.
    func evaluate(_ inputs: [HostValue]) -> [HostValue] {
        let x = inputs[1], scale = inputs[2].values, mean = inputs[3].values
        let channels = Channels(x.shape)
        let inverse = inputs[4].values.map { 1 / ($0 + Double(epsilon)).squareRoot() }
        var dy = inputs[0].values
        func standard(_ index: Int) -> Double {
            let channel = channels.of(index)
            return (x.values[index] - mean[channel]) * inverse[channel]
        }
        if addsShortcut {
            for index in dy.indices where inputs[5].values[index] <= 0 { dy[index] = 0 }
        } else if inputs.count > 5 {
            let shift = inputs[5].values
            for index in dy.indices {
                let channel = channels.of(index)
                if scale[channel] * standard(index) + shift[channel] <= 0 { dy[index] = 0 }
            }
        }
        let dscale = channels.sums { dy[$0] * standard($0) }
        let dshift = channels.sums { dy[$0] }
        let dx = x.values.indices.map { index in
            let channel = channels.of(index)
            let share = (dshift[channel] + standard(index) * dscale[channel]) / channels.elements
            return scale[channel] * inverse[channel] * (dy[index] - share)
        }
        return [HostValue(x.shape, dx)] + [dscale, dshift].map { HostValue([channels.count], $0) }
            + (addsShortcut ? [HostValue(x.shape, dy)] : [])
    }
}

extension Op.Normalization {
    /// y = scale · (x − mean) / √(variance + ε) + shift.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        normalized(
            inputs[0], mean: inputs[1].values, variance: inputs[2].values,
            scale: inputs[3].values, shift: inputs[4].values, epsilon, activation)
    }
}

extension Op.MovingAverage {
    /// (1 − momentum) · running + momentum · factor · batch.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let (kept, taken) = (1 - Double(momentum), Double(momentum) * Double(factor))
        return HostValue(
            inputs[0].shape,
            zip(inputs[0].values, inputs[1].values).map { kept * $0 + taken * $1 })
    }
}

extension Op.FoldNormalization {
    /// w′ = f · w and b′ = shift + f · (b − mean), with f = scale / √(variance + ε).
    func evaluate(_ inputs: [HostValue]) -> [HostValue] {
        let w = inputs[0], outputs = w.shape[0], area = w.shape.perImage.count
        let (mean, variance) = (inputs[1].values, inputs[2].values)
        let (scale, shift) = (inputs[3].values, inputs[4].values)
        let factors = (0..<outputs).map {
            scale[$0] / (variance[$0] + Double(epsilon)).squareRoot()
        }
        let bias = (0..<outputs).map { output in
            let own = inputs.count > 5 ? inputs[5].values[output] : 0
            return shift[output] + factors[output] * (own - mean[output])
        }
        return [
            HostValue(w.shape, w.values.indices.map { w.values[$0] * factors[$0 / area] }),
            HostValue([outputs], bias),
        ]
    }
}

extension Op.LocalResponseNormalization {
    /// y = x · s^−β with s = k + α / size · Σ x², and s itself when recorded.
    func evaluate(_ inputs: [HostValue]) -> [HostValue] {
        let x = inputs[0]
        let weight = Double(reach.alpha) / Double(reach.size)
        let sums = x.sumsOfNeighbours(reach) { x.values[$0] * x.values[$0] }
        let s = sums.map { Double(reach.k) + weight * $0 }
        let y = zip(x.values, s).map { $0 * pow($1, -Double(reach.beta)) }
        return [HostValue(x.shape, y)] + (recordsScales ? [HostValue(x.shape, s)] : [])
    }
}

extension Op.LocalResponseNormalizationGradient {
    /// dx = dy · s^−β − 2 · α · β / size · x · Σ dy · x · s^(−β−1).
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let (dy, x, s) = (inputs[0], inputs[1], inputs[2])
        let (alpha, beta) = (Double(reach.alpha), Double(reach.beta))
        let sums = x.sumsOfNeighbours(reach) {
            dy.values[$0] * x.values[$0] * pow(s.values[$0], -beta - 1)
        }
        let dx = x.values.indices.map {
            dy.values[$0] * pow(s.values[$0], -beta)
                - 2 * alpha * beta / Double(reach.size) * x.values[$0] * sums[$0]
        }
        return HostValue(x.shape, dx)
    }
}

/// Which channel each element of a tensor belongs to.
private struct Channels {
    let count: Int
    /// The number of elements of a channel.
    let elements: Double
    private let area: Int
    private let total: Int

    init(_ shape: Shape) {
        count = shape.channels
        area = shape.dimensions.dropFirst(2).reduce(1, *)
        total = shape.count
        elements = Double(shape.count / max(shape.channels, 1))
    }

    func of(_ index: Int) -> Int { index / area % count }

    /// The sum of a function of the elements' indices, for each channel.
    func sums(_ function: (Int) -> Double) -> [Double] {
        var sums = [Double](repeating: 0, count: count)
        for index in 0..<total { sums[of(index)] += function(index) }
        return sums
    }
}

private func normalized(
    _ x: HostValue, mean: [Double], variance: [Double], scale: [Double], shift: [Double],
    _ epsilon: Float, _ activation: Op.Activation.Kind?
) -> HostValue {
    let channels = Channels(x.shape)
    let y = HostValue(
        x.shape,
        x.values.indices.map { index in
            let channel = channels.of(index)
            let deviation = (variance[channel] + Double(epsilon)).squareRoot()
            return scale[channel] * (x.values[index] - mean[channel]) / deviation + shift[channel]
        })
    return activation.map { Op.Activation($0).evaluate([y]) } ?? y
}

extension HostValue {
    /// For each element, the sum of a function of the elements at its place in the channels around.
    fileprivate func sumsOfNeighbours(
        _ reach: Op.LocalResponseNormalization.Reach, _ function: (Int) -> Double
    ) -> [Double] {
        let area = shape.extent.area, channels = shape.channels
        return values.indices.map { index in
            let channel = index / area % channels
            return reach.channels(around: channel, of: channels).reduce(0) {
                $0 + function(index + ($1 - channel) * area)
            }
        }
    }
}
