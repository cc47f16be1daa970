#include "lib/adapter/keys.h"

#include <gcrypt.h>
#include <string.h>

#include "lib/adapter/der.h"
#include "lib/base/crypto.h"

enum { MAX_KEY = 65536, MIN_RSA_BITS = 2048, MAX_RSA_BITS = 8192, P256_BYTES = 32 };

static const char rsa_kind[] = "1.2.840.113549.1.1.1", ec_kind[] = "1.2.840.10045.2.1";
static const unsigned char p256_oid[] = {
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
};

static void release_sexp(gcry_sexp_t *sexp)
{
    gcry_sexp_release(*sexp);
    *sexp = NULL;
}

static void release_mpi(gcry_mpi_t *mpi)
{
    gcry_mpi_release(*mpi);
    *mpi = NULL;
}

/* ---- What it is not ------------------------------------------------------------------ */

static int refuse(struct sl_err *err, const char *what, const char *hint)
{
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s", what);
    return sl_err_hint(err, "%s", hint);
}

static const char convert[] = "convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW";
static const char whole_file[] =
    "a private key begins with '-----BEGIN PRIVATE KEY-----'; give the whole file";

static const struct {
    const char *label, *what, *hint;
} others[] = {
    { "-----BEGIN RSA PRIVATE KEY-----", "the key is in an older form (PKCS#1)", convert },
    { "-----BEGIN EC PRIVATE KEY-----", "the key is in an older form (SEC1)", convert },
    { "-----BEGIN ENCRYPTED PRIVATE KEY-----", "the key has a passphrase",
      "take it off: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW" },
    { "-----BEGIN CERTIFICATE-----", "this is a certificate, not its private key", whole_file },
    { "-----BEGIN PUBLIC KEY-----", "this is a public key, not the private one", whole_file },
};

static int refuse_other(const char *text, struct sl_err *err)
{
    for (size_t i = 0; i < SL_COUNT(others); i++)
        if (strstr(text, others[i].label))
            return refuse(err, others[i].what, others[i].hint);
    return refuse(err, "this is no private key", whole_file);
}

static int refuse_damaged(struct sl_err *err)
{
    return refuse(err, "the private key is damaged", whole_file);
}

/* ---- From PEM to libgcrypt's form ---------------------------------------------------- */

struct envelope {
    const char *kind; /* an OID */
    struct sl_der_bytes parameters, key;
};

static int open_envelope(struct sl_arena *arena, const char *text, struct envelope *envelope,
                         struct sl_err *err)
{
    SL_AUTO(sl_der_end) asn1_node node = NULL;
    struct sl_der_bytes kind;
    const unsigned char *der;
    const char *base64;
    size_t n = 0;

    if (strlen(text) > MAX_KEY)
        return sl_err_set(err, SL_ERR_CONFIG, "a private key of %zu bytes; %d are a lot",
                          strlen(text), MAX_KEY);
    base64 = sl_pem_find(text, strlen(text), "PRIVATE KEY", &n);
    if (!base64)
        return refuse_other(text, err);
    der = sl_pem_bytes(arena, base64, n, &n);
    if (!der || !sl_der_decode(&node, "X509.PrivateKeyInfo", der, n) ||
        !sl_der_read(arena, node, "privateKeyAlgorithm.algorithm", n + 64, &kind) ||
        !sl_der_read(arena, node, "privateKey", n, &envelope->key))
        return refuse_damaged(err);
    (void)sl_der_read(arena, node, "privateKeyAlgorithm.parameters", n, &envelope->parameters);
    envelope->kind = (const char *)kind.bytes;
    return 0;
}

/* In libgcrypt's locked memory, where all that is made of it stays. */
static void *lock_bytes(const struct sl_der_bytes *secret)
{
    void *locked = gcry_malloc_secure(secret->n);

    if (!locked)
        sl_out_of_memory();
    memcpy(locked, secret->bytes, secret->n);
    return locked;
}

/* libgcrypt's u is p^-1 mod q, the file's coefficient q^-1 mod p: so p and q change places. */
static int build_rsa(struct sl_arena *arena, const struct sl_der_bytes *der, gcry_sexp_t *key,
                     struct sl_err *err)
{
    static const char *const names[] = { "modulus", "publicExponent", "privateExponent",
                                         "prime2",  "prime1",         "coefficient" };
    SL_AUTO(sl_der_end) asn1_node node = NULL;
    struct sl_der_bytes v[SL_COUNT(names)];
    gcry_error_t wrong;
    unsigned n_bits;
    void *secret;

    if (!sl_der_decode(&node, "X509.RSAPrivateKey", der->bytes, der->n))
        return refuse_damaged(err);
    for (size_t i = 0; i < SL_COUNT(names); i++)
        if (!sl_der_number(arena, node, names[i], der->n, &v[i]))
            return refuse_damaged(err);
    secret = lock_bytes(&v[2]);
    wrong =
        gcry_sexp_build(key, NULL, "(private-key(rsa(n%b)(e%b)(d%b)(p%b)(q%b)(u%b)))", (int)v[0].n,
                        v[0].bytes, (int)v[1].n, v[1].bytes, (int)v[2].n, secret, (int)v[3].n,
                        v[3].bytes, (int)v[4].n, v[4].bytes, (int)v[5].n, v[5].bytes);
    gcry_free(secret);
    if (wrong)
        return refuse_damaged(err);
    n_bits = gcry_pk_get_nbits(*key);
    if (n_bits < MIN_RSA_BITS || n_bits > MAX_RSA_BITS)
        return sl_err_set(err, SL_ERR_CONFIG, "the RSA key has %u bits; from %d to %d will do",
                          n_bits, MIN_RSA_BITS, MAX_RSA_BITS);
    return gcry_pk_testkey(*key) ? refuse_damaged(err) : 0;
}

