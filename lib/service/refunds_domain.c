/* The domains of payment.refund and payment.refund_status, and what their callbacks tell. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/job.h"
#include "lib/service/payments_private.h"

enum { MOST_SHOWN = 64 };

static bool is_over(const struct sl_refund *refund)
{
    return payment_is(refund->status, "succeeded") || payment_is(refund->status, "failed");
}

/* ---- From the row to the input ------------------------------------------------------------ */

static int read_both(struct sl_service *service, struct sl_job *job, struct sl_refund *refund,
                     struct sl_payment *payment, struct sl_err *err)
{
    int found = sl_refunds_get(service->db, job->arena, job->item.subject_id, refund, err);

    if (found > 0)
        found = sl_payments_get(service->db, job->arena, refund->payment_id, payment, err);
    if (found == 0)
        return sl_err_set(err, SL_ERR_DATA, "the refund of this row is gone");
    return found;
}

static void fill_input(struct sl_job *job, const struct sl_refund *refund,
                       const struct sl_payment *payment)
{
    const struct payment_paid paid = payment_paid(payment);
    struct sl_refund_ask *ask = SL_NEW(job->arena, struct sl_refund_ask, 1);

    *ask = (struct sl_refund_ask){
        .receipt = paid.receipt,
        .external = refund->external_reference,
        .amount_minor = refund->amount_minor,
        .paid_minor = paid.amount_minor,
        .currency = payment->currency,
        .reason = refund->reason,
        .reference = payment->reference,
        .requested = strcmp(payment->source, "request") == 0,
        .payment_external = payment->external_reference,
        .payment_external2 = payment->external_reference2,
        .asked_ms = refund->created_at,
    };
    job->call.in.refund = ask;
    job->n_items = 1;
}

/* One that failed and is brought back by a person must still fit what was paid. */
static int load_refund(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_refund refund;
    struct sl_payment payment;
    int64_t done = 0, open = 0;

    if (read_both(service, job, &refund, &payment, err) < 0 ||
        sl_refunds_sum(service->db, payment.id, &done, &open, err) < 0)
        return -1;
    if (payment_is(refund.status, "succeeded") ||
        (is_over(&refund) &&
         done + open + refund.amount_minor > payment_paid(&payment).amount_minor))
        return 0;
    fill_input(job, &refund, &payment);
    return 1;
}

static int load_status(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_refund refund;
    struct sl_payment payment;

    if (read_both(service, job, &refund, &payment, err) < 0)
        return -1;
    if (is_over(&refund))
        return 0;
    fill_input(job, &refund, &payment);
    return 1;
}

/* ---- How it ended ------------------------------------------------------------------------- */

/* A refund that was told to fail, and was done after all: what was asked for in its stead may have
 * been done too, or be on its way. */
static void note_too_much(struct payment_change *change, int64_t back_minor, int64_t paid_minor)
{
    if (back_minor > paid_minor)
        payment_note(change,
                     sl_arena_printf(change->arena, "%s is given back or asked for, of %s paid",
                                     payment_print(change->arena, back_minor),
                                     payment_print(change->arena, paid_minor)));
}

/* The payment is given back when all that was paid is. */
static int give_back(struct sl_service *service, const struct sl_refund *refund, int64_t now_ms,
                     struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct payment_change change;
    struct payment_paid paid;
    int64_t done = 0, open = 0;
    int found = payment_change_begin(&change, service, arena, refund->payment_id, now_ms, err);

    if (found <= 0)
        return found;
    if (sl_refunds_sum(service->db, refund->payment_id, &done, &open, err) < 0)
        return -1;
    paid = payment_paid(&change.now);
    if (!paid.receipt)
        return 0;
    note_too_much(&change, done + open, paid.amount_minor);
    if (done >= paid.amount_minor && payment_raise(&change, "refunded")) {
        change.now.amount_minor = paid.amount_minor;
        change.now.receipt = paid.receipt;
        change.now.error = NULL;
    }
    return payment_change_store(&change, err);
}

/* Only that it was done overrules that it failed. */
static int finish(struct sl_service *service, struct sl_refund *refund, const char *status,
                  const char *error, int64_t now_ms, struct sl_err *err)
{
    bool done = strcmp(status, "succeeded") == 0;

    if (payment_is(refund->status, "succeeded") || (is_over(refund) && !done))
        return 0;
    refund->status = status;
    refund->error = error;
    if (sl_refunds_write(service->db, refund, now_ms, err) < 0)
        return -1;
    if (refund->queue_id &&
        sl_queue_end(service->db, refund->queue_id, done ? "completed" : "failed", error, NULL,
                     now_ms, err) < 0)
        return -1;
    return done ? give_back(service, refund, now_ms, err) : 0;
}

