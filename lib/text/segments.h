/* What a text costs as SMS: encoding, units, segments (docs/providers/sms-segments.md).
 *
 * Counting refuses nothing and changes nothing; it takes the final text, valid UTF-8. What the
 * provider later says itself counts for the cost. Pure; counting allocates nothing. */
#ifndef SL_TEXT_SEGMENTS_H
#define SL_TEXT_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

enum sl_sms_encoding { SL_GSM7, SL_UCS2 };

struct sl_segments {
    enum sl_sms_encoding encoding;
    size_t n_characters; /* code points */
    size_t units;        /* septets, or UTF-16 units */
    size_t segments;     /* 0 for the empty text */
    size_t forced_at;    /* the first character that forced UCS-2, counted from 1; else 0 */
    uint32_t forced_by;  /* its code point */
};

struct sl_segments sl_segments_count(const char *text);

/* "GSM-7" or "UCS-2", as `estimate` prints it. */
const char *sl_sms_encoding_name(enum sl_sms_encoding encoding);

/* The units of each part, at most `most` of them, into `parts`. Returns how many parts the
 * text has, which is sl_segments_count()'s `segments` and may be more than `most`. */
size_t sl_segments_parts(const char *text, size_t *parts, size_t most);

/* Tells a person what a character costs: "the ’ (U+2019) at character 12 makes this 3 segments
 * instead of 1", compared with what sl_text_plain() makes of the text. NULL for GSM-7. */
const char *sl_segments_why(struct sl_arena *arena, const char *text);

/* What --plain does (section 4): quotes, dashes, ellipsis, blanks and the other signs that word
 * processors put in become ASCII, invisible characters vanish, TAB becomes a blank. Letters stay
 * what they are, and so does what joins emoji. Returns `text` itself if nothing is to change. */
const char *sl_text_plain(struct sl_arena *arena, const char *text);

/* The first control character that must not be sent (all of C0, DEL and C1 but LF, CR, FF and
 * TAB), counted in characters from 1; 0 if there is none. */
size_t sl_text_control_at(const char *text);

#endif
