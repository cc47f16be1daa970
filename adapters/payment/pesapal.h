/* What the files of Pesapal share; nobody else includes it.
 *
 * pesapal.c has the facts, pesapal_requests.c builds, pesapal_answers.c reads answers, pesapal_order.c
 * does both for an order and what it needs first, and pesapal_hooks.c reads what Pesapal sends by
 * itself. */
#ifndef SL_ADAPTERS_PAYMENT_PESAPAL_H
#define SL_ADAPTERS_PAYMENT_PESAPAL_H

#include "lib/adapter/adapter.h"

enum {
    CONSUMER_KEY,
    CONSUMER_SECRET,
    CALLBACK_URL,
    CANCELLATION_URL,
    NOTIFICATION_URL,
    NOTIFICATION_METHOD,
    IPN_ID,
    BRANCH,
    COUNTRY_CODE,
    REFUND_USERNAME,
    N_FIELDS
};

/* An order's id is ours; one that had to be made anew has this behind it. */
#define SL_PESAPAL_AGAIN "-2"

/* ---- pesapal_requests.c -------------------------------------------------------------- */

/* Where requests go: by the setting, or the environment. */
const char *sl_pesapal_base(const struct sl_settings *settings);
int sl_pesapal_get(const struct sl_call *call, const char *path, struct sl_request *request);
int sl_pesapal_post(const struct sl_call *call, const char *path, struct sl_buf *body,
                    struct sl_request *request);

int sl_pesapal_build_grant(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
int sl_pesapal_build_list(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err);
int sl_pesapal_build_verify(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_pesapal_build_cancel(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_pesapal_build_refund(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);
int sl_pesapal_build_status(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err);

/* ---- pesapal_answers.c --------------------------------------------------------------- */

/* What an answer complains of; both NULL: of nothing. In the arena. */
struct sl_pesapal_complaint {
    const char *code, *text;
};
struct sl_pesapal_complaint sl_pesapal_complaint(struct sl_arena *arena, struct json_object *doc);

/* Whether it complains of this, in code or text. */
bool sl_pesapal_says(const struct sl_pesapal_complaint *complaint, const char *fragment);

/* A good HTTP status, "status" 200 in the body, and no complaint: that, and nothing less. */
bool sl_pesapal_is_good(struct sl_arena *arena, const struct sl_exchange *exchange,
                        struct json_object *doc);

/* Settles what was refused, by complaint and status. */
void sl_pesapal_refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct json_object *doc, struct sl_result *result);

void sl_pesapal_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);
void sl_pesapal_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result);
void sl_pesapal_parse_verify(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_pesapal_parse_cancel(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_pesapal_parse_refund(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);
void sl_pesapal_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result);

/* ---- pesapal_order.c ----------------------------------------------------------------- */

/* An order names a registered address for notifications. Its id is a fact of the account: it is
 * looked for in the list, or registered, and the order is submitted then. */
size_t sl_pesapal_order_facts(const struct sl_call *call, struct sl_fact *wanted);
int sl_pesapal_build_order(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err);
void sl_pesapal_parse_order(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result);

/* The list of registered addresses: whether it is one, and the id of ours in it (NULL: it is not
 * there). In the arena. */
bool sl_pesapal_read_list(const struct sl_call *call, struct json_object *doc, const char **ipn_id);

/* ---- pesapal_hooks.c ----------------------------------------------------------------- */

enum { SL_PESAPAL_HOOKS = 1 };
extern const struct sl_hook sl_pesapal_hooks[SL_PESAPAL_HOOKS];

#endif
