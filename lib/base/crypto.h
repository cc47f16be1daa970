/* Hashes, sealing and randomness, by libgcrypt.
 *
 * SHA-256 (FIPS 180-4), HMAC (RFC 2104), AES-256 in Galois/Counter Mode (NIST SP 800-38D).
 * Nothing here is kept between calls but what the caller holds, and every intermediate
 * value is wiped. All but sl_random() is pure: the same bytes in, the same bytes out. */
#ifndef SL_BASE_CRYPTO_H
#define SL_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

enum {
    SL_SHA256_SIZE = 32,
    SL_MD5_SIZE = 16,
    SL_SHA1_SIZE = 20,
    SL_AES_KEY_SIZE = 32,
    SL_GCM_NONCE_SIZE = 12,
    SL_GCM_TAG_SIZE = 16,
};

/* Prepares libgcrypt and its locked memory; every main() calls it before the rest of this
 * header. Once per process is enough, again does nothing. Where the memory cannot be locked
 * (RLIMIT_MEMLOCK) it is used unlocked, and nothing is printed. */
void sl_crypto_init(void);

/* n unpredictable bytes, good for keys, from the kernel's generator. Not for adapters: they
 * are given theirs with the call. */
void sl_random(void *bytes, size_t n);

void sl_sha256(const void *bytes, size_t n, unsigned char out[SL_SHA256_SIZE]);
void sl_hmac_sha256(const void *key, size_t n_key, const void *bytes, size_t n,
                    unsigned char out[SL_SHA256_SIZE]);

/* For what asks for it and trusts nothing to it: Content-MD5. */
void sl_md5(const void *bytes, size_t n, unsigned char out[SL_MD5_SIZE]);

/* For providers that sign with it; nothing of ours is proven by SHA-1. */
void sl_hmac_sha1(const void *key, size_t n_key, const void *bytes, size_t n,
                  unsigned char out[SL_SHA1_SIZE]);

/* SHA-256 over pieces (a CSV stream), or over many messages with one key: the key's part of
 * the work is then done once. Begin zeroed:
 *     SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 }; */
struct sl_hash {
    struct gcry_md_handle *handle;
};

void sl_hash_begin(struct sl_hash *hash); /* SHA-256 */
void sl_hash_begin_keyed(struct sl_hash *hash, const void *key, size_t n_key);
void sl_hash_add(struct sl_hash *hash, const void *bytes, size_t n);

/* The hash of all that was added since begin or since the last result; what is added next
 * belongs to a new message, under the same key. */
void sl_hash_result(struct sl_hash *hash, unsigned char out[SL_SHA256_SIZE]);

/* Wipes and frees; does nothing to one that was not begun. */
void sl_hash_end(struct sl_hash *hash);

/* One use of AES-256-GCM. A nonce must never serve twice with one key. */
struct sl_gcm {
    const unsigned char *key;   /* SL_AES_KEY_SIZE */
    const unsigned char *nonce; /* SL_GCM_NONCE_SIZE */
    const void *additional;     /* not hidden, but bound: opens only with the same */
    size_t n_additional;
};

/* Writes n + SL_GCM_TAG_SIZE bytes, the ciphertext and behind it the tag. Fails only where
 * libgcrypt may not use the cipher at all. */
int sl_gcm_seal(const struct sl_gcm *gcm, const void *plain, size_t n, unsigned char *sealed,
                struct sl_err *err);

/* Writes n_sealed - SL_GCM_TAG_SIZE bytes. False, and zeros there, if key, nonce, additional
 * data or any bit of the sealed bytes is not the one they were sealed with. */
bool sl_gcm_open(const struct sl_gcm *gcm, const void *sealed, size_t n_sealed,
                 unsigned char *plain);

#endif
