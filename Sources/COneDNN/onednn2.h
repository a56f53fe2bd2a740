/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files for oneDNN 2.x share. Not part of the interface that Swift sees.
 */
#pragma once
#include <dnnl.h>

#include "fovea_onednn.h"

/* The one engine and the one stream of this process, made when first asked for. */
dnnl_status_t onednn2_engine(dnnl_engine_t *engine);
dnnl_status_t onednn2_stream(dnnl_stream_t *stream);

/* The library's name of one of our FOVEA_F32, ..., or dnnl_data_type_undef. */
dnnl_data_type_t onednn2_data_type(int32_t dtype);

/* The description behind a layout, which never moves or changes; NULL if there is none. */
const dnnl_memory_desc_t *onednn2_description(fovea_layout layout);
/* The layout of a description; 0 when memory ran out. */
fovea_layout onednn2_layout(const dnnl_memory_desc_t *description);
/* Describes a tensor that is to lie as `layout` says, or as the primitive likes when that is 0. */
dnnl_status_t onednn2_describe(dnnl_memory_desc_t *result, fovea_layout layout,
                               dnnl_data_type_t type, int rank, const int64_t *dimensions);
/* The same bytes under other dimensions. */
dnnl_status_t onednn2_reshape(dnnl_memory_desc_t *result, const dnnl_memory_desc_t *description,
                              int rank, const int64_t *dimensions);

/* Takes over `descriptor`: it is destroyed with the primitive, or here when this fails. */
dnnl_status_t onednn2_primitive(dnnl_primitive_desc_t descriptor, fovea_primitive **result);

/* What follows a forward operation within its kernel. */
typedef enum { ONEDNN2_UNFUSED, ONEDNN2_RELU } onednn2_fusion;

/* Attributes with which a primitive uses a scratchpad of ours. */
dnnl_status_t onednn2_attributes(dnnl_primitive_attr_t *result, onednn2_fusion fusion);
/* The first kernel that fits, or of a later kind. */
dnnl_status_t onednn2_forward(const_dnnl_op_desc_t operation, onednn2_fusion fusion,
                              int32_t skipped, fovea_primitive **result);
/* The library wants to see the forward operation whose differences it is asked for. */
dnnl_status_t onednn2_backward(const_dnnl_op_desc_t operation, const_dnnl_op_desc_t forward,
                               int32_t skipped, fovea_primitive **result);
