/* Numbers of people and of cards in text, masked. Pure.
 *
 * What is a phone, where nothing but the text says so. A run of digits that stands alone (no
 * letter, digit or '_' beside it, no part of a decimal number) is one if it has
 *   - 8 to 15 digits behind a '+' (or a "%2B");
 *   - 10 to 15 digits of which the first is 0: 0712345678, 00254712345678;
 *   - 9 digits of which the first is 7 or 1: 712345678, a lost zero;
 *   - 10 to 15 digits otherwise, unless it reads as a time: seconds or milliseconds since 1970
 *     (10, 13 digits), 20260105143000 or 202601051430.
 * The first two, and 254 712 345 678, also in groups with single blanks or dashes between. A run
 * with letters beside it is part of an id (ATXid_…, ws_CO_…, a hash) and stays, unless it is
 * exactly 12 digits like 2547… or 2561…, which is a phone in a reference, or has 21 digits or more and
 * ends with 9 of which the first is 7 or 1: an id of a time and a phone (ws_CO_241120260530001237…).
 * What stays: amounts, since they have fewer digits or decimals; times; ids as said.
 *
 * What is a card: 13 to 19 digits that pass Luhn's check, alone or in groups of at least four.
 *
 * A phone is shown like sl_phone_masked() does, 2547••••5678; written nationally 07••••5678; a
 * card as ••••4242. The token in a callback's address (32 or more hex digits, a segment of a path
 * somewhere behind "hooks/") is ••••. */
#ifndef SL_SERVICE_MASK_TEXT_H
#define SL_SERVICE_MASK_TEXT_H

#include <stdbool.h>

#include "lib/base/arena.h"

/* False if sl_mask_phones() would copy it as it is; cheap, so it may be true in vain. */
bool sl_mask_needed(const char *text, size_t n);

/* Appends the text. */
void sl_mask_phones(struct sl_buf *out, const char *text, size_t n);

/* For what is known to be one: any text with 8 digits or more is shown like a phone; what has
 * fewer (a short code, a name) is appended as it is. */
void sl_mask_phone(struct sl_buf *out, const char *text, size_t n);

/* For what is known to be an id of the provider's: appended as it is, but for one whose base64 hides a
 * number (WhatsApp's): of that the last twelve characters. */
void sl_mask_id(struct sl_buf *out, const char *text, size_t n);

#endif
