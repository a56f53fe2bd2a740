// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension Op.MaxPool {
    /// The largest element under each window and, when recorded, its place there, row · KW + column.
    ///
    /// The first of equal elements in row-major order wins.
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> [HostValue] {
        let x = inputs[0]
        var y = HostValue(shape, repeating: -.infinity)
        var winners = HostValue(shape, repeating: 0)
        let windows = PooledWindows(window, x: x.shape, y: shape)
        windows.forEach { place, elements, _ in
            guard var winner = elements.first else { return }
            for element in elements where x.values[element.offset] > x.values[winner.offset] {
                winner = element
            }
            y.values[place] = x.values[winner.offset]
            winners.values[place] = Double(winner.index)
        }
        return recordsWinners ? [y, winners] : [y]
    }
}

extension Op.MaxPoolGradient {
    /// Each dy is added to the dx of the element that won.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let (dy, winners) = (inputs[0], inputs[1])
        var dx = HostValue(inputShape, repeating: 0)
        let windows = PooledWindows(window, x: inputShape, y: dy.shape)
        windows.forEach { place, elements, _ in
            for element in elements where Double(element.index) == winners.values[place] {
                dx.values[element.offset] += dy.values[place]
            }
        }
        return dx
    }
}

extension Op.AveragePool {
    /// The sum of the elements under each window, divided by their number.
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        let x = inputs[0]
        var y = HostValue(shape, repeating: 0)
        let windows = PooledWindows(window, x: x.shape, y: shape)
        windows.forEach { place, elements, countWithPadding in
            let sum = elements.reduce(0) { $0 + x.values[$1.offset] }
            y.values[place] = sum / Double(countsPadding ? countWithPadding : elements.count)
        }
        return y
    }
}

extension Op.AveragePoolGradient {
    /// Each dy is divided by the number of elements and added to the dx of each.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let dy = inputs[0]
        var dx = HostValue(inputShape, repeating: 0)
        let windows = PooledWindows(window, x: inputShape, y: dy.shape)
        windows.forEach { place, elements, countWithPadding in
            let share =
                dy.values[place] / Double(countsPadding ? countWithPadding : elements.count)
            for element in elements { dx.values[element.offset] += share }
        }
        return dx
    }
}

extension Op.AdaptiveAveragePool {
    /// The mean of each cell.
    func evaluate(_ inputs: [HostValue], yielding shape: Shape) -> HostValue {
        let x = inputs[0]
        var y = HostValue(shape, repeating: 0)
        forEachCell(x: x.shape, y: shape) { place, elements in
            y.values[place] = elements.reduce(0) { $0 + x.values[$1] } / Double(elements.count)
        }
        return y
    }
}

extension Op.AdaptiveAveragePoolGradient {
    /// Each dy is divided by the size of its cell and added to the dx of each element there.
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let dy = inputs[0]
        var dx = HostValue(inputShape, repeating: 0)
        forEachCell(x: inputShape, y: dy.shape) { place, elements in
            for element in elements {
                dx.values[element] += dy.values[place] / Double(elements.count)
            }
        }
        return dx
    }
}

/// The elements of x that lie under each window of a pooling.
private struct PooledWindows {
    let window: Window
    let x: Shape
    let y: Shape

    /// An element under a window.
    struct Element {
        /// Its offset in x.
        let offset: Int
        /// Its place in the window, row · KW + column.
        let index: Int
    }

    init(_ window: Window, x: Shape, y: Shape) {
        self.window = window
        self.x = x
        self.y = y
    }

    /// Calls a function for each window.
    ///
    /// It is given the offset of the window's y, the elements inside the input, and the number of
    /// places inside the input and its declared padding.
    func forEach(_ body: (Int, [Element], Int) -> Void) {
        let kernel = window.kernel, padding = window.padding
        var elements: [Element] = []
        var place = 0
        for image in 0..<y.batch * y.channels {
            for i in 0..<y.height {
                for j in 0..<y.width {
                    elements.removeAll(keepingCapacity: true)
                    var countWithPadding = 0
                    for u in 0..<kernel.height {
                        let h =
                            i * window.stride.height - padding.height
                            + u * window.dilation.height
                        guard h < x.height + padding.height else { continue }
                        for v in 0..<kernel.width {
                            let w =
                                j * window.stride.width - padding.width
                                + v * window.dilation.width
                            guard w < x.width + padding.width else { continue }
                            countWithPadding += 1
                            guard h >= 0, h < x.height, w >= 0, w < x.width else { continue }
                            elements.append(
                                Element(
                                    offset: (image * x.height + h) * x.width + w,
                                    index: u * kernel.width + v))
                        }
                    }
                    body(place, elements, countWithPadding)
                    place += 1
                }
            }
        }
    }
}

/// Calls a function for each cell of an adaptive pooling, with the offsets of its y and its x.
private func forEachCell(x: Shape, y: Shape, _ body: (Int, [Int]) -> Void) {
    var place = 0
    for image in 0..<y.batch * y.channels {
        for i in 0..<y.height {
            let rows = Op.AdaptiveAveragePool.cell(i, of: y.height, length: x.height)
            for j in 0..<y.width {
                let columns = Op.AdaptiveAveragePool.cell(j, of: y.width, length: x.width)
                let elements = rows.flatMap { h in
                    columns.map { w in (image * x.height + h) * x.width + w }
                }
                body(place, elements)
                place += 1
            }
        }
    }
}
