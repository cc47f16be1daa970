/* WhatsApp: what it sends by itself (docs/providers/whatsapp.md, 8). */
#include <string.h>

#include "adapters/whatsapp/whatsapp.h"
#include "lib/adapter/form.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { MOST_CHALLENGE = 1024 };

/* ---- Whether it is proven -------------------------------------------------------------- */

static void refuse(struct sl_heard *heard, int status, const char *why)
{
    heard->proof = SL_FORGED;
    heard->why = why;
    heard->reply = (struct sl_reply){ .status = status, .body = "" };
}

static bool is_secret(const char *told, const char *right)
{
    return told && right && *right && strlen(told) == strlen(right) &&
           sl_equal_secret(told, right, strlen(right));
}

/* The address is being entered: whoever knows our word hears his own again. */
static void hear_subscribe(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    size_t n = strlen(inbound->query);
    const char *mode = sl_form_value(inbound->arena, inbound->query, n, "hub.mode");
    const char *word = sl_form_value(inbound->arena, inbound->query, n, "hub.verify_token");
    const char *challenge = sl_form_value(inbound->arena, inbound->query, n, "hub.challenge");

    if (!mode || strcmp(mode, "subscribe") != 0 ||
        !is_secret(word, inbound->settings->values[VERIFY_TOKEN])) {
        refuse(heard, 403, "hub.verify_token is not verify_token");
        return;
    }
    if (!challenge || !*challenge || strlen(challenge) > MOST_CHALLENGE) {
        refuse(heard, 400, "hub.challenge is missing or too long");
        return;
    }
    heard->reply = (struct sl_reply){ 200, "text/plain", challenge };
}

/* Over the bytes as they came: what is printed anew has other escapes. */
static bool is_signed(const struct sl_inbound *inbound)
{
    static const char scheme[] = "sha256=";
    const char *told = sl_inbound_header(inbound, "X-Hub-Signature-256");
    const char *secret = inbound->settings->values[APP_SECRET];
    unsigned char mac[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];

    if (!told || strncmp(told, scheme, sizeof scheme - 1) != 0 || !secret || !*secret)
        return false;
    sl_hmac_sha256(secret, strlen(secret), inbound->body, inbound->n_body, mac);
    sl_hex(mac, sizeof mac, hex);
    return is_secret(told + sizeof scheme - 1, hex);
}

/* ---- One notification ------------------------------------------------------------------ */

/* Where events are put: as many as there are in all lists of the body. */
struct events {
    const struct sl_inbound *inbound;
    struct sl_event *at;
    size_t n, room;
    const char *owner; /* of the change */
};

static struct sl_event *add(struct events *events)
{
    struct sl_event *event;

    if (events->n == events->room) {
        size_t room = 2 * events->room + 8;
        struct sl_event *more = SL_NEW(events->inbound->arena, struct sl_event, room);

        if (events->n > 0)
            memcpy(more, events->at, events->n * sizeof *more);
        events->at = more;
        events->room = room;
    }
    event = &events->at[events->n++];
    *event = (struct sl_event){ .owner = events->owner };
    return event;
}

/* What is not about one of our messages is kept, once. */
static void add_note(struct events *events, const char *text)
{
    struct sl_arena *arena = events->inbound->arena;
    size_t place = events->n;
    struct sl_event *event = add(events);

    event->text = text;
    event->key = sl_arena_printf(arena, "wa:%s:%zu", events->inbound->digest, place);
}

static const char *copy(struct events *events, struct json_object *doc, const char *path)
{
    const char *text = sl_json_text(doc, path);

    return text && *text ? sl_arena_strdup(events->inbound->arena, text) : NULL;
}

/* `recipient_id` is not told on: in some countries it has other digits than what we sent to. */
static void hear_status(struct events *events, struct json_object *status)
{
    static const struct {
        const char *word;
        enum sl_delivery delivery;
    } words[] = { { "sent", SL_DELIVERY_SENT },
                  { "delivered", SL_DELIVERY_DELIVERED },
                  { "read", SL_DELIVERY_DELIVERED }, /* without "delivered" in an open chat */
                  { "failed", SL_DELIVERY_FAILED } };
    const char *id = copy(events, status, "id"), *word = copy(events, status, "status");
    struct sl_arena *arena = events->inbound->arena;
    struct json_object *error = NULL;
    struct sl_event *event;

    if (!id || !word) {
        add_note(events, "a status without id or word");
        return;
    }
    event = add(events);
    event->key = sl_arena_printf(arena, "wa:%s:%s", id, word);
    event->external = id;
    event->message = copy(events, status, "biz_opaque_callback_data");
    for (size_t i = 0; i < SL_COUNT(words); i++)
        if (strcmp(word, words[i].word) == 0) {
            event->kind = SL_EVENT_DELIVERY;
            event->delivery = words[i].delivery;
        }
    if (sl_json_length(sl_json_at(status, "errors")) > 0)
        error = json_object_array_get_idx(sl_json_at(status, "errors"), 0);
    event->code = sl_json_word(arena, error, "code");
    event->text = error ? whatsapp_reason(arena, error) : NULL;
}

