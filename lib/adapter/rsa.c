#include "lib/adapter/rsa.h"

#include <gcrypt.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/adapter/der.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { MAX_CERTIFICATE = 65536, MIN_KEY_BITS = 2048, MAX_KEY_BITS = 16384 };

/* ---- The certificate's bytes -------------------------------------------------------- */

/* The DER in it, or NULL: what stands between the armour's lines, or all of it without armour. */
static const unsigned char *read_armour(struct sl_arena *arena, const char *text, size_t *n)
{
    const char *base64 = sl_pem_find(text, *n, "CERTIFICATE", n);

    if (!base64 && *n > 0 && *text == 0x30) /* a SEQUENCE, which base64 would begin with an M */
        return (const unsigned char *)text;
    return sl_pem_bytes(arena, base64 ? base64 : text, *n, n);
}

/* ---- The key in it ------------------------------------------------------------------ */

struct key {
    struct sl_der_bytes modulus, exponent;
};

static void release_sexp(gcry_sexp_t *sexp)
{
    gcry_sexp_release(*sexp);
    *sexp = NULL;
}

static bool read_rsa_key(struct sl_arena *arena, const unsigned char *der, size_t n,
                         struct key *key)
{
    SL_AUTO(sl_der_end) asn1_node node = NULL;

    return sl_der_decode(&node, "X509.RSAPublicKey", der, n) &&
           sl_der_number(arena, node, "modulus", n, &key->modulus) &&
           sl_der_number(arena, node, "publicExponent", n, &key->exponent);
}

static int read_certificate(struct sl_arena *arena, const unsigned char *der, size_t n,
                            struct key *key, struct sl_err *err)
{
    SL_AUTO(sl_der_end) asn1_node node = NULL;
    char kind[64];
    unsigned char *inner = sl_arena_alloc(arena, n, 1);
    int n_kind = sizeof kind, n_bits = (int)n;
    const char *info = "tbsCertificate.subjectPublicKeyInfo";

    if (!sl_der_decode(&node, "X509.Certificate", der, n) ||
        asn1_read_value(node, sl_arena_printf(arena, "%s.algorithm.algorithm", info), kind,
                        &n_kind) != ASN1_SUCCESS)
        return sl_err_set(err, SL_ERR_CONFIG, "this is no X.509 certificate, or a damaged one");
    if (strcmp(kind, "1.2.840.113549.1.1.1") != 0)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "the certificate's key is not an RSA key but of the kind %s", kind);
    if (asn1_read_value(node, sl_arena_printf(arena, "%s.subjectPublicKey", info), inner,
                        &n_bits) != ASN1_SUCCESS ||
        n_bits % 8 != 0 || !read_rsa_key(arena, inner, (size_t)n_bits / 8, key))
        return sl_err_set(err, SL_ERR_CONFIG, "the certificate's RSA key is damaged");
    return 0;
}

/* libgcrypt's form of the key; *n_bits is its size. */
static int make_key(const struct key *key, gcry_sexp_t *sexp, unsigned *n_bits, struct sl_err *err)
{
    if (gcry_sexp_build(sexp, NULL, "(public-key(rsa(n%b)(e%b)))", (int)key->modulus.n,
                        key->modulus.bytes, (int)key->exponent.n, key->exponent.bytes))
        return sl_err_set(err, SL_ERR_CONFIG, "the certificate's RSA key is damaged");
    *n_bits = gcry_pk_get_nbits(*sexp);
    if (*n_bits < MIN_KEY_BITS || *n_bits > MAX_KEY_BITS)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "the certificate's RSA key has %u bits; from %d to %d will do", *n_bits,
                          MIN_KEY_BITS, MAX_KEY_BITS);
    if (key->exponent.bytes[key->exponent.n - 1] % 2 == 0 ||
        (key->exponent.n == 1 && *key->exponent.bytes < 3))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "the certificate's RSA key is damaged: its exponent is even or below 3");
    return 0;
}

