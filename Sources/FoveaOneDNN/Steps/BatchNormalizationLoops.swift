// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// For each channel scale / √(variance + ε), and 1 / √(variance + ε).
struct ChannelScales {
    let factors, inverses: UnsafeMutablePointer<Float>
}

extension ChannelGroups {
    private var width: Int { Lanes.scalarCount }

    /// Room for two sums of each lane of each piece, and for what is computed for each channel.
    var scratch: Int { count * 2 * width + 2 * channels }

    /// Where the first sums of a piece are in scratch memory; the second follow.
    fileprivate func sums(of index: Int) -> Int { index * 2 * width }

    /// Computes what inputs are multiplied by, into the end of a kernel's scratch memory.
    func scales(
        _ scale: UnsafeMutablePointer<Float>, _ variance: UnsafeMutablePointer<Float>,
        _ epsilon: Float, _ scratch: UnsafeMutablePointer<Float>
    ) -> ChannelScales {
        let factors = scratch + sums(of: count)
        let scales = ChannelScales(factors: factors, inverses: factors + channels)
        for channel in 0..<channels {
            scales.inverses[channel] = 1 / (variance[channel] + epsilon).squareRoot()
            scales.factors[channel] = scale[channel] * scales.inverses[channel]
        }
        return scales
    }

    /// The mean and the variance of each channel.
    ///
    /// Each piece is measured by itself in two passes, for which it stays in the cache, so that no
    /// digits are lost where the mean is large; then the pieces are put together (Chan, Golub and
    /// LeVeque, 1979).
    func measure<Number: StoredNumber>(
        _ x: UnsafeMutablePointer<Number>, into mean: UnsafeMutablePointer<Float>,
        _ variance: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
    ) {
        Team.split(count) { part in
            for index in part { measure(self[index], x, into: sums + self.sums(of: index)) }
        }
        for channel in 0..<channels {
            var count = 0.0, average = 0.0, squares = 0.0
            forEachPiece(of: channel) { index, lane in
                let own = sums + self.sums(of: index) + lane
                let added = Double(self[index].pixels)
                let difference = Double(own[0]) - average
                let total = count + added
                average += difference * added / total
                squares += Double(own[width]) + difference * difference * count * added / total
                count = total
            }
            mean[channel] = Float(average)
            variance[channel] = Float(squares / count)
        }
    }

    /// The mean of each lane of a piece, and the sum of squared differences from it.
    private func measure<Number: StoredNumber>(
        _ group: Group, _ x: UnsafeMutablePointer<Number>,
        into sums: UnsafeMutablePointer<Float>
    ) {
        let lanes = group.lanes, x = x + group.image * gap
        var sum = Lanes(repeating: 0)
        for pixel in 0..<group.pixels {
            sum += x.lanes(group.start + pixel * stride, lanes) as Lanes
        }
        let mean = sum / Float(group.pixels)
        var squares = Lanes(repeating: 0)
        for pixel in 0..<group.pixels {
            let difference = x.lanes(group.start + pixel * stride, lanes) - mean
            squares += difference * difference
        }
        sums.write(mean, 0, width)
        sums.write(squares, width, width)
    }

    /// Writes (x − mean) · factor + shift, and what a shortcut adds to it.
    func normalize<Number: StoredNumber>(
        _ x: UnsafeMutablePointer<Number>, to y: UnsafeMutablePointer<Number>,
        _ scales: ChannelScales, mean: UnsafeMutablePointer<Float>,
        shift: UnsafeMutablePointer<Float>, shortcut: UnsafeMutablePointer<Number>?,
        _ activation: Op.Activation.Kind?
    ) {
        let isRectified = activation == .relu
        Team.split(count) { part in
            // What was measured last is still in the cache.
            for index in part.reversed() {
                let group = self[index]
                let x = x + group.image * gap
                let mean = numbers(mean, of: group)
                let shift = numbers(shift, of: group)
                let factor = numbers(scales.factors, of: group)
                // Lanes that fill a block up hold zeros, and so do their factors and shifts.
                let written = isBlocked ? width : group.lanes
                for pixel in 0..<group.pixels {
                    let position = group.start + pixel * stride
                    var value = (x.lanes(position, written) - mean) * factor + shift
                    if let shortcut { value += shortcut.lanes(position, written) as Lanes }
                    if isRectified { value = value.opened(where: value) }
                    y.write(value, position, written)
                }
            }
        }
    }
}

