/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN behind plain structs. Swift sees these declarations and nothing of dnnl.h, so that what
 * changes between major versions of the library stays in one .c file per version.
 *
 * Every call that can fail returns 0, or a status of the library; fovea_dnn_status_text names it.
 * Primitives are made on one thread, and executed there or on the threads of its team: scratch memory is
 * the caller's.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Library ------------------------------------------------------------------------------- */

typedef struct {
    int32_t major, minor, patch;
    const char *instruction_set; /* "avx512_core_amx", ... : what the library dispatches to */
} fovea_dnn_library;

fovea_dnn_library fovea_dnn_library_info(void);
const char *fovea_dnn_status_text(int32_t status);

/* ---- OpenMP: loops of our own on the very team of threads that the library uses -------------- */

int32_t fovea_omp_max_threads(void);
void fovea_omp_set_threads(int32_t count);
/* Calls body(context, index, count) once on every thread of the team, and returns when all did. */
void fovea_omp_parallel(void (*body)(void *context, int32_t index, int32_t count), void *context);

/* ---- Layouts: interned descriptions of how a tensor lies in memory ---------------------------- */

typedef int32_t fovea_layout; /* 0 means "any": let the primitive choose */

enum { FOVEA_F32 = 0, FOVEA_BF16 = 1, FOVEA_U8 = 2, FOVEA_S32 = 3 };
enum { FOVEA_TAG_PLAIN = 0, FOVEA_TAG_CHANNELS_LAST = 1, FOVEA_TAG_BLOCKED16 = 2, FOVEA_TAG_BLOCKED8 = 3 };

/* The row-major (plain), channels-last, or channel-blocked layout of a tensor of rank 1-5.
 * Returns 0 when the tag does not fit the rank. */
fovea_layout fovea_layout_make(int32_t dtype, int32_t rank, const int64_t *dimensions, int32_t tag);
/* The same bytes seen under other dimensions (a reshape), or 0 if that cannot be expressed. */
fovea_layout fovea_layout_reshaped(fovea_layout layout, int32_t rank, const int64_t *dimensions);
/* The first channels (axis 1) of a tensor as a tensor of their own in the same memory, so that images
 * are further apart than they are large, or 0 if a block of channels would be cut. */
fovea_layout fovea_layout_leading(fovea_layout layout, int64_t channels);
/* The same bytes with more or fewer entries along an axis that is cut into blocks, where the last block
 * is filled up with zeros; 0 if they would not be the same bytes. */
fovea_layout fovea_layout_with_extent(fovea_layout layout, int32_t axis, int64_t extent);
/* The same order of elements of another type; 0 if there is none. */
fovea_layout fovea_layout_with_dtype(fovea_layout layout, int32_t dtype);
/* The type of the elements, or -1 if it is none of ours. */
int32_t fovea_layout_dtype(fovea_layout layout);
/* The number of elements from an image to the next; 0 when there is no such number. */
int64_t fovea_layout_image_stride(fovea_layout layout);
size_t fovea_layout_bytes(fovea_layout layout);
/* Whether the bytes are those of the row-major order without padding. */
bool fovea_layout_is_plain(fovea_layout layout);
/* Whether it holds numbers computed from the tensor's, which the library cannot turn back. */
bool fovea_layout_is_transformed(fovea_layout layout);
/* Whether two layouts put every element in the same place, so that one tensor can be seen as either
 * and a reorder would only copy. Layouts that differ may agree: row-major and channels-last images
 * of one channel, or images of 1x1 pixels. They are kept apart since the library's kernels expect
 * to be given the very layout that they asked for. */
bool fovea_layouts_agree(fovea_layout one, fovea_layout other);
/* Number of channels per block when the layout is blocked over axis 1 only ("aBcd16b": 16), 1 when
 * it is row-major, -1 when it is channels-last, 0 when it is none of these. */
int32_t fovea_layout_channel_block(fovea_layout layout);
/* Writes a short name such as "abcd", "acdb", "aBcd16b", "ABcd16b16a" and returns its length. */
int32_t fovea_layout_name(fovea_layout layout, char *buffer, int32_t capacity);

/* ---- Primitives ------------------------------------------------------------------------------ */

typedef struct fovea_primitive fovea_primitive;

