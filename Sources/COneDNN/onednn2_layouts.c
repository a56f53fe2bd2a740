/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN 2.x: the table of layouts. A layout is an index into a table of memory descriptions, in
 * which equal ones share an entry, so that Swift compares layouts as plain integers.
 *
 * Descriptions that differ only in the strides of axes of size 1 describe the same bytes, and the
 * library calls them equal. Its kernels do not: many recognise a layout by all its strides, and
 * leave the work to slow reference code otherwise. So such descriptions are kept apart here, and
 * fovea_layouts_agree tells that nothing needs to be moved between them.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR == 2
#include <pthread.h>
#include <stdlib.h>

#include "onednn2.h"

enum { MAX_RANK = 5 };

/* ---- The table ------------------------------------------------------------------------------- */

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
/* Entries are allocated one by one, so that a pointer to one stays good while the table grows. */
static const dnnl_memory_desc_t **table;
static int32_t table_count, table_capacity;

static bool is_identical(const dnnl_memory_desc_t *one, const dnnl_memory_desc_t *other)
{
    if (!dnnl_memory_desc_equal(one, other)) {
        return false;
    }
    const int64_t *strides = one->format_desc.blocking.strides;
    const int64_t *other_strides = other->format_desc.blocking.strides;
    bool same = true;
    for (int axis = 0; one->format_kind == dnnl_blocked && axis < one->ndims; axis++) {
        same = same && strides[axis] == other_strides[axis];
    }
    return same;
}

/* Both expect the lock to be held. */
static fovea_layout find(const dnnl_memory_desc_t *description)
{
    for (int32_t index = 0; index < table_count; index++) {
        if (is_identical(table[index], description)) {
            return index + 1;
        }
    }
    return 0;
}

static fovea_layout append(const dnnl_memory_desc_t *description)
{
    if (table_count == table_capacity) {
        int32_t capacity = table_capacity == 0 ? 64 : table_capacity * 2;
        const dnnl_memory_desc_t **larger = realloc(table, (size_t)capacity * sizeof *table);
        if (larger == NULL) {
            return 0;
        }
        table = larger;
        table_capacity = capacity;
    }
    dnnl_memory_desc_t *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        return 0;
    }
    *entry = *description;
    table[table_count++] = entry;
    return table_count;
}

fovea_layout onednn2_layout(const dnnl_memory_desc_t *description)
{
    pthread_mutex_lock(&table_lock);
    fovea_layout layout = find(description);
    if (layout == 0) {
        layout = append(description);
    }
    pthread_mutex_unlock(&table_lock);
    return layout;
}

const dnnl_memory_desc_t *onednn2_description(fovea_layout layout)
{
    const dnnl_memory_desc_t *description = NULL;
    pthread_mutex_lock(&table_lock);
    if (layout >= 1 && layout <= table_count) {
        description = table[layout - 1];
    }
    pthread_mutex_unlock(&table_lock);
    return description;
}

/* ---- Making descriptions --------------------------------------------------------------------- */

/* The number of elements. The library multiplies without checking, so this returns -1 unless the
 * bytes, with room for the padding of blocked layouts, can be counted, and every dimension is at
 * least 1. */
static int64_t checked_count(int rank, const int64_t *dimensions)
{
    const int64_t room_for_padding_and_bytes = 64 * 64 * 8;
    int64_t count = 1, limit;
    for (int axis = 0; axis < rank; axis++) {
        if (dimensions[axis] < 1 || __builtin_mul_overflow(count, dimensions[axis], &count)) {
            return -1;
        }
    }
    return __builtin_mul_overflow(count, room_for_padding_and_bytes, &limit) ? -1 : count;
}

static dnnl_format_tag_t format_tag(int32_t tag, int rank)
{
    static const dnnl_format_tag_t tags[4][MAX_RANK] = {
        [FOVEA_TAG_PLAIN] = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde},
        [FOVEA_TAG_CHANNELS_LAST] = {dnnl_format_tag_undef, dnnl_ab, dnnl_acb, dnnl_acdb,
                                     dnnl_acdeb},
        [FOVEA_TAG_BLOCKED16] = {dnnl_format_tag_undef, dnnl_format_tag_undef, dnnl_aBc16b,
                                 dnnl_aBcd16b, dnnl_aBcde16b},
        [FOVEA_TAG_BLOCKED8] = {dnnl_format_tag_undef, dnnl_format_tag_undef, dnnl_aBc8b,
                                dnnl_aBcd8b, dnnl_aBcde8b},
    };
    bool known = tag >= FOVEA_TAG_PLAIN && tag <= FOVEA_TAG_BLOCKED8;
    return known && rank >= 1 && rank <= MAX_RANK ? tags[tag][rank - 1] : dnnl_format_tag_undef;
}

static dnnl_status_t describe_by_tag(dnnl_memory_desc_t *result, dnnl_format_tag_t tag,
                                     dnnl_data_type_t type, int rank, const int64_t *dimensions)
{
    if (tag == dnnl_format_tag_undef || type == dnnl_data_type_undef || rank < 1
        || rank > MAX_RANK || checked_count(rank, dimensions) < 0) {
        return dnnl_invalid_arguments;
    }
    return dnnl_memory_desc_init_by_tag(result, rank, dimensions, type, tag);
}

