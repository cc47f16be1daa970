/* What is believed of a payment.
 *
 * It keeps the last word of each side: told_state and asked_state. A callback's words are those of
 * enum sl_pay_state, or "mismatch" (paid, but another amount), "disputed" (two that tell different
 * receipts), "stray" (about another request), "received" (a C2B confirmation that seems to be of
 * this money), "confirmed" (one of the receipt that the callback told), or "accepted" (a person's). A query's may
 * be "absent": the provider has never heard of it.
 * told_amount_minor and told_receipt are what all that say paid agree on; where one of them tells
 * the amount that was asked for, told_amount_minor is that.
 *
 * The rule, whatever the order: money counts when the query says paid and either a callback tells
 * the right amount or none tells any. Where another amount alone was told the payment is unknown,
 * until a person accepts it or gives it back. A receipt counts while no callback tells another; one
 * that has counted already stays. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/payments_private.h"

enum { MOST_NOTES = 1000 }; /* bytes of them */

const char *payment_print(struct sl_arena *arena, int64_t amount_minor)
{
    return sl_print_decimal(arena, amount_minor, 2, 2);
}

bool payment_has_succeeded(const struct sl_payment *payment)
{
    return payment_is(payment->status, "succeeded") || payment_is(payment->status, "refunded");
}

void payment_note(struct payment_change *change, const char *why)
{
    const char **notes = &change->now.mismatch;

    change->noted = why;
    if (!*notes)
        *notes = why;
    else if (!strstr(*notes, why) && strlen(*notes) < MOST_NOTES)
        *notes = sl_arena_printf(change->arena, "%s; %s", *notes, why);
}

/* ---- Judging --------------------------------------------------------------------------- */

static bool told_rightly(const struct sl_payment *payment)
{
    return payment->told_amount_minor == payment->amount_minor;
}

static bool is_contested(const struct sl_payment *payment)
{
    return payment_is(payment->told_state, "mismatch") ||
           payment_is(payment->told_state, "disputed");
}

bool payment_was_received(const struct sl_payment *payment)
{
    return payment_is(payment->told_state, "received") ||
           payment_is(payment->told_state, "confirmed");
}

bool sl_payments_said_paid(const struct sl_payment *payment)
{
    return is_contested(payment) || payment_was_received(payment) ||
           payment_is(payment->told_state, "paid") || payment_is(payment->told_state, "accepted") ||
           payment_is(payment->asked_state, "paid");
}

/* Why a person has to look. */
static const char *contested_text(struct payment_change *change)
{
    const struct sl_payment *payment = &change->now;

    if (payment->told_amount_minor == 0 || !payment->told_receipt)
        return sl_arena_printf(change->arena, "paid, but %s", payment->mismatch);
    return sl_arena_printf(change->arena,
                           "paid %s %s of %s %s by receipt %s, as its callback tells",
                           payment->currency,
                           payment_print(change->arena, payment->told_amount_minor),
                           payment->currency, payment_print(change->arena, payment->amount_minor),
                           payment->told_receipt);
}

void payment_judge(struct payment_change *change)
{
    struct sl_payment *payment = &change->now;

    if (!payment_is(payment->asked_state, "paid") || payment_is(payment->status, "refunded"))
        return;
    if (is_contested(payment) && !told_rightly(payment)) {
        payment->status = "unknown";
        payment->settled_at = 0;
        payment->error = contested_text(change);
        return;
    }
    if (payment_raise(change, "succeeded"))
        payment->error = NULL;
    if (!payment->receipt && payment_has_succeeded(payment))
        payment->receipt = payment->told_receipt;
}

bool payment_confirmed(struct payment_change *change)
{
    struct sl_payment *payment = &change->now;

    if (!payment_was_received(payment) || payment->external_reference)
        return false;
    if (payment_raise(change, "succeeded"))
        payment->error = NULL;
    if (!payment->receipt)
        payment->receipt = payment->told_receipt;
    return true;
}

struct payment_paid payment_paid(const struct sl_payment *payment)
{
    if (payment_has_succeeded(payment))
        return (struct payment_paid){ payment->receipt, payment->amount_minor };
    if (payment_is(payment->status, "unknown") && payment_is(payment->told_state, "mismatch") &&
        payment_is(payment->asked_state, "paid") && payment->told_amount_minor > 0)
        return (struct payment_paid){ payment->told_receipt, payment->told_amount_minor };
    return (struct payment_paid){ NULL, 0 };
}

