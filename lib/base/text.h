/* Text and numbers from outside: the strict readers that every program uses. Pure. */
#ifndef SL_BASE_TEXT_H
#define SL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

/* Well-formed UTF-8 (Unicode 15, table 3-7), without NUL. */
bool sl_utf8_valid(const char *bytes, size_t n);

/* The code point at *at, which moves behind it; 0 at the end. For text that is valid. */
uint32_t sl_utf8_next(const char **at);

/* How many code points. */
size_t sl_utf8_length(const char *text);

/* A whole decimal number, digits with an optional '-', nothing before or after, within
 * the range. Returns false and leaves *value alone otherwise. */
bool sl_parse_int(const char *text, int64_t least, int64_t most, int64_t *value);

/* A decimal amount, "1500", "0.8000", "-12.5", as an integer of 10^-decimals units.
 * Refuses exponents, separators, blanks, a sign '+', more decimals than asked for unless the
 * rest are zeros, and what does not fit 18 digits. */
bool sl_parse_decimal(const char *text, int decimals, int64_t *value);

/* The other way: 80000000 with 6 decimals, at least 2 shown, is "80.00"; all digits that are
 * not trailing zeros are kept. */
char *sl_print_decimal(struct sl_arena *arena, int64_t value, int decimals, int shown);

/* Lower-case hexadecimal; `text` has room for 2n + 1. */
void sl_hex(const unsigned char *bytes, size_t n, char *text);
/* Exactly n bytes from 2n hexadecimal digits; false if `text` is not that. */
bool sl_unhex(const char *text, unsigned char *bytes, size_t n);

/* Standard alphabet with padding, no line breaks (RFC 4648, section 4). */
char *sl_base64(struct sl_arena *arena, const void *bytes, size_t n);
/* The same into `text`, which has room for (n + 2) / 3 * 4; no NUL. Returns how many digits. */
size_t sl_base64_into(char *text, const void *bytes, size_t n);
/* NULL if `text` is not that; white space is skipped. The bits that stand for nothing must be zero (RFC
 * 4648, section 3.5): bytes have one spelling. *n is set to the bytes' number. */
unsigned char *sl_unbase64(struct sl_arena *arena, const char *text, size_t *n);

/* Equal, in a time that depends on n alone. */
bool sl_equal_secret(const void *a, const void *b, size_t n);

/* Foreign text for a person: at most `most` code points, control characters, C1 and
 * bidirectional overrides as '?', invalid bytes as '?'; "" for NULL. */
char *sl_printable(struct sl_arena *arena, const char *bytes, size_t n, size_t most);

/* Foreign text for a format that quotes or escapes tabs and line ends: the other control characters
 * and C1, which steer a terminal, as '?', invalid bytes too. The text itself if it has none. */
const char *sl_without_controls(struct sl_arena *arena, const char *text);

/* Bytes as valid UTF-8: each that is not of a character becomes U+FFFD. */
char *sl_utf8_repair(struct sl_arena *arena, const char *bytes, size_t n);

/* The nearest of the words, for "did you mean", or NULL if none is near (at most a third
 * of the longer one's letters away, and at most 3; two that changed places are one). */
const char *sl_nearest(const char *word, const char *const *words, size_t n_words);

#endif