static bool same_dimensions(const dnnl_memory_desc_t *description, int rank,
                            const int64_t *dimensions)
{
    bool same = description->ndims == rank;
    for (int axis = 0; same && axis < rank; axis++) {
        same = description->dims[axis] == dimensions[axis];
    }
    return same;
}

dnnl_status_t onednn2_describe(dnnl_memory_desc_t *result, fovea_layout layout,
                               dnnl_data_type_t type, int rank, const int64_t *dimensions)
{
    if (layout == 0) {
        return describe_by_tag(result, dnnl_format_tag_any, type, rank, dimensions);
    }
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    if (description == NULL) {
        return dnnl_invalid_arguments;
    }
    return onednn2_reshape(result, description, rank, dimensions);
}

/* ---- Comparing descriptions ------------------------------------------------------------------ */

/* An index along an axis is split into digits, by the blocks over the axis and what is outside of
 * them; each digit has a size and a stride. */
typedef struct {
    int count;
    int64_t size[DNNL_MAX_NDIMS + 1], stride[DNNL_MAX_NDIMS + 1];
} axis_digits;

/* Digits that continue the one before are one digit, and one of size 1 says nothing. */
static void append_digit(axis_digits *digits, int64_t size, int64_t stride)
{
    int last = digits->count - 1;
    if (size == 1) {
        return;
    }
    if (last >= 0 && digits->stride[last] * digits->size[last] == stride) {
        digits->size[last] *= size;
        return;
    }
    digits->size[digits->count] = size;
    digits->stride[digits->count] = stride;
    digits->count++;
}

static axis_digits digits_of_axis(const dnnl_memory_desc_t *description, int axis)
{
    const dnnl_blocking_desc_t *blocking = &description->format_desc.blocking;
    axis_digits digits = {.count = 0};
    int64_t outer = description->padded_dims[axis], stride = 1;
    /* Blocks are listed from the outermost. */
    for (int block = blocking->inner_nblks - 1; block >= 0; block--) {
        int64_t size = blocking->inner_blks[block];
        if (blocking->inner_idxs[block] == axis) {
            append_digit(&digits, size, stride);
            outer /= size;
        }
        stride *= size;
    }
    append_digit(&digits, outer, blocking->strides[axis]);
    return digits;
}

/* Whether every element, and all padding, lies in the same place. */
static bool agree(const dnnl_memory_desc_t *one, const dnnl_memory_desc_t *other)
{
    if (dnnl_memory_desc_equal(one, other)) {
        return true;
    }
    bool same = one->format_kind == dnnl_blocked && other->format_kind == dnnl_blocked
                && one->data_type == other->data_type && one->ndims == other->ndims
                && one->offset0 == 0 && other->offset0 == 0;
    for (int axis = 0; same && axis < one->ndims; axis++) {
        const axis_digits digits = digits_of_axis(one, axis);
        const axis_digits other_digits = digits_of_axis(other, axis);
        same = one->dims[axis] == other->dims[axis]
               && one->padded_dims[axis] == other->padded_dims[axis]
               && digits.count == other_digits.count;
        for (int digit = 0; same && digit < digits.count; digit++) {
            same = digits.size[digit] == other_digits.size[digit]
                   && digits.stride[digit] == other_digits.stride[digit];
        }
    }
    return same;
}

static bool is_row_major(const dnnl_memory_desc_t *description)
{
    dnnl_memory_desc_t plain;
    dnnl_status_t status =
        describe_by_tag(&plain, format_tag(FOVEA_TAG_PLAIN, description->ndims),
                        description->data_type, description->ndims, description->dims);
    return status == dnnl_success && agree(description, &plain);
}

static int32_t channel_block(const dnnl_memory_desc_t *description)
{
    enum { CANDIDATES = 5 };
    static const int32_t blocks[CANDIDATES] = {1, -1, 16, 8, 4};
    static const dnnl_format_tag_t tags[CANDIDATES][MAX_RANK] = {
        {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde},
        {0, 0, dnnl_acb, dnnl_acdb, dnnl_acdeb},
        {0, 0, dnnl_aBc16b, dnnl_aBcd16b, dnnl_aBcde16b},
        {0, 0, dnnl_aBc8b, dnnl_aBcd8b, dnnl_aBcde8b},
        {0, 0, dnnl_aBc4b, dnnl_aBcd4b, dnnl_aBcde4b},
    };
    const int rank = description->ndims;
    int32_t agreeing = 0;
    for (int candidate = 0; rank <= MAX_RANK && candidate < CANDIDATES; candidate++) {
        dnnl_memory_desc_t expected;
        dnnl_status_t status = describe_by_tag(&expected, tags[candidate][rank - 1],
                                               description->data_type, rank, description->dims);
        if (status == dnnl_success && is_identical(description, &expected)) {
            return blocks[candidate];
        }
        if (status == dnnl_success && agreeing == 0 && agree(description, &expected)) {
            agreeing = blocks[candidate];
        }
    }
    return agreeing;
}

