// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph

extension OneDNNLibrary {
    // x, w, b → y
    func linear(_ op: Op.Linear, _ request: KernelRequest) throws(FoveaError) -> KernelChoice {
        var product = fovea_inner_product(
            x: request.inputs[0].shape, y: request.outputs[0].shape)
        product.direction = Int32(
            request.isTraining ? FOVEA_FORWARD_TRAINING : FOVEA_FORWARD_INFERENCE)
        product.bias = op.hasBias
        product.relu = op.activation == .relu
        product.weights_layout = product.native(request.layouts[1])
        let primitive = try Primitive("a linear layer of \(request.inputs[1])") {
            fovea_inner_product_make(&product, &$0)
        }
        return PrimitiveKernel(
            primitive,
            inputs: [FOVEA_ARG_SOURCE, FOVEA_ARG_WEIGHTS] + (op.hasBias ? [FOVEA_ARG_BIAS] : []),
            outputs: [FOVEA_ARG_DESTINATION]
        ).choice
    }

    // dy, w → dx
    func linearDataGradient(
        _ op: Op.LinearDataGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        var product = fovea_inner_product(x: op.inputShape, y: request.inputs[0].shape)
        product.direction = Int32(FOVEA_BACKWARD_DATA)
        // Weights of linear layers are large: they are read as they lie, and never moved.
        product.weights_layout = product.native(request.layouts[1])
        let primitive = try Primitive("the data gradient of a linear layer") {
            fovea_inner_product_make(&product, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_DIFF_DESTINATION, FOVEA_ARG_WEIGHTS],
            outputs: [FOVEA_ARG_DIFF_SOURCE]
        ).choice
    }

    // x, dy → dw, db
    func linearWeightGradient(
        _ op: Op.LinearWeightGradient, _ request: KernelRequest
    ) throws(FoveaError) -> KernelChoice {
        var product = fovea_inner_product(
            x: request.inputs[0].shape, y: request.inputs[1].shape)
        product.direction = Int32(FOVEA_BACKWARD_WEIGHTS)
        product.bias = op.hasBias
        let primitive = try Primitive("the weight gradient of a linear layer") {
            fovea_inner_product_make(&product, &$0)
        }
        return PrimitiveKernel(
            primitive, inputs: [FOVEA_ARG_SOURCE, FOVEA_ARG_DIFF_DESTINATION],
            outputs: [FOVEA_ARG_DIFF_WEIGHTS] + (op.hasBias ? [FOVEA_ARG_DIFF_BIAS] : [])
        ).choice
    }
}

extension fovea_inner_product {
    init(x: Shape, y: Shape) {
        self.init()
        dtype = Int32(FOVEA_F32)
        rank = Int32(x.rank)
        source = x.four
        weights = source
        weights.0 = Int64(y[1])
        destination = (Int64(y[0]), Int64(y[1]))
    }

    /// A layout of the weights as the library takes it here: with the rank of the source.
    func native(_ layout: Layout?) -> fovea_layout {
        guard let layout else { return 0 }
        let dimensions = [weights.0, weights.1, weights.2, weights.3].prefix(Int(rank))
        return fovea_layout_reshaped(layout.native, rank, Array(dimensions))
    }
}
