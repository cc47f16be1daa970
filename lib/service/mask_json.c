/* JSON (RFC 8259) copied token by token, in one pass, without building it. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/mask.h"

enum { MOST_DEPTH = 32, LONG_NUMBER = 8 };

struct walk {
    struct sl_buf *out;
    const struct sl_mask *mask;
    const char *at, *end;
    int depth;
};

static void skip_blanks(struct walk *walk)
{
    while (walk->at < walk->end &&
           (*walk->at == ' ' || *walk->at == '\n' || *walk->at == '\r' || *walk->at == '\t'))
        walk->at++;
}

/* Whether the next token is that byte; it is then behind. */
static bool take(struct walk *walk, char byte)
{
    skip_blanks(walk);
    if (walk->at == walk->end || *walk->at != byte)
        return false;
    walk->at++;
    return true;
}

/* ---- Strings ----------------------------------------------------------------------------- */

static bool read_hex(const char *text, const char *end, unsigned *value)
{
    unsigned char bytes[2];
    char digits[5] = { 0 };

    if (end - text < 4)
        return false;
    memcpy(digits, text, 4);
    if (!sl_unhex(digits, bytes, sizeof bytes))
        return false;
    *value = (unsigned)(bytes[0] << 8 | bytes[1]);
    return true;
}

static void add_point(struct sl_buf *text, unsigned point)
{
    const char last = (char)(0x80 | (point & 0x3f));

    if (point < 0x80)
        sl_buf_add(text, (char[]){ (char)point }, 1);
    else if (point < 0x800)
        sl_buf_add(text, (char[]){ (char)(0xc0 | point >> 6), last }, 2);
    else if (point < 0x10000)
        sl_buf_add(text,
                   (char[]){ (char)(0xe0 | point >> 12), (char)(0x80 | (point >> 6 & 0x3f)), last },
                   3);
    else
        sl_buf_add(text,
                   (char[]){ (char)(0xf0 | point >> 18), (char)(0x80 | (point >> 12 & 0x3f)),
                             (char)(0x80 | (point >> 6 & 0x3f)), last },
                   4);
}

/* Behind "\u". NUL and halves of pairs that stand alone come out as U+FFFD. */
static bool unescape_point(struct sl_buf *text, const char **at, const char *end)
{
    unsigned point, low;

    if (!read_hex(*at, end, &point))
        return false;
    *at += 4;
    if (point >= 0xd800 && point < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' &&
        (*at)[1] == 'u' && read_hex(*at + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
        *at += 6;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    if (point == 0 || (point >= 0xd800 && point < 0xe000))
        point = 0xfffd;
    add_point(text, point);
    return true;
}

/* The string's text without its escapes; false if one is none. */
static bool unescape(struct sl_buf *text, const char *at, const char *end)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *escape;

    while (at < end) {
        const char *stop = memchr(at, '\\', (size_t)(end - at));

        sl_buf_add(text, at, (size_t)((stop ? stop : end) - at));
        if (!stop)
            return true;
        at = stop + 2; /* a string does not end behind an odd backslash */
        if (stop[1] == 'u') {
            if (!unescape_point(text, &at, end))
                return false;
            continue;
        }
        escape = stop[1] ? strchr(escapes, stop[1]) : NULL;
        if (!escape)
            return false;
        sl_buf_add(text, &meant[escape - escapes], 1);
    }
    return true;
}

struct span {
    const char *text;
    size_t n;
};

/* The next token, which must be a string: where it lies or, if it had escapes, in the arena. */
static bool take_string(struct walk *walk, struct span *string)
{
    const char *at, *begin;
    bool escaped = false;
    struct sl_buf text;

    if (!take(walk, '"'))
        return false;
    for (at = begin = walk->at; at < walk->end && *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return false;
        if (*at == '\\') {
            escaped = true;
            at++;
        }
    }
    if (at >= walk->end)
        return false;
    walk->at = at + 1;
    *string = (struct span){ begin, (size_t)(at - begin) };
    if (!escaped)
        return true;
    text = sl_buf_new(walk->mask->arena);
    if (!unescape(&text, begin, at))
        return false;
    *string = (struct span){ text.data, text.len };
    return true;
}

/* ---- Numbers and words ------------------------------------------------------------------- */

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* Behind the number, or NULL if it is none. */
static const char *number_end(const char *at, const char *end)
{
    at += at < end && *at == '-';
    if (!is_digit(at, end))
        return NULL;
    at = *at == '0' ? at + 1 : skip_digits(at, end);
    if (at < end && *at == '.') {
        if (!is_digit(at + 1, end))
            return NULL;
        at = skip_digits(at + 1, end);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        if (!is_digit(at, end))
            return NULL;
        at = skip_digits(at, end);
    }
    return at;
}

/* One that is masked becomes a text. */
static bool copy_number(struct walk *walk, enum sl_mask_as as)
{
    const char *begin = walk->at, *end = number_end(begin, walk->end);
    size_t n = end ? (size_t)(end - begin) : 0;
    struct sl_buf shown;

    if (!end)
        return false;
    walk->at = end;
    if (as != SL_AS_IS || n >= LONG_NUMBER || !sl_mask_plain(walk->mask, begin, n)) {
        shown = sl_mask_text(walk->mask, as, begin, n);
        if (shown.len != n || memcmp(shown.data, begin, n) != 0) {
            sl_json_quote(walk->out, shown.data);
            return true;
        }
    }
    sl_buf_add(walk->out, begin, n);
    return true;
}

static bool copy_word(struct walk *walk)
{
    static const char *const words[] = { "true", "false", "null" };

    for (size_t i = 0; i < SL_COUNT(words); i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(walk->end - walk->at) < n || memcmp(walk->at, words[i], n) != 0)
            continue;
        walk->at += n;
        sl_buf_add(walk->out, words[i], n);
        return true;
    }
    return false;
}