dnnl_status_t onednn2_reshape(dnnl_memory_desc_t *result, const dnnl_memory_desc_t *description,
                              int rank, const int64_t *dimensions)
{
    if (rank < 1 || rank > MAX_RANK) {
        return dnnl_invalid_arguments;
    }
    /* Asked for the same dimensions, the library may move the blocks from one axis of size 1 to
     * another, which its reorders then fill up beyond the end of the tensor. */
    if (same_dimensions(description, rank, dimensions)) {
        *result = *description;
        return dnnl_success;
    }
    const int64_t count = checked_count(rank, dimensions);
    if (count < 0 || count != checked_count(description->ndims, description->dims)) {
        return dnnl_invalid_arguments;
    }
    if (is_row_major(description)) {
        dnnl_format_tag_t plain = format_tag(FOVEA_TAG_PLAIN, rank);
        return describe_by_tag(result, plain, description->data_type, rank, dimensions);
    }
    return dnnl_memory_desc_reshape(result, description, rank, dimensions);
}

/* ---- The interface --------------------------------------------------------------------------- */

fovea_layout fovea_layout_make(int32_t dtype, int32_t rank, const int64_t *dimensions, int32_t tag)
{
    dnnl_memory_desc_t description;
    dnnl_status_t status = describe_by_tag(&description, format_tag(tag, rank),
                                           onednn2_data_type(dtype), rank, dimensions);
    return status == dnnl_success ? onednn2_layout(&description) : 0;
}

fovea_layout fovea_layout_reshaped(fovea_layout layout, int32_t rank, const int64_t *dimensions)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    dnnl_memory_desc_t reshaped;
    if (description == NULL
        || onednn2_reshape(&reshaped, description, rank, dimensions) != dnnl_success) {
        return 0;
    }
    return onednn2_layout(&reshaped);
}

fovea_layout fovea_layout_leading(fovea_layout layout, int64_t channels)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    const dnnl_dims_t offsets = {0};
    dnnl_dims_t dimensions;
    dnnl_memory_desc_t leading;
    if (description == NULL || description->ndims < 2 || channels < 1
        || channels > description->dims[1]) {
        return 0;
    }
    for (int axis = 0; axis < description->ndims; axis++) {
        dimensions[axis] = axis == 1 ? channels : description->dims[axis];
    }
    dnnl_status_t status =
        dnnl_memory_desc_init_submemory(&leading, description, dimensions, offsets);
    return status == dnnl_success ? onednn2_layout(&leading) : 0;
}

fovea_layout fovea_layout_with_extent(fovea_layout layout, int32_t axis, int64_t extent)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    if (description == NULL || description->format_kind != dnnl_blocked || axis < 0
        || axis >= description->ndims) {
        return 0;
    }
    const dnnl_blocking_desc_t *blocking = &description->format_desc.blocking;
    int64_t block = 1;
    for (int inner = 0; inner < blocking->inner_nblks; inner++) {
        block *= blocking->inner_idxs[inner] == axis ? blocking->inner_blks[inner] : 1;
    }
    const int64_t room = description->padded_dims[axis];
    if (extent <= room - block || extent > room) {
        return 0;
    }
    dnnl_memory_desc_t result = *description;
    result.dims[axis] = extent;
    return onednn2_layout(&result);
}

fovea_layout fovea_layout_with_dtype(fovea_layout layout, int32_t dtype)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    const dnnl_data_type_t type = onednn2_data_type(dtype);
    if (description == NULL || description->format_kind != dnnl_blocked
        || type == dnnl_data_type_undef) {
        return 0;
    }
    dnnl_memory_desc_t result = *description;
    result.data_type = type;
    return onednn2_layout(&result);
}

int32_t fovea_layout_dtype(fovea_layout layout)
{
    static const int32_t types[] = {FOVEA_F32, FOVEA_BF16, FOVEA_U8, FOVEA_S32};
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    for (size_t index = 0; description != NULL && index < sizeof types / sizeof *types; index++) {
        if (onednn2_data_type(types[index]) == description->data_type) {
            return types[index];
        }
    }
    return -1;
}

int64_t fovea_layout_image_stride(fovea_layout layout)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    return description == NULL || description->format_kind != dnnl_blocked
               ? 0
               : description->format_desc.blocking.strides[0];
}

size_t fovea_layout_bytes(fovea_layout layout)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    return description == NULL ? 0 : dnnl_memory_desc_get_size(description);
}

bool fovea_layout_is_plain(fovea_layout layout)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    return description != NULL && is_row_major(description);
}

bool fovea_layout_is_transformed(fovea_layout layout)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    return description != NULL && description->format_kind != dnnl_blocked;
}

bool fovea_layouts_agree(fovea_layout one, fovea_layout other)
{
    const dnnl_memory_desc_t *description = onednn2_description(one);
    const dnnl_memory_desc_t *other_description = onednn2_description(other);
    return description != NULL && other_description != NULL
           && agree(description, other_description);
}

int32_t fovea_layout_channel_block(fovea_layout layout)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    return description == NULL ? 0 : channel_block(description);
}

#endif
