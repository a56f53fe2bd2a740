/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN 2.x: from our requests to the library's operation descriptors.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR == 2
#include "onednn2.h"

/* ---- Descriptions ---------------------------------------------------------------------------- */

static bool is_forward(int32_t direction)
{
    return direction == FOVEA_FORWARD_TRAINING || direction == FOVEA_FORWARD_INFERENCE;
}

static dnnl_prop_kind_t forward_kind(int32_t direction)
{
    return direction == FOVEA_FORWARD_INFERENCE ? dnnl_forward_inference : dnnl_forward_training;
}

/* The tensors of a convolution or an inner product. */
typedef struct {
    dnnl_memory_desc_t source, weights, bias, destination;
    const dnnl_memory_desc_t *bias_or_null;
} weighted_tensors;

/* Bias and its difference are f32, and so is the difference of weights, in bf16 networks too. */
static dnnl_status_t describe_bias(weighted_tensors *tensors, bool wanted, int64_t channels)
{
    tensors->bias_or_null = wanted ? &tensors->bias : NULL;
    dnnl_dims_t dimensions = {channels};
    return wanted ? dnnl_memory_desc_init_by_tag(&tensors->bias, 1, dimensions, dnnl_f32, dnnl_a)
                  : dnnl_success;
}

static dnnl_data_type_t weights_type(int32_t direction, dnnl_data_type_t type)
{
    return direction == FOVEA_BACKWARD_WEIGHTS ? dnnl_f32 : type;
}

/* ---- Convolution ----------------------------------------------------------------------------- */

typedef struct {
    dnnl_dims_t strides, dilations, before, after, kernel;
} window_dimensions;

static window_dimensions library_window(const fovea_window *window)
{
    window_dimensions result;
    for (int axis = 0; axis < 2; axis++) {
        result.strides[axis] = window->stride[axis];
        result.dilations[axis] = (int64_t)window->dilation[axis] - 1;
        result.before[axis] = window->padding_before[axis];
        result.after[axis] = window->padding_after[axis];
        result.kernel[axis] = window->kernel[axis];
    }
    return result;
}

static dnnl_alg_kind_t convolution_algorithm(int32_t algorithm)
{
    switch (algorithm) {
    case FOVEA_DIRECT: return dnnl_convolution_direct;
    case FOVEA_WINOGRAD: return dnnl_convolution_winograd;
    default: return dnnl_alg_kind_undef;
    }
}

static dnnl_status_t describe_convolution(weighted_tensors *tensors,
                                          const fovea_convolution *request, int32_t direction)
{
    const dnnl_data_type_t type = onednn2_data_type(request->dtype);
    const int64_t *weights = request->weights;
    const int64_t groups = request->groups;
    if (groups < 1 || weights[0] % groups != 0) {
        return dnnl_invalid_arguments;
    }
    const int64_t grouped[5] = {groups, weights[0] / groups, weights[1], weights[2], weights[3]};
    dnnl_status_t status =
        onednn2_describe(&tensors->source, request->source_layout, type, 4, request->source);
    if (status == dnnl_success) {
        status = onednn2_describe(&tensors->weights, request->weights_layout,
                                  weights_type(direction, type), groups > 1 ? 5 : 4,
                                  groups > 1 ? grouped : weights);
    }
    if (status == dnnl_success) {
        status = onednn2_describe(&tensors->destination, request->destination_layout, type, 4,
                                  request->destination);
    }
    return status == dnnl_success ? describe_bias(tensors, request->bias, weights[0]) : status;
}

static dnnl_status_t forward_convolution(dnnl_convolution_desc_t *operation,
                                         const fovea_convolution *request)
{
    weighted_tensors tensors;
    dnnl_status_t status = describe_convolution(&tensors, request, request->direction);
    if (status != dnnl_success) {
        return status;
    }
    const window_dimensions window = library_window(&request->window);
    return dnnl_dilated_convolution_forward_desc_init(
        operation, forward_kind(request->direction), convolution_algorithm(request->algorithm),
        &tensors.source, &tensors.weights, tensors.bias_or_null, &tensors.destination,
        window.strides, window.dilations, window.before, window.after);
}

