/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN 2.x: functions of each element.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR == 2
#include "onednn2.h"

int32_t fovea_elementwise_make(const fovea_elementwise *request, fovea_primitive **result)
{
    *result = NULL;
    const dnnl_memory_desc_t *tensor = onednn2_description(request->layout);
    if (tensor == NULL || (request->kind != FOVEA_RELU && request->kind != FOVEA_SIGMOID)) {
        return dnnl_invalid_arguments;
    }
    const bool relu = request->kind == FOVEA_RELU;
    dnnl_eltwise_desc_t operation, forward;
    dnnl_status_t status = dnnl_eltwise_forward_desc_init(
        &forward,
        request->direction == FOVEA_FORWARD_INFERENCE ? dnnl_forward_inference
                                                      : dnnl_forward_training,
        relu ? dnnl_eltwise_relu_use_dst_for_bwd : dnnl_eltwise_logistic_use_dst_for_bwd, tensor,
        0, 0);
    if (status != dnnl_success) {
        return status;
    }
    if (request->direction != FOVEA_BACKWARD_DATA) {
        return onednn2_forward(&forward, ONEDNN2_UNFUSED, 0, result);
    }
    status = dnnl_eltwise_backward_desc_init(
        &operation,
        relu ? dnnl_eltwise_relu_use_dst_for_bwd : dnnl_eltwise_logistic_use_dst_for_bwd, tensor,
        tensor, 0, 0);
    return status == dnnl_success ? onednn2_backward(&operation, &forward, 0, result) : status;
}

#endif
