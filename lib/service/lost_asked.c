/* Messages whose answer was lost, settled by asking; and one that is told of again because a person
 * asks. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/job.h"
#include "lib/service/lost_private.h"

/* ---- The input ------------------------------------------------------------------------------ */

static int find_asked(struct sl_service *service, struct sl_job *job, struct sl_item *asked,
                      struct sl_err *err)
{
    int found = sl_queue_get(service->db, job->arena, job->item.subject_id, asked, err);

    return found > 0 && asked->waits_for ? 1 : found < 0 ? -1 : 0;
}

/* `payload` and time are those of the request, as far as they matter. */
static void fill_input(struct sl_job *job, struct json_object *payload, int64_t sent_ms, int n)
{
    struct sl_messages_ask *ask = SL_NEW(job->arena, struct sl_messages_ask, 1);
    struct sl_message_asked *messages = SL_NEW(job->arena, struct sl_message_asked, (size_t)n);
    const char *text = sl_json_text(payload, "text");

    for (int i = 0; i < n; i++)
        messages[i] = (struct sl_message_asked){
            .id = sl_arena_printf(job->arena, "%s-%lld", job->messages[i].batch,
                                  (long long)job->messages[i].line),
            .to = job->messages[i].address,
            .external = job->messages[i].external_reference,
        };
    *ask = (struct sl_messages_ask){
        .from = sl_arena_strdup(job->arena, sl_json_text(payload, "from")),
        .text = sl_arena_strdup(job->arena, text ? text : ""),
        .messages = messages,
        .n_messages = (size_t)n,
        .sent_ms = sent_ms,
    };
    job->call.in.asked = ask;
    job->n_items = (size_t)n;
}

/* What is known by now is not asked about: the row that waited for it is over. */
static int load_lost(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *payload = NULL;
    struct sl_item asked;
    int found = find_asked(service, job, &asked, err), n;

    if (found <= 0)
        return found;
    n = sl_messages_of_row(service->db, job->arena, asked.id, "unknown", &job->messages, err);
    if (n == 0)
        return lost_conclude(service, asked.id, sl_now_ms(), err);
    payload = sl_json_parse(asked.payload, strlen(asked.payload));
    fill_input(job, payload, asked.last_attempt_at, n);
    return n < 0 ? -1 : 1;
}

/* A person asks about one that the provider has: {"message": its number}. */
static int64_t told_id(const struct sl_job *job)
{
    return sl_json_int(job->payload, "message", 0);
}

static int load_told(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    int found;

    job->messages = SL_NEW(job->arena, struct sl_message, 1);
    found = sl_messages_find_told(service->db, job->arena, told_id(job), job->messages, err);
    if (found > 0)
        fill_input(job, NULL, 0, 1);
    return found;
}

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    return told_id(job) ? load_told(service, job, err) : load_lost(service, job, err);
}

/* ---- The answer ----------------------------------------------------------------------------- */

enum { ALIKE_MS = 180000 };

/* An answer about one row, being taken apart. */
struct answer {
    struct sl_service *service;
    const struct sl_job *job;
    struct sl_item asked;
    int64_t now_ms;
    struct json_object *absent; /* the ids of those that the provider has never heard of */
};

/* Those of the item that are no other message's, in their order. Returns how many, or -1. */
static int free_matches(const struct answer *answer, size_t item, const struct sl_match **found,
                        struct sl_err *err)
{
    const struct sl_result *result = &answer->job->result;
    int n = 0;

    for (size_t i = 0; i < result->n_matches; i++) {
        const struct sl_match *match = &result->matches[i];
        int known = match->item != item
                        ? 1
                        : sl_messages_has_external(answer->service->db, answer->asked.provider_id,
                                                   match->outcome.external, err);

        if (known < 0)
            return -1;
        if (known == 0)
            found[n++] = match;
    }
    return n;
}

/* Where the provider was asked by number and text: as many as messages that are alike, or it stays
 * open, since a wrong reference would show a wrong delivery. Returns 0 or -1. */
