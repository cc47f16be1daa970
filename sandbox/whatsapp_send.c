/* WhatsApp, simulated: messages, and what is told of them (docs/providers/whatsapp.md, 4.2, 8). */
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/sms.h"
#include "sandbox/whatsapp.h"
#include "sandbox/whatsapp_templates.h"

static const char json_body[] = "application/json";

/* ---- Callbacks ---------------------------------------------------------------------- */

static const char *sign(struct sl_arena *arena, const char *url, const char *body)
{
    unsigned char mac[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];

    (void)url;
    sl_hmac_sha256(SL_WHATSAPP_SECRET, strlen(SL_WHATSAPP_SECRET), body, strlen(body), mac);
    sl_hex(mac, sizeof mac, hex);
    return sl_arena_printf(arena, "X-Hub-Signature-256: sha256=%s", hex);
}

/* As it writes JSON: nothing but ASCII, and slashes escaped. Outside of texts there is neither. */
static const char *escaped(struct sl_arena *arena, const char *json)
{
    struct sl_buf out = sl_buf_new(arena);
    uint32_t point;

    while ((point = sl_utf8_next(&json)) != 0) {
        if (point == '/')
            sl_buf_text(&out, "\\/");
        else if (point < 0x7f)
            sl_buf_add(&out, (const char[]){ (char)point }, 1);
        else if (point < 0x10000)
            sl_buf_printf(&out, "\\u%04x", (unsigned)point);
        else
            sl_buf_printf(&out, "\\u%04x\\u%04x", 0xd800u + (unsigned)((point - 0x10000) >> 10),
                          0xdc00u + (unsigned)((point - 0x10000) & 0x3ff));
    }
    return out.data;
}

/* Around the one list of a notification. */
static const char *notification(struct sl_arena *arena, const char *number, const char *list)
{
    return escaped(
        arena,
        sl_arena_printf(
            arena,
            "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"%s\",\"changes\":[{\"field\":"
            "\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"
            "\"display_phone_number\":\"15550001111\",\"phone_number_id\":\"%s\"},%s}}]}]}",
            SL_WHATSAPP_ACCOUNT, number, list));
}

/* A message as its callbacks know it. */
struct sent {
    const char *number, *id, *to, *ours;
};

static const char *status(struct sl_arena *arena, const struct sent *sent, const char *word,
                          int code)
{
    struct sl_buf list = sl_buf_new(arena);

    sl_buf_text(&list, "\"statuses\":[{\"id\":");
    sl_json_quote(&list, sent->id);
    sl_buf_printf(&list, ",\"status\":\"%s\",\"timestamp\":\"%lld\",\"recipient_id\":", word,
                  (long long)(sl_now_ms() / 1000));
    sl_json_quote(&list, sent->to);
    if (sent->ours) {
        sl_buf_text(&list, ",\"biz_opaque_callback_data\":");
        sl_json_quote(&list, sent->ours);
    }
    if (code)
        sl_buf_printf(&list, ",\"errors\":[{\"code\":%d,\"title\":\"refused\"}]", code);
    sl_buf_text(&list, "}]");
    return notification(arena, sent->number, list.data);
}

/* "sent" before the last word, where the scenario has one in its time. */
static void tell(struct sl_visit *visit, const struct sent *sent, int failure)
{
    const struct sl_whatsapp_app *app = visit->state;
    const struct sl_box_settings *settings = &visit->box->settings;
    struct sl_arena *arena = visit->arena;
    struct sent other = *sent;
    struct sl_script script = { .url = app->url,
                                .type = json_body,
                                .delay_ms = settings->callback_ms,
                                .late_ms = settings->late_ms,
                                .sign = sign };
    struct sl_callback first = { .url = app->url, .type = json_body };

    if (!app->url)
        return;
    other.id = "wamid.OTHER";
    other.ours = NULL;
    script.genuine = status(arena, sent, failure ? "failed" : "delivered", failure);
    script.other = status(arena, &other, "delivered", 0);
    script.contrary = status(arena, sent, failure ? "delivered" : "failed", failure ? 0 : 131026);
    first.body = status(arena, sent, "sent", 0);
    first.header = sign(arena, app->url, first.body);
    if (visit->scenario == SL_PLAY_OK)
        sl_callbacks_post(visit->box->callbacks, &first, 1);
    sl_callbacks_play(visit->box->callbacks, visit->scenario, visit, &script);
}

static const char *post(struct sl_visit *visit, const char *body)
{
    const struct sl_whatsapp_app *app = visit->state;
    struct sl_callback callback = { .url = app->url,
                                    .type = json_body,
                                    .body = body,
                                    .header = sign(visit->arena, app->url, body) };

    sl_callbacks_post(visit->box->callbacks, &callback, 1);
    return NULL;
}

