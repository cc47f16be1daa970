#include "lib/service/lost.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/inbound.h"
#include "lib/service/tell.h"
#include "lib/service/job.h"

/* ---- In words ------------------------------------------------------------------------------- */

const char *sl_lost_status(enum sl_delivery delivery)
{
    static const char *const statuses[] = {
        [SL_DELIVERY_NONE] = NULL,
        [SL_DELIVERY_SENT] = "sent",
        [SL_DELIVERY_UNDELIVERED] = "undelivered",
        [SL_DELIVERY_FAILED] = "failed",
        [SL_DELIVERY_DELIVERED] = "delivered",
    };

    return statuses[delivery];
}

struct sl_message_news sl_lost_news(struct sl_arena *arena, const struct sl_outcome *outcome,
                                    const char *status)
{
    struct sl_message_news news = {
        .status = status,
        .external_reference = outcome->external,
        .segments = outcome->segments,
        .cost_text = outcome->cost,
        .currency = outcome->currency,
        .error = outcome->verdict == SL_OK && outcome->delivery != SL_DELIVERY_UNDELIVERED &&
                         outcome->delivery != SL_DELIVERY_FAILED
                     ? NULL
                     : sl_outcome_text(arena, outcome),
    };

    news.has_cost = outcome->cost && sl_parse_decimal(outcome->cost, 6, &news.cost_micro);
    return news;
}

/* ---- The row --------------------------------------------------------------------------------- */

/* Over, if everything of it is known: it is not waited for any more. */
static int conclude(struct sl_service *service, int64_t queue_id, int64_t now_ms,
                    struct sl_err *err)
{
    int64_t queued, unknown;

    if (sl_messages_with(service->db, queue_id, "queued", &queued, err) < 0 ||
        sl_messages_with(service->db, queue_id, "unknown", &unknown, err) < 0)
        return -1;
    if (queued + unknown > 0)
        return 0;
    return sl_queue_end(service->db, queue_id, "completed", NULL, NULL, now_ms, err) < 0 ? -1 : 0;
}

/* Reports may have come before, under the reference that is known only now. */
static int settle_message(struct sl_service *service, int64_t id,
                          const struct sl_message_news *news, int64_t now_ms, struct sl_err *err)
{
    if (sl_messages_settle(service->db, id, news, now_ms, err) < 0 ||
        sl_tell_message(service, id, now_ms, err) < 0)
        return -1;
    if (!news->external_reference)
        return 0;
    return sl_inbound_release(service, news->external_reference, now_ms, err) < 0 ? -1 : 0;
}

/* ---- By a report ------------------------------------------------------------------------------- */

static bool is_of(const struct sl_message *message, const char *phone)
{
    return !phone || (message->address && sl_messages_same_address(phone, message->address));
}

/* Of a row with several only the address tells which one is meant. */
static int find_in_row(struct sl_service *service, struct sl_arena *arena, int64_t queue_id,
                       const struct sl_lost_report *report, struct sl_message *message,
                       struct sl_err *err)
{
    static const char *const statuses[] = { "unknown", "queued" };
    int n_meant = 0;

    for (size_t i = 0; i < SL_COUNT(statuses); i++) {
        struct sl_message *messages;
        int n = sl_messages_of_row(service->db, arena, queue_id, statuses[i], &messages, err);

        if (n < 0)
            return -1;
        for (int j = 0; j < n; j++)
            if (is_of(&messages[j], report->event->phone) && n_meant++ == 0)
                *message = messages[j];
    }
    return n_meant == 1;
}

/* "01K…-17"; that of the request's first message may stand for another one of it. */
static int find_by_id(struct sl_service *service, struct sl_arena *arena,
                      const struct sl_lost_report *report, struct sl_message *message,
                      struct sl_err *err)
{
    char *batch = sl_arena_strdup(arena, report->event->message), *dash = strrchr(batch, '-');
    int64_t line, queue_id;
    int found;