int payment_is_anothers(struct payment_change *change, const char *receipt, int64_t since_ms,
                        struct sl_payment *owner, struct sl_err *err)
{
    const struct sl_payment *payment = &change->now;
    const struct sl_receipt_of of = { payment->school_id, payment->provider_id, receipt, since_ms };
    int found =
        receipt ? sl_payments_by_receipt(change->service->db, change->arena, &of, owner, err) : 0;

    if (found <= 0)
        return found;
    return owner->id != payment->id && payment_is(owner->source, "request");
}

/* ---- What callbacks claim -------------------------------------------------------------- */

static bool differ(const char *a, const char *b)
{
    return a && b && strcmp(a, b) != 0;
}

static const char *known_receipt(const struct sl_payment *payment)
{
    return payment->receipt ? payment->receipt : payment->told_receipt;
}

/* What a C2B confirmation was only guessed to be gives way to what the payment's own callback
 * tells. */
static int make_way(struct payment_change *change, const char *receipt, struct sl_err *err)
{
    const struct sl_payment *payment = &change->now;

    if (!payment_is(payment->told_state, "received") || !differ(known_receipt(payment), receipt))
        return 0;
    return payment_release(change, err);
}

/* Two receipts for one payment: neither counts, unless one has counted already. */
static void dispute(struct payment_change *change, const char *receipt)
{
    struct sl_payment *payment = &change->now;

    payment_note(change, sl_arena_printf(change->arena, "callbacks tell two receipts, %s and %s",
                                         known_receipt(payment), receipt));
    if (payment->receipt || payment_is(payment->told_state, "confirmed"))
        return;
    payment->told_receipt = NULL;
    payment->told_state = "disputed";
}

static void claim_receipt(struct payment_change *change, const char *receipt)
{
    struct sl_payment *payment = &change->now;

    if (!receipt || !*receipt || payment_is(payment->told_state, "disputed"))
        return;
    receipt = sl_printable(change->arena, receipt, strlen(receipt), MOST_NOTES);
    if (differ(known_receipt(payment), receipt))
        dispute(change, receipt);
    else if (!known_receipt(payment))
        payment->told_receipt = receipt;
}

/* Whoever does not name the amount is not believed the receipt either. */
int payment_claim(struct payment_change *change, const struct sl_payment_news *news,
                  struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    bool complete = news->amount_minor == payment->amount_minor;

    if (complete) {
        if (make_way(change, news->receipt, err) < 0)
            return -1;
        claim_receipt(change, news->receipt);
        payment->told_amount_minor = news->amount_minor;
    }
    if (complete && news->receipt && payment_is(payment->told_state, "received"))
        payment->told_state = "confirmed";
    else if (!payment_is(payment->told_state, "disputed") &&
             !payment_is(payment->told_state, "accepted") && !payment_was_received(payment) &&
             (complete || !is_contested(payment)))
        payment->told_state = "paid";
    return 0;
}

int payment_claim_other(struct payment_change *change, const struct sl_payment_news *news,
                        struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    bool alone;

    if (payment->receipt && !payment_is(payment->told_state, "received"))
        return 0; /* too late to change what was settled */
    if (make_way(change, news->receipt, err) < 0)
        return -1;
    alone = !is_contested(payment) && !told_rightly(payment);
    claim_receipt(change, news->receipt);
    if (alone) {
        payment->told_state = "mismatch";
        payment->told_amount_minor =
            news->amount_minor != payment->amount_minor && news->amount_minor > 0
                ? news->amount_minor
                : 0;
    } else if (!told_rightly(payment) && payment->told_amount_minor != news->amount_minor) {
        payment->told_amount_minor = 0; /* they agree on none */
    }
    return 0;
}

/* ---- What a person decides ------------------------------------------------------------- */

bool sl_payments_in_doubt(const struct sl_payment *payment)
{
    return payment_is(payment->asked_state, "paid") && payment_is(payment->status, "unknown");
}

/* Whether there is something to decide: also what was decided before, by the provider's word or a
 * person's, may have been wrong. */
