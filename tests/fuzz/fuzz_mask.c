/* Any bytes as what goes into the log: JSON comes out, valid UTF-8, and neither a secret nor the
 * number of a card or a person that stood there. The first byte picks what it is said to be. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/json.h"
#include "lib/service/mask.h"
#include "lib/service/mask_text.h"

static const char secret[] = "s3cr3t-key-of-the-school", token[] = "token-0815";

static const struct sl_wire_field fields[] = {
    { "apiKey", SL_SHOW_SECRET }, { "Password", SL_SHOW_SECRET }, { "number", SL_SHOW_PHONE },
    { "to", SL_SHOW_PHONES },     { "RequestID", SL_SHOW_ID },
};

static void look_at(const struct sl_buf *out)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(out->data, out->len);

    must(sl_utf8_valid(out->data, out->len));
    must(doc || strcmp(out->data, "null") == 0 || out->len > 0);
    must(!strstr(out->data, secret) && !strstr(out->data, token));
}

static void look_at_text(struct sl_arena *arena, const char *text)
{
    struct sl_buf once = sl_buf_new(arena), twice = sl_buf_new(arena);

    if (!sl_utf8_valid(text, strlen(text)))
        return;
    sl_mask_phones(&once, text, strlen(text));
    must(sl_utf8_valid(once.data, once.len));
    must(sl_mask_needed(text, strlen(text)) || strcmp(once.data, text) == 0);
    sl_mask_phones(&twice, once.data, once.len); /* nothing is left to mask */
    must(strcmp(once.data, twice.data) == 0);
    sl_mask_phone(&twice, text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = { "application/json", "application/x-www-form-urlencoded",
                                         "text/plain", "" };
    static const char *const secrets[] = { secret };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *type = types[fuzz_byte(&fuzz) % SL_COUNT(types)], *text;
    struct sl_mask mask = sl_mask_new(arena, fields, SL_COUNT(fields));
    struct sl_buf body = sl_buf_new(arena), value = sl_buf_new(arena), url = sl_buf_new(arena);
    char *exact = fuzz_exact(&fuzz);

    sl_mask_secrets(&mask, secrets, SL_COUNT(secrets), token);
    sl_mask_body(&body, &mask, type, exact, fuzz.n);
    free(exact);
    look_at(&body);
    text = fuzz_rest(&fuzz);
    sl_mask_value(&value, &mask, "X-School", text);
    look_at(&value);
    if (sl_utf8_valid(text, strlen(text))) {
        sl_mask_url(&url, &mask, "https://api.example", text);
        look_at(&url);
    }
    look_at_text(arena, text);
    return 0;
}
