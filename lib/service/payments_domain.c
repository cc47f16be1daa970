/* The domains of payment.request and payment.verify: what the engine's outcomes mean for the
 * payment that a row is about. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/job.h"
#include "lib/service/payments_private.h"

enum { ASK_SOON_MS = 5000, MOST_SOON = 10 };

/* ---- From the row to the input ----------------------------------------------------------- */

static int read_payment(struct sl_service *service, struct sl_job *job, struct sl_payment *payment,
                        struct sl_err *err)
{
    int found = sl_payments_get(service->db, job->arena, job->item.subject_id, payment, err);

    if (found == 0)
        return sl_err_set(err, SL_ERR_DATA, "the payment of this row is gone");
    return found;
}

static void fill_input(struct sl_job *job, const struct sl_payment *payment)
{
    struct sl_payment_ask *ask = SL_NEW(job->arena, struct sl_payment_ask, 1);

    *ask = (struct sl_payment_ask){
        .phone = payment->phone,
        .amount_minor = payment->amount_minor,
        .currency = payment->currency,
        .reference = payment->reference,
        .description = payment->description ? payment->description : "",
        .email = payment->email,
        .name = payment->payer,
        .external = payment->external_reference,
        .external2 = payment->external_reference2,
        .receipt = payment->receipt,
        .checkout_url = payment->checkout_url,
        .asked_ms = payment->created_at,
    };
    job->call.in.payment = ask;
    job->n_items = 1;
}

static bool is_absent(const struct sl_payment *payment)
{
    return payment_is(payment->asked_state, "absent");
}

/* Whether anything was heard of it: then the provider has it. */
static bool was_heard(const struct sl_payment *payment)
{
    return payment->told_state || (payment->asked_state && !is_absent(payment));
}

/* A request that failed before anybody heard of it can be brought back by a person. */
static int load_request(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_payment payment;

    if (read_payment(service, job, &payment, err) < 0)
        return -1;
    if (payment_is_over(&payment) && (was_heard(&payment) || !payment_is(payment.status, "failed")))
        return 0;
    fill_input(job, &payment);
    return 1;
}

static int load_verify(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_payment payment;

    if (read_payment(service, job, &payment, err) < 0)
        return -1;
    if (payment_is(payment.status, "succeeded") || payment_is(payment.status, "refunded"))
        return 0;
    fill_input(job, &payment);
    return 1;
}

/* ---- What our own request came to ---------------------------------------------------------- */

static const char *why_not(const struct sl_job *job)
{
    const struct sl_outcome *refusal = sl_job_outcome(job, SL_PERMANENT);

    return refusal ? sl_outcome_text(job->arena, refusal) : NULL;
}

/* What the answer names is the truth; a callback that named another id was about something else. */
static void take_answer(struct payment_change *change, const struct sl_job *job)
{
    const struct sl_payment_news *news = &job->result.payment;
    const char *external = news->external ? news->external : job->result.items[0].external;
    struct sl_payment *payment = &change->now;

    if (external && payment->external_reference && payment->told_state &&
        strcmp(external, payment->external_reference) != 0) {
        payment_note(change, sl_arena_printf(change->arena, "a callback names %s, not %s",
                                             payment->external_reference, external));
        payment->told_state = "stray";
        payment->told_receipt = NULL;
        payment->told_amount_minor = 0;
    }
    if (external)
        payment->external_reference = external;
    if (news->external2)
        payment->external_reference2 = news->external2;
    if (news->checkout_url)
        payment->checkout_url = news->checkout_url;
}

static void accepted(struct payment_change *change, const struct sl_job *job)
{
    struct sl_payment *payment = &change->now;

    take_answer(change, job);
    if (!was_heard(payment) && !payment_is_over(payment))
        payment->error = NULL;
    if (is_absent(payment))
        payment->asked_state = NULL;
    if (!was_heard(payment) && payment_is(payment->status, "failed")) {
        payment->status = "initiated"; /* brought back by a person */
        payment->settled_at = 0;
        payment->error = NULL;
    }
    if (payment_is(payment->status, "unknown") && !was_heard(payment))
        payment->status = "initiated";
    (void)payment_raise(change, "pending");
}

static void refused(struct payment_change *change, const struct sl_job *job)
{
    if (payment_raise(change, "failed"))
        change->now.error = why_not(job);
}

static const char *why_lost(const struct sl_job *job)
{
    const struct sl_outcome *lost = sl_job_outcome(job, SL_AMBIGUOUS);

    return lost ? sl_outcome_text(job->arena, lost) : NULL;
}

/* Whether the payer was asked is not known, and what it waits for may tell. */
static void lost(struct payment_change *change, const char *why)
{
    if (payment_raise(change, "unknown"))
        change->now.error =
            sl_arena_printf(change->arena, "the answer was lost%s%s%s: its callback is awaited",
                            why ? " (" : "", why ? why : "", why ? ")" : "");
}

/* A callback that was faster than the answer has the last word: the provider has the request,
 * whatever the answer says of it, and it is not sent again. */
