/* The domain of messages: recipients from their table, outcomes back into it. */
#include <string.h>

#include "lib/service/inbound.h"
#include "lib/service/lost.h"
#include "lib/service/messages_private.h"
#include "lib/service/optout.h"
#include "lib/service/tell.h"

int messages_load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    int n =
        sl_messages_of_row(service->db, job->arena, job->item.id, "queued", &job->messages, err);

    if (n <= 0)
        return n;
    job->n_items = (size_t)n;
    return 1;
}

static int load_sms(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_sms_send *sms = SL_NEW(job->arena, struct sl_sms_send, 1);
    int more = messages_load(service, job, err);
    const char **to;

    if (more <= 0)
        return more;
    to = SL_NEW(job->arena, const char *, job->n_items);
    for (size_t i = 0; i < job->n_items; i++)
        to[i] = job->messages[i].address;
    sms->from = sl_json_text(job->payload, "from");
    sms->text = sl_json_text(job->payload, "text");
    sms->to = to;
    sms->n_to = job->n_items;
    if (!sms->text)
        return sl_err_set(err, SL_ERR_DATA, "the row holds no text");
    job->call.in.sms = sms;
    return 1;
}

static const char *status_of(const struct sl_outcome *outcome, bool resent)
{
    switch (outcome->verdict) {
    case SL_OK: return "sent";
    case SL_PERMANENT: return "failed";
    case SL_ABSENT: /* no answer to a send says so */
    case SL_AMBIGUOUS: return resent ? "queued" : "unknown";
    case SL_RETRY:
    case SL_RATE_LIMITED:
    case SL_AUTH: break;
    }
    return "queued";
}

static int fail_rest(struct sl_service *service, const struct sl_item *item, const char *why,
                     int64_t now_ms, struct sl_err *err)
{
    const struct sl_message_set set = { .batch_id = item->batch_id };

    if (sl_batches_fail_rest(service->db, item->batch_id, why, now_ms, err) < 0)
        return -1;
    return sl_tell_failed(service, item->school_id, &set, now_ms, err);
}

/* What holds for the whole batch is not asked for again, forty thousand times. */
static int tell_batch(struct sl_service *service, const struct sl_job *job, int64_t now_ms,
                      struct sl_err *err)
{
    for (size_t i = 0; i < job->result.n_items; i++) {
        const struct sl_outcome *item = &job->result.items[i];

        if (item->verdict == SL_PERMANENT && item->concerns == SL_BATCH)
            return fail_rest(service, &job->item, sl_outcome_text(job->arena, item), now_ms, err);
    }
    return 0;
}

static int learn(struct sl_service *service, const struct sl_job *job, size_t i, int64_t now_ms,
                 struct sl_err *err)
{
    const struct sl_optout optout = { job->messages[i].address, job->account->adapter->code,
                                      now_ms };

    if (job->result.items[i].learned != SL_OPTED_OUT)
        return 0;
    return sl_optout_add(service, job->item.school_id, job->domain->channel, &optout, err) < 0 ? -1
                                                                                               : 0;
}

/* Some were lost on the way: the row is not over when nothing of it is left to send. What a report
 * has told of meanwhile is not unknown, whatever our own answer was. */
static int look_for_unknown(struct sl_service *service, const struct sl_job *job,
                            enum sl_course *course, struct sl_err *err)
{
    bool over = *course == SL_COURSE_DONE || *course == SL_COURSE_FAILED;
    int64_t unknown = 0;

    if (*course != SL_COURSE_UNKNOWN && (!over || job->item.attempts == 0))
        return 0;
    if (sl_messages_with(service->db, job->item.id, "unknown", &unknown, err) < 0)
        return -1;
    if (unknown > 0)
        *course = SL_COURSE_UNKNOWN;
    else if (!over)
        *course = SL_COURSE_DONE;
    return 0;
}

int messages_settle(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                    int64_t now_ms, struct sl_err *err)
{
    const struct sl_message_set set = { .queue_id = job->item.id };
    bool resent = sl_resends_at_once(&job->step->ambiguous, job->item.attempts + 1);
    bool failed = false;

    for (size_t i = 0; i < job->n_items; i++) {
        const struct sl_outcome *outcome = &job->result.items[i];
        struct sl_message_news news = sl_lost_news(job->arena, outcome, status_of(outcome, resent));

        failed = failed || strcmp(news.status, "failed") == 0;
        if (sl_messages_settle(service->db, job->messages[i].id, &news, now_ms, err) < 0 ||
            learn(service, job, i, now_ms, err) < 0)
            return -1;
        if (news.external_reference && /* a report may have overtaken our own answer */
            sl_inbound_release(service, news.external_reference, now_ms, err) < 0)
            return -1;
    }
    if (*course == SL_COURSE_UNKNOWN && resent)
        *course = SL_COURSE_AGAIN;
    if (look_for_unknown(service, job, course, err) < 0 ||
        (failed && sl_tell_failed(service, job->item.school_id, &set, now_ms, err) < 0))
        return -1;
    return tell_batch(service, job, now_ms, err);
}

int messages_end(struct sl_service *service, const struct sl_item *item, bool unknown,
                 const char *why, int64_t now_ms, struct sl_err *err)
{
    const struct sl_message_set set = { .queue_id = item->id };

    if (sl_messages_all(service->db, item->id, "queued", unknown ? "unknown" : "failed", why,
                        now_ms, err) < 0)
        return -1;
    return sl_tell_failed(service, item->school_id, &set, now_ms, err);
}

const struct sl_domain sl_messages_domain = {
    .operation = "sms.send",
    .reference_type = "message",
    .channel = "sms",
    .load = load_sms,
    .settle = messages_settle,
    .end = messages_end,
    .resend = sl_lost_resend,
    .absent = sl_lost_absent,
};
