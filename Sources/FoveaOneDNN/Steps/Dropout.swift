// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaRuntime

extension OneDNNLibrary {
    /// x → y; the gradient is the same op on dy.
    ///
    /// The mask belongs to positions in [N, C, H, W] order, so that it does not depend on how the
    /// tensor lies: each layout walks its memory and computes the position of what it meets.
    func dropout(_ op: Op.Dropout, _ request: KernelRequest) -> KernelChoice {
        let shape = request.inputs[0].shape
        let channels = shape.channels
        let area = shape.perImage.count / channels
        let layout = request.layout(0)
        let block = layout.arrangement?.block ?? 1
        // In blocked order [N, C/b, H·W, b] a run holds one block of channels of one image; in
        // row-major order it is one channel. Other orders are brought into the latter first.
        let runs = shape.batch * ((channels + block - 1) / block)
        func kernel<Number: StoredNumber>(_: Number.Type) -> LoopKernel {
            LoopKernel("dropout", worksInPlace: true) { operands in
                let mask = DropoutMask(
                    rate: op.rate, site: op.site, seed: operands.draw.seed,
                    step: operands.draw.step)
                let x = operands.input(0, Number.self), y = operands.output(0, Number.self)
                let blocks = runs / shape.batch, zero = Number(rounding: 0)
                Team.split(runs) { part in
                    for run in part {
                        let first = run / blocks * channels + run % blocks * block
                        let present = min(block, channels - run % blocks * block)
                        for pixel in 0..<area {
                            let start = (run * area + pixel) * block
                            for lane in 0..<present {
                                let channel = first + lane
                                let index = op.perChannel ? channel : channel * area + pixel
                                let keeps = mask.keeps(UInt32(truncatingIfNeeded: index))
                                y[start + lane] =
                                    keeps
                                    ? Number(rounding: x[start + lane].float * mask.scale) : zero
                            }
                            for lane in present..<block { y[start + lane] = zero }
                        }
                    }
                }
            }
        }
        let isShort = layout.dtype == .bf16
        let made = isShort ? kernel(BFloat16.self) : kernel(Float.self)
        if block > 1 { return request.alike(0, made) }
        let plain = Layout.plain(TensorType(shape, isShort ? .bf16 : .f32))
        return KernelChoice(made, inputs: [plain], outputs: [plain])
    }
}
