/* What the files of M-Pesa share; nobody else includes it.
 *
 * mpesa.c has the facts, mpesa_requests.c builds, mpesa_answers.c reads answers, and
 * mpesa_hooks.c reads what Safaricom sends by itself. */
#ifndef SL_ADAPTERS_PAYMENT_MPESA_H
#define SL_ADAPTERS_PAYMENT_MPESA_H

#include "lib/adapter/adapter.h"

enum {
    CONSUMER_KEY,
    CONSUMER_SECRET,
    SHORTCODE,
    SHORTCODE_TYPE,
    TILL_NUMBER,
    PASSKEY,
    C2B_SHORTCODE,
    C2B_VALIDATION,
    C2B_RESPONSE_TYPE,
    C2B_VERSION,
    INITIATOR_NAME,
    INITIATOR_PASSWORD,
    SECURITY_CREDENTIAL,
    CERTIFICATE,
    CALLBACK_BASE_URL,
    CALLBACK_CIDRS,
    MAX_AMOUNT,
    N_FIELDS
};

/* ---- mpesa.c ------------------------------------------------------------------------- */

/* Whether Safaricom takes this address for callbacks: https, a DNS name, none of the banned
 * words in it. Plain http and a bare address are for loopback only, to rehearse. */
int sl_mpesa_check_callback(const char *url, struct sl_err *err);

/* ---- mpesa_requests.c ---------------------------------------------------------------- */

int sl_mpesa_build_grant(const struct sl_call *call, struct sl_request *request,
                         struct sl_err *err);
int sl_mpesa_build_request(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
int sl_mpesa_build_verify(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_mpesa_build_refund(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_mpesa_build_status(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_mpesa_build_balance(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
int sl_mpesa_build_register(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_mpesa_build_simulate(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);

/* ---- mpesa_answers.c ----------------------------------------------------------------- */

void sl_mpesa_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result);
void sl_mpesa_parse_request(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_mpesa_parse_verify(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_mpesa_parse_refund(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_mpesa_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_mpesa_parse_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_mpesa_parse_register(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);

/* Foreign text for a person, in the arena; NULL for NULL and for "". */
const char *sl_mpesa_told(struct sl_arena *arena, const char *text);

/* How a push ended, by its ResultCode; state, code and text of *news. A code that the table
 * does not know is SL_PAY_UNKNOWN. */
void sl_mpesa_read_end(struct sl_arena *arena, const char *code, const char *text,
                       struct sl_payment_news *news);

/* ---- mpesa_hooks.c ------------------------------------------------------------------- */

enum { SL_MPESA_HOOKS = 5 };
extern const struct sl_hook sl_mpesa_hooks[SL_MPESA_HOOKS];

#endif