/* What they wrote, or chose; NULL for pictures and the like. */
static const char *words_of(struct events *events, struct json_object *message)
{
    static const char *const paths[] = { "text.body", "button.text",
                                         "interactive.button_reply.title",
                                         "interactive.list_reply.title" };

    for (size_t i = 0; i < SL_COUNT(paths); i++) {
        const char *text = copy(events, message, paths[i]);

        if (text)
            return text;
    }
    return NULL;
}

/* From their last message on they may be written to for a day. */
static struct sl_fact window_from(struct events *events, struct json_object *message,
                                  const char *from)
{
    const char *told = copy(events, message, "timestamp");
    int64_t seconds, lives_ms;

    if (!told || !sl_parse_int(told, 0, INT32_MAX * 2LL, &seconds))
        return (struct sl_fact){ 0 };
    lives_ms = seconds * 1000 + WHATSAPP_DAY_MS - events->inbound->now_ms;
    if (lives_ms <= 0)
        return (struct sl_fact){ 0 };
    if (lives_ms > WHATSAPP_DAY_MS)
        lives_ms = WHATSAPP_DAY_MS;
    return (struct sl_fact){
        .kind = whatsapp_window, .key = from, .value = told, .lives_ms = lives_ms
    };
}

static void hear_message(struct events *events, struct json_object *message)
{
    struct sl_arena *arena = events->inbound->arena;
    const char *id = copy(events, message, "id"), *from = copy(events, message, "from");
    const char *type = sl_json_text(message, "type");
    struct sl_event *event;

    if (!id || !from || (type && strcmp(type, "system") == 0)) {
        add_note(events, "a message from nobody");
        return;
    }
    event = add(events);
    event->key = sl_arena_printf(arena, "wa:%s", id);
    event->external = id;
    event->phone = sl_arena_printf(arena, "+%s", from);
    event->text = words_of(events, message);
    event->kind = event->text ? SL_EVENT_INCOMING : SL_EVENT_NOTE;
    event->fact = window_from(events, message, from);
}

static void hear_change(struct events *events, struct json_object *change)
{
    const char *field = sl_json_text(change, "field");
    struct json_object *value = sl_json_at(change, "value");
    struct json_object *statuses = sl_json_at(value, "statuses");
    struct json_object *messages = sl_json_at(value, "messages");

    events->owner = copy(events, value, "metadata.phone_number_id");
    if (!field || strcmp(field, "messages") != 0 || !events->owner) {
        add_note(events, "news of the account, or of what we do not know");
        return;
    }
    for (size_t i = 0; i < sl_json_length(statuses); i++)
        hear_status(events, json_object_array_get_idx(statuses, i));
    for (size_t i = 0; i < sl_json_length(messages); i++)
        hear_message(events, json_object_array_get_idx(messages, i));
    if (sl_json_length(sl_json_at(value, "errors")) > 0)
        add_note(events, "a fault of the account");
}

static void hear_notification(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct events events = { .inbound = inbound };
    struct json_object *entries;

    if (!inbound->proven && !is_signed(inbound)) {
        refuse(heard, 401,
               inbound->settings->values[APP_SECRET]
                   ? "X-Hub-Signature-256 is not that of app_secret over this body"
                   : "app_secret is not set, so no callback can be proven");
        return;
    }
    doc = sl_json_parse(inbound->body, inbound->n_body);
    entries = sl_json_at(doc, "entry");
    if (!json_object_is_type(entries, json_type_array)) {
        heard->proof = SL_MALFORMED;
        heard->why = "it is no notification";
        return;
    }
    for (size_t i = 0; i < sl_json_length(entries); i++) {
        struct json_object *changes = sl_json_at(json_object_array_get_idx(entries, i), "changes");

        for (size_t j = 0; j < sl_json_length(changes); j++)
            hear_change(&events, json_object_array_get_idx(changes, j));
    }
    heard->events = events.at;
    heard->n_events = events.n;
}

static void hear_events(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    if (strcmp(inbound->method, "GET") == 0)
        hear_subscribe(inbound, heard);
    else
        hear_notification(inbound, heard);
}

static const char *const headers[] = { "X-Hub-Signature-256", NULL };

const struct sl_hook whatsapp_hooks[WHATSAPP_HOOKS] = {
    { .word = "events",
      .endpoint = "/webhooks/whatsapp",
      .methods = "GET POST",
      .body_type = "application/json",
      .help = "App > WhatsApp > Configuration > Callback URL, and field messages",
      .hear = hear_events,
      .headers = headers,
      .routed_by = "phone_number_id",
      .taken = { 200, NULL, "" },
      .forged_status = 401 },
};
