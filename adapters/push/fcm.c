/* FCM, Firebase Cloud Messaging, HTTP v1 (docs/providers/fcm.md).
 *
 * Wire: one POST with JSON for each device or topic, many at once over one HTTP/2 connection;
 * there is no batch call. A token comes from a service account that signs. HTTP 200 with the
 * message's name means accepted; nothing tells of delivery. A repetition replaces the first one
 * on the screen, by tag and collapse id. */
#include "adapters/push/fcm.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/form.h"
#include "lib/adapter/google.h"
#include "lib/adapter/push.h"
#include "lib/base/text.h"

enum {
    SERVICE_ACCOUNT,
    PROJECT_ID,
    DEFAULT_TOPIC,
    ANDROID_CHANNEL_ID,
    ANALYTICS_LABEL,
    TOKEN_URL,
    N_FIELDS
};

enum { MOST_BODY = 4096, MOST_TTL_S = 2419200, MOST_COLLAPSE = 64 };

static const struct sl_field fields[N_FIELDS] = {
    [SERVICE_ACCOUNT] = { .name = "service_account",
                          .help = "Project settings > Service accounts > Generate new private key",
                          .kind = SL_FIELD_FILE,
                          .required = true,
                          .secret = true,
                          .identity = true },
    [PROJECT_ID] = { .name = "project_id",
                     .help = "Id of the Firebase project (not its number); else the file's" },
    [DEFAULT_TOPIC] = { .name = "default_topic",
                        .help = "Topic of sl-push topic without a name",
                        .stands_for = SL_STANDS_FOR_TOPIC },
    [ANDROID_CHANNEL_ID] = { .name = "android_channel_id",
                             .help = "Notification channel of the Android app" },
    [ANALYTICS_LABEL] = { .name = "analytics_label",
                          .help =
                              "Under which the console counts: up to 50 letters, digits, -_.~%" },
    [TOKEN_URL] = { .name = "token_url",
                    .help = "Where tokens are asked for; else the file says it",
                    .kind = SL_FIELD_URL },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "assertion", SL_SHOW_SECRET },
    { "access_token", SL_SHOW_SECRET },
};

/* ---- Settings ------------------------------------------------------------------------ */

static const char topic_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%";

static bool is_name(const char *text, size_t most)
{
    size_t n = strlen(text);

    return n > 0 && n <= most && strspn(text, topic_letters) == n;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *const *values = settings->values;
    const char *file = values[SERVICE_ACCOUNT];

    if (file && *file != '{' && strncmp(file, "AAAA", 4) == 0 && strchr(file, ':')) {
        (void)sl_err_set(err, SL_ERR_CONFIG,
                         "this is a server key of the old FCM, which has ended");
        return sl_err_hint(err, "give the JSON file of a service account");
    }
    if (file && sl_service_account_check(arena, file, err) < 0)
        return -1;
    if (values[DEFAULT_TOPIC] && !is_name(values[DEFAULT_TOPIC], 900))
        return sl_err_set(err, SL_ERR_CONFIG, "'%s' cannot be a topic: letters, digits and -_.~%%",
                          values[DEFAULT_TOPIC]);
    if (values[ANALYTICS_LABEL] && !is_name(values[ANALYTICS_LABEL], 50))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "analytics_label '%s' is not 1 to 50 letters, digits and -_.~%%",
                          values[ANALYTICS_LABEL]);
    return 0;
}

/* ---- The token ----------------------------------------------------------------------- */

static int build_grant(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_service_grant grant = {
        .account = call->settings->values[SERVICE_ACCOUNT],
        .scope = "https://www.googleapis.com/auth/firebase.messaging",
        .token_url = call->settings->values[TOKEN_URL],
    };

    return sl_service_grant_build(call, &grant, request, err);
}

/* ---- A message ----------------------------------------------------------------------- */

static int add_data(const struct sl_push_send *push, struct json_object *message,
                    struct sl_err *err)
{
    static const char *const reserved[] = { "google", "gcm" };
    struct json_object *data;

