/* Any bytes as a public key and a signature of P-256, in base64, a line each, and behind them what
 * was signed: no crash, and no signature is good for two messages. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/ecdsa.h"
#include "lib/base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *key = fuzz_line(&fuzz), *signature = fuzz_line(&fuzz), *longer;

    sl_crypto_init();
    if (!sl_p256_verify(arena, key, fuzz.at, fuzz.n, signature))
        return 0;
    must(sl_p256_is_key(arena, key));
    longer = sl_arena_printf(arena, "%s!", fuzz_rest(&fuzz));
    must(!sl_p256_verify(arena, key, longer, strlen(longer), signature));
    return 0;
}
