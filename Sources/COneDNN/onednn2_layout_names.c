/* SPDX-License-Identifier: Apache-2.0
 *
 * oneDNN 2.x: short names of layouts, written as the library writes its format tags.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR == 2
#include "onednn2.h"

typedef struct {
    char *buffer;
    int32_t capacity, length;
} text;

static void put(text *out, char character)
{
    if (out->length + 1 < out->capacity) {
        out->buffer[out->length++] = character;
    }
}

static void put_number(text *out, int64_t number)
{
    if (number >= 10) {
        put_number(out, number / 10);
    }
    put(out, (char)('0' + number % 10));
}

static void put_word(text *out, const char *word)
{
    while (*word != '\0') {
        put(out, *word++);
    }
}

static void put_blocked_name(text *out, const dnnl_memory_desc_t *description)
{
    const dnnl_blocking_desc_t *blocking = &description->format_desc.blocking;
    int order[DNNL_MAX_NDIMS];
    bool is_blocked[DNNL_MAX_NDIMS] = {false};
    for (int block = 0; block < blocking->inner_nblks; block++) {
        is_blocked[blocking->inner_idxs[block]] = true;
    }
    /* An insertion sort by stride, slowest axis first; axes of equal stride stay in order. */
    for (int axis = 0; axis < description->ndims; axis++) {
        int place = axis;
        while (place > 0 && blocking->strides[order[place - 1]] < blocking->strides[axis]) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = axis;
    }
    for (int place = 0; place < description->ndims; place++) {
        int axis = order[place];
        put(out, (char)((is_blocked[axis] ? 'A' : 'a') + axis));
    }
    for (int block = 0; block < blocking->inner_nblks; block++) {
        put_number(out, blocking->inner_blks[block]);
        put(out, (char)('a' + blocking->inner_idxs[block]));
    }
}

int32_t fovea_layout_name(fovea_layout layout, char *buffer, int32_t capacity)
{
    const dnnl_memory_desc_t *description = onednn2_description(layout);
    text out = {buffer, capacity, 0};
    if (capacity < 1) {
        return 0;
    }
    if (description == NULL) {
        put_word(&out, layout == 0 ? "any" : "none");
    } else if (description->format_kind == dnnl_blocked) {
        put_blocked_name(&out, description);
    } else {
        put_word(&out, description->format_kind == dnnl_format_kind_wino ? "winograd" : "packed");
    }
    buffer[out.length] = '\0';
    return out.length;
}

#endif