static const char *fire_incoming(struct sl_visit *visit, struct json_object *doc,
                                 const char *number)
{
    struct sl_whatsapp_app *app = visit->state;
    const char *phone = sl_json_text(doc, "phone"), *text = sl_json_text(doc, "text");
    struct sl_buf list = sl_buf_new(visit->arena);

    if (!phone)
        return "an incoming message wants a phone";
    phone += *phone == '+';
    (void)sl_table_first(&app->wrote, sl_whatsapp_key(number, phone));
    sl_buf_text(&list, "\"contacts\":[{\"profile\":{\"name\":\"A parent\"},\"wa_id\":");
    sl_json_quote(&list, phone);
    sl_buf_text(&list, "}],\"messages\":[{\"from\":");
    sl_json_quote(&list, phone);
    sl_buf_printf(&list,
                  ",\"id\":\"wamid.IN%016llx\",\"timestamp\":\"%lld\",\"type\":\"text\","
                  "\"text\":{\"body\":",
                  (unsigned long long)sl_box_id(visit->box), (long long)(sl_now_ms() / 1000));
    sl_json_quote(&list, text ? text : "Habari");
    sl_buf_text(&list, "}}]");
    return post(visit, notification(visit->arena, number, list.data));
}

const char *sl_whatsapp_fire(struct sl_visit *visit, struct json_object *doc)
{
    const struct sl_whatsapp_app *app = visit->state;
    const char *event = sl_json_text(doc, "event"), *number = sl_json_text(doc, "number");
    const char *word = sl_json_text(doc, "status");
    struct sent sent = { .id = sl_json_text(doc, "id"), .to = "254711000001" };

    if (!app->url)
        return "no URL was set before";
    sent.number = number ? number : "106540352242922";
    if (event && strcmp(event, "in") == 0)
        return fire_incoming(visit, doc, sent.number);
    if (!event || strcmp(event, "status") != 0 || !sent.id || !word)
        return "event is in, or status with id and status";
    return post(visit, status(visit->arena, &sent, word, 0));
}

/* ---- What is refused ---------------------------------------------------------------- */

static bool text_is_good(struct json_object *text, size_t most)
{
    const char *body = json_object_get_string(text);

    return json_object_is_type(text, json_type_string) && *body && sl_utf8_length(body) <= most;
}

