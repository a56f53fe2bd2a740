// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

extension OneDNNLibrary {
    // x → y
    func activation(
        _ op: Op.Activation, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        let lying = PaddedChannels(request.layout(0), request.inputs[0])
        var elementwise = fovea_elementwise()
        elementwise.direction = Int32(
            request.isTraining ? FOVEA_FORWARD_TRAINING : FOVEA_FORWARD_INFERENCE)
        elementwise.kind = op.kind.native
        elementwise.layout = lying.filled.native
        let primitive = try Primitive(op.name) { fovea_elementwise_make(&elementwise, &$0) }
        let kernel = PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_SOURCE], outputs: [FOVEA_ARG_DESTINATION],
            worksInPlace: true)
        // A sigmoid makes a half of each zero that fills a block of channels up.
        return request.alike(
            0, op.kind == .sigmoid && lying.isPadded ? ClearingKernel(kernel, lying) : kernel)
    }

    // dy, y → dx
    func activationGradient(
        _ op: Op.ActivationGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        var elementwise = fovea_elementwise()
        elementwise.direction = Int32(FOVEA_BACKWARD_DATA)
        elementwise.kind = op.kind.native
        // Where dy is zero dx is, too, so that what fills blocks up stays as it is.
        elementwise.layout =
            PaddedChannels(request.layout(1), request.inputs[1]).filled.native
        let primitive = try Primitive(op.name) { fovea_elementwise_make(&elementwise, &$0) }
        return request.alike(
            1,
            PrimitiveKernel(
                primitive, inputs: [FOVEA_ARG_DIFF_DESTINATION, FOVEA_ARG_DESTINATION],
                outputs: [FOVEA_ARG_DIFF_SOURCE], worksInPlace: true))
    }

    // x, y, … → x + y + …; padding lanes hold zeros and stay so.
    func add(_ op: Op.Add, _ request: KernelRequest) -> KernelChoice {
        let isRectified = op.activation == .relu
        if let leading = request.leading(0), let layout = request.layouts[0],
            let others = Layout(
                TensorType(request.inputs[0].shape, layout.dtype), leading.arrangement)
        {
            // The first channels of a wider tensor are added to where they are.
            let shape = request.inputs[0].shape
            let length = shape.extent.area * (leading.arrangement.block ?? 1)
            let runs = others.byteCount / layout.dtype.size / length
            func kernel<Number: StoredNumber>(_: Number.Type) -> LoopKernel {
                LoopKernel("add", worksInPlace: true) { operands in
                    Team.split(runs) { part in
                        for run in part {
                            let image = run / (runs / shape.batch)
                            let start = run * length
                            operands.add(
                                start..<start + length, shift: image * leading.gap(shape),
                                isRectified, Number.self)
                        }
                    }
                }
            }
            return KernelChoice(
                layout.dtype == .bf16 ? kernel(BFloat16.self) : kernel(Float.self),
                inputs: [layout] + request.inputs.dropFirst().map { _ in others },
                outputs: [layout])
        }
        let request = request.withoutGaps, typical = request.typicalInput
        let layout = request.layout(typical)
        let count = layout.byteCount / layout.dtype.size
        func kernel<Number: StoredNumber>(_: Number.Type) -> LoopKernel {
            LoopKernel("add", worksInPlace: true) { operands in
                Team.split(count, multipleOf: 16) {
                    operands.add($0, shift: 0, isRectified, Number.self)
                }
            }
        }
        return request.alike(
            typical, layout.dtype == .bf16 ? kernel(BFloat16.self) : kernel(Float.self))
    }

    // x → factor · x
    func scale(_ op: Op.Scale, _ request: KernelRequest) -> KernelChoice {
        let count = request.layout(0).byteCount / MemoryLayout<Float>.size
        return request.alike(
            0,
            LoopKernel("scale", worksInPlace: true) { operands in
                let x = operands.input(0), y = operands.output(0)
                Team.split(count, multipleOf: 16) { part in
                    for i in part { y[i] = op.factor * x[i] }
                }
            })
    }

    // x, b → x + b
    func addBias(_ request: KernelRequest) -> KernelChoice {
        let x = request.inputs[0].shape
        let area = x.perImage.count / x.channels
        return request.plain(
            LoopKernel("addBias", worksInPlace: true) { operands in
                let x0 = operands.input(0), b = operands.input(1), y = operands.output(0)
                Team.split(x.batch * x.channels) { rows in
                    for row in rows {
                        for i in row * area..<(row + 1) * area {
                            y[i] = x0[i] + b[row % x.channels]
                        }
                    }
                }
            })
    }

    // x → the sum of each channel
    func channelSum(_ request: KernelRequest) -> KernelChoice {
        let x = request.inputs[0].shape
        let area = x.perImage.count / x.channels
        return request.plain(
            LoopKernel("channelSum") { operands in
                let x0 = operands.input(0), sums = operands.output(0)
                Team.split(x.channels) { channels in
                    for channel in channels {
                        var sum = 0.0
                        for image in 0..<x.batch {
                            let start = (image * x.channels + channel) * area
                            for i in start..<start + area { sum += Double(x0[i]) }
                        }
                        sums[channel] = Float(sum)
                    }
                }
            })
    }
}

extension KernelRequest {
    /// The first of the inputs that lie as most of them do.
    fileprivate var typicalInput: Int {
        let counts = layouts.map { layout in
            layout == nil ? 0 : layouts.count { $0 == layout }
        }
        return counts.indices.max { (counts[$0], $1) < (counts[$1], $0) } ?? 0
    }
}

extension LoopKernel.Operands {
    /// Adds a part of the inputs up, the first of which lies shifted, as does the output.
    fileprivate func add<Number: StoredNumber>(
        _ part: Range<Int>, shift: Int, _ isRectified: Bool, _: Number.Type
    ) {
        let x = input(0, Number.self) + shift, sum = output(0, Number.self) + shift
        let width = SIMD16<Float>.scalarCount
        for start in stride(from: part.lowerBound, to: part.upperBound, by: width) {
            let count = min(width, part.upperBound - start)
            var lanes: SIMD16<Float> = x.lanes(start, count)
            for term in 1..<max(inputs.count, 1) {
                lanes += input(term, Number.self).lanes(start, count) as SIMD16<Float>
            }
            if isRectified { lanes = lanes.opened(where: lanes) }
            sum.write(lanes, start, count)
        }
    }
}

extension Op.Activation.Kind {
    /// The function in the library's words.
    var native: Int32 {
        switch self {
        case .relu: Int32(FOVEA_RELU)
        case .sigmoid: Int32(FOVEA_SIGMOID)
        }
    }
}
