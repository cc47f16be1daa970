/* Counting SMS segments. Sections are those of docs/providers/sms-segments.md. */
#include "lib/text/segments.h"

#include <string.h>

#include "lib/base/text.h"

struct alphabet {
    size_t one;                      /* units of a message that is one segment */
    size_t many;                     /* units of a part of several */
    size_t (*weigh)(uint32_t point); /* 0: not in it */
};

/* Weights of ASCII in GSM-7, sixteen a row (section 2). */
static const char ascii_weights[] = "0000000000102100"
                                    "0000000000000000"
                                    "1111111111111111"
                                    "1111111111111111"
                                    "1111111111111111"
                                    "1111111111122221"
                                    "0111111111111111"
                                    "1111111111122220";

static const uint16_t gsm_beyond_ascii[] = {
    0xa1, 0xa3, 0xa4, 0xa5,  0xa7,  0xbf,  0xc4,  0xc5,  0xc6,  0xc7,  0xc9,  0xd1,  0xd6,
    0xd8, 0xdc, 0xdf, 0xe0,  0xe4,  0xe5,  0xe6,  0xe8,  0xe9,  0xec,  0xf1,  0xf2,  0xf6,
    0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9,
};

static size_t weigh_gsm(uint32_t point)
{
    if (point < 0x80)
        return (size_t)(ascii_weights[point] - '0');
    for (size_t i = 0; i < SL_COUNT(gsm_beyond_ascii); i++)
        if (gsm_beyond_ascii[i] == point)
            return 1;
    return point == 0x20ac ? 2 : 0;
}

static size_t weigh_ucs2(uint32_t point)
{
    return point > 0xffff ? 2 : 1;
}

static const struct alphabet alphabets[] = {
    [SL_GSM7] = { 160, 153, weigh_gsm },
    [SL_UCS2] = { 70, 67, weigh_ucs2 },
};

/* Most text is ASCII, and this runs for every row of a list. */
static uint32_t next_point(const char **at)
{
    if ((unsigned char)**at >= 0x80)
        return sl_utf8_next(at);
    return **at ? (unsigned char)*(*at)++ : 0;
}

/* Counts until a character has no weight. A character that does not fit whole in what is left of
 * a part opens the next one. */
static struct sl_segments count_in(enum sl_sms_encoding encoding, const char *text)
{
    const struct alphabet *alphabet = &alphabets[encoding];
    struct sl_segments found = { .encoding = encoding };
    size_t fill = alphabet->many;
    uint32_t point;

    while ((point = next_point(&text)) != 0) {
        size_t weight = alphabet->weigh(point);

        found.n_characters++;
        if (weight == 0) {
            found.forced_at = found.n_characters;
            found.forced_by = point;
            return found;
        }
        found.units += weight;
        fill += weight;
        if (fill > alphabet->many) {
            found.segments++;
            fill = weight;
        }
    }
    if (found.units <= alphabet->one && found.units > 0)
        found.segments = 1;
    return found;
}

struct sl_segments sl_segments_count(const char *text)
{
    struct sl_segments gsm = count_in(SL_GSM7, text), found;

    if (gsm.forced_at == 0)
        return gsm;
    found = count_in(SL_UCS2, text);
    found.forced_at = gsm.forced_at;
    found.forced_by = gsm.forced_by;
    return found;
}

const char *sl_sms_encoding_name(enum sl_sms_encoding encoding)
{
    return encoding == SL_GSM7 ? "GSM-7" : "UCS-2";
}

size_t sl_segments_parts(const char *text, size_t *parts, size_t most)
{
    struct sl_segments whole = sl_segments_count(text);
    const struct alphabet *alphabet = &alphabets[whole.encoding];
    size_t room = whole.units <= alphabet->one ? alphabet->one : alphabet->many;
    size_t n = 0, fill = room;
    uint32_t point;

    while ((point = next_point(&text)) != 0) {
        size_t weight = alphabet->weigh(point);

        if (fill + weight > room) {
            n++;
            fill = 0;
        }
        fill += weight;
        if (n <= most)
            parts[n - 1] = fill;
    }
    return n;
}

/* ---- Plain text --------------------------------------------------------------------- */

