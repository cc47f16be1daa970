/* Money given back: asked for by a person, ended by a callback or a query. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/enqueue.h"
#include "lib/service/job.h"
#include "lib/service/payments_private.h"

static const char operation[] = "payment.refund";

/* ---- Asking for it ----------------------------------------------------------------------- */

struct recording {
    const struct sl_payment *payment;
    const struct sl_refund_request *request;
    struct sl_refund_ask ask;
    struct payment_plan plan;
    const char *hash;
};

/* What a callback told of one that is unknown may have become another's meanwhile. */
static int check_receipt(struct sl_service *service, const struct sl_payment *payment,
                         struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct payment_change change = { .service = service, .arena = arena, .now = *payment };
    struct sl_payment owner;
    const char *receipt = payment_paid(payment).receipt;
    int found = payment_is_anothers(&change, receipt, INT64_MAX, &owner, err);

    if (found > 0)
        return sl_err_set(err, SL_ERR_DATA, "the receipt %s is that of payment %s", receipt,
                          owner.public_id);
    return found;
}

static int check_payment(struct sl_service *service, const struct sl_payment *payment,
                         struct sl_err *err)
{
    if (payment_is(payment->status, "refunded"))
        return sl_err_set(err, SL_ERR_DATA, "payment %s was given back already",
                          payment->public_id);
    if (payment_paid(payment).receipt)
        return check_receipt(service, payment, err);
    if (!payment_is(payment->status, "succeeded")) {
        (void)sl_err_set(err, SL_ERR_DATA,
                         "payment %s is %s: only one that succeeded can be "
                         "given back",
                         payment->public_id, payment->status);
        if (payment_is(payment->status, "unknown") && sl_payments_said_paid(payment))
            (void)sl_err_hint(err, "`sl-pay verify %s --accept RECEIPT` decides what was paid",
                              payment->public_id);
        return -1;
    }
    (void)sl_err_set(err, SL_ERR_DATA, "the receipt of payment %s is not known yet",
                     payment->public_id);
    return sl_err_hint(err, "it comes with the provider's callback; try again later");
}

static bool gives_back_parts(const struct sl_payment *payment)
{
    const struct sl_adapter *adapter = sl_adapter_find(payment->provider);
    const struct sl_op *op = adapter ? sl_adapter_op(adapter, operation) : NULL;

    return op && op->in_part;
}

/* What is given back once, or is on its way, is not given back again. */
static int check_amount(struct sl_service *service, const struct recording *recording,
                        struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t amount = recording->ask.amount_minor, paid = recording->ask.paid_minor;
    int64_t done = 0, open = 0;

    if (amount > paid)
        return sl_err_set(err, SL_ERR_DATA, "%s is more than was paid", recording->request->amount);
    if (sl_refunds_sum(service->db, recording->payment->id, &done, &open, err) < 0)
        return -1;
    if (amount > paid - done - open)
        return sl_err_set(err, SL_ERR_DATA, "%s of the %s paid is given back or asked for already",
                          sl_print_decimal(arena, done + open, 2, 2),
                          sl_print_decimal(arena, paid, 2, 2));
    if (amount == paid || recording->request->force || gives_back_parts(recording->payment))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "%s promises to give back all of a payment only",
                     recording->payment->provider);
    return sl_err_hint(err, "--force asks for a part of it");
}

static int read_request(struct recording *recording, struct sl_err *err)
{
    const struct sl_payment *payment = recording->payment;
    const struct sl_refund_request *request = recording->request;
    const struct payment_paid paid = payment_paid(payment);
    int64_t amount_minor = paid.amount_minor;

    if (request->amount && sl_payments_amount(request->amount, &amount_minor, err) < 0)
        return -1;
    recording->ask = (struct sl_refund_ask){
        .receipt = paid.receipt,
        .amount_minor = amount_minor,
        .paid_minor = paid.amount_minor,
        .currency = payment->currency,
        .reason = request->reason && *request->reason ? request->reason : "Refund",
        .reference = payment->reference,
        .requested = strcmp(payment->source, "request") == 0,
        .payment_external = payment->external_reference,
        .payment_external2 = payment->external_reference2,
        .asked_ms = sl_now_ms(),
    };
    return 0;
}

