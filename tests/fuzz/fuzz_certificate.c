/* Any bytes as the certificate that M-Pesa's password is encrypted to, in PEM, base64 or DER: no
 * crash, and base64 of a whole number of blocks where it is one. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/rsa.h"
#include "lib/base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char padding[SL_RSA_SEED_SIZE] = { 1, 2, 3 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    char *certificate = fuzz_exact(&fuzz), *sealed;
    struct sl_err err;

    sl_crypto_init();
    sealed = sl_rsa_encrypt_pkcs1(arena, certificate, fuzz.n, "Safaricom999!*!", 15, padding, &err);
    free(certificate);
    must(!sealed || (strlen(sealed) >= 344 && strlen(sealed) % 4 == 0));
    must(sealed || (err.code == SL_ERR_CONFIG && *err.text));
    return 0;
}