/* ---- Arrays and objects ------------------------------------------------------------------ */

static bool copy_value(struct walk *walk, enum sl_mask_as as);

/* What goes beyond the bound is read all the same: it may be no JSON. */
static bool copy_array(struct walk *walk, enum sl_mask_as as)
{
    size_t n = 0, kept = 0;

    sl_buf_add(walk->out, "[", 1);
    if (!take(walk, ']')) {
        do {
            if (n == SL_MASK_ELEMENTS)
                kept = walk->out->len;
            if (n++ > 0)
                sl_buf_add(walk->out, ",", 1);
            if (!copy_value(walk, as))
                return false;
            if (kept > 0)
                walk->out->len = kept;
        } while (take(walk, ','));
        if (!take(walk, ']'))
            return false;
    }
    if (n > SL_MASK_ELEMENTS)
        sl_buf_printf(walk->out, ",\"… %zu more\"", n - SL_MASK_ELEMENTS);
    sl_buf_add(walk->out, "]", 1);
    return true;
}

static bool copy_member(struct walk *walk)
{
    struct span name;

    if (!take_string(walk, &name) || !take(walk, ':'))
        return false;
    sl_mask_quote(walk->out, walk->mask, SL_AS_IS, name.text, name.n);
    sl_buf_add(walk->out, ":", 1);
    return copy_value(walk, sl_mask_named(walk->mask, name.text, name.n));
}

static bool copy_object(struct walk *walk)
{
    size_t n = 0, kept = 0;

    sl_buf_add(walk->out, "{", 1);
    if (!take(walk, '}')) {
        do {
            if (n == SL_MASK_MEMBERS)
                kept = walk->out->len;
            if (n++ > 0)
                sl_buf_add(walk->out, ",", 1);
            if (!copy_member(walk))
                return false;
            if (kept > 0)
                walk->out->len = kept;
        } while (take(walk, ','));
        if (!take(walk, '}'))
            return false;
    }
    if (n > SL_MASK_MEMBERS)
        sl_buf_printf(walk->out, ",\"…\":\"%zu more\"", n - SL_MASK_MEMBERS);
    sl_buf_add(walk->out, "}", 1);
    return true;
}

/* Elements of an array are shown as what the array is called. */
static bool copy_nested(struct walk *walk, enum sl_mask_as as)
{
    size_t before = walk->out->len;
    bool array = *walk->at++ == '[';

    if (++walk->depth > MOST_DEPTH || !(array ? copy_array(walk, as) : copy_object(walk)))
        return false;
    walk->depth--;
    if (as == SL_AS_SECRET) {
        walk->out->len = before;
        sl_buf_text(walk->out, "\"••••\"");
    }
    return true;
}

static bool copy_value(struct walk *walk, enum sl_mask_as as)
{
    struct span string;

    skip_blanks(walk);
    if (walk->at == walk->end)
        return false;
    switch (*walk->at) {
    case '{':
    case '[': return copy_nested(walk, as);
    case '"':
        if (!take_string(walk, &string))
            return false;
        sl_mask_quote(walk->out, walk->mask, as, string.text, string.n);
        return true;
    case 't':
    case 'f':
    case 'n': return copy_word(walk);
    default: return copy_number(walk, as);
    }
}

bool sl_mask_json(struct sl_buf *out, const struct sl_mask *mask, const char *bytes, size_t n)
{
    struct walk walk = { .out = out, .mask = mask, .at = bytes, .end = bytes + n };
    size_t before = out->len;

    if (copy_value(&walk, SL_AS_IS)) {
        skip_blanks(&walk);
        if (walk.at == walk.end)
            return true;
    }
    out->len = before;
    out->data[before] = '\0';
    return false;
}
