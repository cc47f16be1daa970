#include "lib/service/mask.h"

#include <string.h>
#include <strings.h>

#include "lib/base/text.h"
#include "lib/service/mask_text.h"

enum {
    LEAST_NEEDLE = 4, /* a shorter secret would blot out what it merely looks like */
    LEAST_PART = 6,   /* likewise, inside a text */
    TEXT_BYTES = 4 * SL_MASK_CHARACTERS,
    MOST_TEXT = 1 << 16,
    NUMBER_BYTES = 64, /* more than any number has with its blanks */
    ID_BYTES = 100,    /* likewise of an id */
};

static const char dots[] = "••••";

/* Beside what adapters name. */
static const char *const secret_names[] = {
    "authorization", "proxy-authorization", "cookie",
    "set-cookie",    "access_token",        "refresh_token",
    "id_token",      "client_secret",       "password",
};

/* ---- What is secret ---------------------------------------------------------------------- */

struct sl_mask sl_mask_new(struct sl_arena *arena, const struct sl_wire_field *fields,
                           size_t n_fields)
{
    return (struct sl_mask){ .arena = arena, .fields = fields, .n_fields = n_fields };
}

static void add_needle(struct sl_mask *mask, const char *text)
{
    size_t n = text ? strlen(text) : 0;

    if (n < LEAST_NEEDLE)
        return;
    mask->needles[mask->n_needles++] = (struct sl_needle){ text, n };
    mask->n_longest = n > mask->n_longest ? n : mask->n_longest;
}

void sl_mask_secrets(struct sl_mask *mask, const char *const *secrets, size_t n_secrets,
                     const char *token)
{
    mask->needles = SL_NEW(mask->arena, struct sl_needle, n_secrets + 1);
    for (size_t i = 0; i < n_secrets; i++)
        add_needle(mask, secrets[i]);
    add_needle(mask, token);
}

static bool same_name(const char *name, const char *other, size_t n)
{
    return (*name | 0x20) == (*other | 0x20) && strncasecmp(name, other, n) == 0 && !name[n];
}

enum sl_mask_as sl_mask_named(const struct sl_mask *mask, const char *name, size_t n)
{
    static const enum sl_mask_as shown[] = {
        [SL_SHOW_SECRET] = SL_AS_SECRET,
        [SL_SHOW_PHONE] = SL_AS_PHONE,
        [SL_SHOW_PHONES] = SL_AS_PHONES,
        [SL_SHOW_ID] = SL_AS_ID,
    };
    const char *inner = n > 2 && name[n - 1] == ']' ? memrchr(name, '[', n) : NULL;

    if (n == 0)
        return SL_AS_IS;
    for (size_t i = 0; i < mask->n_fields; i++)
        if (same_name(mask->fields[i].name, name, n))
            return shown[mask->fields[i].shown];
    for (size_t i = 0; i < SL_COUNT(secret_names); i++)
        if (same_name(secret_names[i], name, n))
            return SL_AS_SECRET;
    if (!inner) /* users[0][password] is a password */
        return SL_AS_IS;
    return sl_mask_named(mask, inner + 1, (size_t)(name + n - inner) - 2);
}

/* Where the first of the secrets begins, or NULL. */
static const char *find_secret(const struct sl_mask *mask, const char *text, size_t n,
                               size_t *n_secret)
{
    const char *first = NULL;

    for (size_t i = 0; i < mask->n_needles; i++) {
        const struct sl_needle *needle = &mask->needles[i];
        const char *found = NULL;

        if (needle->n == n && memcmp(text, needle->text, n) == 0)
            found = text;
        else if (needle->n >= LEAST_PART && needle->n < n)
            found = memmem(text, n, needle->text, needle->n);
        if (found && (!first || found < first || (found == first && needle->n > *n_secret))) {
            first = found;
            *n_secret = needle->n;
        }
    }
    return first;
}

/* ---- A text ------------------------------------------------------------------------------ */

/* Whether it can be shown as it is. */
bool sl_mask_plain(const struct sl_mask *mask, const char *text, size_t n)
{
    size_t n_secret;

    return n <= SL_MASK_CHARACTERS && !sl_mask_needed(text, n) &&
           !find_secret(mask, text, n, &n_secret);
}

/* Copies what begins before `stop`, with the secrets masked. */
static void copy_without_secrets(struct sl_buf *out, const struct sl_mask *mask, const char *text,
                                 size_t n, size_t stop)
{
    size_t at = 0, n_secret = 0;

    while (at < stop) {
        const char *secret = find_secret(mask, text + at, n - at, &n_secret);
        size_t begin = secret ? (size_t)(secret - text) : n;

        if (begin >= stop) {
            sl_buf_add(out, text + at, stop - at);
            return;
        }
        sl_buf_add(out, text + at, begin - at);
        sl_buf_text(out, dots);
        at = begin + n_secret;
    }
}

