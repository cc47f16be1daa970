/* What a certificate says of itself. */
#ifndef SL_ADAPTER_CERTIFICATE_H
#define SL_ADAPTER_CERTIFICATE_H

#include <stdint.h>

#include "lib/base/arena.h"

/* When the first certificate in a PEM text ends (RFC 5280, section 4.1.2.5), in ms UTC; 0 if there
 * is none that can be read. For any text. */
int64_t sl_certificate_ends(struct sl_arena *arena, const char *pem);

#endif
