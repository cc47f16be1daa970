/* What the files of Flutterwave share; nobody else includes it.
 *
 * flutterwave.c has the facts, flutterwave_requests.c builds, flutterwave_answers.c reads answers,
 * and flutterwave_hooks.c reads what Flutterwave sends by itself. */
#ifndef SL_ADAPTERS_PAYMENT_FLUTTERWAVE_H
#define SL_ADAPTERS_PAYMENT_FLUTTERWAVE_H

#include "lib/adapter/adapter.h"

enum {
    SECRET_KEY,
    WEBHOOK_SECRET_HASH,
    REDIRECT_URL,
    CHARGE,
    PAYMENT_OPTIONS,
    DEFAULT_EMAIL,
    BRAND_TITLE,
    BRAND_LOGO,
    LINK_MINUTES,
    N_FIELDS
};

/* Whether payers get a prompt on the phone instead of a link. */
bool sl_flutterwave_prompts(const struct sl_settings *settings);

/* ---- flutterwave_requests.c ---------------------------------------------------------- */

int sl_flutterwave_build_test(const struct sl_call *call, struct sl_request *request,
                              struct sl_err *err);
int sl_flutterwave_build_request(const struct sl_call *call, struct sl_request *request,
                                 struct sl_err *err);
int sl_flutterwave_build_verify(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err);
int sl_flutterwave_build_refund(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err);
int sl_flutterwave_build_status(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err);

/* ---- flutterwave_answers.c ----------------------------------------------------------- */

void sl_flutterwave_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct sl_result *result);
void sl_flutterwave_parse_request(const struct sl_call *call, const struct sl_exchange *exchange,
                                  struct sl_result *result);
void sl_flutterwave_parse_verify(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result);
void sl_flutterwave_parse_refund(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result);
void sl_flutterwave_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result);

/* ---- flutterwave_hooks.c ------------------------------------------------------------- */

enum { SL_FLUTTERWAVE_HOOKS = 1 };
extern const struct sl_hook sl_flutterwave_hooks[SL_FLUTTERWAVE_HOOKS];

#endif