static const char *hash_request(struct sl_arena *arena, const struct recording *recording)
{
    const char *const texts[] = { recording->payment->public_id,
                                  sl_print_decimal(arena, recording->ask.amount_minor, 2, 2),
                                  recording->ask.reason };

    return payment_hash(arena, texts, SL_COUNT(texts));
}

/* Returns 1, 0, or -1: the key was used for something else. */
static int find_earlier(struct sl_service *service, struct sl_arena *arena,
                        const struct recording *recording, struct sl_refund *refund,
                        struct sl_err *err)
{
    struct sl_item item;
    int found = payment_earlier(service, arena, recording->payment->school_id, operation,
                                recording->request->key, recording->hash, &item, err);

    return found > 0 ? sl_refunds_get(service->db, arena, item.subject_id, refund, err) : found;
}

static int add_item(struct sl_service *service, struct sl_arena *arena,
                    const struct recording *recording, int64_t now_ms,
                    const struct sl_refund *refund, int64_t *item_id, struct sl_err *err)
{
    struct sl_item item = {
        .school_id = recording->payment->school_id,
        .provider_id = recording->payment->provider_id,
        .operation = operation,
        .payload = sl_arena_printf(arena, "{\"payment\":\"%s\",\"refund\":\"%s\"}",
                                   recording->payment->public_id, refund->public_id),
        .public_id = refund->public_id,
        .account = recording->plan.account.account,
        .subject_id = refund->id,
        .idempotency_key = recording->request->key,
        .payload_hash = recording->hash,
    };

    if (sl_enqueue(service, recording->plan.op, &item, now_ms, err) < 0)
        return -1;
    *item_id = item.id;
    return 0;
}

static int log_act(struct sl_service *service, struct sl_arena *arena,
                   const struct recording *recording, struct sl_err *err)
{
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = {
        .operation = operation,
        .school_id = recording->payment->school_id,
        .provider_id = recording->payment->provider_id,
        .kind = "payment",
        .id = recording->payment->public_id,
    };

    sl_act_change(&changes, "given_back", NULL,
                  sl_print_decimal(arena, recording->ask.amount_minor, 2, 2));
    sl_act_change(&changes, "reason", NULL, recording->ask.reason);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
}

static int record(struct sl_service *service, struct sl_arena *arena,
                  const struct recording *recording, struct sl_refund *out, int64_t *item_id,
                  struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t now_ms = sl_now_ms();
    struct sl_refund refund = {
        .public_id = payment_new_id(arena, now_ms),
        .payment_id = recording->payment->id,
        .status = "initiated",
        .amount_minor = recording->ask.amount_minor,
        .reason = recording->ask.reason,
    };
    int found;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = find_earlier(service, arena, recording, out, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (check_amount(service, recording, err) < 0 ||
        sl_refunds_add(service->db, &refund, now_ms, err) < 0 ||
        add_item(service, arena, recording, now_ms, &refund, &refund.queue_id, err) < 0 ||
        sl_refunds_write(service->db, &refund, now_ms, err) < 0 ||
        log_act(service, arena, recording, err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *out = refund;
    *item_id = refund.queue_id;
    return 0;
}

int sl_payments_refund(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const struct sl_payment *payment,
                       const struct sl_refund_request *request, struct sl_refund *refund,
                       int64_t *item_id, struct sl_err *err)
{
    struct recording recording = { .payment = payment, .request = request };
    int found;

    *item_id = 0;
    if (read_request(&recording, err) < 0)
        return -1;
    recording.hash = hash_request(arena, &recording);
    found = find_earlier(service, arena, &recording, refund, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (check_payment(service, payment, err) < 0 || check_amount(service, &recording, err) < 0)
        return -1;
    recording.plan = (struct payment_plan){
        .operation = operation,
        .school_id = school->id,
        .provider_id = payment->provider_id,
        .in.refund = &recording.ask,
    };
    if (payment_plan(service, arena, &recording.plan, err) < 0)
        return -1;
    return record(service, arena, &recording, refund, item_id, err);
}
