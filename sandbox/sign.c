/* What the sandbox signs by its P-256 key, as SendGrid signs its events. */
#include <gcrypt.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/keys.h"

enum { SCALAR_AT = 36, SCALAR = 32 }; /* in the PKCS#8 of a P-256 key (RFC 5915) */

static void release(gcry_sexp_t *sexp)
{
    gcry_sexp_release(*sexp);
}

static const unsigned char *read_scalar(struct sl_arena *arena)
{
    const char *begin = sl_sandbox_key_p8 + strcspn(sl_sandbox_key_p8, "\n");
    const char *end = strstr(begin, "-----END");
    const char *base64 = end ? sl_arena_memdup(arena, begin, (size_t)(end - begin)) : "";
    size_t n;
    const unsigned char *der = sl_unbase64(arena, base64, &n);

    return der && n > SCALAR_AT + SCALAR ? der + SCALAR_AT : NULL;
}

/* An INTEGER: never negative, no zeros in front. Returns behind it. */
static unsigned char *put_number(unsigned char *out, gcry_sexp_t signature, const char *name)
{
    SL_AUTO(release) gcry_sexp_t part = gcry_sexp_find_token(signature, name, 0);
    size_t n = 0;
    const char *bytes = part ? gcry_sexp_nth_data(part, 1, &n) : NULL;

    while (n > 1 && !*bytes) {
        bytes++;
        n--;
    }
    *out++ = 0x02;
    *out++ = (unsigned char)(n + (n > 0 && (unsigned char)*bytes >= 0x80));
    if (n > 0 && (unsigned char)*bytes >= 0x80)
        *out++ = 0;
    if (n > 0)
        memcpy(out, bytes, n);
    return out + n;
}

const char *sl_sandbox_sign_p256(struct sl_arena *arena, const void *bytes, size_t n)
{
    SL_AUTO(release) gcry_sexp_t key = NULL;
    SL_AUTO(release) gcry_sexp_t data = NULL;
    SL_AUTO(release) gcry_sexp_t signature = NULL;
    unsigned char digest[SL_SHA256_SIZE], der[80] = { 0x30 }, *end;

    sl_sha256(bytes, n, digest);
    if (gcry_sexp_build(&key, NULL, "(private-key(ecc(curve \"NIST P-256\")(d%b)))", SCALAR,
                        read_scalar(arena)) ||
        gcry_sexp_build(&data, NULL, "(data(flags raw)(value%b))", (int)sizeof digest, digest) ||
        gcry_pk_sign(&signature, data, key))
        return "";
    end = put_number(put_number(der + 2, signature, "r"), signature, "s");
    der[1] = (unsigned char)(end - der - 2);
    return sl_base64(arena, der, (size_t)(end - der));
}
