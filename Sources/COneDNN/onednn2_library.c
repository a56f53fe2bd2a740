/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN 2.x: the engine, the stream, and what the library says of itself.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR == 2
#include <pthread.h>

#include "onednn2.h"

static pthread_once_t started = PTHREAD_ONCE_INIT;
static dnnl_status_t start_status;
static dnnl_engine_t the_engine;
static dnnl_stream_t the_stream;

/* The library keeps primitives to be used again for equal requests, and calls layouts equal that
 * differ only in the strides of axes of size 1. A convolution of one channel may so get code that
 * was made for another layout, which writes beyond the end of its tensors. Nothing is kept. */
static void start(void)
{
    start_status = dnnl_set_primitive_cache_capacity(0);
    if (start_status == dnnl_success) {
        start_status = dnnl_engine_create(&the_engine, dnnl_cpu, 0);
    }
    if (start_status != dnnl_success) {
        return;
    }
    start_status = dnnl_stream_create(&the_stream, the_engine, dnnl_stream_default_flags);
}

dnnl_status_t onednn2_engine(dnnl_engine_t *engine)
{
    pthread_once(&started, start);
    *engine = the_engine;
    return start_status;
}

dnnl_status_t onednn2_stream(dnnl_stream_t *stream)
{
    pthread_once(&started, start);
    *stream = the_stream;
    return start_status;
}

dnnl_data_type_t onednn2_data_type(int32_t dtype)
{
    switch (dtype) {
    case FOVEA_F32: return dnnl_f32;
    case FOVEA_BF16: return dnnl_bf16;
    case FOVEA_U8: return dnnl_u8;
    case FOVEA_S32: return dnnl_s32;
    default: return dnnl_data_type_undef;
    }
}

static const char *instruction_set_name(dnnl_cpu_isa_t isa)
{
    switch (isa) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return "generic";
    }
}

fovea_dnn_library fovea_dnn_library_info(void)
{
    const dnnl_version_t *version = dnnl_version();
    fovea_dnn_library library = {
        .major = version->major,
        .minor = version->minor,
        .patch = version->patch,
        .instruction_set = instruction_set_name(dnnl_get_effective_cpu_isa()),
    };
    return library;
}

const char *fovea_dnn_status_text(int32_t status)
{
    switch (status) {
    case dnnl_success: return "success";
    case dnnl_out_of_memory: return "out of memory";
    case dnnl_invalid_arguments: return "invalid arguments";
    case dnnl_unimplemented: return "not implemented for these arguments";
    case dnnl_iterator_ends: return "no further implementation";
    case dnnl_runtime_error: return "failure at run time";
    case dnnl_not_required: return "not required";
    default: return "unknown status";
    }
}

#endif
