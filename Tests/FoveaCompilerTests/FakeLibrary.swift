// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph

/// A device that computes nothing, with the habits that planning has to cope with.
///
/// Convolutions and poolings want images in blocks of sixteen channels and convolutions want weights
/// of their own layout; matrix products and losses want everything row-major; what works on single
/// elements takes any layout and works in place.
struct FakeLibrary: KernelLibrary {
    var name: String { "fake" }

    func plainLayout(of type: TensorType) -> Layout {
        Layout(token: 0, name: "plain", byteCount: max(type.byteCount, 1), isPlain: true)
    }

    func agree(_ first: Layout, _ second: Layout) -> Bool { first == second }

    func reshaped(_ layout: Layout, of type: TensorType, to shape: Shape) -> Layout? {
        layout.isPlain ? plainLayout(of: TensorType(shape, type.dtype)) : nil
    }

    func leading(_ type: TensorType, of whole: TensorType, lying layout: Layout) -> Layout? { nil }

    func reorder(
        _ type: TensorType, from: Layout, to: Layout
    ) throws(FoveaError) -> any Kernel {
        FakeKernel("\(from)→\(to)")
    }

    func kernel(for request: KernelRequest) throws(FoveaError) -> KernelChoice {
        let inputs = request.inputs, outputs = request.outputs
        func alike(_ index: Int, inPlace: Bool) -> KernelChoice {
            let layout = request.layouts[index] ?? plainLayout(of: inputs[index])
            return KernelChoice(
                FakeKernel("alike", worksInPlace: inPlace), inputs: inputs.map { _ in layout },
                outputs: outputs.map { _ in layout })
        }
        func blocked(_ type: TensorType) -> Layout {
            guard type.shape.rank == 4 else { return plainLayout(of: type) }
            let channels = (type.shape.channels + 15) / 16 * 16
            let count = type.shape.count / type.shape.channels * channels
            return Layout(
                token: 1, name: "blocked", byteCount: count * type.dtype.size, isPlain: false)
        }
        func packed(_ type: TensorType) -> Layout {
            Layout(
                token: 2, name: "packed", byteCount: type.byteCount + 192, isPlain: false)
        }
        switch request.op {
        case .convolution:
            return KernelChoice(
                FakeKernel("convolution", scratch: 1000),
                inputs: [blocked(inputs[0]), packed(inputs[1])]
                    + inputs.dropFirst(2).map(plainLayout), outputs: outputs.map(blocked))
        case .convolutionDataGradient:
            return KernelChoice(
                FakeKernel("convolution", scratch: 3000),
                inputs: [blocked(inputs[0]), packed(inputs[1])], outputs: outputs.map(blocked))
        case .convolutionWeightGradient:
            // In the row-major layout, so that it has to be brought into its parameter's.
            return KernelChoice(
                FakeKernel("convolution"), inputs: inputs.map(blocked),
                outputs: outputs.map(plainLayout))
        case .maxPool, .maxPoolGradient, .averagePool, .averagePoolGradient:
            return KernelChoice(
                FakeKernel("pooling"), inputs: inputs.map(blocked), outputs: outputs.map(blocked))
        case .activation, .dropout, .scale, .add: return alike(0, inPlace: true)
        case .activationGradient: return alike(1, inPlace: true)
        default:
            return KernelChoice(
                FakeKernel("plain"), inputs: inputs.map(plainLayout),
                outputs: outputs.map(plainLayout))
        }
    }
}

/// A kernel that does nothing.
final class FakeKernel: Kernel {
    let name: String
    let scratchByteCount: Int
    let worksInPlace: Bool

    init(_ name: String, scratch: Int = 0, worksInPlace: Bool = false) {
        self.name = name
        scratchByteCount = scratch
        self.worksInPlace = worksInPlace
    }
}
