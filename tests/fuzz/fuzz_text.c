/* Any bytes as text, number, hex and base64: no crash, what is made for a person is UTF-8 without
 * control characters, and what is decoded is encoded as it was. */
#include "tests/fuzz/fuzz.h"

static void look_at_printable(struct sl_arena *arena, const char *bytes, size_t n)
{
    const char *shown = sl_printable(arena, bytes, n, 100);
    const char *repaired = sl_utf8_repair(arena, bytes, n);
    const char *at = shown;
    uint32_t c;

    must(sl_utf8_valid(shown, strlen(shown)) && sl_utf8_length(shown) <= 100);
    must(sl_utf8_valid(repaired, strlen(repaired)) || memchr(bytes, '\0', n));
    while ((c = sl_utf8_next(&at)) != 0)
        must(c >= ' ' && (c < 0x7f || c > 0x9f) && (c < 0x202a || c > 0x202e) &&
             (c < 0x2066 || c > 0x2069));
}

static void look_at_numbers(struct sl_arena *arena, const char *text)
{
    int64_t value, again;

    if (sl_parse_int(text, INT64_MIN, INT64_MAX, &value))
        must(sl_parse_int(sl_arena_printf(arena, "%lld", (long long)value), INT64_MIN, INT64_MAX,
                          &again) &&
             again == value);
    if (sl_parse_decimal(text, 4, &value))
        must(sl_parse_decimal(sl_print_decimal(arena, value, 4, 2), 4, &again) && again == value);
}

static void look_at_codes(struct sl_arena *arena, const char *text)
{
    size_t n, n_again;
    const unsigned char *bytes = sl_unbase64(arena, text, &n), *again;
    unsigned char four[4];
    char hex[9];

    if (bytes) {
        again = sl_unbase64(arena, sl_base64(arena, bytes, n), &n_again);
        must(again && n_again == n && memcmp(again, bytes, n) == 0);
    }
    if (sl_unhex(text, four, sizeof four)) {
        sl_hex(four, sizeof four, hex);
        must(strcasecmp(hex, text) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = { "send", "status", "optout" };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *text = fuzz_rest(&fuzz), *quiet;

    look_at_printable(arena, fuzz.at, fuzz.n);
    quiet = sl_without_controls(arena, text);
    must(sl_utf8_valid(quiet, strlen(quiet)));
    look_at_numbers(arena, text);
    look_at_codes(arena, text);
    if (strlen(text) < 100)
        (void)sl_nearest(text, words, SL_COUNT(words));
    return 0;
}
