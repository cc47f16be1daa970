#include "lib/service/push.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/config.h"
#include "lib/service/lost.h"
#include "lib/service/messages_private.h"
#include "lib/service/push_private.h"

static const char send_operation[] = "push.send", topic_operation[] = "push.topic";

const struct sl_channel sl_push_channel = { "push", SL_PUSH, send_operation, "notifications",
                                            "token" };

static const struct sl_channel topic_channel = { "push", SL_PUSH, topic_operation,
                                                 "notifications to topics", "topic" };

/* ---- The payload --------------------------------------------------------------------------- */

const char *push_payload(struct sl_arena *arena, const struct sl_push_options *options)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct json_object *data;

    sl_json_put_text(doc, "title", options->title);
    sl_json_put_text(doc, "body", options->body);
    sl_json_put_text(doc, "priority", options->priority);
    sl_json_put_text(doc, "collapse", options->collapse);
    sl_json_put_text(doc, "sound", options->sound);
    sl_json_put_text(doc, "image", options->image);
    sl_json_put_text(doc, "category", options->category);
    sl_json_put_text(doc, "thread", options->thread);
    sl_json_put_int(doc, "ttl", options->ttl_s);
    sl_json_put_int(doc, "badge", options->badge);
    data = sl_json_put_object(doc, "data");
    for (size_t i = 0; i < options->n_data; i++)
        sl_json_put_text(data, options->data[i].name, options->data[i].value);
    return sl_json_print(arena, doc);
}

static const struct sl_pair *read_data(struct sl_arena *arena, struct json_object *data, size_t *n)
{
    struct sl_pair *pairs;

    *n = 0;
    if (!json_object_is_type(data, json_type_object))
        return NULL;
    pairs = SL_NEW(arena, struct sl_pair, (size_t)json_object_object_length(data) + 1);
    json_object_object_foreach(data, name, value)
    {
        pairs[(*n)++] = (struct sl_pair){ name, json_object_get_string(value) };
    }
    return pairs;
}

/* Borrows from the payload. */
static const struct sl_push_send *read_payload(struct sl_arena *arena, struct json_object *payload,
                                               const char *operation, const char *address)
{
    struct sl_push_send *push = SL_NEW(arena, struct sl_push_send, 1);
    bool topic = strcmp(operation, topic_operation) == 0;

    *push = (struct sl_push_send){
        .title = sl_json_text(payload, "title"),
        .body = sl_json_text(payload, "body"),
        .priority = sl_json_text(payload, "priority"),
        .collapse = sl_json_text(payload, "collapse"),
        .sound = sl_json_text(payload, "sound"),
        .image = sl_json_text(payload, "image"),
        .category = sl_json_text(payload, "category"),
        .thread = sl_json_text(payload, "thread"),
        .ttl_s = sl_json_int(payload, "ttl", -1),
        .badge = sl_json_int(payload, "badge", -1),
        .to = topic ? NULL : address,
        .topic = topic ? address : NULL,
    };
    push->data = read_data(arena, sl_json_at(payload, "data"), &push->n_data);
    return push;
}

int push_try(struct sl_arena *arena, const struct sl_account *account, const char *operation,
             const char *payload, const char *address, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(payload, strlen(payload));
    const union sl_input in = { .push = read_payload(arena, doc, operation, address) };

    return sl_sender_try(arena, account, operation, in, err);
}

/* ---- One notification ---------------------------------------------------------------------- */

int push_check(const struct sl_push_options *options, struct sl_err *err)
{
    if (sl_refuse_empty("title", options->title, err) < 0 ||
        sl_refuse_empty("body", options->body, err) < 0 ||
        sl_refuse_empty("collapse key", options->collapse, err) < 0 ||
        sl_refuse_empty("sound", options->sound, err) < 0)
        return -1;
    if (options->image && strncmp(options->image, "https://", 8) != 0)
        return sl_err_set(err, SL_ERR_DATA, "the image '%s' is not an https address",
                          options->image);
    return 0;
}

static int prepare(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_channel *channel,
                   const struct sl_push_options *options, struct sl_sending *sending,
                   struct sl_err *err)
{
    *sending = (struct sl_sending){ .key = options->key };
    if (push_check(options, err) < 0)
        return -1;
    sending->payload = push_payload(arena, options);
    return sl_sender_choose(service, arena, school, channel, options->provider, &sending->sender,
                            err);
}

static int try_all(struct sl_arena *arena, const struct sl_sending *sending, struct sl_err *err)
{
    for (size_t i = 0; i < sending->n; i++) {
        const char *address = sending->addresses[i];

        if (push_try(arena, sending->sender.opened, sending->sender.channel->operation,
                     sending->payload, address, err) < 0)
            return sl_err_context(err, "'%s'", sl_printable(arena, address, strlen(address), 40));
    }
    return 0;
}

int sl_push_prepare(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const struct sl_push_options *options,
                    const char *const *tokens, size_t n, struct sl_sending *sending,
                    struct sl_err *err)
{
    if (prepare(service, arena, school, &sl_push_channel, options, sending, err) < 0)
        return -1;
    sending->given = sending->addresses = tokens;
    sending->n = n;
    return try_all(arena, sending, err);
}

int sl_push_prepare_topic(struct sl_service *service, struct sl_arena *arena,
                          const struct sl_school *school, const struct sl_push_options *options,
                          const char *topic, struct sl_sending *sending, struct sl_err *err)
{
    const char **topics = SL_NEW(arena, const char *, 1);

    if (sl_refuse_empty("topic", topic, err) < 0 ||
        prepare(service, arena, school, &topic_channel, options, sending, err) < 0)
        return -1;
    topics[0] = topic ? topic : sl_account_default(sending->sender.opened, SL_STANDS_FOR_TOPIC);
    if (!topics[0]) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "no topic is named, and default_topic is not set");
        return sl_err_hint(err, "name one with --topic, or set it: sl-config set … default_topic=");
    }
    sending->given = sending->addresses = topics;
    sending->n = 1;
    return try_all(arena, sending, err);
}

/* ---- Its domain ---------------------------------------------------------------------------- */

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    int more = messages_load(service, job, err);

    if (more <= 0)
        return more;
    if (job->n_items != 1) /* no provider takes several in a request */
        return sl_err_set(err, SL_ERR_DATA, "the row holds %zu notifications", job->n_items);
    job->call.in.push =
        read_payload(job->arena, job->payload, job->item.operation, job->messages[0].address);
    return 1;
}

const struct sl_domain sl_push_domain = {
    .operation = send_operation,
    .reference_type = "message",
    .channel = "push",
    .load = load,
    .settle = messages_settle,
    .end = messages_end,
    .resend = sl_lost_resend,
};

const struct sl_domain sl_push_topic_domain = {
    .operation = topic_operation,
    .reference_type = "message",
    .channel = "push",
    .load = load,
    .settle = messages_settle,
    .end = messages_end,
    .resend = sl_lost_resend,
};
