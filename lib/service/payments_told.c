/* What callbacks and queries say of a payment, and what is believed of it.
 *
 * The payment keeps the last word of each: told_state and asked_state. A callback's words are those
 * of enum sl_pay_state, or "mismatch" (it does not fit), "disputed" (two that contradict each
 * other), "received" (a C2B confirmation that seems to be of this money) or "confirmed" (one of
 * the receipt that the callback told). Money counts when a query says paid and the callbacks, if
 * there were any, tell the right amount. */
#include "lib/service/payments_private.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/job.h"

enum { TOLD_AGO_MS = 86400000 };

static const char *const state_words[] = {
    [SL_PAY_PENDING] = "pending",     [SL_PAY_PAID] = "paid",       [SL_PAY_FAILED] = "failed",
    [SL_PAY_CANCELLED] = "cancelled", [SL_PAY_EXPIRED] = "expired", [SL_PAY_UNKNOWN] = "unknown",
};

static bool refuses(enum sl_pay_state state)
{
    return state == SL_PAY_FAILED || state == SL_PAY_CANCELLED || state == SL_PAY_EXPIRED;
}

static bool has_succeeded(const struct sl_payment *payment)
{
    return payment_is(payment->status, "succeeded") || payment_is(payment->status, "refunded");
}

static const char *reason(struct sl_arena *arena, const struct sl_payment_news *news)
{
    const struct sl_outcome outcome = { .verdict = SL_PERMANENT,
                                        .code = news->code,
                                        .text = news->text };

    return sl_outcome_text(arena, &outcome);
}

static void set_missing(struct sl_arena *arena, const char **to, const char *value)
{
    if (!*to && value && *value)
        *to = sl_arena_strdup(arena, value);
}

static const char *print_amount(struct sl_arena *arena, int64_t amount_minor)
{
    return sl_print_decimal(arena, amount_minor, 2, 2);
}

/* ---- What is believed ------------------------------------------------------------------ */

static bool told_rightly(const struct sl_payment *payment)
{
    return payment->told_amount_minor == payment->amount_minor;
}

/* After either's word that it is paid. */
static void judge(struct payment_change *change)
{
    struct sl_payment *payment = &change->now;

    if (!payment_is(payment->asked_state, "paid"))
        return;
    if (payment->mismatch && !told_rightly(payment) && !has_succeeded(payment)) {
        payment->status = "unknown";
        payment->error =
            sl_arena_printf(change->arena, "paid, but %s: look at it by hand", payment->mismatch);
        return;
    }
    if (payment_raise(change, "succeeded"))
        payment->error = NULL;
    if (!payment->receipt && has_succeeded(payment))
        payment->receipt = payment->told_receipt;
}

static bool was_received(const struct sl_payment *payment)
{
    return payment_is(payment->told_state, "received") ||
           payment_is(payment->told_state, "confirmed");
}

bool payment_confirmed(struct payment_change *change)
{
    struct sl_payment *payment = &change->now;

    if (!was_received(payment) || payment->external_reference)
        return false;
    if (payment_raise(change, "succeeded"))
        payment->error = NULL;
    if (!payment->receipt)
        payment->receipt = payment->told_receipt;
    return true;
}

/* ---- The query ------------------------------------------------------------------------- */

static int asked_paid(struct payment_change *change, const struct sl_payment_news *news,
                      struct sl_err *err)
{
    struct sl_payment *payment = &change->now;

    payment->asked_state = "paid";
    if (news->amount_minor >= 0 && news->amount_minor != payment->amount_minor) {
        payment->asked_state = "mismatch";
        payment->mismatch = sl_arena_printf(change->arena, "the provider says %s, not %s",
                                            print_amount(change->arena, news->amount_minor),
                                            print_amount(change->arena, payment->amount_minor));
        payment->error = payment->mismatch;
        if (!has_succeeded(payment))
            payment->status = "unknown";
    }
    if (!payment->told_receipt && !payment_is(payment->told_state, "disputed"))
        set_missing(change->arena, &payment->told_receipt, news->receipt);
    judge(change);
    return payment_change_store(change, err);
}

/* The provider's last word; only money that has come is not taken back by it. */
static int asked_refused(struct payment_change *change, const struct sl_payment_news *news,
                         struct sl_err *err)
{
    struct sl_payment *payment = &change->now;

    if (has_succeeded(payment))
        return 0;
    payment->asked_state = state_words[news->state];
    payment->status = state_words[news->state];
    payment->error = reason(change->arena, news);
    if (was_received(payment) && payment_release(change, err) < 0)
        return -1;
    return payment_change_store(change, err);
}

