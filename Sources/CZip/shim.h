/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#define ZIP_DISABLE_DEPRECATED
#include <zip.h>