static dnnl_status_t backward_convolution(dnnl_convolution_desc_t *operation,
                                          const fovea_convolution *request)
{
    weighted_tensors tensors;
    dnnl_status_t status = describe_convolution(&tensors, request, request->direction);
    if (status != dnnl_success) {
        return status;
    }
    const dnnl_alg_kind_t algorithm = convolution_algorithm(request->algorithm);
    const window_dimensions window = library_window(&request->window);
    if (request->direction == FOVEA_BACKWARD_DATA) {
        return dnnl_dilated_convolution_backward_data_desc_init(
            operation, algorithm, &tensors.source, &tensors.weights, &tensors.destination,
            window.strides, window.dilations, window.before, window.after);
    }
    return dnnl_dilated_convolution_backward_weights_desc_init(
        operation, algorithm, &tensors.source, &tensors.weights, tensors.bias_or_null,
        &tensors.destination, window.strides, window.dilations, window.before, window.after);
}

int32_t fovea_convolution_make(const fovea_convolution *request, fovea_primitive **result)
{
    *result = NULL;
    dnnl_convolution_desc_t operation, forward;
    if (is_forward(request->direction)) {
        dnnl_status_t status = forward_convolution(&operation, request);
        const onednn2_fusion fusion = request->relu ? ONEDNN2_RELU : ONEDNN2_UNFUSED;
        return status == dnnl_success
                   ? onednn2_forward(&operation, fusion, request->skipped, result)
                   : status;
    }
    if (request->direction != FOVEA_BACKWARD_DATA
        && request->direction != FOVEA_BACKWARD_WEIGHTS) {
        return dnnl_invalid_arguments;
    }
    fovea_convolution hint = *request;
    hint.direction = FOVEA_FORWARD_TRAINING;
    hint.source_layout = hint.weights_layout = hint.destination_layout = 0;
    dnnl_status_t status = forward_convolution(&forward, &hint);
    if (status == dnnl_success) {
        status = backward_convolution(&operation, request);
    }
    return status == dnnl_success
               ? onednn2_backward(&operation, &forward, request->skipped, result)
               : status;
}

/* ---- Inner product --------------------------------------------------------------------------- */

static dnnl_status_t describe_inner_product(weighted_tensors *tensors,
                                            const fovea_inner_product *request, int32_t direction)
{
    const dnnl_data_type_t type = onednn2_data_type(request->dtype);
    if (request->rank != 2 && request->rank != 4) {
        return dnnl_invalid_arguments;
    }
    dnnl_status_t status = onednn2_describe(&tensors->source, 0, type, request->rank,
                                            request->source);
    if (status == dnnl_success) {
        status = onednn2_describe(&tensors->weights, request->weights_layout,
                                  weights_type(direction, type), request->rank, request->weights);
    }
    if (status == dnnl_success) {
        status = onednn2_describe(&tensors->destination, 0, type, 2, request->destination);
    }
    return status == dnnl_success ? describe_bias(tensors, request->bias, request->weights[0])
                                  : status;
}

static dnnl_status_t forward_inner_product(dnnl_inner_product_desc_t *operation,
                                           const fovea_inner_product *request)
{
    weighted_tensors tensors;
    dnnl_status_t status = describe_inner_product(&tensors, request, request->direction);
    if (status != dnnl_success) {
        return status;
    }
    return dnnl_inner_product_forward_desc_init(operation, forward_kind(request->direction),
                                                &tensors.source, &tensors.weights,
                                                tensors.bias_or_null, &tensors.destination);
}

static dnnl_status_t backward_inner_product(dnnl_inner_product_desc_t *operation,
                                            const fovea_inner_product *request)
{
    weighted_tensors tensors;
    dnnl_status_t status = describe_inner_product(&tensors, request, request->direction);
    if (status != dnnl_success) {
        return status;
    }
    if (request->direction == FOVEA_BACKWARD_DATA) {
        return dnnl_inner_product_backward_data_desc_init(
            operation, &tensors.source, &tensors.weights, &tensors.destination);
    }
    return dnnl_inner_product_backward_weights_desc_init(operation, &tensors.source,
                                                         &tensors.weights, tensors.bias_or_null,
                                                         &tensors.destination);
}