static int check_doubt(const struct sl_payment *payment, const struct sl_payment_news *claim,
                       struct sl_err *err)
{
    if (!payment_is(payment->source, "request"))
        return sl_err_set(
            err, SL_ERR_DATA,
            "payment %s came without being asked for: its confirmation is its receipt",
            payment->public_id);
    if (payment_is(payment->status, "refunded"))
        return sl_err_set(err, SL_ERR_DATA, "payment %s was given back already",
                          payment->public_id);
    if (payment_is(payment->receipt, claim->receipt) &&
        payment->amount_minor == claim->amount_minor && payment_has_succeeded(payment))
        return sl_err_set(err, SL_ERR_DATA, "payment %s is paid by receipt %s already",
                          payment->public_id, payment->receipt);
    if (payment_has_succeeded(payment) || sl_payments_in_doubt(payment))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA,
                     "payment %s is %s: the provider does not say that it is paid",
                     payment->public_id, payment->status);
    return sl_err_hint(err, "`sl-pay verify %s` asks it", payment->public_id);
}

/* What is given back, or on its way, is given back by the receipt and of the amount that it was
 * asked for with. */
static int check_refunds(struct payment_change *change, struct sl_err *err)
{
    const struct sl_payment *payment = &change->now;
    int64_t done = 0, open = 0;

    if (sl_refunds_sum(change->service->db, payment->id, &done, &open, err) < 0)
        return -1;
    if (done + open == 0)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "%s of payment %s is given back or asked for already",
                      payment_print(change->arena, done + open), payment->public_id);
}

static int check_accept(struct payment_change *change, const struct sl_payment_news *claim,
                        struct sl_err *err)
{
    struct sl_payment owner;
    int found;

    if (check_doubt(&change->now, claim, err) < 0 || check_refunds(change, err) < 0)
        return -1;
    found = payment_is_anothers(change, claim->receipt, INT64_MAX, &owner, err);
    if (found <= 0)
        return found;
    (void)sl_err_set(err, SL_ERR_DATA, "the receipt %s is that of payment %s", claim->receipt,
                     owner.public_id);
    return sl_err_hint(
        err,
        "if that one was paid by another, `sl-pay verify %s --accept RECEIPT --amount"
        " AMOUNT` says by which; then this one may have it",
        owner.public_id);
}

static int log_accept(struct payment_change *change, struct sl_err *err)
{
    const struct sl_payment *before = &change->before, *now = &change->now;
    struct sl_buf changes = sl_buf_new(change->arena);
    struct sl_act act = {
        .operation = "payment.accept",
        .school_id = now->school_id,
        .provider_id = now->provider_id,
        .kind = "payment",
        .id = now->public_id,
    };

    sl_act_change(&changes, "status", before->status, now->status);
    sl_act_change(&changes, "amount", payment_print(change->arena, before->amount_minor),
                  payment_print(change->arena, now->amount_minor));
    sl_act_change(&changes, "receipt", before->receipt, now->receipt);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(change->service, &act, err);
}

/* Another receipt than it had. A C2B confirmation of the old one was of other money, which is a
 * payment of its own again: what it was taken for, or what was folded into it. */
static int give_up_receipt(struct payment_change *change, const char *receipt, struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    const char *old = payment->receipt;

    if (!differ(known_receipt(payment), receipt))
        return 0;
    if (payment_was_received(payment))
        return payment_release(change, err);
    if (!old)
        return 0;
    payment->receipt = NULL; /* one that is unique can be in one row only */
    if (sl_payments_write(change->service->db, payment, change->now_ms, err) < 0)
        return -1;
    return sl_payments_unfold(change->service->db, payment->id, old, change->now_ms, err);
}

int sl_payments_accept(struct sl_service *service, int64_t payment_id,
                       const struct sl_payment_news *claim, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct payment_change change;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        payment_change_begin(&change, service, arena, payment_id, now_ms, err) < 0 ||
        check_accept(&change, claim, err) < 0 || give_up_receipt(&change, claim->receipt, err) < 0)
        return -1;
    change.now.amount_minor = change.now.told_amount_minor = claim->amount_minor;
    change.now.receipt = change.now.told_receipt = claim->receipt;
    change.now.told_state = "accepted";
    change.now.error = NULL;
    (void)payment_raise(&change, "succeeded");
    if (payment_change_store(&change, err) < 0)
        return -1;
    if (!change.now.receipt)
        return sl_err_set(err, SL_ERR_DATA, "%s", change.now.mismatch);
    return log_accept(&change, err) < 0 ? -1 : sl_tx_commit(&tx, err);
}
