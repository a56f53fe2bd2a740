// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Op.Linear {
    /// y[n, o] = f(b[o] + Σ x[n, k] · w[o, k]).
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        let (x, w) = (inputs[0].values, inputs[1].values)
        let (outputs, depth) = (inputs[1].shape[0], inputs[1].shape[1])
        var y = HostValue(shape, repeating: 0)
        for n in 0..<shape.batch {
            for o in 0..<outputs {
                var sum = 0.0
                for k in 0..<depth { sum += x[n * depth + k] * w[o * depth + k] }
                y.values[n * outputs + o] = sum
            }
        }
        if hasBias { y = Op.AddBias().evaluate([y, inputs[2]]) }
        return activation.map { Op.Activation($0).evaluate([y]) } ?? y
    }
}

extension Op.LinearDataGradient {
    /// dx[n, k] = Σ dy[n, o] · w[o, k].
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        let (dy, w) = (inputs[0].values, inputs[1].values)
        let (outputs, depth) = (inputs[1].shape[0], inputs[1].shape[1])
        var dx = HostValue(shape, repeating: 0)
        for n in 0..<shape.batch {
            for o in 0..<outputs {
                for k in 0..<depth {
                    dx.values[n * depth + k] += dy[n * outputs + o] * w[o * depth + k]
                }
            }
        }
        return dx
    }
}

extension Op.LinearWeightGradient {
    /// dw[o, k] = Σ dy[n, o] · x[n, k]; db[o] = Σ dy[n, o].
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> [HostValue] {
        let (x, dy) = (inputs[0].values, inputs[1].values)
        let (outputs, depth) = (shape[0], shape[1])
        var dw = HostValue(shape, repeating: 0)
        for n in 0..<inputs[1].shape.batch {
            for o in 0..<outputs {
                for k in 0..<depth {
                    dw.values[o * depth + k] += dy[n * outputs + o] * x[n * depth + k]
                }
            }
        }
        return [dw] + (hasBias ? [Op.ChannelSum().evaluate([inputs[1]])] : [])
    }
}
