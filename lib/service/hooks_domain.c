/* The domains of hook and alert: an event on its way to who listens. */
#include <string.h>

#include "lib/service/hooks.h"
#include "lib/service/job.h"
#include "lib/text/phone.h"

/* Whose log rows go with a person: lib/store/forget.h. */
static const char *phone_of(struct sl_arena *arena, struct json_object *body)
{
    static const char *const places[] = { "data.phone", "data.to", "data.address" };

    for (size_t i = 0; i < SL_COUNT(places); i++) {
        const char *phone = sl_json_text(body, places[i]);

        if (phone && *phone == '+')
            return sl_phone_read(arena, phone, NULL).e164;
    }
    return NULL;
}

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_event_post *event = SL_NEW(job->arena, struct sl_event_post, 1);
    SL_AUTO(sl_json_free) struct json_object *body = NULL;
    struct sl_hook_event row;
    int found = sl_hook_events_get(service->db, job->arena, job->item.subject_id, &row, err);

    if (found < 0)
        return -1;
    if (found == 0 || strcmp(row.payload, "{}") == 0) /* lib/store/forget.c */
        return sl_err_set(err, SL_ERR_DATA, "what it tells was erased");
    body = sl_json_parse(row.payload, strlen(row.payload));
    event->body = row.payload;
    event->phone = phone_of(job->arena, body);
    job->call.in.event = event;
    job->n_items = 1;
    return 1;
}

/* Nobody listens there any more. */
static int settle(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                  int64_t now_ms, struct sl_err *err)
{
    (void)course;
    if (job->result.items[0].learned != SL_DEAD_ADDRESS)
        return 0;
    return sl_hooks_disable(service->db, job->account->hook_id, job->account->account, now_ms, err);
}

const struct sl_domain sl_hook_domain = {
    .operation = "hook", .reference_type = "hook_event", .load = load, .settle = settle
};

const struct sl_domain sl_alert_domain = {
    .operation = "alert", .reference_type = "hook_event", .load = load, .settle = settle
};
