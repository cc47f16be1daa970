#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- UTF-8 -------------------------------------------------------------------------- */

/* How many bytes the character at `at` has, or 0 if it is malformed or cut. */
static size_t sequence(const unsigned char *at, size_t left)
{
    unsigned char least = 0x80, most = 0xbf;
    size_t n;

    if (*at < 0x80)
        return 1;
    if (*at < 0xc2 || *at > 0xf4)
        return 0;
    n = *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    if (*at == 0xe0)
        least = 0xa0; /* shorter forms of the same character are not UTF-8 */
    if (*at == 0xed)
        most = 0x9f; /* surrogates */
    if (*at == 0xf0)
        least = 0x90;
    if (*at == 0xf4)
        most = 0x8f; /* above U+10FFFF */
    if (left < n || at[1] < least || at[1] > most)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    return n;
}

bool sl_utf8_valid(const char *bytes, size_t n)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t step;

    for (size_t i = 0; i < n; i += step) {
        step = sequence(at + i, n - i);
        if (step == 0 || at[i] == 0)
            return false;
    }
    return true;
}

uint32_t sl_utf8_next(const char **at)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    const unsigned char *byte = (const unsigned char *)*at;
    size_t n = sequence(byte, 4);
    uint32_t point;

    if (*byte == 0 || n == 0)
        return 0;
    point = *byte & masks[n];
    for (size_t i = 1; i < n; i++)
        point = point << 6 | (byte[i] & 0x3f);
    *at += n;
    return point;
}

size_t sl_utf8_length(const char *text)
{
    size_t n = 0;

    while (sl_utf8_next(&text))
        n++;
    return n;
}

/* ---- Numbers ------------------------------------------------------------------------ */

bool sl_parse_int(const char *text, int64_t least, int64_t most, int64_t *value)
{
    const char *digits = text + (*text == '-');
    long long n;

    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    errno = 0;
    n = strtoll(text, NULL, 10);
    if (errno || n < least || n > most)
        return false;
    *value = n;
    return true;
}

bool sl_parse_decimal(const char *text, int decimals, int64_t *value)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    int64_t n = 0;
    int digits = 0;

    if (!isdigit((unsigned char)*at))
        return false;
    for (; isdigit((unsigned char)*at); at++) {
        digits += n > 0 || *at != '0';
        if (digits + decimals > 18)
            return false;
        n = n * 10 + (*at - '0');
    }
    if (*at == '.' && !isdigit((unsigned char)at[1]))
        return false;
    at += *at == '.';
    for (int i = 0; i < decimals; i++) {
        n *= 10;
        if (isdigit((unsigned char)*at))
            n += *at++ - '0';
    }
    at += strspn(at, "0");
    if (*at)
        return false;
    *value = negative ? -n : n;
    return true;
}

char *sl_print_decimal(struct sl_arena *arena, int64_t value, int decimals, int shown)
{
    uint64_t n = value < 0 ? -(uint64_t)value : (uint64_t)value, unit = 1;

    for (int i = 0; i < decimals; i++)
        unit *= 10;
    while (decimals > 0 && decimals > shown && n % 10 == 0) {
        n /= 10;
        unit /= 10;
        decimals--;
    }
    if (decimals == 0)
        return sl_arena_printf(arena, "%s%llu", value < 0 ? "-" : "", (unsigned long long)n);
    return sl_arena_printf(arena, "%s%llu.%0*llu", value < 0 ? "-" : "",
                           (unsigned long long)(n / unit), decimals,
                           (unsigned long long)(n % unit));
}

/* ---- Hexadecimal and base64 --------------------------------------------------------- */

