/* What follows when more is known of a payment. */
#include "lib/service/payments_private.h"

#include <string.h>

#include "lib/service/ids.h"
#include "lib/service/receipts.h"
#include "lib/service/tell.h"
#include "lib/store/configs.h"

enum { TOLD_AGO_MS = 86400000 };

bool payment_is(const char *word, const char *what)
{
    return word && strcmp(word, what) == 0;
}

const char *payment_new_id(struct sl_arena *arena, int64_t now_ms)
{
    char id[SL_ULID_SIZE];

    sl_ulid(now_ms, id);
    return sl_arena_strdup(arena, id);
}

/* ---- Ranks ----------------------------------------------------------------------------- */

enum { OPEN_RANKS = 3 };

static int rank_of(const char *status)
{
    static const struct {
        const char *status;
        int rank;
    } ranks[] = {
        { "initiated", 0 }, { "pending", 1 }, { "unknown", 2 },   { "failed", 3 },
        { "cancelled", 3 }, { "expired", 3 }, { "succeeded", 4 }, { "refunded", 5 },
    };

    for (size_t i = 0; i < SL_COUNT(ranks); i++)
        if (strcmp(ranks[i].status, status) == 0)
            return ranks[i].rank;
    return 0;
}

bool payment_is_over(const struct sl_payment *payment)
{
    return rank_of(payment->status) >= OPEN_RANKS;
}

bool payment_raise(struct payment_change *change, const char *status)
{
    if (rank_of(status) <= rank_of(change->now.status))
        return false;
    change->now.status = status;
    return true;
}

void payment_give_up(struct payment_change *change, const char *why)
{
    if (payment_is_over(&change->now) || sl_payments_said_paid(&change->now))
        return;
    change->now.status = "unknown";
    change->now.error = why;
}

/* ---- One change ------------------------------------------------------------------------ */

int payment_change_begin(struct payment_change *change, struct sl_service *service,
                         struct sl_arena *arena, int64_t payment_id, int64_t now_ms,
                         struct sl_err *err)
{
    int found;

    *change = (struct payment_change){ .service = service, .arena = arena, .now_ms = now_ms };
    found = sl_payments_get(service->db, arena, payment_id, &change->before, err);
    change->now = change->before;
    return found;
}

/* The receipt is another's: not both can be paid by it, and a person has to look. */
static void refuse_receipt(struct payment_change *change, const struct sl_payment *owner)
{
    const char *why = sl_arena_printf(change->arena, "the receipt %s is also that of payment %s",
                                      change->now.receipt, owner->public_id);

    payment_note(change, why);
    change->now.error = why;
    change->now.receipt = NULL;
    if (!payment_is(change->before.status, "succeeded"))
        change->now.status = "unknown";
}

/* Its receipt has become known: the confirmation that came before was of the same money. Sets
 * *thanked if the payer has been told already. */
static int fold(struct payment_change *change, bool *thanked, struct sl_err *err)
{
    struct sl_payment *payment = &change->now, owner;
    const struct sl_receipt_of of = { payment->school_id, payment->provider_id, payment->receipt,
                                      change->now_ms - TOLD_AGO_MS };
    int found = sl_payments_by_receipt(change->service->db, change->arena, &of, &owner, err);

    if (found <= 0 || owner.id == payment->id || !owner.receipt)
        return found < 0 ? -1 : 0;
    if (strcmp(owner.source, "c2b") != 0 || owner.amount_minor != payment->amount_minor) {
        refuse_receipt(change, &owner);
        return 0;
    }
    found = sl_receipts_sent(change->service, change->arena, &owner, err);
    if (found < 0)
        return -1;
    *thanked = found > 0;
    if (!payment->payer)
        payment->payer = owner.payer;
    owner.receipt = NULL;
    owner.folded_into = payment->id;
    return sl_payments_write(change->service->db, &owner, change->now_ms, err);
}

/* What is over is not waited for, and what nobody can find out is a person's. */
static int end_request(const struct payment_change *change, struct sl_err *err)
{
    const struct sl_payment *payment = &change->now;
    struct sl_db *db = change->service->db;

    if (!payment->queue_id)
        return 0;
    if (payment_is_over(payment))
        return sl_queue_end(db, payment->queue_id, "completed", NULL, NULL, change->now_ms, err);
    if (payment_is(payment->status, "unknown") && !payment_is(change->before.status, "unknown"))
        return sl_queue_wait_on(db, payment->queue_id, "person", 0, 0, err);
    return 0;
}

