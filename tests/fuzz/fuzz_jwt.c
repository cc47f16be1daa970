/* Any texts as header and claims of a JSON Web Token: three parts of base64url, and the first two
 * are those texts. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/jwt.h"
#include "lib/base/crypto.h"

static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKyhe0rTGEBpp8R5l\n"
                          "2IYk/mQaITesoHeIHHj9PdafT5ihRANCAASYdmOb9yhDcIYsLwCJb6z04ZMOmNf6\n"
                          "FOpps1vONPTDxyJ23bAxflkcQfbx83TKY0TJA7l0nCFrGECvFuENK5Uc\n"
                          "-----END PRIVATE KEY-----\n";

/* The text that stands in base64url. */
static const char *decode(struct sl_arena *arena, const char *part, size_t n, size_t *n_text)
{
    char *digits = sl_arena_printf(arena, "%.*s===", (int)n, part);

    for (char *at = digits; *at; at++)
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    digits[(n + 3) / 4 * 4] = '\0';
    return (const char *)sl_unbase64(arena, digits, n_text);
}

static size_t expect_part(struct sl_arena *arena, const char *token, const char *text)
{
    size_t n = strcspn(token, "."), n_text = 0;
    const char *decoded = decode(arena, token, n, &n_text);

    must(token[n] == '.' && decoded && n_text == strlen(text) &&
         memcmp(decoded, text, n_text) == 0);
    return n + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *header = fuzz_line(&fuzz), *claims = fuzz_rest(&fuzz), *token;
    struct sl_err err;

    sl_crypto_init();
    token = sl_jwt_sign(arena, SL_ES256, key, header, claims, &err);
    must(token != NULL);
    token += expect_part(arena, token, header);
    token += expect_part(arena, token, claims);
    must(strlen(token) == 86 && strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789-_") == 86);
    return 0;
}
