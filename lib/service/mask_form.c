/* Forms and addresses: what is percent-encoded (WHATWG URL Standard, section 5). */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/mask.h"

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Over what *out held. A '%' that begins no code stands for itself. */
static void decode(struct sl_buf *out, const char *text, size_t n)
{
    char byte;

    out->len = 0;
    sl_buf_add(out, text, n); /* makes the room: it only gets shorter */
    out->len = 0;
    for (size_t i = 0; i < n; i++) {
        byte = text[i] == '+' ? ' ' : text[i];
        if (byte == '%' && i + 2 < n && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            byte = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        }
        out->data[out->len++] = byte;
    }
    out->data[out->len] = '\0';
    if (!sl_utf8_valid(out->data, out->len)) {
        const char *shown = sl_printable(out->arena, out->data, out->len, SL_MASK_CHARACTERS);

        out->len = 0;
        sl_buf_text(out, shown);
    }
}

/* "name=value", up to '&'. */
struct pair {
    const char *name, *value;
    size_t n_name, n_value, n_all;
};

static struct pair split(const char *text, size_t n)
{
    const char *end = memchr(text, '&', n);
    struct pair pair = { .name = text, .n_all = end ? (size_t)(end - text) : n };
    const char *equals = memchr(text, '=', pair.n_all);

    pair.n_name = equals ? (size_t)(equals - text) : pair.n_all;
    pair.value = text + pair.n_name + (equals != NULL);
    pair.n_value = pair.n_all - pair.n_name - (equals != NULL);
    return pair;
}

bool sl_mask_form(struct sl_buf *out, const struct sl_mask *mask, const char *bytes, size_t n)
{
    struct sl_buf decoded = sl_buf_new(mask->arena);
    size_t n_members = 0;
    struct pair pair;

    if (!memchr(bytes, '=', n))
        return false;
    sl_buf_add(out, "{", 1);
    for (size_t at = 0; at < n; at += pair.n_all + 1) {
        enum sl_mask_as as;

        pair = split(bytes + at, n - at);
        if (pair.n_all == 0 || n_members++ >= SL_MASK_MEMBERS)
            continue;
        if (n_members > 1)
            sl_buf_add(out, ",", 1);
        decode(&decoded, pair.name, pair.n_name);
        as = sl_mask_named(mask, decoded.data, decoded.len);
        sl_mask_quote(out, mask, SL_AS_IS, decoded.data, decoded.len);
        sl_buf_add(out, ":", 1);
        decode(&decoded, pair.value, pair.n_value);
        sl_mask_quote(out, mask, as, decoded.data, decoded.len);
    }
    if (n_members > SL_MASK_MEMBERS)
        sl_buf_printf(out, ",\"…\":\"%zu more\"", n_members - SL_MASK_MEMBERS);
    sl_buf_add(out, "}", 1);
    return true;
}

/* The text as it was, encoded, if nothing in it is masked; else decoded and masked. */
static void add_shown(struct sl_buf *url, const struct sl_mask *mask, enum sl_mask_as as,
                      const char *text, size_t n)
{
    struct sl_buf decoded = sl_buf_new(mask->arena), shown;

    decode(&decoded, text, n);
    shown = sl_mask_text(mask, as, decoded.data, decoded.len);
    if (shown.len == decoded.len && memcmp(shown.data, decoded.data, shown.len) == 0)
        sl_buf_add(url, text, n);
    else
        sl_buf_add(url, shown.data, shown.len);
}

static void add_query(struct sl_buf *url, const struct sl_mask *mask, const char *query, size_t n)
{
    struct sl_buf name = sl_buf_new(mask->arena);
    struct pair pair;

    for (size_t at = 0; at < n; at += pair.n_all + 1) {
        pair = split(query + at, n - at);
        if (at > 0)
            sl_buf_add(url, "&", 1);
        decode(&name, pair.name, pair.n_name);
        add_shown(url, mask, SL_AS_IS, pair.name, pair.n_name);
        if (pair.n_name < pair.n_all)
            sl_buf_add(url, "=", 1);
        add_shown(url, mask, sl_mask_named(mask, name.data, name.len), pair.value, pair.n_value);
    }
}

void sl_mask_url(struct sl_buf *out, const struct sl_mask *mask, const char *base, const char *path)
{
    struct sl_buf url = sl_buf_new(mask->arena);
    size_t n_path = strcspn(path, "?");

    if (sl_mask_plain(mask, base, strlen(base)))
        sl_buf_text(&url, base);
    else
        add_shown(&url, mask, SL_AS_IS, base, strlen(base));
    if (sl_mask_plain(mask, path, n_path) && !memchr(path, '%', n_path))
        sl_buf_add(&url, path, n_path);
    else
        add_shown(&url, mask, SL_AS_IS, path, n_path);
    if (path[n_path] == '?') {
        sl_buf_add(&url, "?", 1);
        add_query(&url, mask, path + n_path + 1, strlen(path + n_path + 1));
    }
    if (!sl_utf8_valid(url.data, url.len))
        url.data = sl_printable(mask->arena, url.data, url.len, SL_MASK_CHARACTERS);
    sl_json_quote(out, url.data);
}
