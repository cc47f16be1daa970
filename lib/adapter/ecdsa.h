/* Signatures on the curve P-256 over SHA-256, as providers sign their callbacks (FIPS 186-4). */
#ifndef SL_ADAPTER_ECDSA_H
#define SL_ADAPTER_ECDSA_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

/* A public key as providers show it: base64 of a DER SubjectPublicKeyInfo, without PEM lines. */
bool sl_p256_is_key(struct sl_arena *arena, const char *key);

/* Whether `signature`, base64 of the DER of r and s (RFC 3279, section 2.2.3) and nothing behind
 * it, is that of the n bytes by the key. For any bytes. */
bool sl_p256_verify(struct sl_arena *arena, const char *key, const void *bytes, size_t n,
                    const char *signature);

#endif