    if (push->n_data == 0)
        return 0;
    data = sl_json_put_object(message, "data");
    for (size_t i = 0; i < push->n_data; i++) {
        const char *name = push->data[i].name;
        bool bad = strcmp(name, "from") == 0 || strcmp(name, "message_type") == 0;

        for (size_t k = 0; k < SL_COUNT(reserved); k++)
            bad |= strncmp(name, reserved[k], strlen(reserved[k])) == 0;
        if (bad)
            return sl_err_set(err, SL_ERR_DATA, "data named '%s' is reserved by FCM", name);
        sl_json_put_text(data, name, push->data[i].value);
    }
    return 0;
}

static void add_notification(const struct sl_push_send *push, struct json_object *message)
{
    struct json_object *notification;

    if (!sl_push_shown(push))
        return;
    notification = sl_json_put_object(message, "notification");
    sl_json_put_text(notification, "title", push->title);
    sl_json_put_text(notification, "body", push->body);
    sl_json_put_text(notification, "image", push->image);
}

static void add_android(const struct sl_call *call, struct json_object *message)
{
    const struct sl_push_send *push = call->in.push;
    struct json_object *android = sl_json_put_object(message, "android"), *notification;

    sl_json_put_text(android, "collapse_key", push->collapse);
    if (push->priority)
        sl_json_put_text(android, "priority",
                         strcmp(push->priority, "high") == 0 ? "HIGH" : "NORMAL");
    if (push->ttl_s >= 0)
        sl_json_put_text(android, "ttl",
                         sl_arena_printf(call->arena, "%llds", (long long)push->ttl_s));
    if (sl_push_shown(push)) {
        notification = sl_json_put_object(android, "notification");
        /* not a collapse_key: of these a device that is offline keeps only four */
        sl_json_put_text(notification, "tag", sl_push_collapse(call));
        sl_json_put_text(notification, "channel_id", call->settings->values[ANDROID_CHANNEL_ID]);
        sl_json_put_text(notification, "sound", push->sound);
    }
    if (json_object_object_length(android) == 0)
        json_object_object_del(message, "android");
}

static void add_apns(const struct sl_call *call, struct json_object *message)
{
    const struct sl_push_send *push = call->in.push;
    struct json_object *apns = sl_json_put_object(message, "apns");
    struct json_object *headers = sl_json_put_object(apns, "headers");
    struct json_object *aps = sl_json_new_object();
    bool shown = sl_push_shown(push);
    int64_t until_s = call->now_ms / 1000 + push->ttl_s;

    if (!shown)
        sl_json_put_text(headers, "apns-push-type", "background");
    if (!shown || push->priority)
        sl_json_put_text(headers, "apns-priority",
                         shown && strcmp(push->priority, "high") == 0 ? "10" : "5");
    if (push->ttl_s >= 0)
        sl_json_put_text(headers, "apns-expiration",
                         sl_arena_printf(call->arena, "%lld",
                                         push->ttl_s > 0 ? (long long)until_s : 0LL));
    if (shown)
        sl_json_put_text(headers, "apns-collapse-id", sl_push_collapse(call));
    sl_push_aps(push, aps);
    if (json_object_object_length(aps) > 0)
        sl_json_put(sl_json_put_object(apns, "payload"), "aps", aps);
    else
        json_object_put(aps);
}

static void add_rest(const struct sl_call *call, struct json_object *message)
{
    const struct sl_push_send *push = call->in.push;
    const char *label = call->settings->values[ANALYTICS_LABEL];

    if (push->ttl_s >= 0)
        sl_json_put_text(sl_json_put_object(sl_json_put_object(message, "webpush"), "headers"),
                         "TTL", sl_arena_printf(call->arena, "%lld", (long long)push->ttl_s));
    if (label)
        sl_json_put_text(sl_json_put_object(message, "fcm_options"), "analytics_label", label);
}

