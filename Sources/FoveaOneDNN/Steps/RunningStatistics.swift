// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

extension OneDNNLibrary {
    // running, batch → (1 − momentum) · running + momentum · factor · batch
    func movingAverage(_ op: Op.MovingAverage, _ request: KernelRequest) -> KernelChoice {
        let count = request.inputs[0].shape.count
        return request.plain(
            LoopKernel("movingAverage", worksInPlace: true) { operands in
                op.move(
                    operands.input(0), towards: operands.input(1), times: op.factor,
                    to: operands.output(0), count)
            })
    }

    // w, mean, variance, scale, shift and perhaps b → w′, b′
    func foldNormalization(
        _ op: Op.FoldNormalization, _ request: KernelRequest
    ) -> KernelChoice {
        let outputs = request.inputs[0].shape[0]
        let area = request.inputs[0].shape.perImage.count
        let hasBias = request.inputs.count > 5
        return request.plain(
            LoopKernel("foldNormalization") { operands in
                let w = operands.input(0), folded = operands.output(0)
                let mean = operands.input(1), variance = operands.input(2)
                let scale = operands.input(3), shift = operands.input(4)
                for output in 0..<outputs {
                    let factor = scale[output] / (variance[output] + op.epsilon).squareRoot()
                    for i in output * area..<(output + 1) * area { folded[i] = factor * w[i] }
                    let bias = hasBias ? operands.input(5)[output] : 0
                    operands.output(1)[output] = shift[output] + factor * (bias - mean[output])
                }
            })
    }
}

extension Op.MovingAverage {
    /// Writes (1 − momentum) · running + momentum · factor · batch.
    func move(
        _ running: UnsafeMutablePointer<Float>, towards batch: UnsafeMutablePointer<Float>,
        times factor: Float, to next: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        let taken = momentum * factor
        for i in 0..<count { next[i] = (1 - momentum) * running[i] + taken * batch[i] }
    }
}
