/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN 2.x: what all primitives share, from the choice of a kernel to its execution.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR == 2
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onednn2.h"

struct fovea_primitive {
    dnnl_primitive_desc_t descriptor;
    dnnl_primitive_t primitive; /* NULL until prepared */
    int32_t argument_count, bound_count;
    dnnl_exec_arg_t arguments[FOVEA_ARG_COUNT];
    int8_t place[FOVEA_ARG_COUNT]; /* of each of our arguments in `arguments`; -1: it has none */
};

static const int library_argument[FOVEA_ARG_COUNT] = {
    [FOVEA_ARG_SOURCE] = DNNL_ARG_SRC,
    [FOVEA_ARG_WEIGHTS] = DNNL_ARG_WEIGHTS,
    [FOVEA_ARG_BIAS] = DNNL_ARG_BIAS,
    [FOVEA_ARG_DESTINATION] = DNNL_ARG_DST,
    [FOVEA_ARG_DIFF_SOURCE] = DNNL_ARG_DIFF_SRC,
    [FOVEA_ARG_DIFF_WEIGHTS] = DNNL_ARG_DIFF_WEIGHTS,
    [FOVEA_ARG_DIFF_BIAS] = DNNL_ARG_DIFF_BIAS,
    [FOVEA_ARG_DIFF_DESTINATION] = DNNL_ARG_DIFF_DST,
    [FOVEA_ARG_WORKSPACE] = DNNL_ARG_WORKSPACE,
    [FOVEA_ARG_SCRATCHPAD] = DNNL_ARG_SCRATCHPAD,
};

/* NULL where the primitive has no such argument. */
static const dnnl_memory_desc_t *argument_description(const fovea_primitive *primitive,
                                                      int32_t argument)
{
    if (argument < 0 || argument >= FOVEA_ARG_COUNT) {
        return NULL;
    }
    const dnnl_memory_desc_t *description = dnnl_primitive_desc_query_md(
        primitive->descriptor, dnnl_query_exec_arg_md, library_argument[argument]);
    return description == NULL || description->ndims == 0 ? NULL : description;
}

dnnl_status_t onednn2_primitive(dnnl_primitive_desc_t descriptor, fovea_primitive **result)
{
    fovea_primitive *primitive = calloc(1, sizeof *primitive);
    if (primitive == NULL) {
        dnnl_primitive_desc_destroy(descriptor);
        return dnnl_out_of_memory;
    }
    primitive->descriptor = descriptor;
    for (int32_t argument = 0; argument < FOVEA_ARG_COUNT; argument++) {
        primitive->place[argument] = -1;
        if (argument_description(primitive, argument) != NULL) {
            int32_t place = primitive->argument_count++;
            primitive->place[argument] = (int8_t)place;
            primitive->arguments[place].arg = library_argument[argument];
        }
    }
    *result = primitive;
    return dnnl_success;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static dnnl_status_t append_relu(dnnl_primitive_attr_t attributes)
{
    dnnl_post_ops_t operations;
    dnnl_status_t status = dnnl_post_ops_create(&operations);
    if (status != dnnl_success) {
        return status;
    }
    status = dnnl_post_ops_append_eltwise(operations, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    if (status == dnnl_success) {
        status = dnnl_primitive_attr_set_post_ops(attributes, operations);
    }
    dnnl_post_ops_destroy(operations);
    return status;
}

/* The scratchpad is always the caller's: in Debian's build of the library, its own belongs to the
 * thread that made the primitive, and executing elsewhere crashes. */
dnnl_status_t onednn2_attributes(dnnl_primitive_attr_t *result, onednn2_fusion fusion)
{
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
    if (status != dnnl_success) {
        return status;
    }
    status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (status == dnnl_success && fusion == ONEDNN2_RELU) {
        status = append_relu(attributes);
    }
    if (status != dnnl_success) {
        dnnl_primitive_attr_destroy(attributes);
        return status;
    }
    *result = attributes;
    return dnnl_success;
}

/* ---- Finding a kernel ------------------------------------------------------------------------ */

/* It is the descriptor's own, and gone with it. */
static const char *kernel_name(const_dnnl_primitive_desc_t descriptor)
{
    const char *name = NULL;
    dnnl_status_t status =
        dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, (void *)&name);
    return status == dnnl_success && name != NULL && *name != '\0' ? name : "unnamed";
}

/* The library tries its kernels in an order of its own; so many kinds of those that fit are passed
 * over, told by their names: a kernel that has been made before the iterator yields twice. */
static dnnl_status_t find_kernel(dnnl_primitive_desc_t *result, const_dnnl_op_desc_t operation,
                                 onednn2_fusion fusion, int32_t skipped,
                                 const_dnnl_primitive_desc_t forward_hint)
{
    dnnl_engine_t engine;
    dnnl_status_t status = onednn2_engine(&engine);
    if (status != dnnl_success) {
        return status;
    }
    dnnl_primitive_attr_t attributes;
    status = onednn2_attributes(&attributes, fusion);
    if (status != dnnl_success) {
        return status;
    }
    dnnl_primitive_desc_iterator_t kernels;
    status = dnnl_primitive_desc_iterator_create(&kernels, operation, attributes, engine,
                                                 forward_hint);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) {
        return status;
    }
    dnnl_primitive_desc_t descriptor = dnnl_primitive_desc_iterator_fetch(kernels);
    for (int32_t kind = 0; kind < skipped && descriptor != NULL; kind++) {
        char passed[128];
        snprintf(passed, sizeof passed, "%s", kernel_name(descriptor));
        while (descriptor != NULL && strcmp(kernel_name(descriptor), passed) == 0) {
            dnnl_primitive_desc_destroy(descriptor);
            status = dnnl_primitive_desc_iterator_next(kernels);
            descriptor =
                status == dnnl_success ? dnnl_primitive_desc_iterator_fetch(kernels) : NULL;
        }
    }
    dnnl_primitive_desc_iterator_destroy(kernels);
    *result = descriptor;
    return descriptor != NULL ? dnnl_success : dnnl_unimplemented;
}

