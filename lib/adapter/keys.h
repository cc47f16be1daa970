/* Private keys as providers hand them out, and what they sign. PKCS#8 in PEM (RFC 5958, 7468):
 * RSA for Google, P-256 for Apple. */
#ifndef SL_ADAPTER_KEYS_H
#define SL_ADAPTER_KEYS_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

/* By the names of RFC 7518, section 3.1. */
enum sl_signing {
    SL_RS256, /* RSA of 2048 to 8192 bits, PKCS#1 v1.5 over SHA-256 */
    SL_ES256, /* P-256 over SHA-256; deterministic (RFC 6979), so equal arguments give equal bytes */
};

/* Signs n bytes. The signature is in the arena: as long as the modulus for SL_RS256, the 64
 * bytes of r and s for SL_ES256. `key` may have text around it, CRLF, and a "\n" that stayed
 * from an environment variable.
 *
 * Returns NULL, with SL_ERR_CONFIG and what to do, for what is no such key: one of another kind,
 * size or curve, one with a passphrase or in an older form, a certificate or public key. What is
 * read of the key is wiped: in the arena with it, elsewhere before this returns. */
unsigned char *sl_private_key_sign(struct sl_arena *arena, enum sl_signing signing, const char *key,
                                   const void *bytes, size_t n, size_t *n_signature,
                                   struct sl_err *err);

/* Whether it would sign; for an adapter's check(). */
int sl_private_key_check(enum sl_signing signing, const char *key, struct sl_err *err);

#endif
