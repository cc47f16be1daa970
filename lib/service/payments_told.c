/* What callbacks and queries say of a payment. payments_claims.c says what is believed of it. */
#include "lib/service/payments_private.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/job.h"

enum { TOLD_AGO_MS = 86400000, MOST_SHOWN = 64 };

static const char *const state_words[] = {
    [SL_PAY_PENDING] = "pending",     [SL_PAY_PAID] = "paid",       [SL_PAY_FAILED] = "failed",
    [SL_PAY_CANCELLED] = "cancelled", [SL_PAY_EXPIRED] = "expired", [SL_PAY_UNKNOWN] = "unknown",
    [SL_PAY_REFUNDED] = "refunded",
};

static bool refuses(enum sl_pay_state state)
{
    return state == SL_PAY_FAILED || state == SL_PAY_CANCELLED || state == SL_PAY_EXPIRED;
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

/* ---- The query ------------------------------------------------------------------------- */

static bool is_other_currency(const struct sl_payment *payment, const struct sl_payment_news *news)
{
    return news->currency && strcmp(news->currency, payment->currency) != 0;
}

static bool is_other_amount(const struct sl_payment *payment, const struct sl_payment_news *news)
{
    return news->amount_minor >= 0 && news->amount_minor != payment->amount_minor;
}

/* A provider that tells another amount, or one in another currency, has the last word of it,
 * whatever callbacks told. */
static void asked_other(struct payment_change *change, const struct sl_payment_news *news)
{
    struct sl_payment *payment = &change->now;
    bool other = is_other_currency(payment, news);
    const char *told =
        other ? sl_printable(change->arena, news->currency, strlen(news->currency), MOST_SHOWN)
              : payment_print(change->arena, news->amount_minor);

    payment_note(change,
                 sl_arena_printf(change->arena, "the provider says %s, not %s", told,
                                 other ? payment->currency
                                       : payment_print(change->arena, payment->amount_minor)));
    payment->told_state = "mismatch";
    payment->told_amount_minor = other ? 0 : news->amount_minor;
    if (news->receipt)
        payment->told_receipt = sl_arena_strdup(change->arena, news->receipt);
}

static int asked_paid(struct payment_change *change, const struct sl_payment_news *news,
                      struct sl_err *err)
{
    struct sl_payment *payment = &change->now;

    payment->asked_state = "paid";
    if (is_other_currency(payment, news) || is_other_amount(payment, news))
        asked_other(change, news);
    else if (!payment->told_receipt && !payment_is(payment->told_state, "disputed"))
        set_missing(change->arena, &payment->told_receipt, news->receipt);
    payment_judge(change);
    return payment_change_store(change, err);
}

/* The provider's last word; only money that has come is not taken back by it. */
static int asked_refused(struct payment_change *change, const struct sl_payment_news *news,
                         struct sl_err *err)
{
    struct sl_payment *payment = &change->now;

    if (payment_has_succeeded(payment))
        return 0;
    if (sl_payments_said_paid(payment) && !payment_was_received(payment))
        payment_note(change, sl_arena_printf(change->arena,
                                             "callbacks tell that it is paid%s%s, but the provider "
                                             "says %s",
                                             payment->told_receipt ? " by receipt " : "",
                                             payment->told_receipt ? payment->told_receipt : "",
                                             state_words[news->state]));
    payment->asked_state = state_words[news->state];
    payment->status = state_words[news->state];
    payment->error = reason(change->arena, news);
    if (payment_was_received(payment) && payment_release(change, err) < 0)
        return -1;
    return payment_change_store(change, err);
}

/* Given back by whoever, not by a refund of ours. */
static int asked_refunded(struct payment_change *change, struct sl_err *err)
{
    change->now.asked_state = state_words[SL_PAY_REFUNDED];
    (void)payment_raise(change, change->now.asked_state);
    return payment_change_store(change, err);
}

/* Only where no answer and no callback has said otherwise. */
int payment_asked_absent(struct payment_change *change, struct sl_err *err)
{
    if (change->now.external_reference || change->now.told_state || change->now.asked_state)
        return 0;
    change->now.asked_state = "absent";
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
    case SL_PAY_REFUNDED: return asked_refunded(change, err);
    case SL_PAY_PENDING:
    case SL_PAY_UNKNOWN: break;
    }
    return 0;
}

/* ---- The callback ---------------------------------------------------------------------- */

/* Foreign text, as it may stand in a note. */
static const char *shown(struct payment_change *change, const char *text)
{
    return sl_printable(change->arena, text, strlen(text), MOST_SHOWN);
}