void sl_hex(const unsigned char *bytes, size_t n, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sl_unhex(const char *text, unsigned char *bytes, size_t n)
{
    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t sl_base64_into(char *text, const void *bytes, size_t n)
{
    const unsigned char *in = bytes;
    char *out = text;

    for (size_t i = 0; i < n; i += 3) {
        uint32_t group = (uint32_t)in[i] << 16;

        group |= i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0;
        group |= i + 2 < n ? in[i + 2] : 0;
        *out++ = base64_digits[group >> 18];
        *out++ = base64_digits[group >> 12 & 63];
        *out++ = i + 1 < n ? base64_digits[group >> 6 & 63] : '=';
        *out++ = i + 2 < n ? base64_digits[group & 63] : '=';
    }
    return (size_t)(out - text);
}

char *sl_base64(struct sl_arena *arena, const void *bytes, size_t n)
{
    char *text = sl_arena_alloc(arena, (n + 2) / 3 * 4 + 1, 1);

    (void)sl_base64_into(text, bytes, n);
    return text;
}

unsigned char *sl_unbase64(struct sl_arena *arena, const char *text, size_t *n)
{
    unsigned char *bytes = sl_arena_alloc(arena, strlen(text) / 4 * 3 + 3, 1);
    size_t used = 0, digits = 0, pads = 0;
    uint32_t group = 0;

    for (; *text; text++) {
        const char *digit = strchr(base64_digits, *text);

        if (isspace((unsigned char)*text))
            continue;
        pads += *text == '=';
        if (*text != '=' && (!digit || pads > 0))
            return NULL;
        group = group << 6 | (digit ? (uint32_t)(digit - base64_digits) : 0);
        if (++digits % 4 != 0)
            continue;
        bytes[used++] = (unsigned char)(group >> 16);
        bytes[used++] = (unsigned char)(group >> 8);
        bytes[used++] = (unsigned char)group;
        group = 0;
    }
    if (digits % 4 != 0 || pads > 2)
        return NULL;
    for (size_t i = used - pads; i < used; i++)
        if (bytes[i] != 0)
            return NULL;
    *n = used - pads;
    return bytes;
}

/* ---- Comparing and showing ---------------------------------------------------------- */

bool sl_equal_secret(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *left = a, *right = b;
    unsigned char difference = 0;

    for (size_t i = 0; i < n; i++)
        difference |= left[i] ^ right[i];
    return difference == 0;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

static bool steers(uint32_t point)
{
    return is_control(point) || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) ||
           point == 0xfeff;
}

const char *sl_without_controls(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);
    bool changed = false;
    size_t step;

    for (const char *at = text; *at; at += step) {
        const char *next = at;
        bool kept = strchr("\t\n\r", *at) != NULL;

        step = sequence((const unsigned char *)at, strnlen(at, 4));
        if (!kept && (step == 0 || is_control(sl_utf8_next(&next)))) {
            sl_buf_add(&out, "?", 1);
            changed = true;
        } else {
            sl_buf_add(&out, at, step);
        }
        step = step ? step : 1;
    }
    return changed ? out.data : text;
}

char *sl_printable(struct sl_arena *arena, const char *bytes, size_t n, size_t most)
{
    struct sl_buf out = sl_buf_new(arena);
    size_t step;

    for (size_t i = 0, shown = 0; bytes && i < n && shown < most; i += step, shown++) {
        const char *at = bytes + i;

        step = sequence((const unsigned char *)at, n - i);
        if (step == 0 || steers(sl_utf8_next(&at)))
            sl_buf_add(&out, "?", 1);
        else
            sl_buf_add(&out, bytes + i, step);
        step = step ? step : 1;
    }
    return out.data;
}

char *sl_utf8_repair(struct sl_arena *arena, const char *bytes, size_t n)
{
    struct sl_buf out = sl_buf_new(arena);

    for (size_t i = 0; i < n;) {
        size_t step = bytes[i] ? sequence((const unsigned char *)bytes + i, n - i) : 0;

        sl_buf_add(&out, step > 0 ? bytes + i : "\xef\xbf\xbd", step > 0 ? step : 3);
        i += step > 0 ? step : 1;
    }
    return out.data;
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance: letters added, left out, changed, or swapped with their neighbour ("sned", the
 * commonest slip, is one away from "send"). Words of more than 63 bytes are far from all. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][64], n = strlen(b); /* of the letter before, this one, and the one before that */
    size_t *before = rows[0], *row = rows[1], *earlier = rows[2];

    if (n >= SL_COUNT(rows[0]) || strlen(a) >= SL_COUNT(rows[0]))
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        before[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t *oldest = earlier;

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            row[j + 1] = least_of(before[j] + (a[i] != b[j]), least_of(before[j + 1], row[j]) + 1);
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
                row[j + 1] = least_of(row[j + 1], earlier[j - 1] + 1);
        }
        earlier = before;
        before = row;
        row = oldest;
    }
    return before[n];
}

const char *sl_nearest(const char *word, const char *const *words, size_t n_words)
{
    const char *nearest = NULL;
    size_t least = 4;

    for (size_t i = 0; i < n_words; i++) {
        size_t far = distance(word, words[i]);
        size_t longer = strlen(word) > strlen(words[i]) ? strlen(word) : strlen(words[i]);

        if (far < least && far * 3 <= longer) {
            least = far;
            nearest = words[i];
        }
    }
    return nearest;
}
