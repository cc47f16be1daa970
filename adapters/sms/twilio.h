/* What the files of Twilio share; nobody else includes it.
 *
 * twilio.c has the facts and builds, twilio_answers.c reads answers about messages, twilio_account.c
 * those about the account, and twilio_hooks.c proves and reads callbacks. */
#ifndef SL_ADAPTERS_SMS_TWILIO_H
#define SL_ADAPTERS_SMS_TWILIO_H

#include "lib/adapter/adapter.h"

enum {
    ACCOUNT_SID,
    AUTH_TOKEN,
    OLD_AUTH_TOKEN,
    API_KEY_SID,
    API_KEY_SECRET,
    FROM,
    MESSAGING_SERVICE_SID,
    STATUS_CALLBACK,
    VALIDITY_PERIOD,
    SMART_ENCODING,
    LOW_BALANCE,
    N_FIELDS
};

/* The number, short code or name that a message is sent under; NULL: the service chooses. */
const char *sl_twilio_sender(const struct sl_call *call, const char *asked);

bool sl_twilio_is_number(const char *sender); /* E.164 */

/* Two letters and 32 lower-case hexadecimal digits. */
bool sl_twilio_is_sid(const char *text, const char *prefix);

/* ---- twilio_answers.c ---------------------------------------------------------------- */

/* What Twilio's word for a message's state means. False for words that are unknown, and for those
 * that no message of ours has. */
bool sl_twilio_delivery(const char *status, enum sl_delivery *delivery);

/* The code of a message that was taken and not delivered, in words: "30003: the phone …". In the
 * arena; NULL for NULL and "". */
const char *sl_twilio_reason(struct sl_arena *arena, const char *code);

/* Of an answer that is no success; `doc` is its JSON, or NULL. */
void sl_twilio_read_refusal(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct json_object *doc, struct sl_result *result);

void sl_twilio_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result);
void sl_twilio_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);

/* ---- twilio_account.c ---------------------------------------------------------------- */

void sl_twilio_parse_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_twilio_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result);
void sl_twilio_parse_magic(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_twilio_parse_number(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_twilio_parse_service(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);

/* ---- twilio_hooks.c ------------------------------------------------------------------ */

enum { SL_TWILIO_HOOKS = 2 };
extern const struct sl_hook sl_twilio_hooks[SL_TWILIO_HOOKS];

#endif
