#include "lib/adapter/ecdsa.h"

#include <gcrypt.h>
#include <string.h>

#include "lib/adapter/der.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { POINT = 65 /* 04, X, Y */ };

static void release(gcry_sexp_t *sexp)
{
    gcry_sexp_release(*sexp);
}

/* All that stands in front of the point: id-ecPublicKey on prime256v1, never compressed. */
static const unsigned char *read_point(struct sl_arena *arena, const char *key)
{
    static const unsigned char head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                          0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                          0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
    size_t n;
    const unsigned char *der = sl_unbase64(arena, key, &n);

    if (!der || n != sizeof head + POINT || memcmp(der, head, sizeof head) != 0 ||
        der[sizeof head] != 0x04)
        return NULL;
    return der + sizeof head;
}

static bool make_key(struct sl_arena *arena, const char *key, gcry_sexp_t *sexp)
{
    const unsigned char *point = read_point(arena, key);

    return point && gcry_sexp_build(sexp, NULL, "(public-key(ecc(curve \"NIST P-256\")(q%b)))",
                                    (int)POINT, point) == 0;
}

static bool make_signature(struct sl_arena *arena, const char *signature, gcry_sexp_t *sexp)
{
    SL_AUTO(sl_der_end) asn1_node node = NULL;
    struct sl_der_bytes r, s;
    size_t n;
    const unsigned char *der = sl_unbase64(arena, signature, &n);

    return der && sl_der_decode(&node, "X509.ECDSASigValue", der, n) &&
           sl_der_number(arena, node, "r", n, &r) && sl_der_number(arena, node, "s", n, &s) &&
           gcry_sexp_build(sexp, NULL, "(sig-val(ecdsa(r%b)(s%b)))", (int)r.n, r.bytes, (int)s.n,
                           s.bytes) == 0;
}

bool sl_p256_is_key(struct sl_arena *arena, const char *key)
{
    SL_AUTO(release) gcry_sexp_t sexp = NULL;

    return make_key(arena, key, &sexp);
}

bool sl_p256_verify(struct sl_arena *arena, const char *key, const void *bytes, size_t n,
                    const char *signature)
{
    SL_AUTO(release) gcry_sexp_t public_key = NULL;
    SL_AUTO(release) gcry_sexp_t value = NULL;
    SL_AUTO(release) gcry_sexp_t data = NULL;
    unsigned char digest[SL_SHA256_SIZE];

    sl_sha256(bytes, n, digest);
    return make_key(arena, key, &public_key) && make_signature(arena, signature, &value) &&
           gcry_sexp_build(&data, NULL, "(data(flags raw)(value%b))", (int)sizeof digest, digest) ==
               0 &&
           gcry_pk_verify(value, data, public_key) == 0;
}
