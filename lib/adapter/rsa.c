#include "lib/adapter/rsa.h"

#include <gcrypt.h>
#include <libtasn1.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { MAX_CERTIFICATE = 65536, MIN_KEY_BITS = 2048, MAX_KEY_BITS = 16384 };

extern const asn1_static_node sl_x509_table[]; /* asn1_tables.c */

/* ---- The certificate's bytes -------------------------------------------------------- */

static const char begin_line[] = "-----BEGIN CERTIFICATE-----";
static const char end_line[] = "-----END CERTIFICATE-----";

/* A copy without the "\n" and "\r" that stay when a file is pasted through an environment
 * variable; NUL-ended for sl_unbase64(), which skips white space. */
static char *copy_base64(struct sl_arena *arena, const char *text, size_t n)
{
    struct sl_buf copy = sl_buf_new(arena);

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\' && i + 1 < n && (text[i + 1] == 'n' || text[i + 1] == 'r'))
            i++;
        else
            sl_buf_add(&copy, text + i, 1);
    }
    return copy.data;
}

/* The base64 in it: what stands between the armour's lines, or all of it without armour. */
static const char *find_base64(struct sl_arena *arena, const char *text, size_t n)
{
    const char *begin = memmem(text, n, begin_line, strlen(begin_line)), *end;

    if (!begin)
        return copy_base64(arena, text, n);
    begin += strlen(begin_line);
    end = memmem(begin, n - (size_t)(begin - text), end_line, strlen(end_line));
    return end ? copy_base64(arena, begin, (size_t)(end - begin)) : NULL;
}

/* The DER in it, or NULL. */
static const unsigned char *read_armour(struct sl_arena *arena, const char *text, size_t *n)
{
    const char *base64;

    if (*n > 0 && *text == 0x30) /* a SEQUENCE, which base64 would begin with an M */
        return (const unsigned char *)text;
    base64 = find_base64(arena, text, *n);
    return base64 ? sl_unbase64(arena, base64, n) : NULL;
}

/* ---- The key in it ------------------------------------------------------------------ */

struct key {
    unsigned char *modulus, *exponent;
    int n_modulus, n_exponent;
};

static void delete_node(asn1_node *node)
{
    (void)asn1_delete_structure(node);
}

static void release_sexp(gcry_sexp_t *sexp)
{
    gcry_sexp_release(*sexp);
    *sexp = NULL;
}

/* Reads der as what the table calls `name`. */
static bool decode(asn1_node *node, const char *name, const unsigned char *der, size_t n)
{
    SL_AUTO(delete_node) asn1_node table = NULL;
    char why[ASN1_MAX_ERROR_DESCRIPTION_SIZE];

    return asn1_array2tree(sl_x509_table, &table, why) == ASN1_SUCCESS &&
           asn1_create_element(table, name, node) == ASN1_SUCCESS &&
           asn1_der_decoding(node, der, (int)n, why) == ASN1_SUCCESS;
}

/* A number's bytes, which are never more than those of the DER; false if it is negative. */
static bool read_number(struct sl_arena *arena, asn1_node node, const char *name, size_t most,
                        unsigned char **bytes, int *n)
{
    *n = (int)most;
    *bytes = sl_arena_alloc(arena, most, 1);
    return asn1_read_value(node, name, *bytes, n) == ASN1_SUCCESS && *n > 0 && **bytes < 0x80;
}

static bool read_rsa_key(struct sl_arena *arena, const unsigned char *der, size_t n,
                         struct key *key)
{
    SL_AUTO(delete_node) asn1_node node = NULL;

    return decode(&node, "X509.RSAPublicKey", der, n) &&
           read_number(arena, node, "modulus", n, &key->modulus, &key->n_modulus) &&
           read_number(arena, node, "publicExponent", n, &key->exponent, &key->n_exponent);
}

static int read_certificate(struct sl_arena *arena, const unsigned char *der, size_t n,
                            struct key *key, struct sl_err *err)
{
    SL_AUTO(delete_node) asn1_node node = NULL;
    char kind[64];
    unsigned char *inner = sl_arena_alloc(arena, n, 1);
    int n_kind = sizeof kind, n_bits = (int)n;
    const char *info = "tbsCertificate.subjectPublicKeyInfo";

    if (!decode(&node, "X509.Certificate", der, n) ||
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
    if (gcry_sexp_build(sexp, NULL, "(public-key(rsa(n%b)(e%b)))", key->n_modulus, key->modulus,
                        key->n_exponent, key->exponent))
        return sl_err_set(err, SL_ERR_CONFIG, "the certificate's RSA key is damaged");
    *n_bits = gcry_pk_get_nbits(*sexp);
    if (*n_bits < MIN_KEY_BITS || *n_bits > MAX_KEY_BITS)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "the certificate's RSA key has %u bits; from %d to %d will do", *n_bits,
                          MIN_KEY_BITS, MAX_KEY_BITS);
    if (key->exponent[key->n_exponent - 1] % 2 == 0 || (key->n_exponent == 1 && *key->exponent < 3))
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
                          "this is no certificate; one begins with '%s' and ends with '%s'",
                          begin_line, end_line);
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
