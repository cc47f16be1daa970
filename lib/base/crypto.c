#include "lib/base/crypto.h"

#include <errno.h>
#include <gcrypt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum { SHA256_BLOCK = 64, LOCKED_BYTES = 65536 };

/* write() and _exit() alone: safe in a handler (signal-safety(7)). */
static void give_up(int signal)
{
    (void)signal;
    sl_out_of_memory(); /* NOLINT(bugprone-signal-handler,cert-sig30-c) */
}

/* libgcrypt starts with a file that it reads, and aborts where there is no memory for that. */
static void start_library(void)
{
    void (*before)(int) = signal(SIGABRT, give_up);

    (void)gcry_check_version(NULL); /* its package keeps the version */
    (void)signal(SIGABRT, before);
}

void sl_crypto_init(void)
{
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
        return;
    start_library();
    (void)gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
    (void)gcry_control(GCRYCTL_INIT_SECMEM, LOCKED_BYTES, 0);
    (void)gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

/* ---- Hashes ------------------------------------------------------------------------- */

void sl_sha256(const void *bytes, size_t n, unsigned char out[SL_SHA256_SIZE])
{
    gcry_md_hash_buffer(GCRY_MD_SHA256, out, bytes, n);
}

/* The hash of two pieces, without a handle: opening one costs ten times the hash. The casts
 * drop a const that gcry_buffer_t lacks; here it is only read. */
static void hash_two(const unsigned char block[SHA256_BLOCK], const void *bytes, size_t n,
                     unsigned char out[SL_SHA256_SIZE])
{
    const gcry_buffer_t pieces[] = {
        { .len = SHA256_BLOCK, .data = (void *)block },
        { .len = n, .data = (void *)bytes },
    };

    if (gcry_md_hash_buffers(GCRY_MD_SHA256, 0, out, pieces, 2))
        sl_out_of_memory();
}

/* RFC 2104, section 2. */
void sl_md5(const void *bytes, size_t n, unsigned char out[SL_MD5_SIZE])
{
    gcry_md_hash_buffer(GCRY_MD_MD5, out, bytes, n);
}

void sl_hmac_sha256(const void *key, size_t n_key, const void *bytes, size_t n,
                    unsigned char out[SL_SHA256_SIZE])
{
    unsigned char block[SHA256_BLOCK] = { 0 }, inner[SL_SHA256_SIZE];

    if (n_key > sizeof block)
        sl_sha256(key, n_key, block);
    else if (n_key > 0)
        memcpy(block, key, n_key);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36;
    hash_two(block, bytes, n, inner);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36 ^ 0x5c;
    hash_two(block, inner, sizeof inner, out);
    explicit_bzero(block, sizeof block);
    explicit_bzero(inner, sizeof inner);
}

void sl_hmac_sha1(const void *key, size_t n_key, const void *bytes, size_t n,
                  unsigned char out[SL_SHA1_SIZE])
{
    gcry_md_hd_t handle;

    if (gcry_md_open(&handle, GCRY_MD_SHA1, GCRY_MD_FLAG_HMAC | GCRY_MD_FLAG_SECURE) ||
        gcry_md_setkey(handle, key, n_key))
        sl_out_of_memory();
    gcry_md_write(handle, bytes, n);
    memcpy(out, gcry_md_read(handle, GCRY_MD_SHA1), SL_SHA1_SIZE);
    gcry_md_close(handle);
}

void sl_hash_begin(struct sl_hash *hash)
{
    if (gcry_md_open(&hash->handle, GCRY_MD_SHA256, 0))
        sl_out_of_memory();
}

void sl_hash_begin_keyed(struct sl_hash *hash, const void *key, size_t n_key)
{
    if (gcry_md_open(&hash->handle, GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC | GCRY_MD_FLAG_SECURE) ||
        gcry_md_setkey(hash->handle, key, n_key))
        sl_out_of_memory();
}

void sl_hash_add(struct sl_hash *hash, const void *bytes, size_t n)
{
    gcry_md_write(hash->handle, bytes, n);
}

void sl_hash_result(struct sl_hash *hash, unsigned char out[SL_SHA256_SIZE])
{
    memcpy(out, gcry_md_read(hash->handle, GCRY_MD_SHA256), SL_SHA256_SIZE);
    gcry_md_reset(hash->handle);
}

void sl_hash_end(struct sl_hash *hash)
{
    gcry_md_close(hash->handle);
    hash->handle = NULL;
}

/* ---- AES-256-GCM -------------------------------------------------------------------- */

static void close_cipher(gcry_cipher_hd_t *cipher)
{
    gcry_cipher_close(*cipher);
    *cipher = NULL;
}

static gcry_error_t start(gcry_cipher_hd_t *cipher, const struct sl_gcm *gcm)
{
    gcry_error_t wrong =
        gcry_cipher_open(cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, GCRY_CIPHER_SECURE);

    if (!wrong)
        wrong = gcry_cipher_setkey(*cipher, gcm->key, SL_AES_KEY_SIZE);
    if (!wrong)
        wrong = gcry_cipher_setiv(*cipher, gcm->nonce, SL_GCM_NONCE_SIZE);
    if (!wrong && gcm->n_additional > 0)
        wrong = gcry_cipher_authenticate(*cipher, gcm->additional, gcm->n_additional);
    return wrong ? wrong : gcry_cipher_final(*cipher);
}

int sl_gcm_seal(const struct sl_gcm *gcm, const void *plain, size_t n, unsigned char *sealed,
                struct sl_err *err)
{
    SL_AUTO(close_cipher) gcry_cipher_hd_t cipher = NULL;
    gcry_error_t wrong = start(&cipher, gcm);

    if (!wrong && n > 0)
        wrong = gcry_cipher_encrypt(cipher, sealed, n, plain, n);
    if (!wrong)
        wrong = gcry_cipher_gettag(cipher, sealed + n, SL_GCM_TAG_SIZE);
    if (wrong)
        return sl_err_set(err, SL_ERR_CONFIG, "libgcrypt cannot seal with AES-256-GCM: %s",
                          gcry_strerror(wrong));
    return 0;
}

bool sl_gcm_open(const struct sl_gcm *gcm, const void *sealed, size_t n_sealed,
                 unsigned char *plain)
{
    SL_AUTO(close_cipher) gcry_cipher_hd_t cipher = NULL;
    const unsigned char *bytes = sealed;
    gcry_error_t wrong;
    size_t n;

    if (n_sealed < SL_GCM_TAG_SIZE)
        return false;
    n = n_sealed - SL_GCM_TAG_SIZE;
    wrong = start(&cipher, gcm);
    if (!wrong && n > 0)
        wrong = gcry_cipher_decrypt(cipher, plain, n, bytes, n);
    if (!wrong)
        wrong = gcry_cipher_checktag(cipher, bytes + n, SL_GCM_TAG_SIZE);
    if (wrong)
        explicit_bzero(plain, n);
    return !wrong;
}
