/* What simulated SMS providers share: parts, numbers, who got what. */
#ifndef SL_SANDBOX_SMS_H
#define SL_SANDBOX_SMS_H

#include <stdbool.h>
#include <stddef.h>

struct sl_sandbox;

/* In how many parts a text of valid UTF-8 leaves: 160 or 153 septets, 70 or 67 UCS-2 units,
 * pairs not split (3GPP TS 23.038, 23.040). 1 for the empty text. */
size_t sl_sms_parts(const char *text);

bool sl_sms_is_e164(const char *number); /* '+' and 8 to 15 digits, the first not 0 */

/* Counts one accepted message. */
void sl_sms_count(struct sl_sandbox *box, const char *to, const char *text);

#endif
