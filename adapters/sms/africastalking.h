/* What the files of Africa's Talking share; nobody else includes it.
 *
 * africastalking.c has the facts and builds, africastalking_answers.c reads answers, and
 * africastalking_hooks.c reads callbacks. */
#ifndef SL_ADAPTERS_SMS_AFRICASTALKING_H
#define SL_ADAPTERS_SMS_AFRICASTALKING_H

#include "lib/adapter/adapter.h"

enum {
    USERNAME,
    API_KEY,
    SENDER_ID,
    ENQUEUE,
    ENDPOINT,
    CURRENCY,
    CALLBACK_CIDRS,
    LOW_BALANCE,
    N_FIELDS
};

/* Of an sms.send: the name or short code that it is sent under, or NULL for the account's own.
 * Never "", which would be refused. */
const char *sl_africastalking_sender(const struct sl_call *call);

/* ---- africastalking_answers.c -------------------------------------------------------- */

/* Foreign text for a person, in the arena; NULL for NULL and for "". */
const char *sl_africastalking_shown(struct sl_arena *arena, const char *text);

void sl_africastalking_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                                  struct sl_result *result);
void sl_africastalking_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                                  struct sl_result *result);
void sl_africastalking_parse_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                                     struct sl_result *result);

/* ---- africastalking_hooks.c ---------------------------------------------------------- */

enum { SL_AFRICASTALKING_HOOKS = 3 };
extern const struct sl_hook sl_africastalking_hooks[SL_AFRICASTALKING_HOOKS];

#endif
