#include "lib/service/lost.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/inbound.h"
#include "lib/service/job.h"
#include "lib/service/lost_private.h"
#include "lib/service/tell.h"

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

/* ---- The row -------------------------------------------------------------------------------- */

int lost_conclude(struct sl_service *service, int64_t queue_id, int64_t now_ms, struct sl_err *err)
{
    int64_t queued, unknown;

    if (sl_messages_with(service->db, queue_id, "queued", &queued, err) < 0 ||
        sl_messages_with(service->db, queue_id, "unknown", &unknown, err) < 0)
        return -1;
    if (queued + unknown > 0)
        return 0;
    return sl_queue_end(service->db, queue_id, "completed", NULL, NULL, now_ms, err) < 0 ? -1 : 0;
}

int lost_settle(struct sl_service *service, int64_t id, const struct sl_message_news *news,
                int64_t now_ms, struct sl_err *err)
{
    if (sl_messages_settle(service->db, id, news, now_ms, err) < 0 ||
        sl_tell_message(service, id, now_ms, err) < 0)
        return -1;
    if (!news->external_reference)
        return 0;
    return sl_inbound_release(service, news->external_reference, now_ms, err) < 0 ? -1 : 0;
}

/* ---- By a report ---------------------------------------------------------------------------- */

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
    if (lost_settle(service, message.id, &news, now_ms, err) < 0 ||
        lost_conclude(service, message.queue_id, now_ms, err) < 0)
        return -1;
    return 1;
}

/* ---- What is sent again --------------------------------------------------------------------- */

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
