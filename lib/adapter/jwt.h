/* JSON Web Tokens (RFC 7519) in the compact form of RFC 7515. */
#ifndef SL_ADAPTER_JWT_H
#define SL_ADAPTER_JWT_H

#include "lib/adapter/keys.h"

/* Base64 with "-" and "_", without padding (RFC 4648, section 5; RFC 7515, section 2). */
char *sl_base64url(struct sl_arena *arena, const void *bytes, size_t n);

/* Signs header and claims, both JSON texts; the header's "alg" is the caller's to write, as
 * `signing` says. In the arena; or NULL, as sl_private_key_sign(). */
char *sl_jwt_sign(struct sl_arena *arena, enum sl_signing signing, const char *key,
                  const char *header, const char *claims, struct sl_err *err);

#endif