int payment_asked(struct payment_change *change, const struct sl_payment_news *news,
                  struct sl_err *err)
{
    set_missing(change->arena, &change->now.external_reference, news->external);
    set_missing(change->arena, &change->now.external_reference2, news->external2);
    set_missing(change->arena, &change->now.payer, news->payer);
    switch (news->state) {
    case SL_PAY_PAID: return asked_paid(change, news, err);
    case SL_PAY_FAILED:
    case SL_PAY_CANCELLED:
    case SL_PAY_EXPIRED: return asked_refused(change, news, err);
    case SL_PAY_PENDING:
    case SL_PAY_UNKNOWN: break;
    }
    return 0;
}

/* ---- The callback ---------------------------------------------------------------------- */

/* Why it cannot be about this payment; NULL if it can. A receipt that is another's is none. */
static int misfit(struct payment_change *change, const struct sl_payment_news *news,
                  const char **why, struct sl_err *err)
{
    const struct sl_payment *payment = &change->now;
    const struct sl_receipt_of of = { payment->school_id, payment->provider_id, news->receipt,
                                      change->now_ms - TOLD_AGO_MS };
    struct sl_payment owner = { 0 };
    int found = 0;

    *why = NULL;
    if (news->external && payment->external_reference &&
        strcmp(news->external, payment->external_reference) != 0)
        *why = sl_arena_printf(change->arena, "a callback names %s, not %s", news->external,
                               payment->external_reference);
    else if (news->state == SL_PAY_PAID && news->amount_minor >= 0 &&
             news->amount_minor != payment->amount_minor)
        *why = sl_arena_printf(change->arena, "a callback says %s, not %s",
                               print_amount(change->arena, news->amount_minor),
                               print_amount(change->arena, payment->amount_minor));
    else if (news->state == SL_PAY_PAID && news->currency &&
             strcmp(news->currency, payment->currency) != 0)
        *why = sl_arena_printf(change->arena, "a callback says %s, not %s", news->currency,
                               payment->currency);
    else if (news->state == SL_PAY_PAID && news->receipt)
        found = sl_payments_by_receipt(change->service->db, change->arena, &of, &owner, err);
    if (found > 0 && owner.id != payment->id && payment_is(owner.source, "request"))
        *why = sl_arena_printf(change->arena, "a callback tells the receipt %s of payment %s",
                               news->receipt, owner.public_id);
    return found < 0 ? -1 : 0;
}

/* Kept as a note; nothing else of it is believed. */
static void told_misfit(struct payment_change *change, const struct sl_payment_news *news,
                        const char *why)
{
    struct sl_payment *payment = &change->now;

    set_missing(change->arena, &payment->mismatch, why);
    if (!payment->told_state)
        payment->told_state = "mismatch";
    if (news->state == SL_PAY_PAID && news->amount_minor > 0 && !payment->told_amount_minor)
        payment->told_amount_minor =
            news->amount_minor != payment->amount_minor ? news->amount_minor : 0;
    (void)payment_raise(change, "pending");
}

/* Two receipts for one payment: neither counts. But what a C2B confirmation was only guessed to be
 * gives way to what the payment's own callback tells. */
static int told_other_receipt(struct payment_change *change, const char *receipt,
                              struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    const char *known = payment->receipt ? payment->receipt : payment->told_receipt;

    if (payment_is(payment->told_state, "received")) {
        if (payment_release(change, err) < 0)
            return -1;
        payment->told_receipt = sl_arena_strdup(change->arena, receipt);
        if (has_succeeded(payment))
            payment->receipt = payment->told_receipt;
        return 0;
    }
    set_missing(change->arena, &payment->mismatch,
                sl_arena_printf(change->arena, "callbacks tell two receipts, %s and %s", known,
                                receipt));
    if (!payment->receipt && !payment_is(payment->told_state, "confirmed")) {
        payment->told_receipt = NULL;
        payment->told_state = "disputed";
    }
    return 0;
}

static int take_receipt(struct payment_change *change, const char *receipt, struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    const char *known = payment->receipt ? payment->receipt : payment->told_receipt;

    if (!receipt || !*receipt || payment_is(payment->told_state, "disputed"))
        return 0;
    if (known)
        return strcmp(known, receipt) == 0 ? 0 : told_other_receipt(change, receipt, err);
    payment->told_receipt = sl_arena_strdup(change->arena, receipt);
    return 0;
}

