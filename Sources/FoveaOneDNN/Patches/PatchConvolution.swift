// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import Synchronization

/// A convolution as a product over patches, each thread with its own images: of few channels, or the
/// weights' gradient of a kernel of 1×1, whose patches are the image itself.
///
/// Of its own kernel for that the library makes every thread do a part of each image, and gains less from two.
/// The library's kernels fill such inputs up to whole blocks, so that most of what they multiply is zero,
/// or leave them to general matrix products.
struct PatchConvolution {
    let geometry: PatchGeometry

    /// The convolution from x, w and b to y as a kernel.
    func forward(hasBias: Bool, isRectified: Bool) throws(FoveaError) -> ComposedKernel {
        let team = try team(isForWeights: false, hasBias: hasBias, isRectified: isRectified)
        let geometry = geometry
        return kernel(team, weightFloats: geometry.weightFloats) { operands throws(FoveaError) in
            let x = operands.inputs[0].assumingMemoryBound(to: Float.self)
            let y = operands.outputs[0].assumingMemoryBound(to: Float.self)
            let blocked = operands.parts[0].assumingMemoryBound(to: Float.self)
            geometry.block(operands.inputs[1].assumingMemoryBound(to: Float.self), to: blocked)
            try forEachImage(team, operands) { image, thread, room, scratch in
                let patches = geometry.patches(
                    of: x + image * geometry.x.perImage.count, in: room)
                return team[thread].execute(
                    ChannelProduct.Operands(
                        x: patches, weights: blocked, y: y + image * geometry.y.perImage.count,
                        bias: hasBias ? operands.inputs[2] : nil, scratch: scratch))
            }
        }
    }

    /// The gradient of weights and biases from x and dy as a kernel.
    func weightGradient(
        hasBias: Bool
    ) throws(FoveaError) -> (kernel: ComposedKernel, weights: Layout) {
        let team = try team(isForWeights: true, hasBias: hasBias, isRectified: false)
        let geometry = geometry
        // Each thread has its sum of weights' and biases' gradients, and those of one image.
        let count = geometry.weightFloats + geometry.y.channels
        let floats = team.count * 2 * count
        let made = kernel(team, weightFloats: floats) { operands throws(FoveaError) in
            let x = operands.inputs[0].assumingMemoryBound(to: Float.self)
            let dy = operands.inputs[1].assumingMemoryBound(to: Float.self)
            let sums = operands.parts[0].assumingMemoryBound(to: Float.self)
            sums.update(repeating: 0, count: floats)
            try forEachImage(team, operands) { image, thread, room, scratch in
                let patches = geometry.patches(
                    of: x + image * geometry.x.perImage.count, in: room)
                let sum = sums + thread * 2 * count, gradient = sum + count
                let status = team[thread].execute(
                    ChannelProduct.Operands(
                        x: patches, weights: gradient, y: dy + image * geometry.y.perImage.count,
                        bias: hasBias ? gradient + geometry.weightFloats : nil, scratch: scratch))
                for index in 0..<count { sum[index] += gradient[index] }
                return status
            }
            for thread in 1..<max(team.count, 1) {
                let other = sums + thread * 2 * count
                for index in 0..<count { sums[index] += other[index] }
            }
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
        let plain = Layout.plain(TensorType(geometry.weights))
        return (made, geometry.isIdentity ? team[0].weightsLayout : plain)
    }

    private func team(
        isForWeights: Bool, hasBias: Bool, isRectified: Bool
    ) throws(FoveaError) -> [ChannelProduct] {
        try ChannelProduct.team(
            ChannelProduct.Request(
                inputs: geometry.channels, outputs: geometry.y.channels, pixels: geometry.pixels,
                lanes: geometry.lanes, isForWeights: isForWeights, hasBias: hasBias,
                isRectified: isRectified))
    }

    private func kernel(
        _ team: [ChannelProduct], weightFloats: Int,
        _ body: @escaping (ComposedKernel.Operands) throws(FoveaError) -> Void
    ) -> ComposedKernel {
        let kernel = geometry.window.kernel
        return ComposedKernel(
            "fovea:patches_\(kernel.height)x\(kernel.width)",
            parts: [weightFloats, team.count * geometry.patchFloats],
            rest: team.reduce(0) { $0 + $1.scratchByteCount },
            prepare: { () throws(FoveaError) in try ChannelProduct.prepare(team) }, body)
    }

    /// Calls a body for every image on one of the threads, with room for its patches and for the product.
    private func forEachImage(
        _ team: [ChannelProduct], _ operands: ComposedKernel.Operands,
        _ body: (
            _ image: Int, _ thread: Int, _ room: UnsafeMutablePointer<Float>,
            _ scratch: UnsafeMutableRawPointer?
        ) -> Int32
    ) throws(FoveaError) {
        let images = geometry.x.batch
        let status = Atomic<Int32>(0)
        Team.split(team.count) { part in
            for thread in part {
                let room =
                    operands.parts[1].assumingMemoryBound(to: Float.self)
                    + thread * geometry.patchFloats
                let scratch = operands.rest.map { $0 + thread * team[thread].scratchByteCount }
                for image in images * thread / team.count..<images * (thread + 1) / team.count {
                    let result = body(image, thread, room, scratch)
                    if result != 0 { status.store(result, ordering: .relaxed) }
                }
            }
        }
        try check(status.load(ordering: .relaxed), "execute a product")
    }
}