/* The tensors of a primitive, as arguments to be bound. */
enum {
    FOVEA_ARG_SOURCE = 0,
    FOVEA_ARG_WEIGHTS,
    FOVEA_ARG_BIAS,
    FOVEA_ARG_DESTINATION,
    FOVEA_ARG_DIFF_SOURCE,
    FOVEA_ARG_DIFF_WEIGHTS,
    FOVEA_ARG_DIFF_BIAS,
    FOVEA_ARG_DIFF_DESTINATION,
    FOVEA_ARG_WORKSPACE, /* what pooling leaves for its own backward pass */
    FOVEA_ARG_SCRATCHPAD,
    FOVEA_ARG_COUNT
};

enum { FOVEA_FORWARD_TRAINING = 0, FOVEA_FORWARD_INFERENCE, FOVEA_BACKWARD_DATA, FOVEA_BACKWARD_WEIGHTS };
enum { FOVEA_DIRECT = 0, FOVEA_WINOGRAD };

typedef struct {
    int32_t kernel[2], stride[2], dilation[2]; /* height, width; dilation 1 is dense */
    int32_t padding_before[2], padding_after[2];
} fovea_window;

/* A convolution in any of its directions. Layouts that are 0 are left to the primitive.
 * Dimensions are those of the logical tensors: source [N,C,H,W], weights [O,C/groups,KH,KW]
 * (grouped ones are seen as [groups,O/groups,C/groups,KH,KW] inside; the plain layout of both is
 * the same memory), destination [N,O,H',W']. */
typedef struct {
    int32_t direction, algorithm, dtype; /* dtype of source, weights, destination and their differences */
    int64_t source[4], weights[4], destination[4];
    int32_t groups;
    fovea_window window;
    bool bias;         /* forward: added; backward weights: its difference is computed too */
    bool relu;         /* forward only: fused ReLU */
    int32_t skipped;   /* how many kinds of the library's kernels are passed over */
    fovea_layout source_layout, weights_layout, destination_layout;
} fovea_convolution;
int32_t fovea_convolution_make(const fovea_convolution *request, fovea_primitive **result);

/* destination = source · weightsᵀ + bias; source [N,C] or [N,C,H,W], weights [O,C] or [O,C,H,W]. */
typedef struct {
    int32_t direction, dtype;
    int32_t rank;
    int64_t source[4], weights[4], destination[2];
    bool bias, relu;
    fovea_layout weights_layout;
} fovea_inner_product;
int32_t fovea_inner_product_make(const fovea_inner_product *request, fovea_primitive **result);

enum { FOVEA_POOL_MAX = 0, FOVEA_POOL_AVERAGE_COUNTING_PADDING, FOVEA_POOL_AVERAGE_EXCLUDING_PADDING };
typedef struct {
    int32_t direction, kind, dtype; /* direction: forward training or inference, or backward data */
    int64_t source[4], destination[4];
    fovea_window window;
    fovea_layout source_layout, destination_layout; /* backward: of the differences; source required forward */
} fovea_pooling;
int32_t fovea_pooling_make(const fovea_pooling *request, fovea_primitive **result);

/* A function of each element. Backward it works from the function's output (the destination) and
 * writes the difference of the source. Padding lanes of blocked layouts stay zero. */
enum { FOVEA_RELU = 0, FOVEA_SIGMOID };
typedef struct {
    int32_t direction, kind; /* direction: forward training or inference, or backward data */
    fovea_layout layout;     /* of every tensor */
} fovea_elementwise;
int32_t fovea_elementwise_make(const fovea_elementwise *request, fovea_primitive **result);

/* Copies a tensor from one layout (and dtype) into another. */
int32_t fovea_reorder_make(fovea_layout from, fovea_layout to, fovea_primitive **result);

/* The layout that the primitive wants for an argument (0: it has no such argument). */
fovea_layout fovea_primitive_layout(const fovea_primitive *primitive, int32_t argument);
size_t fovea_primitive_scratchpad_bytes(const fovea_primitive *primitive);
/* "jit:avx512_core", "brgconv:avx512_core", ... : which of the library's kernels it is. */
const char *fovea_primitive_implementation(const fovea_primitive *primitive);

/* *_make finds a kernel and its layouts only, which is cheap; prepare generates its code. It is
 * called once before the first bind; calling it again does nothing. */
int32_t fovea_primitive_prepare(fovea_primitive *primitive);
/* Tells where an argument lies. Cheap (no allocation after the first time), so that inputs can be
 * bound anew each step. The same primitive can be bound anew, or used from several plans' steps by
 * binding before each execution. */
int32_t fovea_primitive_bind(fovea_primitive *primitive, int32_t argument, void *address);
int32_t fovea_primitive_execute(fovea_primitive *primitive);
void fovea_primitive_destroy(fovea_primitive *primitive);