/// The gradient of one batch normalization, piece by piece.
struct BatchNormalizationBackward<Lanes: ChannelLanes, Number: StoredNumber> {
    let groups: ChannelGroups<Lanes>
    let dy, x: UnsafeMutablePointer<Number>
    let mean: UnsafeMutablePointer<Float>
    let scales: ChannelScales
    /// What the forward pass added, where a ReLU followed.
    let shift: UnsafeMutablePointer<Float>?
    /// What came out, where a shortcut was added before the ReLU.
    let y: UnsafeMutablePointer<Number>?
    /// Where the part of dy goes that passed such a ReLU: the shortcut's gradient.
    let passed: UnsafeMutablePointer<Number>?

    private var width: Int { Lanes.scalarCount }

    /// dshift = Σ dy and dscale = Σ dy · (x − mean) · inverse of each channel.
    func gather(
        into dscale: UnsafeMutablePointer<Float>, _ dshift: UnsafeMutablePointer<Float>,
        sums: UnsafeMutablePointer<Float>
    ) {
        Team.split(groups.count) { part in
            for index in part { gather(groups[index], into: sums + groups.sums(of: index)) }
        }
        for channel in 0..<groups.channels {
            var plain = 0.0, weighted = 0.0
            groups.forEachPiece(of: channel) { index, lane in
                let own = sums + groups.sums(of: index) + lane
                plain += Double(own[0])
                weighted += Double(own[width])
            }
            dshift[channel] = Float(plain)
            dscale[channel] = Float(weighted) * scales.inverses[channel]
        }
    }

    /// Σ dy and Σ dy · (x − mean) of each lane of a piece.
    private func gather(
        _ group: ChannelGroups<Lanes>.Group, into sums: UnsafeMutablePointer<Float>
    ) {
        let mean = groups.numbers(mean, of: group)
        let factor = groups.numbers(scales.factors, of: group)
        let shift = shift.map { groups.numbers($0, of: group) }
        let written = groups.isBlocked ? width : group.lanes, x = x + group.image * groups.gap
        var plain = Lanes(repeating: 0), weighted = Lanes(repeating: 0)
        for pixel in 0..<group.pixels {
            let position = group.start + pixel * groups.stride
            let centered = x.lanes(position, written) - mean
            let dy = opened(position, written, centered, factor, shift)
            if let passed { passed.write(dy, position, written) }
            plain += dy
            weighted += dy * centered
        }
        sums.write(plain, 0, width)
        sums.write(weighted, width, width)
    }

    /// dy where the ReLU was open, by the very arithmetic of the forward pass.
    @inline(__always)
    private func opened(
        _ position: Int, _ lanes: Int, _ centered: Lanes, _ factor: Lanes, _ shift: Lanes?
    ) -> Lanes {
        let arriving: Lanes = dy.lanes(position, lanes)
        if let y { return arriving.opened(where: y.lanes(position, lanes)) }
        guard let shift else { return arriving }
        return arriving.opened(where: centered * factor + shift)
    }

    /// Writes factor · (dy − dshift / m − (x − mean) · inverse · dscale / m).
    func write(
        to dx: UnsafeMutablePointer<Number>, dscale: UnsafeMutablePointer<Float>,
        dshift: UnsafeMutablePointer<Float>
    ) {
        if let passed {
            // What has passed is at hand, and dx may lie where dy did.
            let rest = BatchNormalizationBackward(
                groups: groups, dy: passed, x: x, mean: mean, scales: scales, shift: nil, y: nil,
                passed: nil)
            return rest.write(to: dx, dscale: dscale, dshift: dshift)
        }
        let elements = Float(groups.elements)
        Team.split(groups.count) { part in
            // What was gathered last is still in the cache.
            for index in part.reversed() {
                let group = groups[index]
                let x = x + group.image * groups.gap
                let mean = groups.numbers(mean, of: group)
                let shift = shift.map { groups.numbers($0, of: group) }
                let factor = groups.numbers(scales.factors, of: group)
                let share = groups.numbers(dshift, of: group) / elements
                let inverse = groups.numbers(scales.inverses, of: group)
                let slope = inverse * groups.numbers(dscale, of: group) / elements
                let written = groups.isBlocked ? width : group.lanes
                for pixel in 0..<group.pixels {
                    let position = group.start + pixel * groups.stride
                    let centered = x.lanes(position, written) - mean
                    let dy = opened(position, written, centered, factor, shift)
                    dx.write(factor * (dy - share - centered * slope), position, written)
                }
            }
        }
    }
}