    if (!dash || !sl_parse_int(dash + 1, 1, INT64_MAX, &line))
        return 0;
    *dash = '\0';
    found = sl_messages_find_lost(service->db, arena, report->school_id, report->provider_id, batch,
                                  line, message, err);
    if (found < 0 || (found > 0 && is_of(message, report->event->phone)))
        return found;
    found = report->event->phone
                ? sl_messages_row_of(service->db, report->school_id, report->provider_id, batch,
                                     line, &queue_id, err)
                : 0;
    return found > 0 ? find_in_row(service, arena, queue_id, report, message, err) : found;
}

int sl_lost_report(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_lost_report *report, int64_t now_ms, struct sl_err *err)
{
    const struct sl_event *event = report->event;
    struct sl_message_news news = { .status = sl_lost_status(event->delivery),
                                    .external_reference = event->external };
    struct sl_message message;
    int found = 0;

    if (event->message)
        found = find_by_id(service, arena, report, &message, err);
    else if (report->item->id)
        found = find_in_row(service, arena, report->item->id, report, &message, err);
    if (found <= 0)
        return found;
    if (event->delivery == SL_DELIVERY_UNDELIVERED || event->delivery == SL_DELIVERY_FAILED)
        news.error = event->text ? event->text : event->code;
    if (settle_message(service, message.id, &news, now_ms, err) < 0 ||
        conclude(service, message.queue_id, now_ms, err) < 0)
        return -1;
    return 1;
}

/* ---- By asking: the input ------------------------------------------------------------------------ */

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
        return conclude(service, asked.id, sl_now_ms(), err);
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

/* ---- What is sent again ---------------------------------------------------------------------------- */

static struct json_object *read_result(const struct sl_item *item)
{
    return item->result ? sl_json_parse(item->result, strlen(item->result)) : NULL;
}

int sl_lost_absent(struct sl_service *service, const struct sl_item *item, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_json_free) struct json_object *result = read_result(item);
    struct sl_batch batch;
    int found;

    if (sl_json_length(sl_json_at(result, "absent")) == 0)
        return 0;
    found = sl_batches_get(service->db, arena, item->batch_id, &batch, err);
    return found > 0 ? strcmp(batch.state, "cancelled") != 0 : found;
}

/* What a report has told of meanwhile stays as it is. */
static int resend_absent(struct sl_service *service, struct json_object *absent, int64_t now_ms,
                         struct sl_err *err)
{
    const struct sl_message_news again = { .status = "queued" };

    for (size_t i = 0; i < sl_json_length(absent); i++)
        if (sl_messages_settle(service->db,
                               json_object_get_int64(json_object_array_get_idx(absent, i)), &again,
                               now_ms, err) < 0)
            return -1;
    return 0;
}

int sl_lost_resend(struct sl_service *service, const struct sl_item *item, int64_t now_ms,
                   struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *result = read_result(item);
    struct json_object *absent = sl_json_at(result, "absent");
    int status =
        absent ? resend_absent(service, absent, now_ms, err)
               : sl_messages_all(service->db, item->id, "unknown", "queued", NULL, now_ms, err);

    if (status < 0 || sl_queue_keep(service->db, item->id, NULL, err) < 0)
        return -1;
    return sl_batches_resume(service->db, item->batch_id, now_ms, err) < 0 ? -1 : 0;
}

/* ---- By asking: the answer ----------------------------------------------------------------------- */

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
    else if (outcome.verdict == SL_ABSENT &&
             json_object_array_add(answer->absent, json_object_new_int64(job->messages[item].id)))
        sl_out_of_memory();
    if (!status)
        return 0;
    news = sl_lost_news(job->arena, &outcome, status);
    return settle_message(answer->service, job->messages[item].id, &news, answer->now_ms, err);
}

/* {"absent":[ID,…]}: what the last answer does not know of, with the row until its patience is over. */
static int keep_absent(struct answer *answer, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = json_object_new_object();

    if (json_object_object_add(doc, "absent", json_object_get(answer->absent)) != 0)
        sl_out_of_memory();
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
    answer.absent = absent = json_object_new_array();
    return take_all(&answer, err) < 0 ? -1 : conclude(service, answer.asked.id, now_ms, err);
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