static const char *told_amount(struct payment_change *change, const struct sl_payment_news *news)
{
    if (!news->amount_unread)
        return payment_print(change->arena, news->amount_minor);
    if (!*news->amount_unread)
        return "no amount that can be read";
    return sl_arena_printf(change->arena, "the amount '%s'", shown(change, news->amount_unread));
}

/* What does not fit of one that says paid; NULL if all does. */
static const char *misfit(struct payment_change *change, const struct sl_payment_news *news)
{
    const struct sl_payment *payment = &change->now;

    if (news->amount_unread || is_other_amount(payment, news))
        return sl_arena_printf(change->arena, "a callback tells %s%s%s, not %s",
                               told_amount(change, news), news->receipt ? " by receipt " : "",
                               news->receipt ? shown(change, news->receipt) : "",
                               payment_print(change->arena, payment->amount_minor));
    if (news->currency && strcmp(news->currency, payment->currency) != 0)
        return sl_arena_printf(change->arena, "a callback tells %s, not %s",
                               shown(change, news->currency), payment->currency);
    return NULL;
}

/* A receipt that is another's is none. */
static int told_paid(struct payment_change *change, const struct sl_payment_news *told,
                     struct sl_err *err)
{
    const char *why = misfit(change, told);
    struct sl_payment_news news = *told;
    struct sl_payment owner;
    int found =
        payment_is_anothers(change, told->receipt, change->now_ms - TOLD_AGO_MS, &owner, err);

    if (why)
        payment_note(change, why);
    if (found > 0) {
        why = sl_arena_printf(change->arena, "a callback tells the receipt %s of payment %s",
                              shown(change, told->receipt), owner.public_id);
        payment_note(change, why);
        news.receipt = NULL;
    }
    if (found < 0 ||
        (why ? payment_claim_other(change, &news, err) : payment_claim(change, &news, err)) < 0)
        return -1;
    set_missing(change->arena, &change->now.payer, news.payer);
    (void)payment_raise(change, "pending");
    payment_judge(change);
    if (!change->noted && payment_is_over(&change->now) && !payment_has_succeeded(&change->now))
        change->noted = sl_arena_printf(change->arena, "it tells that it is paid, but it is %s",
                                        change->now.status);
    return 0;
}

/* A refusal is believed at once, unless something says paid: then the query decides. */
static void told_refused(struct payment_change *change, const struct sl_payment_news *news)
{
    struct sl_payment *payment = &change->now;

    if (sl_payments_said_paid(payment) || !payment_raise(change, state_words[news->state]))
        return;
    payment->told_state = state_words[news->state];
    payment->error = reason(change->arena, news);
}

static void told_unclear(struct payment_change *change, const struct sl_payment_news *news)
{
    struct sl_payment *payment = &change->now;

    set_missing(change->arena, &payment->told_state, state_words[news->state]);
    (void)payment_raise(change, "pending");
    if (!payment_is_over(payment) && !sl_payments_said_paid(payment))
        payment->error = news->text || news->code ? reason(change->arena, news) : NULL;
}

/* About something else than what was asked for under this token: noted, and that is all. */
static void told_stray(struct payment_change *change, const struct sl_payment_news *news)
{
    struct sl_payment *payment = &change->now;

    payment_note(change,
                 sl_arena_printf(change->arena, "a callback names %s, not %s",
                                 shown(change, news->external), payment->external_reference));
    set_missing(change->arena, &payment->told_state, "stray");
    (void)payment_raise(change, "pending");
}

/* The answer was lost, but the provider has it. */
static void found_again(struct sl_payment *payment)
{
    if (!payment_is(payment->status, "unknown") || sl_payments_said_paid(payment))
        return;
    payment->status = "initiated";
    payment->error = NULL;
}

static int hear(struct payment_change *change, const struct sl_payment_news *news,
                struct sl_err *err)
{
    struct sl_payment *payment = &change->now;

    if (refuses(news->state) && payment_has_succeeded(payment))
        return 0;
    if (news->external && payment->external_reference &&
        strcmp(news->external, payment->external_reference) != 0) {
        told_stray(change, news);
        return 0;
    }
    found_again(payment);
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

int sl_payments_told(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                     const struct sl_payment_news *news, int64_t now_ms, const char **note,
                     struct sl_err *err)
{
    struct payment_change change;
    int64_t asked;
    int found = payment_change_begin(&change, service, arena, item->subject_id, now_ms, err);

    *note = NULL;

    if (found <= 0)
        return found;
    if (hear(&change, news, err) < 0 || payment_change_store(&change, err) < 0 ||
        keep_from_sending(service, item, now_ms, err) < 0)
        return -1;
    *note = change.noted;
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
    payment_judge(change);
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
