/* RSA with the public key of a certificate: what M-Pesa calls SecurityCredential. */
#ifndef SL_ADAPTER_RSA_H
#define SL_ADAPTER_RSA_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum { SL_RSA_SEED_SIZE = 32 };

/* Encrypts n bytes to the RSA key of an X.509 certificate (RFC 5280, section 4.1) with the
 * padding of PKCS#1 v1.5 (RFC 8017, section 7.2.1), and gives the result in base64, in the
 * arena: 344 characters for a key of 2048 bits.
 *
 * The certificate is only the wrapping of a key: its dates, names, signature and chain are
 * never looked at, because those that M-Pesa hands out expired years ago. It is PEM (text
 * around it, CRLF and a pasted "\n" do no harm), base64 without armour, or DER.
 *
 * Pure: the padding is derived from `padding_random`, unpredictable bytes that are never sent
 * or shown (who knows them can try out passwords), so the same arguments give the same text.
 *
 * Returns NULL, with SL_ERR_CONFIG, for what is no certificate, a key that is not RSA or has
 * fewer than 2048 bits, and a message that is empty or has more than k - 11 bytes. */
char *sl_rsa_encrypt_pkcs1(struct sl_arena *arena, const char *certificate, size_t n_certificate,
                           const void *message, size_t n,
                           const unsigned char padding_random[SL_RSA_SEED_SIZE],
                           struct sl_err *err);

#endif