static int read_public_key(struct sl_arena *arena, const char *certificate, size_t n,
                           gcry_sexp_t *sexp, unsigned *n_bits, struct sl_err *err)
{
    const unsigned char *der;
    struct key key = { 0 };

    if (n > MAX_CERTIFICATE)
        return sl_err_set(err, SL_ERR_CONFIG, "a certificate of %zu bytes; %d are a lot", n,
                          MAX_CERTIFICATE);
    der = read_armour(arena, certificate, &n);
    if (!der)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "this is no certificate; one begins with '-----BEGIN CERTIFICATE-----' "
                          "and ends with '-----END CERTIFICATE-----'");
    if (read_certificate(arena, der, n, &key, err) < 0)
        return -1;
    return make_key(&key, sexp, n_bits, err);
}

/* ---- Encryption --------------------------------------------------------------------- */

/* n bytes without zeros, as the padding wants them: HMAC-SHA256 of 0, 1, 2 … under the seed,
 * zeros left out. */
static unsigned char *make_padding(struct sl_arena *arena, const unsigned char *seed, size_t n)
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char *padding = sl_arena_alloc(arena, n, 1), block[SL_SHA256_SIZE];
    size_t used = 0;

    sl_hash_begin_keyed(&hash, seed, SL_RSA_SEED_SIZE);
    for (uint32_t counter = 0; used < n; counter++) {
        const char *label = sl_arena_printf(arena, "RSA PKCS#1 padding %u", counter);

        sl_hash_add(&hash, label, strlen(label));
        sl_hash_result(&hash, block);
        for (size_t i = 0; i < sizeof block && used < n; i++)
            if (block[i] != 0)
                padding[used++] = block[i];
    }
    explicit_bzero(block, sizeof block);
    return padding;
}

/* What is to be encrypted, in libgcrypt's locked memory, where all that comes of it stays. */
static gcry_sexp_t make_data(const void *message, size_t n, const unsigned char *padding,
                             size_t n_padding)
{
    gcry_sexp_t data = NULL;
    void *locked = gcry_malloc_secure(n);

    if (!locked)
        sl_out_of_memory();
    memcpy(locked, message, n);
    if (gcry_sexp_build(&data, NULL, "(data(flags pkcs1)(random-override%b)(value%b))",
                        (int)n_padding, padding, (int)n, locked))
        sl_out_of_memory();
    gcry_free(locked);
    return data;
}

/* The number of an enc-val as exactly k bytes: a short one is padded at the left. */
static unsigned char *print_number(struct sl_arena *arena, gcry_sexp_t encrypted, size_t k)
{
    SL_AUTO(release_sexp) gcry_sexp_t token = gcry_sexp_find_token(encrypted, "a", 0);
    gcry_mpi_t number = token ? gcry_sexp_nth_mpi(token, 1, GCRYMPI_FMT_USG) : NULL;
    unsigned char *bytes = sl_arena_alloc(arena, k, 1);
    size_t n = number ? (gcry_mpi_get_nbits(number) + 7) / 8 : SIZE_MAX;

    if (n > k || gcry_mpi_print(GCRYMPI_FMT_USG, bytes + k - n, n, NULL, number))
        bytes = NULL;
    gcry_mpi_release(number);
    return bytes;
}

char *sl_rsa_encrypt_pkcs1(struct sl_arena *arena, const char *certificate, size_t n_certificate,
                           const void *message, size_t n,
                           const unsigned char padding_random[SL_RSA_SEED_SIZE], struct sl_err *err)
{
    SL_AUTO(release_sexp) gcry_sexp_t key = NULL;
    SL_AUTO(release_sexp) gcry_sexp_t data = NULL;
    SL_AUTO(release_sexp) gcry_sexp_t encrypted = NULL;
    unsigned char *bytes;
    gcry_error_t wrong;
    unsigned n_bits = 0;
    size_t k;

    if (read_public_key(arena, certificate, n_certificate, &key, &n_bits, err) < 0)
        return NULL;
    k = (n_bits + 7) / 8;
    if (n == 0 || n > k - 11) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%zu bytes to encrypt; the key takes 1 to %zu", n,
                         k - 11);
        return NULL;
    }
    data = make_data(message, n, make_padding(arena, padding_random, k - 3 - n), k - 3 - n);
    wrong = gcry_pk_encrypt(&encrypted, data, key);
    bytes = wrong ? NULL : print_number(arena, encrypted, k);
    if (!bytes) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "cannot encrypt with the certificate's key: %s",
                         gcry_strerror(wrong));
        return NULL;
    }
    return sl_base64(arena, bytes, k);
}
