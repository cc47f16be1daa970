/* What the files of payments share: payments.c (asking for money, and whether it came),
 * payments_told.c (what callbacks and queries say), payments_claims.c (what is believed of it),
 * payments_store.c (what follows from it), payments_domain.c and refunds_domain.c (the queue's rows), refunds.c, c2b.c. Nobody else
 * includes this. */
#ifndef SL_SERVICE_PAYMENTS_PRIVATE_H
#define SL_SERVICE_PAYMENTS_PRIVATE_H

#include "lib/service/config.h"
#include "lib/service/payments.h"

/* ---- payments_store.c -------------------------------------------------------------------- */

/* A payment within one transaction: as it was read, and as it is to be. */
struct payment_change {
    struct sl_service *service;
    struct sl_arena *arena; /* holds both */
    struct sl_payment before, now;
    int64_t now_ms;
    const char *noted; /* the last that did not fit, also if it was known; NULL: nothing */
};

/* Returns 1, 0 if there is no such payment, or -1. */
int payment_change_begin(struct payment_change *change, struct sl_service *service,
                         struct sl_arena *arena, int64_t payment_id, int64_t now_ms,
                         struct sl_err *err);

/* Writes it, and does what follows: a C2B payment of the same receipt is folded into it, its
 * request is not waited for any more, the payer gets a receipt. */
int payment_change_store(struct payment_change *change, struct sl_err *err);

/* Puts a higher status; of two that are equally far the first stays. Returns whether it did. */
bool payment_raise(struct payment_change *change, const char *status);

/* Nothing is awaited any more: unknown, a person's, for this reason. */
void payment_give_up(struct payment_change *change, const char *why);

/* A payment of its own for money that was taken for this one's by mistake. */
int payment_release(struct payment_change *change, struct sl_err *err);

const char *payment_new_id(struct sl_arena *arena, int64_t now_ms);

bool payment_is(const char *word, const char *what); /* both are there and the same */
bool payment_is_over(const struct sl_payment *payment);

/* The row that asks the provider, due at once. Returns as sl_payments_ask(); inside a
 * transaction. */
int payment_ask(struct sl_service *service, const struct sl_payment *payment, int64_t now_ms,
                int64_t *item_id, struct sl_err *err);

/* ---- payments_claims.c ------------------------------------------------------------------- */

const char *payment_print(struct sl_arena *arena, int64_t amount_minor);
bool payment_has_succeeded(const struct sl_payment *payment);
bool payment_was_received(const struct sl_payment *payment); /* a C2B confirmation tells it */

/* Keeps what does not fit, for a person; the same only once, and not without end. */
void payment_note(struct payment_change *change, const char *why);

/* Puts the status that follows from what was told and asked, after either has said paid. */
void payment_judge(struct payment_change *change);

/* Where nobody can be asked (no answer brought an id) a confirmation that fits is enough. Returns
 * whether it was so. */
bool payment_confirmed(struct payment_change *change);

/* What a callback that says paid claims: the right amount (or none at all), or another one. */
int payment_claim(struct payment_change *change, const struct sl_payment_news *news,
                  struct sl_err *err);
int payment_claim_other(struct payment_change *change, const struct sl_payment_news *news,
                        struct sl_err *err);

/* Whether a receipt is that of another request: its own, or told to it since a time. Returns 1, 0
 * or -1. A C2B payment that has it is folded, so that is none. */
int payment_is_anothers(struct payment_change *change, const char *receipt, int64_t since_ms,
                        struct sl_payment *owner, struct sl_err *err);

/* What was paid, as far as all agree: of one that succeeded, or that is unknown because another
 * amount was paid. */
struct payment_paid {
    const char *receipt;  /* NULL: not known */
    int64_t amount_minor; /* 0: nothing, or not known */
};
struct payment_paid payment_paid(const struct sl_payment *payment);

/* ---- payments_told.c --------------------------------------------------------------------- */

/* What a query said. */
int payment_asked(struct payment_change *change, const struct sl_payment_news *news,
                  struct sl_err *err);

/* A query about a lost answer found that the provider never heard of it. */
int payment_asked_absent(struct payment_change *change, struct sl_err *err);

/* A C2B confirmation that fits this payment. */
int payment_received(struct payment_change *change, const struct sl_payment_news *news,
                     struct sl_err *err);

/* ---- payments.c -------------------------------------------------------------------------- */

/* An operation that is about to be recorded. */
struct payment_plan {
    const char *operation;
    int64_t school_id, provider_id;
    union sl_input in;
    bool for_endpoint; /* its callbacks go to an address of the school's, not to one of its own */

    /* What the school's account says of it: */
    struct sl_account account;
    const struct sl_op *op;
    struct sl_request built; /* thrown away, but for showing it */
};

/* Opens the account and builds the request once, with a token for callbacks that is nobody's: what
 * the adapter would refuse is refused here. SL_ERR_CONFIG if the provider has no such operation,
 * or no public address is set for its callback. */
int payment_plan(struct sl_service *service, struct sl_arena *arena, struct payment_plan *plan,
                 struct sl_err *err);

/* A mobile number as a person wrote it. */
int payment_phone(struct sl_arena *arena, const struct sl_school *school, const char *text,
                  const char **phone, struct sl_err *err);

/* SHA-256 of the texts, NULL told from "", in hexadecimal: what an idempotency key stands for. */
const char *payment_hash(struct sl_arena *arena, const char *const *texts, size_t n);

/* The row of an earlier operation of that key. Returns 1, 0, or -1: of other content. */
int payment_earlier(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                    const char *operation, const char *key, const char *hash, struct sl_item *item,
                    struct sl_err *err);

#endif
