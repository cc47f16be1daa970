#include "lib/service/tell.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/email.h"
#include "lib/service/hooks.h"
#include "lib/service/ids.h"
#include "lib/service/notice.h"
#include "lib/service/record.h"
#include "lib/service/sms.h"
#include "lib/store/payments.h"
#include "lib/store/queue.h"
#include "lib/store/schools.h"
#include "lib/text/phone.h"

enum {
    TRIED_MS = 3 * 24 * 60 * 60 * 1000,
    MOST_ATTEMPTS = 1000, /* more than fit into that: the time decides */
    MOST_REASON = 100,    /* characters of it in a text */
};

/* ---- Names ----------------------------------------------------------------------------------- */

static const char everyone[] = "everyone", trouble[] = "trouble", all[] = "*";

const char *const sl_tell_names[] = {
    "payment.succeeded",
    "payment.failed",
    "payment.cancelled",
    "payment.expired",
    "payment.refunded",
    "payment.mismatch",
    "message.delivered",
    "message.undelivered",
    "message.failed",
    "message.bounced",
    "optout.added",
    "provider.down",
    "provider.up",
    "token.trouble",
    "attention.needed",
    "attention.over",
    trouble,
    all,
    NULL,
};

bool sl_tell_knows(const char *name)
{
    for (size_t i = 0; sl_tell_names[i]; i++)
        if (strcmp(sl_tell_names[i], name) == 0)
            return true;
    return false;
}

bool sl_tell_has_messages(const char *name)
{
    return strcmp(name, all) == 0 || strncmp(name, "message.", strlen("message.")) == 0;
}

/* ---- One event, to those who listen ------------------------------------------------------------ */

struct telling {
    struct sl_service *service;
    struct sl_arena *arena;
    struct sl_hook_match match;
    struct sl_hook_row *hooks; /* n of them */
    int n;
    int64_t now_ms;

    const char *school;  /* code */
    const char *subject; /* what it happened to: a payment's id */
    bool always;         /* whoever calls knows that it is new; else by subject and time */
    const char *line;    /* for a person */
    const char *cure;    /* what the person can do; or NULL */
    struct sl_buf data;  /* JSON */
};

/* Returns how many listen, or -1. */
static int begin(struct telling *telling, struct sl_err *err)
{
    assert(sl_db_in_tx(telling->service->db));
    telling->n =
        sl_hooks_match(telling->service->db, telling->arena, &telling->match, &telling->hooks, err);
    telling->data = sl_buf_new(telling->arena);
    return telling->n;
}

static const char *body_of(const struct telling *telling, const char *id)
{
    struct sl_buf body = sl_buf_new(telling->arena);

    sl_buf_text(&body, "{");
    sl_record_text(&body, "id", id);
    sl_record_text(&body, "type", telling->match.event);
    sl_record_time(&body, "created_at", telling->now_ms);
    sl_record_text(&body, "school", telling->school);
    sl_buf_text(&body, ",\"data\":");
    sl_buf_add(&body, telling->data.data, telling->data.len);
    sl_buf_text(&body, "}");
    return body.data;
}

static int queue_row(const struct telling *telling, const struct sl_hook_event *event,
                     const struct sl_hook_row *hook, struct sl_err *err)
{
    struct sl_item item = {
        .school_id = hook->school_id,
        .operation = hook->purpose,
        .payload = sl_arena_printf(telling->arena, "{\"event\":\"%s\",\"hook\":%" PRId64 "}",
                                   event->event, hook->id),
        .public_id = event->public_id,
        .account = sl_hook_account(telling->arena, hook->id),
        .lane = strcmp(hook->purpose, "alert") == 0 ? "urgent" : "bulk",
        .subject_id = event->id,
        .max_attempts = MOST_ATTEMPTS,
        .expires_at = telling->now_ms + TRIED_MS,
    };

    return sl_queue_add(telling->service->db, &item, telling->now_ms, err) < 0 ? -1 : 0;
}

/* By which an alert of that kind comes; NULL: as a request to an address. */
static const struct sl_channel *channel_of(const struct sl_hook_row *hook)
{
    if (strcmp(hook->kind, "sms") == 0)
        return &sl_sms_channel;
    return strcmp(hook->kind, "email") == 0 ? &sl_email_channel : NULL;
}

static int write_person(const struct telling *telling, const struct sl_hook_event *event,
                        const struct sl_hook_row *hook, struct sl_err *err)
{
    const char *cure = telling->cure;
    const struct sl_notice notice = {
        .channel = channel_of(hook),
        .school_id = hook->school_id,
        .key = sl_arena_printf(telling->arena, "alert:%s:%" PRId64, event->public_id, hook->id),
        .address = hook->target,
        .subject = sl_arena_printf(telling->arena, "ShuleLabs: %s", telling->line),
        .text = sl_arena_printf(telling->arena, "ShuleLabs: %s%s%s", telling->line,
                                cure ? ". Cure: " : "", cure ? cure : ""),
    };

    return sl_notice_send(telling->service, &notice, telling->now_ms, err);
}

