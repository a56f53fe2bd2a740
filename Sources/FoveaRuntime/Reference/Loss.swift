// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Glibc

extension Op.Softmax {
    /// y[n, c] = exp(x[n, c]) / Σ exp(x[n, c′]).
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let x = inputs[0]
        return HostValue(x.shape, x.rows.flatMap { logSoftmax($0).map(exp) })
    }
}

extension Op.SoftmaxGradient {
    /// dx = y · (dy − Σ dy · y).
    func evaluate(_ inputs: [HostValue]) -> HostValue {
        let (dy, y) = (inputs[0], inputs[1])
        let rows = zip(dy.rows, y.rows).map { dy, y in
            let sum = zip(dy, y).reduce(0) { $0 + $1.0 * $1.1 }
            return zip(dy, y).map { $1 * ($0 - sum) }
        }
        return HostValue(y.shape, rows.flatMap { $0 })
    }
}

extension Op.CrossEntropy {
    /// −1/N · Σₙ Σ꜀ t[n, c] · log softmax(x)[n, c].
    func evaluate(_ inputs: [HostValue]) throws(FoveaError) -> HostValue {
        let (x, labels) = (inputs[0], inputs[1])
        var loss = 0.0
        for (row, label) in zip(x.rows, labels.values) {
            let t = try target(label, classes: row.count, smoothing: smoothing)
            loss -= zip(t, logSoftmax(row)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return HostValue([], [loss / Double(x.shape.batch)])
    }
}

extension Op.CrossEntropyGradient {
    /// dx = dloss · (softmax(x) − t) / N.
    func evaluate(_ inputs: [HostValue]) throws(FoveaError) -> HostValue {
        let (x, labels, dloss) = (inputs[0], inputs[1], inputs[2].values[0])
        var dx: [Double] = []
        for (row, label) in zip(x.rows, labels.values) {
            let t = try target(label, classes: row.count, smoothing: smoothing)
            dx += zip(t, logSoftmax(row)).map { t, logarithm in
                dloss * (exp(logarithm) - t) / Double(x.shape.batch)
            }
        }
        return HostValue(x.shape, dx)
    }
}

/// What the softmax of one row shall be: 1 − ε at the label plus ε/C everywhere.
private func target(
    _ label: Double, classes: Int, smoothing: Float
) throws(FoveaError) -> [Double] {
    guard let index = Int(exactly: label), (0..<classes).contains(index) else {
        throw FoveaError(.dataset, "the label \(label) is none of the \(classes) classes.")
    }
    var row = [Double](repeating: Double(smoothing) / Double(classes), count: classes)
    row[index] += 1 - Double(smoothing)
    return row
}

/// The logarithm of a row's softmax, taken relative to the largest element so that nothing overflows.
private func logSoftmax(_ row: ArraySlice<Double>) -> [Double] {
    let largest = row.max() ?? 0
    let logarithm = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
    return row.map { $0 - logarithm }
}

extension HostValue {
    /// The rows of a matrix.
    fileprivate var rows: [ArraySlice<Double>] {
        (0..<shape[0]).map { values[$0 * shape[1]..<($0 + 1) * shape[1]] }
    }
}