static int choose(const struct answer *answer, size_t item, struct sl_outcome *outcome,
                  struct sl_err *err)
{
    const struct sl_job *job = answer->job;
    const struct sl_match **found =
        SL_NEW(job->arena, const struct sl_match *, job->result.n_matches);
    int64_t sent_ms = answer->asked.last_attempt_at;
    struct sl_messages_alike alike = { .account = answer->asked.account,
                                       .sent_ms = sent_ms,
                                       .since_ms = sent_ms - ALIKE_MS,
                                       .until_ms = sent_ms + ALIKE_MS };
    int n = free_matches(answer, item, found, err);

    if (n < 0 ||
        sl_messages_count_alike(answer->service->db, &job->messages[item], &alike, err) < 0)
        return -1;
    *outcome = (struct sl_outcome){ .verdict = n == 0 ? SL_ABSENT : SL_AMBIGUOUS };
    if (n > 0 && n == alike.n)
        *outcome = found[alike.place]->outcome;
    return 0;
}

static int take(struct answer *answer, size_t item, struct sl_err *err)
{
    const struct sl_job *job = answer->job;
    struct sl_outcome outcome = job->result.items[item];
    const char *status = NULL;
    struct sl_message_news news;

    if (job->result.n_matches > 0 && outcome.verdict == SL_AMBIGUOUS &&
        choose(answer, item, &outcome, err) < 0)
        return -1;
    if (outcome.verdict == SL_OK)
        status = outcome.delivery == SL_DELIVERY_NONE ? "sent" : sl_lost_status(outcome.delivery);
    else if (outcome.verdict == SL_PERMANENT)
        status = "failed";
    else if (outcome.verdict == SL_ABSENT)
        sl_json_append(answer->absent, sl_json_new_int(job->messages[item].id));
    if (!status)
        return 0;
    news = sl_lost_news(job->arena, &outcome, status);
    return lost_settle(answer->service, job->messages[item].id, &news, answer->now_ms, err);
}

/* {"absent":[ID,…]}: what the last answer does not know of, with the row until its patience is
 * over. */
static int keep_absent(struct answer *answer, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put(doc, "absent", json_object_get(answer->absent));
    return sl_queue_keep(answer->service->db, answer->asked.id,
                         sl_json_print(answer->job->arena, doc), err);
}

static int take_all(struct answer *answer, struct sl_err *err)
{
    for (size_t i = 0; i < answer->job->n_items; i++)
        if (take(answer, i, err) < 0)
            return -1;
    return keep_absent(answer, err);
}

static int settle_lost(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                       int64_t now_ms, struct sl_err *err)
{
    struct answer answer = { .service = service, .job = job, .now_ms = now_ms };
    SL_AUTO(sl_json_free) struct json_object *absent = NULL;
    int found;

    if (*course == SL_COURSE_AGAIN || *course == SL_COURSE_AUTH || *course == SL_COURSE_NEXT)
        return 0;
    *course = SL_COURSE_DONE; /* it was answered, whatever the answer is */
    found = find_asked(service, job, &answer.asked, err);
    if (found <= 0)
        return found;
    answer.absent = absent = sl_json_new_array();
    return take_all(&answer, err) < 0 ? -1 : lost_conclude(service, answer.asked.id, now_ms, err);
}

/* Its status moves up, and what it cost is new. */
static int settle_told(struct sl_service *service, struct sl_job *job, int64_t now_ms,
                       struct sl_err *err)
{
    const struct sl_message *message = &job->messages[0];
    const struct sl_outcome *outcome = &job->result.items[0];
    const char *status = sl_lost_status(outcome->delivery);
    struct sl_message_news news = sl_lost_news(job->arena, outcome, status ? status : "sent");
    int64_t changed;

    if (outcome->verdict != SL_OK)
        return 0;
    if (sl_messages_settle(service->db, message->id, &news, now_ms, err) < 0)
        return -1;
    return sl_messages_report(service->db, job->item.school_id, job->item.provider_id,
                              message->external_reference, message->address, news.status,
                              news.error, now_ms, &changed, err) < 0
               ? -1
               : 0;
}

static int settle(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                  int64_t now_ms, struct sl_err *err)
{
    return told_id(job) ? settle_told(service, job, now_ms, err)
                        : settle_lost(service, job, course, now_ms, err);
}

const struct sl_domain sl_sms_status_domain = {
    .operation = "sms.status",
    .reference_type = "message",
    .load = load,
    .settle = settle,
};

const struct sl_domain sl_email_status_domain = {
    .operation = "email.status",
    .reference_type = "message",
    .load = load,
    .settle = settle,
};
