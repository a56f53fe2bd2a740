// SPDX-License-Identifier: Apache-2.0
import COneDNN
package import FoveaCompiler
package import FoveaGraph

/// How the first channels of a wider tensor lie: in blocks like all of it, its images further apart.
///
/// Loops of our own read and write such tensors in place. The library's kernels are given copies: most
/// know tensors without gaps only.
struct LeadingChannels {
    /// How the channels are arranged.
    let arrangement: Arrangement
    /// The number of channels of the wider tensor.
    let allChannels: Int

    /// The elements between the end of an image and the next one.
    func gap(_ shape: Shape) -> Int {
        (allChannels - shape.channels) * (shape.perImage.count / shape.channels)
    }
}

extension Layout {
    /// How a tensor with gaps between its images lies; nil if it is none.
    func leading(_ type: TensorType) -> LeadingChannels? {
        guard type.shape.rank == 4, type.dtype == .f32, dtype == .f32 || dtype == .bf16, !isPlain
        else { return nil }
        let area = type.shape.extent.area
        let channels = Int(fovea_layout_image_stride(native)) / area
        guard channels > type.shape.channels else { return nil }
        let whole = TensorType(
            [type.shape.batch, channels, type.shape.height, type.shape.width], dtype)
        for arrangement in [Arrangement.blocked8, .blocked16] {
            if let layout = Layout(whole, arrangement),
                fovea_layout_leading(layout.native, Int64(type.shape.channels)) == native
            {
                return LeadingChannels(arrangement: arrangement, allChannels: channels)
            }
        }
        return nil
    }

    /// The first channels of a tensor with so many that lies in blocks; nil if a block were cut.
    init?(
        leading type: TensorType, of whole: TensorType, _ arrangement: Arrangement, _ dtype: DType
    ) {
        let all = TensorType(whole.shape, dtype)
        guard let block = arrangement.block, let layout = Layout(all, arrangement) else {
            return nil
        }
        if type == whole {
            self = layout
            return
        }
        // Behind them in a block that is cut there are other channels, not zeros.
        guard type.shape.channels.isMultiple(of: block) else { return nil }
        let token = fovea_layout_leading(layout.native, Int64(type.shape.channels))
        guard token != 0 else { return nil }
        let leading = Layout(token)
        // What is behind the last image's channels is part of its memory, too.
        self.init(
            token: token, name: leading.name, byteCount: layout.byteCount, dtype: dtype,
            isPlain: false)
        guard self.leading(type) != nil else { return nil }
    }
}

extension OneDNNLibrary {
    package func leading(
        _ type: TensorType, of whole: TensorType, lying layout: Layout
    ) -> Layout? {
        guard whole.shape.rank == 4 else { return nil }
        if let leading = layout.leading(whole) {
            let all = TensorType(
                [whole.shape.batch, leading.allChannels, whole.shape.height, whole.shape.width],
                whole.dtype)
            return Layout(leading: type, of: all, leading.arrangement, layout.dtype)
        }
        guard let arrangement = layout.arrangement else { return nil }
        return Layout(leading: type, of: whole, arrangement, layout.dtype)
    }
}

extension KernelRequest {
    /// The same request as if no tensor had gaps, for kernels that know none.
    var withoutGaps: KernelRequest {
        var result = self
        for (index, layout) in layouts.enumerated() {
            guard let layout, let leading = layout.leading(inputs[index]) else { continue }
            let type = TensorType(inputs[index].shape, layout.dtype)
            result.layouts[index] = Layout(type, leading.arrangement)
        }
        return result
    }

    /// How the first channels of a wider tensor lie that an input is; nil if it is none.
    func leading(_ index: Int) -> LeadingChannels? {
        layouts[index].flatMap { $0.leading(inputs[index]) }
    }
}
