/* Any bytes as the file of a service account: no crash, and what is taken asks Google alone for its
 * tokens. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/google.h"
#include "lib/base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    struct sl_service_account account = { 0 };
    char *json = fuzz_exact(&fuzz);
    struct sl_err err;

    sl_crypto_init();
    if (sl_service_account_read(arena, json, &account, &err) == 0)
        must(account.client_email && account.private_key &&
             strncmp(account.token_uri, "https://", 8) == 0 &&
             strstr(account.token_uri, "google") && fuzz_is_line(account.token_uri));
    (void)sl_service_account_check(arena, json, &err);
    free(json);
    return 0;
}
