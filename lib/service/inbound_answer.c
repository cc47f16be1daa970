/* What a request is answered, and its row in the audit trail. */
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/service/inbound_private.h"

enum { ROWS_A_SECOND = 10, SHOWN_METHOD = 16 };

const char *inbound_shown_reply(struct sl_arena *arena, const struct sl_reply *reply)
{
    if (!reply->body || !*reply->body)
        return NULL;
    return sl_audit_body(arena, NULL, reply->content_type, reply->body, strlen(reply->body));
}

static const char *operation_of(const struct reception *reception)
{
    const struct sl_hook *hook = reception->route.hook;

    return hook ? sl_arena_printf(reception->arena, "webhook.%s", hook->word) : "webhook";
}

static const char *shown_request(const struct reception *reception)
{
    const struct sl_received *received = reception->received;
    struct sl_buf shown;

    if (reception->school_id)
        return received->n_body > 0
                   ? sl_audit_body(reception->arena, reception->route.adapter,
                                   received->content_type, received->body, received->n_body)
                   : NULL;
    shown = sl_buf_new(reception->arena);
    sl_buf_text(&shown, "{\"method\":");
    sl_json_quote(&shown, sl_printable(reception->arena, received->method, strlen(received->method),
                                       SHOWN_METHOD));
    sl_buf_text(&shown, ",\"path\":");
    sl_json_quote(&shown, route_shown(reception->arena, received->path));
    sl_buf_text(&shown, "}");
    return shown.data;
}

/* The row of a call that leaves no event behind. */
static int log_call(const struct reception *reception, const char *status, const char *why,
                    struct sl_err *err)
{
    const struct sl_received *received = reception->received;
    const struct sl_log log = {
        .school_id = reception->school_id,
        .provider_id = reception->provider_id,
        .direction = "inbound",
        .operation = operation_of(reception),
        .request_data = shown_request(reception),
        .response_data = inbound_shown_reply(reception->arena, &received->reply),
        .status = status,
        .status_code = received->reply.status,
        .error_message = why,
        .duration_ms = -1,
        .ip_address = received->ip_address,
        .created_at = reception->inbox->now_ms,
    };

    return sl_audit_add(reception->inbox->service, &log, err);
}

int inbound_answer(const struct reception *reception, struct sl_reply reply, const char *why,
                   struct sl_err *err)
{
    reception->received->reply = reply;
    return log_call(reception, why ? "failed" : "success", why, err) < 0 ? -1 : 1;
}

int inbound_refuse(const struct reception *reception, int status, const char *why,
                   struct sl_err *err)
{
    return inbound_answer(reception, (struct sl_reply){ .status = status, .body = "" }, why, err);
}

int inbound_refuse_stranger(const struct reception *reception, int status, const char *why,
                            struct sl_err *err)
{
    struct sl_inbox *inbox = reception->inbox;
    int64_t second = inbox->now_ms / 1000;

    if (reception->received->too_large)
        status = 413;
    reception->received->reply = (struct sl_reply){ .status = status, .body = "" };
    if (second != inbox->second) {
        inbox->second = second;
        inbox->n_logged = 0;
    }
    if (inbox->n_logged++ >= ROWS_A_SECOND) {
        inbox->n_unlogged++;
        return 1;
    }
    if (inbox->n_unlogged > 0)
        why = sl_arena_printf(reception->arena, "%s (and %lld more that were not logged)", why,
                              (long long)inbox->n_unlogged);
    inbox->n_unlogged = 0;
    return inbound_refuse(reception, status, why, err);
}

/* For a person to look at, once: it tells nothing that could be applied. */
static int keep_malformed(const struct reception *reception, const char *why, struct sl_err *err)
{
    struct sl_db *db = reception->inbox->service->db;
    struct sl_webhook_request request = reception->request;
    unsigned char sum[SL_SHA256_SIZE];
    char digest[2 * SL_SHA256_SIZE + 1];
    struct sl_webhook_event event = {
        .scope = reception->scope, .kind = "unreadable", .state = "ignored", .note = why
    };
    int found;

    sl_sha256(request.body, request.n_body, sum);
    sl_hex(sum, sizeof sum, digest);
    event.key = sl_arena_printf(reception->arena, "unreadable:%s:%s", request.hook, digest);
    found = sl_webhook_events_note(db, reception->arena, event.scope, event.key, &why, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (sl_webhook_requests_add(db, &request, err) < 0)
        return -1;
    event.request_id = request.id;
    return sl_webhook_events_add(db, &event, reception->inbox->now_ms, err) < 0 ? -1 : 0;
}

/* A provider that reads what we answer is told what it wants to hear whatever the content; one
 * that looks at the status alone learns of its mistake. What may not be paid for is refused. */
int inbound_answer_malformed(const struct reception *reception, struct sl_err *err)
{
    const struct sl_hook *hook = reception->route.hook;
    const char *why = reception->heard.why ? reception->heard.why : "malformed";

    if (keep_malformed(reception, why, err) < 0)
        return -1;
    if (hook->refused.status)
        return inbound_answer(reception, hook->refused, why, err);
    if (hook->taken.body && *hook->taken.body)
        return inbound_answer(reception, hook->taken, why, err);
    return inbound_refuse(reception, 400, why, err);
}
