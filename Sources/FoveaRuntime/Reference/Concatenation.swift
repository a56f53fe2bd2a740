// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Op.Concatenation {
    /// For each image the channels of all inputs, one after the other.
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        var values: [Double] = []
        values.reserveCapacity(shape.count)
        for image in 0..<shape.batch {
            for input in inputs {
                let count = input.shape.perImage.count
                values += input.values[image * count..<(image + 1) * count]
            }
        }
        return HostValue(shape, values)
    }
}

extension Op.ChannelSlice {
    /// For each image the channels of the range.
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        let x = inputs[0]
        let area = x.shape.perImage.count / x.shape.channels
        var values: [Double] = []
        values.reserveCapacity(shape.count)
        for image in 0..<shape.batch {
            let start = image * x.shape.perImage.count
            values +=
                x.values[
                    start + channels.lowerBound * area..<start + channels.upperBound * area]
        }
        return HostValue(shape, values)
    }
}
