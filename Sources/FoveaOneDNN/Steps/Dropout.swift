// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaRuntime

extension OneDNNLibrary {
    // x → y; the gradient is the same op on dy.
    ///
    /// The mask belongs to positions in [N, C, H, W] order, so that it does not depend on how the
    /// tensor lies: each layout walks its memory and computes the position of what it meets.
    func dropout(_ op: Op.Dropout, _ request: KernelRequest) -> KernelChoice {
        let shape = request.inputs[0].shape
        let channels = shape.channels
        let area = shape.perImage.count / channels
        let layout = request.layout(0)
        let block = layout.arrangement?.block ?? 1
        // In blocked order [N, C/16, H·W, 16] a run holds one block of channels of one image; in
        // row-major order it is one channel. Other orders are brought into the latter first.
        let runs = shape.batch * ((channels + block - 1) / block)
        let kernel = LoopKernel("dropout", worksInPlace: true) { operands in
            let mask = DropoutMask(
                rate: op.rate, site: op.site, seed: operands.draw.seed, step: operands.draw.step)
            let x = operands.input(0), y = operands.output(0)
            let blocks = runs / shape.batch
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
                            y[start + lane] = keeps ? x[start + lane] * mask.scale : 0
                        }
                        for lane in present..<block { y[start + lane] = 0 }
                    }
                }
            }
        }
        return block == 1 ? request.plain(kernel) : request.alike(0, kernel)
    }
}
