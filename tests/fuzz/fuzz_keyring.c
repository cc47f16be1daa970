/* Any bytes as a key ring's file: no crash, and what is taken for one is the same when it is printed. The
 * first byte picks which ring, and whether each line is given its checksum first: nothing that is
 * found by chance has the right one. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/crypto.h"
#include "lib/service/keyring_text.h"

static void take_lines(struct fuzz *fuzz, struct sl_buf *text)
{
    unsigned char sum[SL_SHA256_SIZE];
    char digits[9];

    while (fuzz->n > 0) {
        sl_buf_printf(text, "%s ", fuzz_line(fuzz));
        sl_sha256(text->data, text->len, sum);
        sl_hex(sum, 4, digits);
        sl_buf_printf(text, "%s\n", digits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    unsigned char picked = fuzz_byte(&fuzz);
    enum sl_ring ring = picked & 1 ? SL_RING_WEBHOOK : SL_RING_MAIN;
    struct sl_ring_keys *keys = SL_NEW(arena, struct sl_ring_keys, 2), *again = keys + 1;
    struct sl_buf text = sl_buf_new(arena), printed;
    struct sl_err err;

    sl_crypto_init();
    if (picked & 2)
        take_lines(&fuzz, &text);
    else
        sl_buf_add(&text, fuzz.at, fuzz.n);
    if (sl_ring_parse(keys, ring, &text, &err) < 0) {
        must(err.code == SL_ERR_CONFIG && *err.text);
        return 0;
    }
    printed = sl_ring_print(arena, ring, keys);
    must(sl_ring_parse(again, ring, &printed, &err) == 0 && again->n == keys->n);
    must(memcmp(again->list, keys->list, keys->n * sizeof keys->list[0]) == 0);
    return 0;
}