static const char *why_not(struct sl_arena *arena, const struct sl_job *job)
{
    const struct sl_outcome *refusal = sl_job_outcome(job, SL_PERMANENT);

    return refusal ? sl_outcome_text(arena, refusal) : NULL;
}

static int await(struct sl_service *service, struct sl_job *job, struct sl_refund *refund,
                 int64_t now_ms, struct sl_err *err)
{
    refund->status = "pending";
    refund->error = NULL;
    if (job->result.items[0].external)
        refund->external_reference = job->result.items[0].external;
    return sl_refunds_write(service->db, refund, now_ms, err);
}

/* A callback that was faster than the answer has the last word; what failed before this attempt
 * left was brought back by a person. */
static int settle_refund(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                         int64_t now_ms, struct sl_err *err)
{
    struct sl_refund refund;
    int found = sl_refunds_get(service->db, job->arena, job->item.subject_id, &refund, err);

    if (found <= 0)
        return found;
    if (is_over(&refund) && refund.updated_at >= job->marked_ms) {
        *course = SL_COURSE_DONE;
        return 0;
    }
    if (*course == SL_COURSE_ACCEPTED && job->result.payment.state == SL_PAY_PAID)
        *course = SL_COURSE_DONE; /* given back at once */
    switch (*course) {
    case SL_COURSE_UNKNOWN:
    case SL_COURSE_ACCEPTED: return await(service, job, &refund, now_ms, err);
    case SL_COURSE_DONE: return finish(service, &refund, "succeeded", NULL, now_ms, err);
    case SL_COURSE_FAILED:
        return finish(service, &refund, "failed", why_not(job->arena, job), now_ms, err);
    case SL_COURSE_AGAIN:
    case SL_COURSE_AUTH:
    case SL_COURSE_NEXT: return 0;
    }
    return 0;
}

static int end_refund(struct sl_service *service, const struct sl_item *item, bool unknown,
                      const char *why, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_refund refund;
    int found = sl_refunds_get(service->db, arena, item->subject_id, &refund, err);

    if (found <= 0 || is_over(&refund))
        return found < 0 ? -1 : 0;
    if (!unknown)
        return finish(service, &refund, "failed", why, now_ms, err);
    refund.status = "unknown";
    refund.error = why;
    return sl_refunds_write(service->db, &refund, now_ms, err);
}

/* What is known of the refund now: paid out, refused, or not decided yet. */
static int conclude(struct sl_service *service, struct sl_refund *refund, enum sl_pay_state state,
                    const char *why, int64_t now_ms, struct sl_err *err)
{
    switch (state) {
    case SL_PAY_PAID:
    case SL_PAY_REFUNDED: return finish(service, refund, "succeeded", NULL, now_ms, err);
    case SL_PAY_FAILED:
    case SL_PAY_CANCELLED:
    case SL_PAY_EXPIRED: return finish(service, refund, "failed", why, now_ms, err);
    case SL_PAY_PENDING:
    case SL_PAY_UNKNOWN: break;
    }
    return 0;
}

/* Where the answer itself tells; where it only accepts, a callback does. */
static int settle_status(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                         int64_t now_ms, struct sl_err *err)
{
    const struct sl_payment_news *news = &job->result.payment;
    struct sl_refund refund;
    int found;

    if (*course != SL_COURSE_DONE)
        return 0;
    found = sl_refunds_get(service->db, job->arena, job->item.subject_id, &refund, err);
    if (found <= 0)
        return found;
    if (!refund.external_reference && news->external) {
        refund.external_reference = news->external;
        if (sl_refunds_write(service->db, &refund, now_ms, err) < 0)
            return -1;
    }
    return conclude(service, &refund, news->state, news->text, now_ms, err);
}

/* A question that got no answer must not keep the next one away. */
static int end_status(struct sl_service *service, const struct sl_item *item, bool unknown,
                      const char *why, int64_t now_ms, struct sl_err *err)
{
    (void)unknown;
    return sl_queue_end(service->db, item->id, "failed", why, NULL, now_ms, err) < 0 ? -1 : 0;
}

