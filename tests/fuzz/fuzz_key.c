/* Any bytes as a private key: no crash, and what is taken for one signs as long as it should. The
 * first byte picks the kind. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/keys.h"
#include "lib/base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    enum sl_signing signing = fuzz_byte(&fuzz) % 2 ? SL_ES256 : SL_RS256;
    unsigned char *signature;
    size_t n = 0;
    struct sl_err err;
    char *key;

    sl_crypto_init();
    key = fuzz_exact(&fuzz);
    signature = sl_private_key_sign(arena, signing, key, "message", 7, &n, &err);
    free(key);
    must(!signature || (signing == SL_ES256 ? n == 64 : n >= 256 && n <= 1024));
    must(signature || (err.code == SL_ERR_CONFIG && *err.text));
    return 0;
}
