/* SendGrid: its Event Webhook (docs/providers/sendgrid.md, 6). */
#include <string.h>

#include "adapters/email/sendgrid.h"
#include "lib/adapter/ecdsa.h"
#include "lib/base/text.h"

static const char signature_header[] = "X-Twilio-Email-Event-Webhook-Signature";
static const char timestamp_header[] = "X-Twilio-Email-Event-Webhook-Timestamp";

enum { OLDEST_S = 25 * 3600 /* it is delivered again for a day */, CLOCK_S = 600 };

/* ---- Whether it is theirs ---------------------------------------------------------------- */

/* Timestamp and body as they came, one right behind the other. */
static bool is_signed(const struct sl_inbound *inbound, const char *timestamp, const char *key)
{
    const char *signature = sl_inbound_header(inbound, signature_header);
    struct sl_buf bytes = sl_buf_new(inbound->arena);

    if (!signature)
        return false;
    sl_buf_text(&bytes, timestamp);
    sl_buf_add(&bytes, inbound->body, inbound->n_body);
    return sl_p256_verify(inbound->arena, key, bytes.data, bytes.len, signature);
}

/* NULL if it is proven: by its signature where a key is set, else by the path. */
static const char *find_forgery(const struct sl_inbound *inbound)
{
    const char *key = inbound->settings->values[WEBHOOK_PUBLIC_KEY];
    const char *timestamp = sl_inbound_header(inbound, timestamp_header);
    int64_t at;

    if (!key || inbound->proven)
        return NULL;
    if (!timestamp || !is_signed(inbound, timestamp, key))
        return "its signature is not that of webhook_public_key over this body";
    if (!sl_parse_int(timestamp, 0, INT64_MAX / 2000, &at) ||
        at < inbound->now_ms / 1000 - OLDEST_S || at > inbound->now_ms / 1000 + CLOCK_S)
        return "it was signed more than a day ago, or in the future";
    return NULL;
}

/* ---- What it tells ------------------------------------------------------------------------ */

static const struct kind {
    const char *word;
    enum sl_event_kind kind;
    enum sl_delivery delivery;
} kinds[] = {
    { "processed", SL_EVENT_DELIVERY, SL_DELIVERY_SENT },
    { "deferred", SL_EVENT_NOTE, SL_DELIVERY_NONE },
    { "delivered", SL_EVENT_DELIVERY, SL_DELIVERY_DELIVERED },
    { "bounce", SL_EVENT_DELIVERY, SL_DELIVERY_UNDELIVERED },
    { "dropped", SL_EVENT_DELIVERY, SL_DELIVERY_FAILED },
    { "spamreport", SL_EVENT_OPTOUT, SL_DELIVERY_NONE },
    { "unsubscribe", SL_EVENT_OPTOUT, SL_DELIVERY_NONE },
    { "group_unsubscribe", SL_EVENT_OPTOUT, SL_DELIVERY_NONE },
    { "group_resubscribe", SL_EVENT_OPTIN, SL_DELIVERY_NONE },
};

static const char *copy(const struct sl_inbound *inbound, struct json_object *doc, const char *name)
{
    return sl_arena_strdup(inbound->arena, sl_json_text(doc, name));
}

/* Up to the first dot it is the X-Message-Id of the answer. */
static const char *external_of(const struct sl_inbound *inbound, struct json_object *doc)
{
    const char *id = sl_json_text(doc, "sg_message_id");
    size_t n = id ? strcspn(id, ".") : 0;

    return n > 0 ? sl_arena_memdup(inbound->arena, id, n) : NULL;
}

static struct sl_event read_event(const struct sl_inbound *inbound, struct json_object *doc,
                                  size_t place)
{
    const char *word = sl_json_text(doc, "event"), *id = sl_json_text(doc, "sg_event_id");
    struct sl_event event = {
        .external = external_of(inbound, doc),
        .message = copy(inbound, doc, "message_id"),
        .phone = copy(inbound, doc, "email"),
        .code = copy(inbound, doc, "status"),
        .text = copy(inbound, doc, sl_json_text(doc, "reason") ? "reason" : "response"),
    };

    if (id && *id)
        event.key = sl_arena_printf(inbound->arena, "sg:%.100s:%.30s", id, word ? word : "");
    else
        event.key = sl_arena_printf(inbound->arena, "sg:?%zu:%s", place, inbound->digest);
    for (size_t i = 0; word && i < SL_COUNT(kinds); i++)
        if (strcmp(word, kinds[i].word) == 0) {
            event.kind = kinds[i].kind;
            event.delivery = kinds[i].delivery;
        }
    if (event.kind == SL_EVENT_DELIVERY && !event.external)
        event.kind = SL_EVENT_NOTE; /* of no message */
    return event;
}

static void hear_events(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    heard->why = find_forgery(inbound);
    if (heard->why) {
        heard->proof = SL_FORGED;
        return;
    }
    doc = sl_json_parse(inbound->body, inbound->n_body);
    if (!json_object_is_type(doc, json_type_array)) {
        heard->proof = SL_MALFORMED;
        heard->why = "its body is no array of events";
        return;
    }
    heard->n_events = sl_json_length(doc);
    heard->events = SL_NEW(inbound->arena, struct sl_event, heard->n_events + 1);
    for (size_t i = 0; i < heard->n_events; i++)
        heard->events[i] = read_event(inbound, json_object_array_get_idx(doc, i), i);
}

/* ---- The table --------------------------------------------------------------------------- */

static const char *const headers[] = { signature_header, timestamp_header, NULL };

const struct sl_hook sl_sendgrid_hooks[SL_SENDGRID_HOOKS] = {
    { .word = "events",
      .endpoint = "/webhooks/sendgrid",
      .methods = "POST",
      .help = "Settings > Mail Settings > Event Webhook > Post URL",
      .hear = hear_events,
      .headers = headers,
      .taken = { 200, NULL, "" } },
};