const struct sl_domain sl_refund_domain = {
    .operation = "payment.refund",
    .reference_type = "refund",
    .load = load_refund,
    .settle = settle_refund,
    .end = end_refund,
};

const struct sl_domain sl_refund_status_domain = {
    .operation = "payment.refund_status",
    .reference_type = "refund",
    .load = load_status,
    .settle = settle_status,
    .end = end_status,
};

/* ---- What is told ------------------------------------------------------------------------- */

/* "We gave up": the question that was planned for later is due now. */
static int ask_now(struct sl_service *service, const struct sl_item *item, int64_t now_ms,
                   struct sl_err *err)
{
    if (!item->accepted || !item->waits_for || payment_is(item->waits_for, "person"))
        return 0;
    return sl_queue_wait_on(service->db, item->id, item->waits_for, now_ms, 0, err) < 0 ? -1 : 0;
}

/* About something else than what was asked for under this token. */
static const char *stray(struct sl_arena *arena, const struct sl_refund *refund,
                         const struct sl_outcome *outcome)
{
    const char *named = outcome->external, *ours = refund->external_reference;

    if (!named || !ours || strcmp(named, ours) == 0)
        return NULL;
    return sl_arena_printf(arena, "it names %s, not %s",
                           sl_printable(arena, named, strlen(named), MOST_SHOWN), ours);
}

static int told_refund(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_item *item, struct sl_refund *refund,
                       const struct sl_event *event, int64_t now_ms, struct sl_err *err)
{
    const struct sl_outcome *outcome = &event->outcome;

    if (payment_is(item->status, "pending") && /* it would be sent again */
        sl_queue_cancel(service->db, item->id, now_ms, err) < 0)
        return -1;
    switch (outcome->verdict) {
    case SL_OK: return finish(service, refund, "succeeded", NULL, now_ms, err);
    case SL_ABSENT:
    case SL_PERMANENT:
        return finish(service, refund, "failed", sl_outcome_text(arena, outcome), now_ms, err);
    case SL_AMBIGUOUS:
    case SL_RETRY:
    case SL_RATE_LIMITED:
    case SL_AUTH: break;
    }
    return ask_now(service, item, now_ms, err);
}

/* Of what was asked about: the refund, if it had an id to ask by; else the payment itself, whose
 * being completed says nothing of the refund. */
static int told_status(struct sl_service *service, const struct sl_item *item,
                       struct sl_refund *refund, const struct sl_event *event, int64_t now_ms,
                       struct sl_err *err)
{
    const char *error = event->outcome.verdict == SL_OK ? NULL : event->text;

    if (sl_queue_end(service->db, item->id, "completed", error, NULL, now_ms, err) < 0)
        return -1;
    if (!refund->external_reference)
        return 0;
    return conclude(service, refund, event->payment.state, event->result_text, now_ms, err);
}

/* Nothing but the row itself: what a deep test told. */
static int told_row(struct sl_service *service, const struct sl_item *item,
                    const struct sl_event *event, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *text = event->result_text ? event->result_text : event->text;
    bool fine = event->outcome.verdict == SL_OK;
    struct sl_buf result = sl_buf_new(arena);

    if (event->outcome.verdict == SL_AMBIGUOUS)
        return 0;
    sl_buf_text(&result, "{\"findings\":[{\"grade\":");
    sl_json_quote(&result, fine ? "good" : "warn");
    sl_buf_text(&result, ",\"text\":");
    sl_json_quote(&result, text ? text : "");
    sl_buf_text(&result, "}]}");
    return sl_queue_end(service->db, item->id, fine ? "completed" : "failed",
                        fine ? NULL : sl_outcome_text(arena, &event->outcome), result.data, now_ms,
                        err) < 0
               ? -1
               : 0;
}

int sl_payments_result(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_item *item, const struct sl_event *event, int64_t now_ms,
                       const char **note, struct sl_err *err)
{
    bool status = strcmp(item->operation, "payment.refund_status") == 0;
    struct sl_refund refund;
    int found;

    *note = NULL;
    if (!status && strcmp(item->operation, "payment.refund") != 0)
        return told_row(service, item, event, now_ms, err);
    found = sl_refunds_get(service->db, arena, item->subject_id, &refund, err);
    if (found <= 0)
        return found;
    if (status)
        return told_status(service, item, &refund, event, now_ms, err);
    *note = stray(arena, &refund, &event->outcome);
    return *note ? 0 : told_refund(service, arena, item, &refund, event, now_ms, err);
}