static int build_p256(struct sl_arena *arena, const struct envelope *envelope, gcry_sexp_t *key,
                      struct sl_err *err)
{
    SL_AUTO(sl_der_end) asn1_node node = NULL;
    struct sl_der_bytes d;
    gcry_error_t wrong;
    void *secret;

    if (envelope->parameters.n != sizeof p256_oid ||
        memcmp(envelope->parameters.bytes, p256_oid, sizeof p256_oid) != 0)
        return sl_err_set(err, SL_ERR_CONFIG, "the key is on another curve; not a P-256 key");
    if (!sl_der_decode(&node, "X509.ECPrivateKey", envelope->key.bytes, envelope->key.n) ||
        !sl_der_read(arena, node, "privateKey", envelope->key.n, &d) || d.n != P256_BYTES)
        return refuse_damaged(err);
    secret = lock_bytes(&d);
    wrong = gcry_sexp_build(key, NULL, "(private-key(ecc(curve \"NIST P-256\")(d%b)))", (int)d.n,
                            secret);
    gcry_free(secret);
    return wrong ? refuse_damaged(err) : 0;
}

static int read_key(struct sl_arena *arena, enum sl_signing signing, const char *text,
                    gcry_sexp_t *key, struct sl_err *err)
{
    struct envelope envelope = { .kind = "" };
    bool rsa, ec;

    if (open_envelope(arena, text, &envelope, err) < 0)
        return -1;
    rsa = strcmp(envelope.kind, rsa_kind) == 0;
    ec = strcmp(envelope.kind, ec_kind) == 0;
    if (signing == SL_RS256 && !rsa)
        return sl_err_set(err, SL_ERR_CONFIG, "this is %s, not an RSA key",
                          ec ? "an elliptic curve key" : "a key of another kind");
    if (signing == SL_ES256 && !ec)
        return sl_err_set(err, SL_ERR_CONFIG, "this is %s, not a P-256 key",
                          rsa ? "an RSA key" : "a key of another kind");
    return rsa ? build_rsa(arena, &envelope.key, key, err) : build_p256(arena, &envelope, key, err);
}

/* ---- Signing ------------------------------------------------------------------------- */

/* A number of the signature as exactly n bytes: a short one is padded at the left. */
static bool print_number(gcry_sexp_t signature, const char *name, unsigned char *bytes, size_t n)
{
    SL_AUTO(release_sexp) gcry_sexp_t token = gcry_sexp_find_token(signature, name, 0);
    SL_AUTO(release_mpi)
    gcry_mpi_t number = token ? gcry_sexp_nth_mpi(token, 1, GCRYMPI_FMT_USG) : NULL;
    size_t used = number ? (gcry_mpi_get_nbits(number) + 7) / 8 : 0;

    if (used == 0 || used > n)
        return false;
    memset(bytes, 0, n - used);
    return !gcry_mpi_print(GCRYMPI_FMT_USG, bytes + n - used, used, NULL, number);
}

static bool make_signature(enum sl_signing signing, gcry_sexp_t key,
                           const unsigned char digest[SL_SHA256_SIZE], gcry_sexp_t *signature)
{
    SL_AUTO(release_sexp) gcry_sexp_t data = NULL;
    const char *form = signing == SL_RS256 ? "(data(flags pkcs1)(hash sha256%b))"
                                           : "(data(flags rfc6979)(hash sha256%b))";

    return !gcry_sexp_build(&data, NULL, form, SL_SHA256_SIZE, digest) &&
           !gcry_pk_sign(signature, data, key);
}

unsigned char *sl_private_key_sign(struct sl_arena *arena, enum sl_signing signing, const char *key,
                                   const void *bytes, size_t n, size_t *n_signature,
                                   struct sl_err *err)
{
    SL_AUTO(release_sexp) gcry_sexp_t sexp = NULL;
    SL_AUTO(release_sexp) gcry_sexp_t signature = NULL;
    unsigned char digest[SL_SHA256_SIZE], *out;
    bool signed_it;

    if (read_key(arena, signing, key, &sexp, err) < 0)
        return NULL;
    sl_sha256(bytes, n, digest);
    *n_signature = signing == SL_RS256 ? (gcry_pk_get_nbits(sexp) + 7) / 8 : 2 * P256_BYTES;
    out = sl_arena_alloc(arena, *n_signature, 1);
    signed_it = make_signature(signing, sexp, digest, &signature);
    if (signed_it && signing == SL_RS256)
        signed_it = print_number(signature, "s", out, *n_signature);
    else if (signed_it)
        signed_it = print_number(signature, "r", out, P256_BYTES) &&
                    print_number(signature, "s", out + P256_BYTES, P256_BYTES);
    if (!signed_it)
        (void)refuse_damaged(err);
    return signed_it ? out : NULL;
}

int sl_private_key_check(enum sl_signing signing, const char *key, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    size_t n;

    return sl_private_key_sign(arena, signing, key, "", 0, &n, err) ? 0 : -1;
}
