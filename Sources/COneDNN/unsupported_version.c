/* SPDX-License-Identifier: Apache-2.0
 *
 * Stops the build with a sentence where the installed library is one for which no files exist.
 */
#include <dnnl_version.h>

#if DNNL_VERSION_MAJOR != 2
#error "Fovea needs oneDNN 2.x with its headers (Debian 12: libdnnl-dev); another one was found"
#endif