int32_t fovea_inner_product_make(const fovea_inner_product *request, fovea_primitive **result)
{
    *result = NULL;
    dnnl_inner_product_desc_t operation, forward;
    if (is_forward(request->direction)) {
        dnnl_status_t status = forward_inner_product(&operation, request);
        const onednn2_fusion fusion = request->relu ? ONEDNN2_RELU : ONEDNN2_UNFUSED;
        return status == dnnl_success ? onednn2_forward(&operation, fusion, 0, result) : status;
    }
    if (request->direction != FOVEA_BACKWARD_DATA
        && request->direction != FOVEA_BACKWARD_WEIGHTS) {
        return dnnl_invalid_arguments;
    }
    fovea_inner_product hint = *request;
    hint.direction = FOVEA_FORWARD_TRAINING;
    hint.weights_layout = 0;
    dnnl_status_t status = forward_inner_product(&forward, &hint);
    if (status == dnnl_success) {
        status = backward_inner_product(&operation, request);
    }
    return status == dnnl_success ? onednn2_backward(&operation, &forward, 0, result) : status;
}

/* ---- Pooling --------------------------------------------------------------------------------- */

static dnnl_alg_kind_t pooling_algorithm(int32_t kind)
{
    switch (kind) {
    case FOVEA_POOL_MAX: return dnnl_pooling_max;
    case FOVEA_POOL_AVERAGE_COUNTING_PADDING: return dnnl_pooling_avg_include_padding;
    case FOVEA_POOL_AVERAGE_EXCLUDING_PADDING: return dnnl_pooling_avg_exclude_padding;
    default: return dnnl_alg_kind_undef;
    }
}

/* Version 2 of the operation knows dilation; a descriptor of either kind. */
typedef union {
    dnnl_pooling_desc_t dense;
    dnnl_pooling_v2_desc_t dilated;
} pooling_operation;

static dnnl_status_t forward_pooling(pooling_operation *operation, const fovea_pooling *request,
                                     const dnnl_memory_desc_t *source,
                                     const dnnl_memory_desc_t *destination)
{
    const dnnl_prop_kind_t kind = forward_kind(request->direction);
    const dnnl_alg_kind_t algorithm = pooling_algorithm(request->kind);
    const window_dimensions window = library_window(&request->window);
    if (window.dilations[0] == 0 && window.dilations[1] == 0) {
        return dnnl_pooling_forward_desc_init(&operation->dense, kind, algorithm, source,
                                              destination, window.strides, window.kernel,
                                              window.before, window.after);
    }
    return dnnl_pooling_v2_forward_desc_init(&operation->dilated, kind, algorithm, source,
                                             destination, window.strides, window.kernel,
                                             window.dilations, window.before, window.after);
}

static dnnl_status_t backward_pooling(pooling_operation *operation, const fovea_pooling *request,
                                      const dnnl_memory_desc_t *source,
                                      const dnnl_memory_desc_t *destination)
{
    const dnnl_alg_kind_t algorithm = pooling_algorithm(request->kind);
    const window_dimensions window = library_window(&request->window);
    if (window.dilations[0] == 0 && window.dilations[1] == 0) {
        return dnnl_pooling_backward_desc_init(&operation->dense, algorithm, source, destination,
                                               window.strides, window.kernel, window.before,
                                               window.after);
    }
    return dnnl_pooling_v2_backward_desc_init(&operation->dilated, algorithm, source, destination,
                                              window.strides, window.kernel, window.dilations,
                                              window.before, window.after);
}

static dnnl_format_tag_t image_tag(int32_t channel_block)
{
    switch (channel_block) {
    case 1: return dnnl_nchw;
    case -1: return dnnl_nhwc;
    case 4: return dnnl_nChw4c;
    case 8: return dnnl_nChw8c;
    case 16: return dnnl_nChw16c;
    default: return dnnl_format_tag_undef;
    }
}

