#include "sandbox/jwt.h"

#include <gcrypt.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/keys.h"

enum { MOST_TOKEN = 8192, RSA_BYTES = 256, NUMBER_BYTES = 32, POINT_BYTES = 65 };

static void release_sexp(gcry_sexp_t *sexp)
{
    gcry_sexp_release(*sexp);
    *sexp = NULL;
}

/* Bytes of base64url without padding; NULL if it is not that. */
static unsigned char *decode(struct sl_arena *arena, const char *text, size_t n, size_t *n_bytes)
{
    char *copy = sl_arena_printf(arena, "%.*s%s", (int)n, text, &"==="[n % 4 ? n % 4 - 1 : 3]);

    if (memchr(text, '+', n) || memchr(text, '/', n) || memchr(text, '=', n))
        return NULL;
    for (char *at = copy; *at; at++) {
        if (*at == '-')
            *at = '+';
        else if (*at == '_')
            *at = '/';
    }
    return sl_unbase64(arena, copy, n_bytes);
}

/* Part 0, 1 or 2 of the token, or NULL. */
static unsigned char *part(struct sl_arena *arena, const char *token, int which, size_t *n)
{
    for (; which > 0 && token; which--) {
        token = strchr(token, '.');
        token = token ? token + 1 : NULL;
    }
    return token && *token ? decode(arena, token, strcspn(token, "."), n) : NULL;
}

static struct json_object *json_part(struct sl_arena *arena, const char *token, int which)
{
    size_t n = 0;
    const unsigned char *bytes = part(arena, token, which, &n);

    return bytes ? sl_json_parse((const char *)bytes, n) : NULL;
}

bool sl_jwt_read(struct sl_arena *arena, const char *token, struct sl_jwt *jwt)
{
    size_t n = strnlen(token, MOST_TOKEN), dots = 0;

    *jwt = (struct sl_jwt){ 0 };
    for (size_t i = 0; i < n; i++)
        dots += token[i] == '.';
    if (n >= MOST_TOKEN || dots != 2)
        return false;
    jwt->header = json_part(arena, token, 0);
    jwt->claims = json_part(arena, token, 1);
    return json_object_is_type(jwt->header, json_type_object) &&
           json_object_is_type(jwt->claims, json_type_object);
}

void sl_jwt_free(struct sl_jwt *jwt)
{
    sl_json_free(&jwt->header);
    sl_json_free(&jwt->claims);
}

static bool verify(const char *token, const char *form, gcry_sexp_t key, gcry_sexp_t signature)
{
    SL_AUTO(release_sexp) gcry_sexp_t data = NULL;
    unsigned char digest[SL_SHA256_SIZE];

    sl_sha256(token, (size_t)(strrchr(token, '.') - token), digest);
    return !gcry_sexp_build(&data, NULL, form, SL_SHA256_SIZE, digest) &&
           !gcry_pk_verify(signature, data, key);
}

bool sl_jwt_signed_rs256(struct sl_arena *arena, const char *token)
{
    SL_AUTO(release_sexp) gcry_sexp_t key = NULL;
    SL_AUTO(release_sexp) gcry_sexp_t signature = NULL;
    static const unsigned char exponent[] = { 1, 0, 1 };
    unsigned char modulus[1 + RSA_BYTES] = { 0 }; /* not negative */
    size_t n = 0;
    const unsigned char *bytes = part(arena, token, 2, &n);

    return bytes && n == RSA_BYTES && sl_unhex(sl_sandbox_rsa_modulus, modulus + 1, RSA_BYTES) &&
           !gcry_sexp_build(&key, NULL, "(public-key(rsa(n%b)(e%b)))", (int)sizeof modulus, modulus,
                            (int)sizeof exponent, exponent) &&
           !gcry_sexp_build(&signature, NULL, "(sig-val(rsa(s%b)))", (int)n, bytes) &&
           verify(token, "(data(flags pkcs1)(hash sha256%b))", key, signature);
}

bool sl_jwt_signed_es256(struct sl_arena *arena, const char *token)
{
    SL_AUTO(release_sexp) gcry_sexp_t key = NULL;
    SL_AUTO(release_sexp) gcry_sexp_t signature = NULL;
    unsigned char point[POINT_BYTES], r[1 + NUMBER_BYTES] = { 0 }, s[1 + NUMBER_BYTES] = { 0 };
    size_t n = 0;
    const unsigned char *bytes = part(arena, token, 2, &n);

    if (!bytes || n != 2 * NUMBER_BYTES || !sl_unhex(sl_sandbox_p256_point, point, sizeof point))
        return false;
    memcpy(r + 1, bytes, NUMBER_BYTES);
    memcpy(s + 1, bytes + NUMBER_BYTES, NUMBER_BYTES);
    return !gcry_sexp_build(&key, NULL, "(public-key(ecc(curve \"NIST P-256\")(q%b)))",
                            (int)sizeof point, point) &&
           !gcry_sexp_build(&signature, NULL, "(sig-val(ecdsa(r%b)(s%b)))", (int)sizeof r, r,
                            (int)sizeof s, s) &&
           verify(token, "(data(flags raw)(hash sha256%b))", key, signature);
}
