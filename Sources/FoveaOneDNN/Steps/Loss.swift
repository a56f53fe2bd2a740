// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import Glibc

extension OneDNNLibrary {
    // x → softmax(x)
    func softmax(_ request: KernelRequest) -> KernelChoice {
        let shape = request.inputs[0].shape
        return request.plain(
            LoopKernel("softmax", worksInPlace: true) { operands in
                let x = operands.input(0), y = operands.output(0)
                Team.split(shape.batch) { rows in
                    for row in rows {
                        let start = row * shape.channels
                        let total = logSumOfExponentials(x + start, shape.channels)
                        for i in start..<start + shape.channels { y[i] = exp(x[i] - total) }
                    }
                }
            })
    }

    // dy, y → dx
    func softmaxGradient(_ request: KernelRequest) -> KernelChoice {
        let shape = request.inputs[0].shape
        return request.plain(
            LoopKernel("softmaxGradient", worksInPlace: true) { operands in
                let dy = operands.input(0), y = operands.input(1), dx = operands.output(0)
                Team.split(shape.batch) { rows in
                    for row in rows {
                        let range = row * shape.channels..<(row + 1) * shape.channels
                        let dot = range.reduce(Float(0)) { $0 + dy[$1] * y[$1] }
                        for i in range { dx[i] = y[i] * (dy[i] - dot) }
                    }
                }
            })
    }

    // logits, labels → loss
    func crossEntropy(_ op: Op.CrossEntropy, _ request: KernelRequest) -> KernelChoice {
        let shape = request.inputs[0].shape
        return request.plain(
            LoopKernel("crossEntropy") { operands in
                let x = operands.input(0)
                let labels = operands.inputs[1].assumingMemoryBound(to: Int32.self)
                var sum = 0.0
                for row in 0..<shape.batch {
                    let logits = x + row * shape.channels
                    let total = logSumOfExponentials(logits, shape.channels)
                    var loss = (1 - op.smoothing) * (total - logits[Int(labels[row])])
                    if op.smoothing > 0 {
                        let spread = op.smoothing / Float(shape.channels)
                        for i in 0..<shape.channels { loss += spread * (total - logits[i]) }
                    }
                    sum += Double(loss)
                }
                operands.output(0)[0] = Float(sum / Double(shape.batch))
            })
    }

    // logits, labels, dloss → dlogits
    func crossEntropyGradient(
        _ op: Op.CrossEntropyGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let shape = request.inputs[0].shape
        return request.plain(
            LoopKernel("crossEntropyGradient", worksInPlace: true) { operands in
                let x = operands.input(0), dx = operands.output(0)
                let labels = operands.inputs[1].assumingMemoryBound(to: Int32.self)
                let factor = operands.input(2)[0] / Float(shape.batch)
                let spread = op.smoothing / Float(shape.channels)
                Team.split(shape.batch) { rows in
                    for row in rows {
                        let start = row * shape.channels
                        let total = logSumOfExponentials(x + start, shape.channels)
                        for i in 0..<shape.channels {
                            let hit: Float = i == Int(labels[row]) ? 1 - op.smoothing : 0
                            let probability = exp(x[start + i] - total)
                            dx[start + i] = factor * (probability - hit - spread)
                        }
                    }
                }
            })
    }
}

/// log Σ eˣ of a row, computed so that no exponential overflows.
private func logSumOfExponentials(_ row: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
    var largest = row[0]
    for i in 1..<max(count, 1) { largest = max(largest, row[i]) }
    var sum: Float = 0
    for i in 0..<count { sum += exp(row[i] - largest) }
    return largest + log(sum)
}