/* At most SL_MASK_CHARACTERS characters of a text that is UTF-8 but perhaps for its last one. */
static size_t cut_length(const char *text, size_t n)
{
    size_t characters = 0, at = 0;

    for (; at < n; at++) {
        if (((unsigned char)text[at] & 0xc0) == 0x80)
            continue;
        if (characters++ == SL_MASK_CHARACTERS)
            break;
    }
    return at;
}

/* Drops digits at the end, which may be the beginning of a number that was cut. */
static void drop_number(struct sl_buf *buf)
{
    while (buf->len > 0 && strchr("+0123456789 -", buf->data[buf->len - 1]))
        buf->len--;
    buf->data[buf->len] = '\0';
}

static void drop_cut_character(struct sl_buf *buf)
{
    size_t len = buf->len;

    while (len > 0 && ((unsigned char)buf->data[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0 && (unsigned char)buf->data[len - 1] >= 0xc0)
        len--;
    if (!sl_utf8_valid(buf->data + len, buf->len - len))
        buf->len = len;
    buf->data[buf->len] = '\0';
}

/* The text, secrets and phones masked, at most SL_MASK_CHARACTERS of it and then "…". Of a long
 * one no more than can be shown is looked at. */
static struct sl_buf mask_text(const struct sl_mask *mask, const char *text, size_t n)
{
    size_t most = TEXT_BYTES + mask->n_longest + NUMBER_BYTES;
    size_t seen = n < most ? n : most, stop = seen < n ? TEXT_BYTES : n;
    struct sl_buf copy = sl_buf_new(mask->arena), shown = sl_buf_new(mask->arena);
    bool cut = stop < n;

    copy_without_secrets(&copy, mask, text, seen, stop);
    if (cut) {
        drop_cut_character(&copy);
        drop_number(&copy);
    }
    sl_mask_phones(&shown, copy.data, copy.len);
    if (shown.len > SL_MASK_CHARACTERS && cut_length(shown.data, shown.len) < shown.len) {
        shown.len = cut_length(shown.data, shown.len);
        cut = true;
    }
    if (cut)
        sl_buf_text(&shown, "…");
    return shown;
}

/* The first twenty numbers of a list with commas. */
static struct sl_buf mask_phones(const struct sl_mask *mask, const char *text, size_t n)
{
    struct sl_buf shown = sl_buf_new(mask->arena);
    const char *end = text + n, *at = text, *comma = text;
    size_t n_all = 1;

    for (size_t i = 0; i < n; i++)
        n_all += text[i] == ',';
    for (size_t i = 0; i < SL_MASK_ELEMENTS && comma; i++) {
        comma = memchr(at, ',', (size_t)(end - at));
        at = comma ? comma + 1 : end;
    }
    shown = mask_text(mask, text, (size_t)(at - text));
    if (n_all > SL_MASK_ELEMENTS)
        sl_buf_printf(&shown, "… %zu more", n_all - SL_MASK_ELEMENTS);
    return shown;
}

/* Text that needs no escapes is the usual one. */
static void quote(struct sl_buf *out, const char *text, size_t n)
{
    size_t plain = 0;

    while (plain < n && (unsigned char)text[plain] >= 0x20 && text[plain] != '"' &&
           text[plain] != '\\')
        plain++;
    if (plain < n) {
        sl_json_quote(out, sl_arena_memdup(out->arena, text, n));
        return;
    }
    sl_buf_add(out, "\"", 1);
    sl_buf_add(out, text, n);
    sl_buf_add(out, "\"", 1);
}

/* Ids have letters or dashes between their digits; nothing but digits may be a phone all the same. */
static bool is_id(const char *text, size_t n)
{
    return n <= ID_BYTES && strspn(text, "+0123456789 ") < n;
}

struct sl_buf sl_mask_text(const struct sl_mask *mask, enum sl_mask_as as, const char *text,
                           size_t n)
{
    struct sl_buf shown;
    size_t n_secret;

    if (as == SL_AS_PHONES)
        return mask_phones(mask, text, n);
    if (as == SL_AS_PHONE && n < NUMBER_BYTES && !find_secret(mask, text, n, &n_secret)) {
        shown = sl_buf_new(mask->arena);
        sl_mask_phone(&shown, text, n);
        return shown;
    }
    if (as == SL_AS_ID && is_id(text, n) && !find_secret(mask, text, n, &n_secret)) {
        shown = sl_buf_new(mask->arena);
        sl_mask_id(&shown, text, n);
        return shown;
    }
    if (as != SL_AS_SECRET)
        return mask_text(mask, text, n);
    shown = sl_buf_new(mask->arena);
    sl_buf_text(&shown, n > 0 ? dots : "");
    return shown;
}

void sl_mask_quote(struct sl_buf *out, const struct sl_mask *mask, enum sl_mask_as as,
                   const char *text, size_t n)
{
    struct sl_buf shown;

    if (as == SL_AS_IS && sl_mask_plain(mask, text, n)) {
        quote(out, text, n);
        return;
    }
    shown = sl_mask_text(mask, as, text, n);
    quote(out, shown.data, shown.len);
}

/* Headers may hold any bytes. */
void sl_mask_value(struct sl_buf *out, const struct sl_mask *mask, const char *name,
                   const char *value)
{
    enum sl_mask_as as = name ? sl_mask_named(mask, name, strlen(name)) : SL_AS_IS;
    size_t n = strlen(value);

    if (!sl_utf8_valid(value, n)) {
        value = sl_printable(mask->arena, value, n, SL_MASK_CHARACTERS);
        n = strlen(value);
    }
    sl_mask_quote(out, mask, as, value, n);
}

/* ---- A body that is only text ------------------------------------------------------------ */

static bool is_word(char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
           byte == '_' || byte == '-';
}

/* Where the value ends that begins at `at`, behind a quotation mark or not. */
static size_t value_end(const char *text, size_t n, size_t at)
{
    const char *ends = at > 0 && (text[at - 1] == '"' || text[at - 1] == '\'')
                           ? (char[]){ text[at - 1], '\0' }
                           : "&,;<>\"'\r\n";

    while (at < n && !strchr(ends, text[at]))
        at += text[at] == '\\' && at + 1 < n ? 2 : 1;
    return at;
}

/* name=value, "name": "value", <name>value: the values of names that are secrets go. For what
 * was JSON or a form before it was cut, and for XML. */
static struct sl_buf without_named(const struct sl_mask *mask, const char *text, size_t n)
{
    struct sl_buf out = sl_buf_new(mask->arena);

    for (size_t at = 0, end, value; at < n; at = end) {
        for (end = at; end < n && is_word(text[end]); end++)
            ;
        if (end == at)
            end++;
        sl_buf_add(&out, text + at, end - at);
        if (sl_mask_named(mask, text + at, end - at) != SL_AS_SECRET ||
            (at > 0 && text[at - 1] == '/'))
            continue;
        for (value = end; value < n && strchr("\"' \t:=>", text[value]); value++)
            ;
        if (strcspn(text + end, ":=>") >= value - end)
            continue;
        sl_buf_add(&out, text + end, value - end);
        end = value_end(text, n, value);
        if (end > value)
            sl_buf_text(&out, dots);
    }
    return out;
}

static void show_text_body(struct sl_buf *out, const struct sl_mask *mask, const char *body,
                           size_t n)
{
    size_t seen = n < MOST_TEXT ? n : MOST_TEXT;
    char *copy = sl_arena_memdup(mask->arena, body, seen);
    struct sl_buf text;

    if (!sl_utf8_valid(copy, seen)) {
        copy = sl_printable(mask->arena, copy, seen, MOST_TEXT);
        seen = strlen(copy);
    }
    text = without_named(mask, copy, seen);
    sl_mask_quote(out, mask, SL_AS_IS, text.data, text.len);
}

static bool begins_like_json(const char *body, size_t n)
{
    size_t at = 0;

    while (at < n && strchr(" \t\r\n", body[at]))
        at++;
    return at < n && (body[at] == '{' || body[at] == '[');
}

void sl_mask_body(struct sl_buf *out, const struct sl_mask *mask, const char *content_type,
                  const char *body, size_t n)
{
    size_t before = out->len;
    char *whole;

    if (strcasestr(content_type, "x-www-form-urlencoded")) {
        if (sl_mask_form(out, mask, body, n))
            return;
    } else if (strcasestr(content_type, "json") || begins_like_json(body, n)) {
        if (sl_utf8_valid(body, n) && sl_mask_json(out, mask, body, n)) {
            if (out->len - before <= MOST_TEXT)
                return;
            whole = sl_arena_memdup(mask->arena, out->data + before, out->len - before);
            out->len = before; /* masked already: its beginning is shown, as a text */
            sl_mask_quote(out, mask, SL_AS_IS, whole, strlen(whole));
            return;
        }
    }
    show_text_body(out, mask, body, n);
}