dnnl_status_t onednn2_forward(const_dnnl_op_desc_t operation, onednn2_fusion fusion,
                              int32_t skipped, fovea_primitive **result)
{
    dnnl_primitive_desc_t descriptor;
    dnnl_status_t status = find_kernel(&descriptor, operation, fusion, skipped, NULL);
    return status == dnnl_success ? onednn2_primitive(descriptor, result) : status;
}

dnnl_status_t onednn2_backward(const_dnnl_op_desc_t operation, const_dnnl_op_desc_t forward,
                               int32_t skipped, fovea_primitive **result)
{
    dnnl_primitive_desc_t hint, descriptor;
    dnnl_status_t status = find_kernel(&hint, forward, ONEDNN2_UNFUSED, 0, NULL);
    if (status != dnnl_success) {
        return status;
    }
    status = find_kernel(&descriptor, operation, ONEDNN2_UNFUSED, skipped, hint);
    dnnl_primitive_desc_destroy(hint);
    return status == dnnl_success ? onednn2_primitive(descriptor, result) : status;
}

/* ---- Reading and running --------------------------------------------------------------------- */

fovea_layout fovea_primitive_layout(const fovea_primitive *primitive, int32_t argument)
{
    const dnnl_memory_desc_t *description = argument_description(primitive, argument);
    return description == NULL ? 0 : onednn2_layout(description);
}

size_t fovea_primitive_scratchpad_bytes(const fovea_primitive *primitive)
{
    const dnnl_memory_desc_t *description =
        argument_description(primitive, FOVEA_ARG_SCRATCHPAD);
    return description == NULL ? 0 : dnnl_memory_desc_get_size(description);
}

const char *fovea_primitive_implementation(const fovea_primitive *primitive)
{
    return kernel_name(primitive->descriptor);
}

int32_t fovea_primitive_prepare(fovea_primitive *primitive)
{
    if (primitive->primitive != NULL) {
        return dnnl_success;
    }
    return dnnl_primitive_create(&primitive->primitive, primitive->descriptor);
}

int32_t fovea_primitive_bind(fovea_primitive *primitive, int32_t argument, void *address)
{
    if (argument < 0 || argument >= FOVEA_ARG_COUNT || address == NULL) {
        return dnnl_invalid_arguments;
    }
    int8_t place = primitive->place[argument];
    if (place < 0) {
        /* A plan may offer its scratchpad to every primitive. */
        return argument == FOVEA_ARG_SCRATCHPAD ? dnnl_success : dnnl_invalid_arguments;
    }
    dnnl_memory_t *memory = &primitive->arguments[place].memory;
    if (*memory != NULL) {
        return dnnl_memory_set_data_handle(*memory, address);
    }
    dnnl_engine_t engine;
    dnnl_status_t status = onednn2_engine(&engine);
    if (status != dnnl_success) {
        return status;
    }
    status = dnnl_memory_create(memory, argument_description(primitive, argument), engine,
                                DNNL_MEMORY_NONE);
    if (status != dnnl_success) {
        *memory = NULL;
        return status;
    }
    status = dnnl_memory_set_data_handle(*memory, address);
    if (status != dnnl_success) {
        dnnl_memory_destroy(*memory);
        *memory = NULL;
        return status;
    }
    primitive->bound_count++;
    return dnnl_success;
}

int32_t fovea_primitive_execute(fovea_primitive *primitive)
{
    dnnl_stream_t stream;
    dnnl_status_t status = onednn2_stream(&stream);
    if (status != dnnl_success) {
        return status;
    }
    if (primitive->primitive == NULL || primitive->bound_count != primitive->argument_count) {
        return dnnl_invalid_arguments;
    }
    status = dnnl_primitive_execute(primitive->primitive, stream, primitive->argument_count,
                                    primitive->arguments);
    return status == dnnl_success ? dnnl_stream_wait(stream) : status;
}

void fovea_primitive_destroy(fovea_primitive *primitive)
{
    if (primitive == NULL) {
        return;
    }
    for (int32_t place = 0; place < primitive->argument_count; place++) {
        if (primitive->arguments[place].memory != NULL) {
            dnnl_memory_destroy(primitive->arguments[place].memory);
        }
    }
    if (primitive->primitive != NULL) {
        dnnl_primitive_destroy(primitive->primitive);
    }
    dnnl_primitive_desc_destroy(primitive->descriptor);
    free(primitive);
}

#endif
