// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// Averages in loops of our own: those that the library does not have, of grids of unequal cells and
/// of windows that hang over counted padding; and those of images in blocks of eight channels, for
/// which the library takes several times as long as the memory does. With the channels last there is
/// only the gradient over windows (`AverageRows`).
extension OneDNNLibrary {
    // x → y
    func adaptiveAveragePool(
        _ op: Op.AdaptiveAveragePool, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = AverageCells(adaptive: request.inputs[0].shape, to: request.outputs[0].shape)
        return kernel(
            "adaptiveAveragePool", cells, .average, request.blocks ?? .plain, request)
    }

    // dy → dx
    func adaptiveAveragePoolGradient(
        _ op: Op.AdaptiveAveragePoolGradient, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = AverageCells(adaptive: op.inputShape, to: request.inputs[0].shape)
        return kernel(
            "adaptiveAveragePoolGradient", cells, .share, request.blocks ?? .plain, request)
    }

    // x → y
    func averagePoolLoop(
        _ op: Op.AveragePool, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let cells = AverageCells(
            op.window, op.countsPadding, request.inputs[0].shape, to: request.outputs[0].shape)
        return kernel("averagePool", cells, .average, arrangement, request)
    }

    // dy → dx
    func averagePoolGradientLoop(
        _ op: Op.AveragePoolGradient, _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let (x, y) = (op.inputShape, request.inputs[0].shape)
        let cells = AverageCells(op.window, op.countsPadding, x, to: y)
        guard arrangement == .channelsLast else {
            return kernel("averagePoolGradient", cells, .share, arrangement, request)
        }
        func choice<Number>(_ rows: AverageRows<Number>) -> KernelChoice {
            request.arranged(
                arrangement,
                LoopKernel("averagePoolGradient", scratch: rows.scratchCount) {
                    rows.share(
                        $0.input(0, Number.self), to: $0.output(0, Number.self), $0.scratch)
                }, as: Number.dtype)
        }
        return precision == .bf16
            ? choice(AverageRows<BFloat16>(cells, x, to: y))
            : choice(AverageRows<Float>(cells, x, to: y))
    }

    private func kernel(
        _ name: String, _ cells: AverageCells, _ direction: AverageCells.Direction,
        _ arrangement: Arrangement, _ request: KernelRequest
    ) -> KernelChoice {
        let planes = arrangement.planes(of: request.inputs[0].shape)
        let kernel =
            switch arrangement {
            case .blocked8:
                LoopKernel(name) { cells.run(direction, $0, planes, SIMD8<Float>.self) }
            case .blocked16:
                LoopKernel(name) { cells.run(direction, $0, planes, SIMD16<Float>.self) }
            case .plain, .channelsLast:
                LoopKernel(name) { cells.run(direction, $0, planes, Float.self) }
            }
        return request.arranged(arrangement, kernel)
    }
}

extension KernelRequest {
    /// The blocks of channels in which the first input lies, if it does.
    var blocks: Arrangement? {
        guard let arrangement = layout(0).arrangement, arrangement.block != nil else { return nil }
        return arrangement
    }
}

extension Arrangement {
    /// The planes of pixels in which images lie: one a channel, or one a block of channels.
    fileprivate func planes(of images: Shape) -> Int {
        let block = block ?? 1
        return images.batch * ((images.channels + block - 1) / block)
    }
}
