// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// A convolution as a product over patches, each thread with its own images: of few channels, or the
/// weights' gradient of a kernel of 1×1, whose patches are the image itself.
///
/// Few channels the library's kernels fill up to whole blocks, so that most of what they multiply is zero,
/// or leave to general matrix products. Of a 1×1 kernel's gradient the library gives every thread a part of
/// each image, and gains less from two.
struct PatchConvolution {
    private let geometry: PatchGeometry
    private let hasBias: Bool
    private let team: ProductTeam

    /// Finds the products of a convolution, or of its weights' gradient.
    ///
    /// - Throws: An error if the library has none.
    init(
        _ geometry: PatchGeometry, isForWeights: Bool, hasBias: Bool, isRectified: Bool
    ) throws(FoveaError) {
        self.geometry = geometry
        self.hasBias = hasBias
        team = try ProductTeam(
            ChannelProduct.Request(
                inputs: geometry.channels, outputs: geometry.outputs, pixels: geometry.pixels,
                lanes: geometry.lanes, isForWeights: isForWeights, hasBias: hasBias,
                isRectified: isRectified))
    }

    /// The convolution from x, w and b to y as a kernel.
    var forward: ComposedKernel {
        kernel(floats: geometry.weightFloats + geometry.outputs) { operands throws(FoveaError) in
            let y = operands.outputs[0].assumingMemoryBound(to: Float.self)
            let blocked = operands.parts[0].assumingMemoryBound(to: Float.self)
            geometry.block(operands.inputs[1].assumingMemoryBound(to: Float.self), to: blocked)
            let bias = blocked + geometry.weightFloats
            if hasBias {
                bias.update(repeating: 0, count: geometry.outputs)
                bias.update(
                    from: operands.inputs[2].assumingMemoryBound(to: Float.self),
                    count: geometry.y.channels)
            }
            try team.execute(geometry.x.batch, scratch: operands.rest) { image, thread in
                ChannelProduct.Operands(
                    x: patches(of: image, operands, thread), weights: blocked,
                    y: y + image * geometry.outputFloats, bias: hasBias ? bias : nil)
            }
        }
    }

    /// The gradient of weights and biases from x and dy as a kernel.
    var weightGradient: ComposedKernel {
        // Each thread has its sum of weights' and biases' gradients, and those of one image.
        let count = geometry.weightFloats + geometry.outputs
        let floats = team.count * 2 * count
        return kernel(floats: floats) { operands throws(FoveaError) in
            let dy = operands.inputs[1].assumingMemoryBound(to: Float.self)
            let sums = operands.parts[0].assumingMemoryBound(to: Float.self)
            sums.update(repeating: 0, count: floats)
            func sum(_ thread: Int) -> UnsafeMutablePointer<Float> { sums + thread * 2 * count }
            try team.execute(geometry.x.batch, scratch: operands.rest) { image, thread in
                let gradient = sum(thread) + count
                return ChannelProduct.Operands(
                    x: patches(of: image, operands, thread), weights: gradient,
                    y: dy + image * geometry.outputFloats,
                    bias: hasBias ? gradient + geometry.weightFloats : nil)
            } done: { _, thread in
                add(sum(thread) + count, to: sum(thread), count)
            }
            for thread in 1..<team.count { add(sum(thread), to: sums, count) }
            let gradient = operands.outputs[0].assumingMemoryBound(to: Float.self)
            if geometry.isIdentity {
                gradient.update(from: sums, count: geometry.weightFloats)
            } else {
                geometry.unblock(sums, to: gradient)
            }
            if hasBias {
                operands.outputs[1].assumingMemoryBound(to: Float.self)
                    .update(from: sums + geometry.weightFloats, count: geometry.y.channels)
            }
        }
    }

    /// How the weights' gradient lies.
    var weightsLayout: Layout {
        geometry.isIdentity ? team.weightsLayout : .plain(TensorType(geometry.weights))
    }

    private func kernel(
        floats: Int, _ body: @escaping (ComposedKernel.Operands) throws(FoveaError) -> Void
    ) -> ComposedKernel {
        let kernel = geometry.window.kernel
        return ComposedKernel(
            "patches_\(kernel.height)x\(kernel.width)", team,
            parts: [floats, team.count * geometry.patchFloats], body)
    }

    /// The patches of an image, in the room that a thread has for them if they are not the image itself.
    private func patches(
        of image: Int, _ operands: ComposedKernel.Operands, _ thread: Int
    ) -> UnsafeMutablePointer<Float> {
        let x = operands.inputs[0].assumingMemoryBound(to: Float.self)
        let room = operands.parts[1].assumingMemoryBound(to: Float.self)
        return geometry.patches(
            of: x + image * geometry.x.perImage.count, in: room + thread * geometry.patchFloats)
    }

    private func add(
        _ part: UnsafeMutablePointer<Float>, to sum: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        for index in 0..<count { sum[index] += part[index] }
    }
}