static int check_message(const struct sl_push_send *push, struct sl_err *err)
{
    if (!sl_push_shown(push) && push->n_data == 0)
        return sl_err_set(err, SL_ERR_DATA,
                          "the notification is empty: it has no title, body or "
                          "data");
    if (push->ttl_s > MOST_TTL_S)
        return sl_err_set(err, SL_ERR_DATA, "FCM keeps a notification 28 days (%d seconds) at most",
                          MOST_TTL_S);
    if (push->collapse && strlen(push->collapse) > MOST_COLLAPSE)
        return sl_err_set(err, SL_ERR_DATA, "the collapse key is longer than %d bytes",
                          MOST_COLLAPSE);
    return 0;
}

/* Base and credentials, and the project in the path. */
static int address(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *project = call->settings->values[PROJECT_ID];
    struct sl_service_account account;

    if (!project) {
        if (sl_service_account_read(call->arena, call->settings->values[SERVICE_ACCOUNT], &account,
                                    err) < 0)
            return -1;
        project = account.project_id;
    }
    request->method = "POST";
    request->base =
        call->settings->base_url ? call->settings->base_url : "https://fcm.googleapis.com";
    request->path = sl_arena_printf(call->arena, "/v1/projects/%s/messages:send",
                                    sl_percent_encode(call->arena, project));
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", call->token));
    sl_request_header(request, "Content-Type", "application/json; charset=utf-8");
    return 0;
}

static int build_message(const struct sl_call *call, const char *kind, const char *target,
                         struct sl_request *request, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    const struct sl_push_send *push = call->in.push;
    struct json_object *message = sl_json_put_object(doc, "message");

    if (check_message(push, err) < 0)
        return -1;
    sl_json_put_text(message, kind, target);
    add_notification(push, message);
    if (add_data(push, message, err) < 0)
        return -1;
    add_android(call, message);
    add_apns(call, message);
    add_rest(call, message);
    if (address(call, request, err) < 0)
        return -1;
    return sl_push_body(call, doc, MOST_BODY, request, err);
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *token = call->in.push->to;

    for (const char *at = token; *at; at++)
        if (*at <= ' ' || *at >= 0x7f)
            return sl_err_set(err, SL_ERR_DATA, "this is no registration token of FCM");
    return build_message(call, "token", token, request, err);
}

static int build_topic(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *topic = call->in.push->topic;

    if (!is_name(topic, 900))
        return sl_err_set(err, SL_ERR_DATA, "'%s' cannot be a topic: letters, digits and -_.~%%",
                          topic);
    return build_message(call, "topic", topic, request, err);
}

/* Looked at and not delivered: it proves key, clock, project, API and role. */
static int build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    static const char body[] =
        "{\"message\":{\"topic\":\"shulelabs-healthcheck\",\"notification\":{\"title\":\"test\","
        "\"body\":\"test\"}},\"validate_only\":true}";

    request->body = body;
    request->n_body = sizeof body - 1;
    return address(call, request, err);
}

/* ---- The table ----------------------------------------------------------------------- */

static const struct sl_grant grant = {
    .step = { build_grant, sl_google_grant_parse, .ambiguous = { .last = SL_RESEND } },
    .renew_before_s = 300,
};

static const struct sl_step steps_send[] = {
    { build_send, sl_fcm_parse_send, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_topic[] = {
    { build_topic, sl_fcm_parse_send, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { build_test, sl_fcm_parse_test, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "push.send", .input = SL_INPUT_PUSH, .steps = steps_send, .n_steps = 1 },
    { .name = "push.topic", .input = SL_INPUT_PUSH, .steps = steps_topic, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

const struct sl_adapter sl_fcm = {
    .code = "fcm",
    .name = "FCM",
    .adapter_class = "FcmAdapter",
    .category = SL_PUSH,
    .environment = "production", /* it has no other */
    /* the provider's is 10,000 a second for a project; 100 streams is what its own library opens */
    .limits = { .rate_per_second = 500,
                .burst = 100,
                .max_in_flight = 100,
                .batch_size = 1,
                .most_items = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