static int finish(const struct telling *telling, struct sl_err *err)
{
    char id[SL_ULID_SIZE];
    struct sl_hook_event event = {
        .public_id = id,
        .key = telling->always
                   ? id
                   : sl_arena_printf(telling->arena, "%s:%s:%" PRId64, telling->match.event,
                                     telling->subject, telling->now_ms),
        .school_id = telling->match.school_id,
        .event = telling->match.event,
    };
    int added;

    sl_ulid(telling->now_ms, id);
    event.payload = body_of(telling, id);
    added = sl_hook_events_add(telling->service->db, &event, telling->now_ms, err);
    if (added <= 0)
        return added;
    for (int i = 0; i < telling->n; i++) {
        const struct sl_hook_row *hook = &telling->hooks[i];
        int status = channel_of(hook) ? write_person(telling, &event, hook, err)
                                      : queue_row(telling, &event, hook, err);

        if (status < 0)
            return -1;
    }
    return 0;
}

/* "payment.failed 01K… at greenhill: Insufficient funds" */
static const char *line_of(const struct telling *telling, const char *why)
{
    return sl_arena_printf(telling->arena, "%s %s at %s%s%s", telling->match.event,
                           telling->subject, telling->school, why ? ": " : "",
                           why ? sl_printable(telling->arena, why, strlen(why), MOST_REASON) : "");
}

/* ---- Payments -------------------------------------------------------------------------------- */