static bool is_media(const char *type)
{
    static const char *const types[] = { "image", "document", "video", "audio", "sticker" };

    for (size_t i = 0; i < SL_COUNT(types); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

/* One of id and link; an id is one that was uploaded to this number. */
static bool media_is_good(const struct sl_visit *visit, const char *number, const char *type,
                          struct json_object *media)
{
    const struct sl_whatsapp_app *app = visit->state;
    const char *id = sl_json_text(media, "id"), *link = sl_json_text(media, "link");
    struct json_object *caption = sl_json_at(media, "caption"),
                       *name = sl_json_at(media, "filename");

    if ((id != NULL) == (link != NULL) || (name && strcmp(type, "document") != 0))
        return false;
    if (caption && (strcmp(type, "audio") == 0 || strcmp(type, "sticker") == 0 ||
                    !text_is_good(caption, 1024)))
        return false;
    if (name && !text_is_good(name, 240))
        return false;
    return id ? sl_table_get(&app->media, sl_whatsapp_key(number, id)) != NULL
              : strncmp(link, "https://", 8) == 0;
}

static bool place_is_good(struct json_object *place)
{
    return json_object_is_type(sl_json_at(place, "latitude"), json_type_double) &&
           json_object_is_type(sl_json_at(place, "longitude"), json_type_double);
}

static bool buttons_are_good(struct json_object *object)
{
    struct json_object *buttons = sl_json_at(object, "action.buttons");

    for (size_t i = 0; i < sl_json_length(buttons); i++)
        if (!text_is_good(sl_json_at(json_object_array_get_idx(buttons, i), "reply.title"), 20) ||
            !text_is_good(sl_json_at(json_object_array_get_idx(buttons, i), "reply.id"), 256))
            return false;
    return sl_json_length(buttons) >= 1 && sl_json_length(buttons) <= 3 &&
           text_is_good(sl_json_at(object, "body.text"), 1024);
}

/* True, and answered, if what stands under its type cannot be sent. */
static bool content_is_bad(struct sl_visit *visit, const char *number, const char *type,
                           struct json_object *object)
{
    struct json_object *header =
        sl_json_at(sl_json_length(sl_json_at(object, "components")) > 0
                       ? json_object_array_get_idx(sl_json_at(object, "components"), 0)
                       : NULL,
                   "parameters");
    struct json_object *document =
        sl_json_length(header) > 0 ? sl_json_at(json_object_array_get_idx(header, 0), "document")
                                   : NULL;
    bool good = false;

    if (strcmp(type, "template") == 0) {
        if (!sl_whatsapp_template_is_good(visit, object))
            return true;
        good = !document || media_is_good(visit, number, "document", document);
    } else if (strcmp(type, "text") == 0) {
        good = text_is_good(sl_json_at(object, "body"), 4096);
    } else if (is_media(type)) {
        good = media_is_good(visit, number, type, object);
    } else if (strcmp(type, "location") == 0) {
        good = place_is_good(object);
    } else if (strcmp(type, "interactive") == 0) {
        good = buttons_are_good(object);
    }
    if (!good)
        sl_whatsapp_refuse(visit, 100, "Invalid parameter");
    return !good;
}

/* What numbers and scenarios ask for; 0: nothing. Behind +25479980 stand the last four digits of an
 * error's code. */
static int failure_of(const struct sl_visit *visit, const char *to)
{
    struct sl_magic magic = sl_magic_of(to);

    if (magic.code > 0)
        return 130000 + magic.code;
    if (visit->scenario == SL_PLAY_BLACKLISTED)
        return 131026;
    if (visit->scenario == SL_PLAY_INSUFFICIENT_BALANCE)
        return 131042;
    return visit->scenario == SL_PLAY_INVALID_SENDER ? 133010 : 0;
}

/* ---- Taking ------------------------------------------------------------------------- */

static void record(struct sl_visit *visit, const struct sent *sent, const char *type,
                   struct json_object *object)
{
    static const struct sl_seen_kind kind = {
        .operation = "send", .names = { "number", "to", "type", "content", "id", "ref" }
    };
    const char *content = sl_json_print(visit->arena, object);

    sl_seen_add(visit, &kind,
                (const char *const[]){ sent->number, sent->to, type, content, sent->id,
                                       sent->ours });
    sl_sms_count(visit->box, sent->to, content);
}

static void take(struct sl_visit *visit, const char *number, struct json_object *doc,
                 const char *type)
{
    struct sl_whatsapp_app *app = visit->state;
    const char *to = sl_json_text(doc, "to");
    struct sent sent = { .number = number,
                         .to = sl_arena_strdup(visit->arena, to + (*to == '+')),
                         .ours = sl_json_text(doc, "biz_opaque_callback_data") };
    bool template = strcmp(type, "template") == 0;
    int failure = visit->scenario == SL_PLAY_DLR_FAILED ? 131026 : 0;

    sent.id =
        sl_arena_printf(visit->arena,
                        "wamid.HBg%016llx%016llx==", (unsigned long long)sl_box_id(visit->box),
                        (unsigned long long)sl_box_id(visit->box));
    if (!template && !sl_table_get(&app->wrote, sl_whatsapp_key(number, sent.to)))
        failure = 131047; /* told later, as it is */
    record(visit, &sent, type, sl_json_at(doc, type));
    sl_visit_begin(visit, 200, json_body);
    sl_buf_printf(&visit->answer,
                  "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"%s\",\"wa_id\":"
                  "\"%s\"}],\"messages\":[{\"id\":\"%s\"%s}]}",
                  sent.to, sent.to, sent.id, template ? ",\"message_status\":\"accepted\"" : "");
    tell(visit, &sent, failure);
}

static bool is_json(const struct sl_visit *visit)
{
    const char *type = sl_visit_header(visit, "Content-Type");

    return type && strncasecmp(type, json_body, sizeof json_body - 1) == 0;
}

/* False, and answered, if the message has no good head. */
static bool head_is_good(struct sl_visit *visit, struct json_object *doc)
{
    const char *product = sl_json_text(doc, "messaging_product"), *to = sl_json_text(doc, "to");
    const char *ours = sl_json_text(doc, "biz_opaque_callback_data");
    const char *type = sl_json_text(doc, "type");

    if (!product || strcmp(product, "whatsapp") != 0)
        sl_whatsapp_refuse(visit, 100, "messaging_product is missing");
    else if (!to || !type || !json_object_is_type(sl_json_at(doc, type), json_type_object))
        sl_whatsapp_refuse(visit, 131008, "to, type or what stands under it is missing");
    else if (!sl_sms_is_e164(sl_arena_printf(visit->arena, "+%s", to + (*to == '+'))))
        sl_whatsapp_refuse(visit, 131009, "to is no number");
    else if (ours && strlen(ours) > 512)
        sl_whatsapp_refuse(visit, 100, "biz_opaque_callback_data is too long");
    else
        return true;
    return false;
}

static void mark_read(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_seen_kind kind = { .operation = "read", .names = { "id" } };
    const char *id = sl_json_text(doc, "message_id");

    if (!id) {
        sl_whatsapp_refuse(visit, 131008, "message_id is missing");
        return;
    }
    sl_seen_add(visit, &kind, (const char *const[]){ id });
    sl_visit_answer(visit, 200, json_body, "{\"success\":true}");
}

void sl_whatsapp_send(struct sl_visit *visit, const char *number)
{
    SL_AUTO(sl_json_free)
    struct json_object *doc = is_json(visit) ? sl_json_parse(visit->body, visit->n_body) : NULL;
    const char *to = sl_json_text(doc, "to"), *type = sl_json_text(doc, "type");
    const char *what = sl_json_text(doc, "status");
    struct sl_magic magic = sl_magic_of(to ? to : "");
    int failure;

    if (magic.plays)
        visit->scenario = magic.scenario;
    if (sl_whatsapp_is_refused(visit))
        return;
    if (what && strcmp(what, "read") == 0) {
        mark_read(visit, doc);
        return;
    }
    if (!head_is_good(visit, doc) || content_is_bad(visit, number, type, sl_json_at(doc, type)))
        return;
    failure = failure_of(visit, to);
    if (failure)
        sl_whatsapp_refuse(visit, failure, "as this number asks for");
    else
        take(visit, number, doc, type);
}
