/* Payments, refunds, and the references that payers may write. */
#ifndef SL_STORE_PAYMENTS_H
#define SL_STORE_PAYMENTS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_payment {
    int64_t id;
    const char *public_id; /* ULID */
    int64_t school_id, provider_id;
    const char *source;   /* "request", "c2b" */
    const char *status;   /* as in COMMANDS.md */
    int64_t amount_minor; /* asked for; or paid, where a person accepted another amount */
    const char *currency, *phone, *reference, *description, *email, *payer, *meta;
    const char *external_reference, *external_reference2;
    const char *receipt;
    const char *told_receipt;             /* what a callback claims; counts once a query agrees */
    int64_t told_amount_minor;            /* 0: not told */
    const char *told_state, *asked_state; /* the last words of callback and query: "paid" … */
    const char *mismatch;                 /* all that does not fit, for a person; or NULL */
    const char *checkout_url, *error;
    int64_t queue_id;    /* its payment.request; 0: none */
    int64_t folded_into; /* the payment whose own it turned out to be; 0: none */
    int64_t created_at, updated_at, settled_at;
    const char *provider, *school; /* codes: only read */
};

/* Inserts; times, codes and folded_into are not looked at. Returns 0 with payment->id set, or
 * -1. */
int sl_payments_add(struct sl_db *db, struct sl_payment *payment, int64_t now_ms,
                    struct sl_err *err);

/* Writes everything that changes after that: status, amount, what is known of the payer, what the
 * provider said, receipt, error, queue row, folded_into, settled_at. In the transaction in which
 * it was read. A receipt that another payment of school and provider has is SL_ERR_DATA. */
int sl_payments_write(struct sl_db *db, const struct sl_payment *payment, int64_t now_ms,
                      struct sl_err *err);

/* What was folded into a payment stands by itself again, with the receipt that it had. Returns 0 or
 * -1. */
int sl_payments_unfold(struct sl_db *db, int64_t payment_id, const char *receipt, int64_t now_ms,
                       struct sl_err *err);

/* Each returns 1, 0 if there is none, or -1. What was found is in the arena. */
int sl_payments_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                    struct sl_payment *payment, struct sl_err *err);
int sl_payments_find(struct sl_db *db, struct sl_arena *arena, const char *public_id,
                     struct sl_payment *payment, struct sl_err *err);

/* Whose receipt it is, else to whom a callback told it since a time. */
struct sl_receipt_of {
    int64_t school_id, provider_id;
    const char *receipt;
    int64_t since_ms;
};
int sl_payments_by_receipt(struct sl_db *db, struct sl_arena *arena, const struct sl_receipt_of *of,
                           struct sl_payment *payment, struct sl_err *err);

/* Which payment that we asked for is meant by what came from outside: by our own id if there is one,
 * else by the provider's; within the school and provider alone. The newest, if several are. */
struct sl_payment_meant {
    int64_t school_id, provider_id;
    const char *id, *external; /* one of them may be NULL */
};
int sl_payments_meant(struct sl_db *db, struct sl_arena *arena,
                      const struct sl_payment_meant *meant, struct sl_payment *payment,
                      struct sl_err *err);

/* Which to show. Folded ones never are. */
struct sl_payment_filter {
    int64_t school_id;     /* 0: all */
    const char *reference; /* NULL: all; else as it was written */
    const char *status;    /* NULL: all */
    int64_t since_ms;      /* 0: from the beginning */
};

/* Newest first. Then _next(), borrowed until the next one, until 0 or -1. */
int sl_payments_list(struct sl_rows *rows, struct sl_db *db, const struct sl_payment_filter *filter,
                     struct sl_err *err);
int sl_payments_next(struct sl_rows *rows, struct sl_payment *payment, struct sl_err *err);

/* Those that nobody knows the end of, made up to a time, oldest first: at most n, behind the one
 * that is given. Returns how many, in the arena, or -1. */
struct sl_open_filter {
    int64_t school_id; /* 0: all */
    int64_t before_ms;
    int64_t after_ms, after_id; /* created_at and id of the last one seen; 0: from the beginning */
};
int sl_payments_open(struct sl_db *db, struct sl_arena *arena, const struct sl_open_filter *filter,
                     size_t n, struct sl_payment *payments, struct sl_err *err);

/* How many there are, behind the one that is given. Returns 0 or -1. */
int sl_payments_open_count(struct sl_db *db, const struct sl_open_filter *filter, int64_t *n,
                           struct sl_err *err);

/* Candidates for being the same money: of one school, provider, source, amount and reference, made
 * between two times, not folded: "request" without a receipt and not refused, "c2b" with one. At most n,
 * in their order. Returns how many, in the arena, or -1. */
struct sl_same_money {
    int64_t school_id, provider_id;
    const char *source;
    int64_t amount_minor;
    const char *reference; /* as sl_reference_normal() makes it */
    int64_t from_ms, to_ms;
};
int sl_payments_like(struct sl_db *db, struct sl_arena *arena, const struct sl_same_money *money,
                     size_t n, struct sl_payment *payments, struct sl_err *err);

/* ---- Refunds (refunds.c) ----------------------------------------------------------------- */

struct sl_refund {
    int64_t id;
    const char *public_id;
    int64_t payment_id;
    const char *status; /* "initiated", "pending", "succeeded", "failed", "unknown" */
    int64_t amount_minor;
    const char *reason, *external_reference, *error;
    int64_t queue_id;
    int64_t created_at, updated_at;
};

/* As for payments; status, external_reference, error and queue_id change. */
int sl_refunds_add(struct sl_db *db, struct sl_refund *refund, int64_t now_ms, struct sl_err *err);
int sl_refunds_write(struct sl_db *db, const struct sl_refund *refund, int64_t now_ms,
                     struct sl_err *err);
int sl_refunds_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_refund *refund,
                   struct sl_err *err);
int sl_refunds_find(struct sl_db *db, struct sl_arena *arena, const char *public_id,
                    struct sl_refund *refund, struct sl_err *err);

/* What was given back of a payment, and what may still be: asked for, and not known to fail. */
int sl_refunds_sum(struct sl_db *db, int64_t payment_id, int64_t *done_minor, int64_t *open_minor,
                   struct sl_err *err);

/* ---- Known references (references.c) ----------------------------------------------------- */

/* All of them as sl_reference_normal() makes them: trimmed, ASCII letters in upper case. */
const char *sl_reference_normal(struct sl_arena *arena, const char *reference);

/* Returns 1, 0 if it is there already, or -1. */
int sl_references_add(struct sl_db *db, int64_t school_id, const char *reference,
                      struct sl_err *err);
/* Returns 1, 0 or -1. */
int sl_references_has(struct sl_db *db, int64_t school_id, const char *reference,
                      struct sl_err *err);
/* Returns how many there were, or -1. */
int sl_references_clear(struct sl_db *db, int64_t school_id, struct sl_err *err);

/* In their order. Then _next() until 0 or -1; *reference is borrowed until the next one. */
int sl_references_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id,
                       struct sl_err *err);
int sl_references_next(struct sl_rows *rows, const char **reference, struct sl_err *err);

#endif