static void set_told_paid(struct sl_payment *payment, const char *receipt)
{
    if (payment_is(payment->told_state, "received") && receipt)
        payment->told_state = "confirmed";
    else if (!payment_is(payment->told_state, "disputed") && !was_received(payment))
        payment->told_state = "paid";
}

/* Whoever does not name the amount is not believed the receipt either. */
static int told_paid(struct payment_change *change, const struct sl_payment_news *news,
                     struct sl_err *err)
{
    struct sl_payment *payment = &change->now;

    if (news->amount_minor == payment->amount_minor) {
        if (take_receipt(change, news->receipt, err) < 0)
            return -1;
        payment->told_amount_minor = news->amount_minor;
        set_told_paid(payment, news->receipt);
    } else {
        set_told_paid(payment, NULL);
    }
    set_missing(change->arena, &payment->payer, news->payer);
    (void)payment_raise(change, "pending");
    judge(change);
    return 0;
}

/* A refusal is believed at once, unless something says paid: then the query decides. */
static void told_refused(struct payment_change *change, const struct sl_payment_news *news)
{
    struct sl_payment *payment = &change->now;

    if (payment->told_receipt || payment_is(payment->told_state, "paid") ||
        payment_is(payment->told_state, "disputed") || payment_is(payment->asked_state, "paid"))
        return;
    if (!payment_raise(change, state_words[news->state]))
        return;
    payment->told_state = state_words[news->state];
    payment->error = reason(change->arena, news);
}

static void told_unclear(struct payment_change *change, const struct sl_payment_news *news)
{
    struct sl_payment *payment = &change->now;

    set_missing(change->arena, &payment->told_state, state_words[news->state]);
    (void)payment_raise(change, "pending");
    if (!payment_is_over(payment))
        payment->error = news->text || news->code ? reason(change->arena, news) : NULL;
}

static int hear(struct payment_change *change, const struct sl_payment_news *news,
                struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    const char *why;

    if (refuses(news->state) && has_succeeded(payment))
        return 0;
    if (misfit(change, news, &why, err) < 0)
        return -1;
    if (why) {
        told_misfit(change, news, why);
        return 0;
    }
    set_missing(change->arena, &payment->external_reference, news->external);
    set_missing(change->arena, &payment->external_reference2, news->external2);
    if (news->state == SL_PAY_PAID)
        return told_paid(change, news, err);
    if (refuses(news->state))
        told_refused(change, news);
    else
        told_unclear(change, news);
    return 0;
}

/* The provider has the request, whatever its answer was: it must not be sent again. */
static int keep_from_sending(struct sl_service *service, const struct sl_item *item, int64_t now_ms,
                             struct sl_err *err)
{
    bool would_be_sent = payment_is(item->status, "pending") ||
                         (payment_is(item->status, "processing") && !item->in_flight);

    return would_be_sent ? sl_queue_cancel(service->db, item->id, now_ms, err) : 0;
}

int sl_payments_told(struct sl_service *service, const struct sl_item *item,
                     const struct sl_payment_news *news, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct payment_change change;
    int64_t asked;
    int found = payment_change_begin(&change, service, arena, item->subject_id, now_ms, err);

    if (found <= 0)
        return found;
    if (hear(&change, news, err) < 0 || payment_change_store(&change, err) < 0 ||
        keep_from_sending(service, item, now_ms, err) < 0)
        return -1;
    if (refuses(news->state) && payment_is_over(&change.now))
        return 0;
    return payment_ask(service, &change.now, now_ms, &asked, err);
}

/* ---- The C2B confirmation that fits ------------------------------------------------------ */

int payment_received(struct payment_change *change, const struct sl_payment_news *news,
                     struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    struct sl_item item = { 0 };
    int64_t asked;
    int found = 0;

    set_missing(change->arena, &payment->payer, news->payer);
    payment->told_state = payment->told_receipt ? "confirmed" : "received";
    set_missing(change->arena, &payment->told_receipt, news->receipt);
    payment->told_amount_minor = news->amount_minor;
    (void)payment_raise(change, "pending");
    judge(change);
    if (payment->queue_id)
        found = sl_queue_get(change->service->db, change->arena, payment->queue_id, &item, err);
    if (found < 0)
        return -1;
    if (!item.in_flight || item.waits_for) /* no answer is on its way that could bring an id */
        (void)payment_confirmed(change);
    if (payment_change_store(change, err) < 0 ||
        (found > 0 && keep_from_sending(change->service, &item, change->now_ms, err) < 0))
        return -1;
    return payment_ask(change->service, payment, change->now_ms, &asked, err);
}
