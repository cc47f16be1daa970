/* Mailgun: its webhooks (docs/providers/mailgun.md, 6). What is signed is a time and a token, not
 * the event: a token counts once, so that nobody puts another event under it. */
#include <string.h>

#include "adapters/email/mailgun.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { OLDEST_S = 9 * 3600 + 900 /* it is delivered again for eight hours */, CLOCK_S = 600 };

static const char *find_forgery(const struct sl_inbound *inbound, struct json_object *doc)
{
    const char *key = inbound->settings->values[WEBHOOK_SIGNING_KEY];
    const char *timestamp = sl_json_text(doc, "signature.timestamp");
    const char *token = sl_json_text(doc, "signature.token");
    const char *signature = sl_json_text(doc, "signature.signature");
    unsigned char mac[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];
    const char *text;
    int64_t at;

    if (!key || inbound->proven)
        return NULL;
    if (!timestamp || !token || !signature || strlen(signature) != 2 * SL_SHA256_SIZE)
        return "it is not signed";
    text = sl_arena_printf(inbound->arena, "%s%s", timestamp, token);
    sl_hmac_sha256(key, strlen(key), text, strlen(text), mac);
    sl_hex(mac, sizeof mac, hex);
    if (!sl_equal_secret(signature, hex, sizeof hex - 1))
        return "its signature is not that of webhook_signing_key";
    if (!sl_parse_int(timestamp, 0, INT64_MAX / 2000, &at) ||
        at < inbound->now_ms / 1000 - OLDEST_S || at > inbound->now_ms / 1000 + CLOCK_S)
        return "it was signed more than nine hours ago, or in the future";
    return NULL;
}

static const char *copy(const struct sl_inbound *inbound, struct json_object *doc, const char *path)
{
    return sl_arena_strdup(inbound->arena, sl_json_text(doc, path));
}

/* By its token where one is signed; else by what it is about. */
static const char *key_of(const struct sl_inbound *inbound, struct json_object *doc)
{
    const char *token = sl_json_text(doc, "signature.token");

    if (token && *token && inbound->settings->values[WEBHOOK_SIGNING_KEY])
        return sl_arena_printf(inbound->arena, "mg:%.100s", token);
    return sl_arena_printf(inbound->arena, "mg:?:%s", inbound->digest);
}

static struct sl_event read_event(const struct sl_inbound *inbound, struct json_object *doc)
{
    struct json_object *data = sl_json_at(doc, "event-data");
    const char *word = sl_json_text(data, "event");
    struct sl_event event = {
        .key = key_of(inbound, doc),
        .external = copy(inbound, data, "message.headers.message-id"),
        .message = copy(inbound, data, "user-variables.message_id"),
        .phone = copy(inbound, data, "recipient"),
        .delivery = sl_mailgun_delivery(data),
        .text = sl_mailgun_reason(inbound->arena, data),
        .code = sl_json_word(inbound->arena, data, "delivery-status.code"),
    };

    if (event.delivery != SL_DELIVERY_NONE && event.external)
        event.kind = SL_EVENT_DELIVERY;
    else if (strcmp(word, "unsubscribed") == 0 || strcmp(word, "complained") == 0)
        event.kind = SL_EVENT_OPTOUT;
    return event;
}

static void hear_events(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(inbound->body, inbound->n_body);

    if (!sl_json_text(doc, "event-data.event")) {
        heard->proof = SL_MALFORMED; /* the form of old domains too */
        heard->why = "its body is no event in JSON";
        return;
    }
    heard->why = find_forgery(inbound, doc);
    if (heard->why) {
        heard->proof = SL_FORGED;
        return;
    }
    heard->events = SL_NEW(inbound->arena, struct sl_event, 1);
    heard->events[0] = read_event(inbound, doc);
    heard->n_events = 1;
}

const struct sl_hook sl_mailgun_hooks[SL_MAILGUN_HOOKS] = {
    { .word = "events",
      .endpoint = "/webhooks/mailgun",
      .methods = "POST",
      .help = "Sending > Webhooks, for each of: accepted, delivered, permanent_fail, "
              "temporary_fail, unsubscribed, complained",
      .hear = hear_events,
      .taken = { 200, NULL, "" },
      .forged_status = 406 }, /* anything else and it comes seven times more */
};