/* Describes one end of a pooling. Pooling keeps the layout it is given, so an end without one lies
 * like the other end. */
static dnnl_status_t describe_image(dnnl_memory_desc_t *result, fovea_layout layout,
                                    fovea_layout other, dnnl_data_type_t type,
                                    const int64_t *dimensions)
{
    if (layout != 0) {
        return onednn2_describe(result, layout, type, 4, dimensions);
    }
    const dnnl_format_tag_t tag = image_tag(fovea_layout_channel_block(other));
    return tag == dnnl_format_tag_undef
               ? dnnl_invalid_arguments
               : dnnl_memory_desc_init_by_tag(result, 4, dimensions, type, tag);
}

int32_t fovea_pooling_make(const fovea_pooling *request, fovea_primitive **result)
{
    *result = NULL;
    const dnnl_data_type_t type = onednn2_data_type(request->dtype);
    const fovea_layout near = request->source_layout, far = request->destination_layout;
    const bool backward = request->direction == FOVEA_BACKWARD_DATA;
    if (!backward && (near == 0 || !is_forward(request->direction))) {
        return dnnl_invalid_arguments;
    }
    dnnl_memory_desc_t source, destination;
    dnnl_status_t status = describe_image(&source, near, far, type, request->source);
    if (status == dnnl_success) {
        status = describe_image(&destination, far, near, type, request->destination);
    }
    pooling_operation operation, forward;
    if (status == dnnl_success) {
        status = forward_pooling(&forward, request, &source, &destination);
    }
    if (status != dnnl_success || !backward) {
        return status == dnnl_success ? onednn2_forward(&forward, ONEDNN2_UNFUSED, 0, result)
                                      : status;
    }
    status = backward_pooling(&operation, request, &source, &destination);
    return status == dnnl_success ? onednn2_backward(&operation, &forward, 0, result) : status;
}

/* ---- Reorder --------------------------------------------------------------------------------- */

/* A grouped convolution's weights have five dimensions inside and four outside. */
static dnnl_status_t bring_to_one_shape(dnnl_memory_desc_t *from, dnnl_memory_desc_t *to)
{
    if (from->ndims == to->ndims) {
        return dnnl_success;
    }
    dnnl_memory_desc_t *lower = from->ndims < to->ndims ? from : to;
    dnnl_memory_desc_t *higher = lower == from ? to : from;
    const dnnl_memory_desc_t original = *lower;
    if (onednn2_reshape(lower, &original, higher->ndims, higher->dims) == dnnl_success) {
        return dnnl_success;
    }
    const dnnl_memory_desc_t other = *higher;
    *lower = original;
    return onednn2_reshape(higher, &other, lower->ndims, lower->dims);
}

int32_t fovea_reorder_make(fovea_layout from, fovea_layout to, fovea_primitive **result)
{
    *result = NULL;
    const dnnl_memory_desc_t *source = onednn2_description(from);
    const dnnl_memory_desc_t *destination = onednn2_description(to);
    if (source == NULL || destination == NULL) {
        return dnnl_invalid_arguments;
    }
    dnnl_memory_desc_t here = *source, there = *destination;
    dnnl_engine_t engine;
    dnnl_status_t status = bring_to_one_shape(&here, &there);
    if (status == dnnl_success) {
        status = onednn2_engine(&engine);
    }
    dnnl_primitive_attr_t attributes;
    if (status == dnnl_success) {
        status = onednn2_attributes(&attributes, ONEDNN2_UNFUSED);
    }
    if (status != dnnl_success) {
        return status;
    }
    dnnl_primitive_desc_t descriptor;
    status = dnnl_reorder_primitive_desc_create(&descriptor, &here, engine, &there, engine,
                                                attributes);
    dnnl_primitive_attr_destroy(attributes);
    return status == dnnl_success ? onednn2_primitive(descriptor, result) : status;
}

#endif
