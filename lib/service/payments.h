/* Payments: asked for, told of, confirmed, given back.
 *
 * A payment succeeds only when the provider's query says so (where there is one): a callback
 * brings the receipt and makes the query due. Whatever comes twice, late or in contradiction
 * changes nothing that is further on: see sl_payments_told(). */
#ifndef SL_SERVICE_PAYMENTS_H
#define SL_SERVICE_PAYMENTS_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"
#include "lib/store/payments.h"
#include "lib/store/queue.h"
#include "lib/store/schools.h"

struct sl_payment_request {
    const char *provider;                               /* code, or NULL: the school's primary */
    const char *phone;                                  /* as a person wrote it */
    const char *amount;                                 /* likewise: "1500", "1500.00" */
    const char *reference, *description, *email, *name; /* the last three may be NULL */
    const char *key;                                    /* idempotency key or NULL */
    const char *meta;                                   /* JSON object or NULL */
};

/* An amount as a person wrote it: more than nothing, in minor units. */
int sl_payments_amount(const char *text, int64_t *amount_minor, struct sl_err *err);

/* Checks, and records payment, callback token and queue row in one transaction; nothing is sent:
 * that is sl_engine_run() with the row's id as filter. What the adapter would refuse is refused
 * here already (its request is built once, and thrown away), so that bad input changes nothing.
 * A key that is known gives the earlier payment and *item_id 0; with other content SL_ERR_DATA.
 * Returns 0 or -1. */
int sl_payments_request(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_payment_request *request,
                        struct sl_payment *payment, int64_t *item_id, struct sl_err *err);

/* The request as it would be sent, masked, after the same checks; nothing is recorded. */
int sl_payments_preview(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_payment_request *request,
                        const char **shown, struct sl_err *err);

/* Whether there is something to ask the provider by: its own id, or ours where that is enough. */
bool sl_payments_can_ask(const struct sl_payment *payment);

/* Asks the provider at once, whatever the schedule: an urgent row of its own, whose id is given
 * (0: it cannot be asked, or needs no asking). */
int sl_payments_ask(struct sl_service *service, const struct sl_payment *payment, int64_t *item_id,
                    struct sl_err *err);

/* While somebody waits for a payment: the row that may be worked for it now, for sl_engine_run().
 * An open question, its request if that is to be tried again, or a question that has become due.
 * 0: there is nothing to do. */
int sl_payments_due(struct sl_service *service, const struct sl_payment *payment, int64_t *item_id,
                    struct sl_err *err);

/* For one that cannot be asked about (no answer and no callback brought an id): a C2B confirmation
 * of the same reference, amount and last digits within ten minutes makes it succeed. Returns 1,
 * 0 if there is none, or more than one, or -1. Inside a transaction. */
int sl_payments_match(struct sl_service *service, int64_t payment_id, int64_t now_ms,
                      struct sl_err *err);

/* Calls it unknown: a person has to look. Inside a transaction. */
int sl_payments_give_up(struct sl_service *service, int64_t payment_id, int64_t now_ms,
                        struct sl_err *err);

/* Whether a callback or the query says that money came, of whatever amount. */
bool sl_payments_said_paid(const struct sl_payment *payment);

/* Whether the query says paid, but not what: sl_payments_accept() decides. */
bool sl_payments_in_doubt(const struct sl_payment *payment);

/* A person decides what was paid, where the query says paid and callbacks tell another amount than
 * was asked for, or several receipts; or decides again, where a receipt was wrong: it has succeeded
 * by the claim's receipt, and the claim's amount is its amount. The payer gets a receipt if there was
 * none before, the audit trail a row with what it was before. SL_ERR_DATA if there is nothing to
 * decide, the receipt is another payment's, or some of it is given back or being so. Of the claim only receipt and amount_minor are looked at. */
int sl_payments_accept(struct sl_service *service, int64_t payment_id,
                       const struct sl_payment_news *claim, int64_t now_ms, struct sl_err *err);

/* Asks for money back: checks, records. What is given back is what was paid, also where that is
 * not what was asked for. `amount` NULL: all of it; a part only with `force` where
 * the provider promises none. */
struct sl_refund_request {
    const char *amount, *reason, *key;
    bool force;
};
int sl_payments_refund(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const struct sl_payment *payment,
                       const struct sl_refund_request *request, struct sl_refund *refund,
                       int64_t *item_id, struct sl_err *err);

/* ---- What is heard. Inside a transaction of the caller's ---------------------------------- */

/* A callback says this of the payment of `item`, a payment.request (if that row is gone: one with
 * nothing but its public_id and subject_id). A payment
 * that it calls paid gets the claimed receipt and is asked about at once; one whose amount is not
 * what was asked is flagged, and a person decides; a refusal is believed unless something says
 * paid. *note: what of it does not fit, in the arena; or NULL. */
int sl_payments_told(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                     const struct sl_payment_news *news, int64_t now_ms, const char **note,
                     struct sl_err *err);

/* Money that came without our asking (C2B confirmation): one payment for each receipt. One that
 * is an STK payment's own (same receipt; or no receipt yet and same reference, amount, last
 * digits of the phone, within ten minutes) is folded into that. */
int sl_payments_received(struct sl_service *service, int64_t school_id, int64_t provider_id,
                         const struct sl_payment_news *news, int64_t now_ms, struct sl_err *err);

/* May this be paid? `rule` is the setting c2b_validation: "accept" or "known". 1, 0 or -1. */
int sl_payments_may_come(struct sl_service *service, int64_t school_id, const char *rule,
                         const struct sl_payment_news *news, struct sl_err *err);

/* How an operation that was only accepted ended, told under its token: a refund, a refund's
 * status, a deep test. *note: why it changes nothing, in the arena; NULL if it is about that. */
int sl_payments_result(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_item *item, const struct sl_event *event, int64_t now_ms,
                       const char **note, struct sl_err *err);

#endif