/* Those of its changes that others may want to know of. */
static int tell(const struct payment_change *change, struct sl_err *err)
{
    static const char *const told[] = { "succeeded", "failed", "cancelled", "expired", "refunded" };
    const struct sl_payment *before = &change->before, *now = &change->now;

    for (size_t i = 0; i < SL_COUNT(told); i++)
        if (payment_is(now->status, told[i]) && !payment_is(before->status, told[i]) &&
            sl_tell_payment(change->service, now->id,
                            sl_arena_printf(change->arena, "payment.%s", told[i]), change->now_ms,
                            err) < 0)
            return -1;
    if (!now->mismatch || before->mismatch)
        return 0;
    return sl_tell_payment(change->service, now->id, "payment.mismatch", change->now_ms, err);
}

int payment_change_store(struct payment_change *change, struct sl_err *err)
{
    struct sl_payment *payment = &change->now;
    bool news = payment->receipt && !payment_is(change->before.receipt, payment->receipt);
    bool thanked = false;

    if (news && fold(change, &thanked, err) < 0)
        return -1;
    if (payment_is_over(payment) && !payment->settled_at)
        payment->settled_at = change->now_ms;
    if (sl_payments_write(change->service->db, payment, change->now_ms, err) < 0 ||
        end_request(change, err) < 0 || tell(change, err) < 0)
        return -1;
    if (news && payment->receipt && !thanked && payment_is(payment->status, "succeeded"))
        return sl_receipts_send(change->service, payment, change->now_ms, err);
    return 0;
}

int payment_release(struct payment_change *change, struct sl_err *err)
{
    struct sl_payment *payment = &change->now, own = *payment;

    own.public_id = payment_new_id(change->arena, change->now_ms);
    own.source = "c2b";
    own.status = "succeeded";
    own.receipt = payment->receipt ? payment->receipt : payment->told_receipt;
    own.told_receipt = own.told_state = own.external_reference = own.external_reference2 = NULL;
    own.description = own.email = own.meta = NULL;
    own.told_amount_minor = 0;
    own.settled_at = change->now_ms;
    payment->receipt = payment->told_receipt = payment->told_state = NULL;
    payment->told_amount_minor = 0;
    /* its receipt is free from here on: one that is unique can be in one row only */
    if (sl_payments_write(change->service->db, payment, change->now_ms, err) < 0)
        return -1;
    change->before.receipt = NULL;
    if (sl_payments_add(change->service->db, &own, change->now_ms, err) < 0 ||
        sl_tell_payment(change->service, own.id, "payment.succeeded", change->now_ms, err) < 0)
        return -1;
    return sl_receipts_send(change->service, &own, change->now_ms, err);
}

/* ---- Asking ---------------------------------------------------------------------------- */

bool sl_payments_can_ask(const struct sl_payment *payment)
{
    const struct sl_adapter *adapter = sl_adapter_find(payment->provider);
    const struct sl_op *op = adapter ? sl_adapter_op(adapter, "payment.verify") : NULL;

    return op && payment_is(payment->source, "request") &&
           (payment->external_reference || op->by_our_id);
}

/* As settle_waiting.c asks: one question at a time, whoever puts it. */
int payment_ask(struct sl_service *service, const struct sl_payment *payment, int64_t now_ms,
                int64_t *item_id, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_config_row row = { 0 };
    struct sl_item item = {
        .school_id = payment->school_id,
        .provider_id = payment->provider_id,
        .operation = "payment.verify",
        .payload = "{}",
        .public_id = payment->public_id,
        .subject_id = payment->id,
        .max_attempts = 3,
        .dedupe_key = sl_arena_printf(arena, "payment.verify:%lld", (long long)payment->id),
    };

    *item_id = 0;
    if (!sl_payments_can_ask(payment) || payment_is(payment->status, "succeeded") ||
        payment_is(payment->status, "refunded"))
        return 0;
    if (sl_configs_get(service->db, arena, payment->school_id, payment->provider_id, &row, err) < 0)
        return -1;
    item.account = row.account;
    if (sl_queue_add(service->db, &item, now_ms, err) < 0)
        return -1;
    *item_id = item.id;
    return 0;
}