/* Characters that look like an ASCII one, or like nothing. Sorted by code point. */
static const struct {
    uint32_t first, last;
    const char *plain;
} plains[] = {
    { 0x09, 0x09, " " },     /* TAB */
    { 0x60, 0x60, "'" },     /* backtick */
    { 0xa0, 0xa0, " " },     /* no-break space */
    { 0xab, 0xab, "\"" },    /* « */
    { 0xad, 0xad, "" },      /* soft hyphen */
    { 0xb4, 0xb4, "'" },     /* acute accent */
    { 0xb7, 0xb7, "." },     /* middle dot */
    { 0xbb, 0xbb, "\"" },    /* » */
    { 0x2b9, 0x2b9, "'" },   /* modifier prime */
    { 0x2ba, 0x2ba, "\"" },  /* modifier double prime */
    { 0x2bb, 0x2bd, "'" },   /* modifier commas: the apostrophe of some keyboards */
    { 0x2c8, 0x2c8, "'" },   /* modifier vertical line */
    { 0x2000, 0x200a, " " }, /* en quad to hair space */
    { 0x200b, 0x200b, "" },  /* zero width space; U+200C and U+200D join letters and emoji */
    { 0x200e, 0x200f, "" },  /* direction marks */
    { 0x2010, 0x2015, "-" }, /* hyphens, en and em dash, bar */
    { 0x2018, 0x201b, "'" },   { 0x201c, 0x201f, "\"" }, { 0x2022, 0x2022, "*" }, /* bullet */
    { 0x2024, 0x2024, "." },   /* one dot leader */
    { 0x2025, 0x2025, ".." },  /* two dot leader */
    { 0x2026, 0x2026, "..." }, /* ellipsis */
    { 0x2028, 0x2029, "\n" },  /* line and paragraph separator */
    { 0x202a, 0x202e, "" },    /* embedded directions */
    { 0x202f, 0x202f, " " },   /* narrow no-break space */
    { 0x2032, 0x2032, "'" },   /* prime */
    { 0x2033, 0x2033, "\"" },  { 0x2035, 0x2035, "'" },  { 0x2036, 0x2036, "\"" },
    { 0x2039, 0x203a, "'" }, /* single guillemets */
    { 0x2043, 0x2043, "-" }, /* hyphen bullet */
    { 0x2044, 0x2044, "/" }, /* fraction slash */
    { 0x205f, 0x205f, " " }, /* mathematical space */
    { 0x2060, 0x2064, "" },  /* word joiner, invisible operators */
    { 0x2066, 0x206f, "" },  /* isolates, deprecated format characters */
    { 0x2212, 0x2212, "-" }, /* minus */
    { 0x3000, 0x3000, " " }, /* ideographic space */
    { 0xfeff, 0xfeff, "" },  /* byte order mark */
};

/* NULL if the character stays. */
static const char *plain_form(uint32_t point)
{
    size_t low = 0, high = SL_COUNT(plains);

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (point > plains[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < SL_COUNT(plains) && point >= plains[low].first ? plains[low].plain : NULL;
}

/* Where the first character to be replaced is, or the end. */
static const char *skip_plain(const char *at)
{
    const char *next = at;
    uint32_t point;

    while ((point = next_point(&next)) != 0 && !plain_form(point))
        at = next;
    return at;
}

const char *sl_text_plain(struct sl_arena *arena, const char *text)
{
    const char *from = text, *at = skip_plain(text);
    struct sl_buf out;

    if (!*at)
        return text;
    out = sl_buf_new(arena);
    while (*at) {
        sl_buf_add(&out, from, (size_t)(at - from));
        from = at;
        sl_buf_text(&out, plain_form(next_point(&from)));
        at = skip_plain(from);
    }
    sl_buf_add(&out, from, (size_t)(at - from));
    return out.data;
}

/* ---- What a person is told ---------------------------------------------------------- */

/* The bytes of a character of valid text, counted from 1. */
static const char *character_at(const char *text, size_t position, size_t *n)
{
    const char *end;

    while (--position > 0)
        (void)next_point(&text);
    end = text;
    (void)next_point(&end);
    *n = (size_t)(end - text);
    return text;
}

const char *sl_segments_why(struct sl_arena *arena, const char *text)
{
    struct sl_segments found = sl_segments_count(text);
    struct sl_segments plain = sl_segments_count(sl_text_plain(arena, text));
    const char *shown, *character;
    size_t n;

    if (found.encoding == SL_GSM7)
        return NULL;
    character = character_at(text, found.forced_at, &n);
    shown = sl_arena_printf(arena, "the %s (U+%04X) at character %zu makes this %zu segment%s",
                            sl_printable(arena, character, n, 1), (unsigned)found.forced_by,
                            found.forced_at, found.segments, found.segments == 1 ? "" : "s");
    if (plain.segments >= found.segments)
        return shown;
    return sl_arena_printf(arena, "%s instead of %zu", shown, plain.segments);
}

size_t sl_text_control_at(const char *text)
{
    uint32_t point;

    for (size_t n = 1; (point = next_point(&text)) != 0; n++) {
        bool kept = point == '\n' || point == '\r' || point == '\f' || point == '\t';

        if (!kept && (point < 0x20 || (point >= 0x7f && point < 0xa0)))
            return n;
    }
    return 0;
}