static void settle_heard(struct payment_change *change, const struct sl_job *job,
                         enum sl_course *course)
{
    if (*course == SL_COURSE_ACCEPTED || *course == SL_COURSE_DONE)
        take_answer(change, job);
    else
        (void)payment_confirmed(change);
    *course = SL_COURSE_ACCEPTED;
    if (payment_is_over(&change->now) && !payment_is(change->now.told_state, "stray"))
        *course = SL_COURSE_DONE;
}

static int settle_request(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                          int64_t now_ms, struct sl_err *err)
{
    struct payment_change change;
    int found =
        payment_change_begin(&change, service, job->arena, job->item.subject_id, now_ms, err);

    if (found <= 0)
        return found;
    if (was_heard(&change.now)) {
        settle_heard(&change, job, course);
        return payment_change_store(&change, err);
    }
    switch (*course) {
    case SL_COURSE_ACCEPTED:
    case SL_COURSE_DONE: accepted(&change, job); break;
    case SL_COURSE_FAILED: refused(&change, job); break;
    case SL_COURSE_UNKNOWN: lost(&change, why_lost(job)); break;
    case SL_COURSE_AGAIN:
    case SL_COURSE_AUTH:
    case SL_COURSE_NEXT: return 0;
    }
    return payment_change_store(&change, err);
}

/* ---- The end without an answer -------------------------------------------------------------- */

/* The runner died: whether its request waits for a callback now, or for a person. */
static bool still_waits(const struct sl_payment *payment, const struct sl_item *item)
{
    const struct sl_adapter *adapter = sl_adapter_find(payment->provider);
    const struct sl_op *op = adapter ? sl_adapter_op(adapter, item->operation) : NULL;
    const struct sl_settle *settle;

    if (item->waits_for || !op || (size_t)item->step >= op->n_steps)
        return false;
    settle = &op->steps[item->step].ambiguous;
    return settle->callback || settle->query;
}

static int end_request(struct sl_service *service, const struct sl_item *item, bool unknown,
                       const char *why, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct payment_change change;
    int found = payment_change_begin(&change, service, arena, item->subject_id, now_ms, err);

    if (found <= 0)
        return found;
    if (unknown && still_waits(&change.now, item))
        lost(&change, why);
    else if (unknown && !payment_confirmed(&change))
        payment_give_up(&change, why);
    else if (!unknown && !was_heard(&change.now) && payment_raise(&change, "failed"))
        change.now.error = why;
    return payment_change_store(&change, err);
}

static int absent_request(struct sl_service *service, const struct sl_item *item,
                          struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_payment payment;
    int found = sl_payments_get(service->db, arena, item->subject_id, &payment, err);

    return found > 0 ? is_absent(&payment) : found;
}

static int heard_request(struct sl_service *service, const struct sl_item *item,
                         enum sl_heard_of *heard, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_payment payment;
    int found = sl_payments_get(service->db, arena, item->subject_id, &payment, err);

    if (found <= 0)
        return found;
    if (payment_is_over(&payment))
        *heard = SL_HEARD_ALL;
    else if (sl_payments_in_doubt(&payment))
        *heard = SL_HEARD_IN_DOUBT;
    else if (was_heard(&payment) && sl_payments_can_ask(&payment))
        *heard = SL_HEARD_OF;
    return 0;
}

const struct sl_domain sl_payment_request_domain = {
    .operation = "payment.request",
    .reference_type = "payment",
    .load = load_request,
    .settle = settle_request,
    .end = end_request,
    .absent = absent_request,
    .heard = heard_request,
};

/* ---- What the query came to ----------------------------------------------------------------- */

/* Somebody said paid and the provider's query does not know it yet: that is a matter of seconds. */
static int ask_soon(struct sl_service *service, const struct sl_payment *payment, int64_t now_ms,
                    struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item item;
    int found = payment->told_receipt && payment->queue_id
                    ? sl_queue_get(service->db, arena, payment->queue_id, &item, err)
                    : 0;

    if (found <= 0 || !item.accepted || !item.waits_for || payment_is(item.waits_for, "person") ||
        item.asks >= MOST_SOON || item.next_attempt_at <= now_ms + ASK_SOON_MS)
        return found < 0 ? -1 : 0;
    return sl_queue_wait_on(service->db, item.id, item.waits_for, now_ms + ASK_SOON_MS, 0, err) < 0
               ? -1
               : 0;
}

static int settle_verify(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                         int64_t now_ms, struct sl_err *err)
{
    const struct sl_payment_news *news = &job->result.payment;
    struct payment_change change;
    int found;
    bool is_unknown = sl_job_outcome(job, SL_ABSENT) != NULL;

    if (is_unknown)
        *course = SL_COURSE_DONE; /* the question was answered */
    if (*course != SL_COURSE_DONE)
        return 0;
    found = payment_change_begin(&change, service, job->arena, job->item.subject_id, now_ms, err);
    if (found <= 0)
        return found;
    if (is_unknown)
        return payment_asked_absent(&change, err);
    if (payment_asked(&change, news, err) < 0)
        return -1;
    if (news->state == SL_PAY_PENDING && !payment_is_over(&change.now))
        return ask_soon(service, &change.now, now_ms, err);
    return 0;
}

const struct sl_domain sl_payment_verify_domain = {
    .operation = "payment.verify",
    .reference_type = "payment",
    .load = load_verify,
    .settle = settle_verify,
};
