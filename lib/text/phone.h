/* Phone numbers: from what schools have in their lists to E.164 (docs/providers/phones.md).
 *
 * What is certain is repaired (blanks, spreadsheet wrapping, a lost leading zero), what is a
 * guess is refused, and digits are never filled in: a refused number costs one line in a
 * report, a wrong one sends a child's affairs to a stranger. Shapes are checked, not which
 * ranges are allocated (section 4). Pure. */
#ifndef SL_TEXT_PHONE_H
#define SL_TEXT_PHONE_H

#include <stdbool.h>

#include "lib/base/arena.h"

enum sl_phone_kind {
    SL_PHONE_INVALID, /* no number, or a guess */
    SL_PHONE_MOBILE,  /* can be texted */
    SL_PHONE_FIXED,   /* a landline: valid, cannot be texted */
    SL_PHONE_OTHER,   /* toll-free, premium, shared cost: valid, cannot be texted */
};

struct sl_phone {
    const char *e164; /* "+254712345678", in the arena; NULL if invalid */
    enum sl_phone_kind kind;
    const char *reason; /* for the line of a report: why it cannot be texted, or what was not
                           checked; "" if there is nothing to say, never NULL */
};

/* Reads one cell or operand (sections 1 to 3). `country` is the school's, "KE"; it decides
 * what a number without "+" means. If it is NULL or not in the table, only numbers with "+"
 * are read. Duplicates are to be looked for in e164, not in the text. */
struct sl_phone sl_phone_read(struct sl_arena *arena, const char *text, const char *country);

/* Whether numbers without "+" can be read for this ISO 3166 code, in capitals. */
bool sl_phone_country_known(const char *country);

/* "KE UG TZ …": all of those. */
const char *sl_phone_countries(struct sl_arena *arena);

/* For a table that a person reads (section 5): "0712 345 678" if the number is of `country`,
 * "+256 772 123 456" if it is of another country in the table, else e164 as it is. */
const char *sl_phone_national(struct sl_arena *arena, const char *e164, const char *country);

/* For logs (section 5): code, first digit, last four: "2547••••5678". Two leading digits if
 * the code is not in the table; only dots if the text is no "+" and at least 8 digits. */
const char *sl_phone_masked(struct sl_arena *arena, const char *e164);

#endif
