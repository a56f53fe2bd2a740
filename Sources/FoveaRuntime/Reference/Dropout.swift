// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph

extension Op.Dropout {
    /// Zero where the mask says so, x / (1 − rate) elsewhere.
    func evaluate(_ inputs: [HostValue], seed: UInt64, step: Int) -> HostValue {
        var y = inputs[0]
        let mask = DropoutMask(rate: rate, site: site, seed: seed, step: step)
        let unit = perChannel ? y.shape.dimensions.dropFirst(2).reduce(1, *) : 1
        for index in y.values.indices {
            let keeps = mask.keeps(UInt32(truncatingIfNeeded: index / unit))
            y.values[index] = keeps ? y.values[index] * Double(mask.scale) : 0
        }
        return y
    }
}