int sl_tell_payment(struct sl_service *service, int64_t payment_id, const char *event,
                    int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct telling telling = { .service = service, .arena = arena, .now_ms = now_ms };
    struct sl_payment payment;
    int found = sl_payments_get(service->db, arena, payment_id, &payment, err);

    if (found <= 0)
        return found;
    telling.match = (struct sl_hook_match){ .school_id = payment.school_id, .event = event };
    if (begin(&telling, err) <= 0)
        return telling.n;
    telling.school = payment.school;
    telling.subject = payment.public_id;
    telling.line = line_of(&telling, payment.error ? payment.error : payment.mismatch);
    sl_record_payment(&telling.data, &payment);
    return finish(&telling, err);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static int tell_message(struct telling *telling, const struct sl_message *message,
                        struct sl_err *err)
{
    struct sl_school school;

    telling->match = (struct sl_hook_match){
        .school_id = message->school_id,
        .event = sl_arena_printf(telling->arena, "message.%s", message->status),
    };
    if (!sl_tell_knows(telling->match.event))
        return 0;
    if (begin(telling, err) <= 0)
        return telling->n;
    if (sl_schools_get(telling->service->db, telling->arena, message->school_id, &school, err) <= 0)
        return -1;
    telling->school = school.code;
    telling->subject =
        sl_arena_printf(telling->arena, "%s-%" PRId64, message->batch, message->line);
    telling->line = line_of(telling, message->error);
    sl_record_message(&telling->data, message);
    return finish(telling, err);
}

int sl_tell_message(struct sl_service *service, int64_t message_id, int64_t now_ms,
                    struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct telling telling = { .service = service, .arena = arena, .now_ms = now_ms };
    struct sl_message message;
    int found;

    if (sl_messages_one(&rows, service->db, message_id, err) < 0)
        return -1;
    found = sl_messages_next(&rows, &message, err);
    return found > 0 ? tell_message(&telling, &message, err) : found;
}

int sl_tell_failed(struct sl_service *service, int64_t school_id, const struct sl_message_set *set,
                   int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct telling telling = { .service = service,
                               .arena = arena,
                               .match = { .school_id = school_id, .event = "message.failed" } };
    int64_t id;
    int more;

    if (begin(&telling, err) <= 0)
        return telling.n;
    if (sl_messages_failed(&rows, service->db, set, now_ms, err) < 0)
        return -1;
    while ((more = sl_messages_next_id(&rows, &id, err)) > 0)
        if (sl_tell_message(service, id, now_ms, err) < 0)
            return -1;
    return more;
}

int sl_tell_optout(struct sl_service *service, int64_t school_id, const char *channel,
                   const struct sl_optout *optout, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct telling telling = { .service = service,
                               .arena = arena,
                               .match = { .school_id = school_id, .event = "optout.added" },
                               .now_ms = now_ms };
    struct sl_school school;

    if (begin(&telling, err) <= 0)
        return telling.n;
    if (sl_schools_get(service->db, arena, school_id, &school, err) <= 0)
        return -1;
    telling.school = school.code;
    telling.subject = sl_phone_masked(arena, optout->address);
    telling.always = true;
    telling.line = line_of(&telling, NULL);
    sl_buf_text(&telling.data, "{");
    sl_record_text(&telling.data, "channel", channel);
    sl_record_text(&telling.data, "address", optout->address);
    sl_record_text(&telling.data, "source", optout->source);
    sl_record_time(&telling.data, "since", optout->since);
    sl_buf_text(&telling.data, "}");
    return finish(&telling, err);
}

/* ---- Providers ------------------------------------------------------------------------------- */

static const struct {
    const char *event, *words;
} words[] = {
    { "provider.down", "does not answer as it should and is left alone for a while" },
    { "token.trouble", "refuses our credentials, and nothing is sent until that is mended" },
    { "provider.up", "works again" },
};

static const char *provider_line(const struct telling *telling, const char *provider,
                                 const char *why)
{
    const char *said = "";

    for (size_t i = 0; i < SL_COUNT(words); i++)
        if (strcmp(words[i].event, telling->match.event) == 0)
            said = words[i].words;
    return sl_arena_printf(telling->arena, "%s %s%s%s", provider, said, why ? ": " : "",
                           why ? sl_printable(telling->arena, why, strlen(why), MOST_REASON) : "");
}

/* It is of no school: its account may be several schools'. */
static int tell_provider(struct sl_service *service, const struct sl_tell_provider *about,
                         const struct sl_hook_match *match, const char *why, int64_t now_ms,
                         struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct telling telling = { .service = service,
                               .arena = arena,
                               .match = *match,
                               .now_ms = now_ms,
                               .school = everyone,
                               .subject = about->account };
    struct sl_school school;

    if (sl_schools_find(service->db, arena, everyone, &school, err) < 0)
        return -1;
    telling.match.school_id = school.id;
    telling.match.group = trouble;
    telling.match.account = about->account;
    if (begin(&telling, err) <= 0)
        return telling.n;
    telling.line = provider_line(&telling, about->provider, why);
    sl_buf_text(&telling.data, "{");
    sl_record_text(&telling.data, "provider", about->provider);
    sl_record_text(&telling.data, "account", about->account);
    sl_record_text(&telling.data, "error", why);
    sl_record_text(&telling.data, "after", match->ends);
    sl_buf_text(&telling.data, "}");
    return finish(&telling, err);
}

int sl_tell_trouble(struct sl_service *service, const struct sl_tell_provider *about,
                    const char *event, const char *why, int64_t now_ms, struct sl_err *err)
{
    const struct sl_hook_match match = { .event = event };
    int new = sl_accounts_trouble(service->db, about->account, event, err);

    return new > 0 ? tell_provider(service, about, &match, why, now_ms, err) : new;
}

int sl_tell_recovered(struct sl_service *service, const struct sl_tell_provider *about,
                      int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_hook_match match = { .event = "provider.up" };
    int over = sl_accounts_recovered(service->db, arena, about->account, &match.ends, err);

    return over > 0 ? tell_provider(service, about, &match, NULL, now_ms, err) : over;
}

/* ---- What a person should see to ------------------------------------------------------------- */

static int tell_attention(struct sl_service *service, const struct sl_attention *finding,
                          const struct sl_hook_match *match, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct telling telling = { .service = service,
                               .arena = arena,
                               .match = *match,
                               .now_ms = now_ms,
                               .school = finding->school,
                               .subject =
                                   sl_arena_printf(arena, "%s:%s", finding->watch, finding->about),
                               .cure = finding->cure };
    struct sl_school school;

    if (sl_schools_find(service->db, arena, finding->school, &school, err) < 0)
        return -1;
    telling.match.school_id = school.id;
    telling.match.group = trouble;
    if (begin(&telling, err) <= 0)
        return telling.n;
    telling.line = sl_arena_printf(arena, "%s: %s", finding->about,
                                   finding->found ? finding->found : "it is well again");
    sl_buf_text(&telling.data, "{");
    sl_record_text(&telling.data, "watch", finding->watch);
    sl_record_text(&telling.data, "about", finding->about);
    sl_record_text(&telling.data, "found", finding->found);
    sl_record_text(&telling.data, "cure", finding->cure);
    sl_buf_text(&telling.data, "}");
    return finish(&telling, err);
}

int sl_tell_attention(struct sl_service *service, const struct sl_attention *finding,
                      int64_t now_ms, struct sl_err *err)
{
    return tell_attention(service, finding, &(struct sl_hook_match){ .event = "attention.needed" },
                          now_ms, err);
}

int sl_tell_attended(struct sl_service *service, const struct sl_attention *finding, int64_t now_ms,
                     struct sl_err *err)
{
    return tell_attention(service, finding,
                          &(struct sl_hook_match){ .event = "attention.over",
                                                   .ends = "attention.needed" },
                          now_ms, err);
}
