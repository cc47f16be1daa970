/* FCM, HTTP v1, simulated: messages to a token, a topic or a condition (docs/providers/fcm.md).
 *
 * Tokens ask for what becomes of them by how they begin: "DEAD" is no longer registered,
 * "FOREIGN" is another project's, "THIRDPARTY" is refused by Apple, "SCENARIO15" has scenario 15;
 * one without a colon is none. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/google.h"
#include "sandbox/registry.h"
#include "sandbox/sms.h"

enum { MOST_BYTES = 4096, MOST_COLLAPSE = 64 };

static const char json_body[] = "application/json; charset=UTF-8";
static const char paths[] = "/v1/projects/", send_word[] = "/messages:send";
static const char scope[] = "https://www.googleapis.com/auth/firebase.messaging";

/* ---- Refusals ------------------------------------------------------------------------- */

/* `own`: FCM's errorCode; `field`: of the violation. NULL: that detail is not there. */
static void refuse(struct sl_visit *visit, int status, const char *word, const char *own,
                   const char *field, const char *text)
{
    struct sl_buf *out = &visit->answer;

    sl_visit_begin(visit, status, json_body);
    sl_buf_printf(out, "{\"error\":{\"code\":%d,\"message\":", status);
    sl_json_quote(out, text);
    sl_buf_printf(out, ",\"status\":\"%s\"", word);
    if (own)
        sl_buf_printf(out,
                      ",\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1."
                      "FcmError\",\"errorCode\":\"%s\"}",
                      own);
    if (field) {
        sl_buf_text(out, own ? "," : ",\"details\":[");
        sl_buf_text(out, "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","
                         "\"fieldViolations\":[{\"field\":");
        sl_json_quote(out, field);
        sl_buf_text(out, ",\"description\":");
        sl_json_quote(out, text);
        sl_buf_text(out, "}]}");
    }
    sl_buf_text(out, own || field ? "]}}" : "}}");
}

static void invalid(struct sl_visit *visit, const char *field, const char *text)
{
    refuse(visit, 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", field, text);
}

static bool refused_by_scenario(struct sl_visit *visit)
{
    switch (sl_visit_refusal(visit)) {
    case SL_REFUSE_NOT: return false;
    case SL_REFUSE_RATE:
        refuse(visit, 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", NULL, "Quota exceeded.");
        sl_visit_add_header(visit, "Retry-After", "1");
        return true;
    case SL_REFUSE_BUSY:
        refuse(visit, 503, "UNAVAILABLE", "UNAVAILABLE", NULL, "The service is unavailable.");
        sl_visit_add_header(visit, "Retry-After", "1");
        return true;
    case SL_REFUSE_BROKEN:
        refuse(visit, 500, "INTERNAL", "INTERNAL", NULL, "Internal error encountered.");
        return true;
    }
    return false;
}

/* ---- The message ---------------------------------------------------------------------- */

/* The first member that is none of `names`, which blanks separate; NULL: all are known. */
static const char *unknown_member(struct json_object *object, const char *names)
{
    if (!json_object_is_type(object, json_type_object))
        return NULL;
    json_object_object_foreach(object, name, value)
    {
        size_t n = strlen(name);
        const char *at = strstr(names, name);

        (void)value;
        while (at && ((at > names && at[-1] != ' ') || (at[n] != ' ' && at[n] != '\0')))
            at = strstr(at + 1, name);
        if (!at)
            return name;
    }
    return NULL;
}

static const struct {
    const char *path, *names;
} known[] = {
    { "message", "token topic condition notification data android webpush apns fcm_options "
                 "fcmOptions name" },
    { "message.notification", "title body image" },
    { "message.android", "collapse_key priority ttl restricted_package_name data notification "
                         "fcm_options fcmOptions direct_boot_ok" },
    { "message.android.notification",
      "title body icon color sound tag click_action body_loc_key body_loc_args title_loc_key "
      "title_loc_args channel_id ticker sticky event_time local_only notification_priority "
      "default_sound default_vibrate_timings default_light_settings vibrate_timings visibility "
      "notification_count light_settings image" },
    { "message.apns", "headers payload fcm_options fcmOptions live_activity_token" },
    { "message.webpush", "headers data notification fcm_options fcmOptions" },
};

static bool members_are_known(struct sl_visit *visit, struct json_object *doc)
{
    const char *bad = unknown_member(doc, "message validate_only validateOnly");
    const char *path = "";

    for (size_t i = 0; i < SL_COUNT(known) && !bad; i++) {
        path = known[i].path;
        bad = unknown_member(sl_json_at(doc, path), known[i].names);
    }
    if (bad)
        invalid(visit, path,
                sl_arena_printf(visit->arena,
                                "Invalid JSON payload received. Unknown name \"%s\" at '%s': "
                                "Cannot find field.",
                                bad, path));
    return !bad;
}

static bool all_text(struct sl_visit *visit, struct json_object *object, const char *field)
{
    if (!json_object_is_type(object, json_type_object))
        return true;
    json_object_object_foreach(object, name, value)
    {
        if (strcmp(name, "from") == 0 || strcmp(name, "message_type") == 0 ||
            strncmp(name, "google.", 7) == 0 || strncmp(name, "gcm.", 4) == 0) {
            invalid(visit, field, "Invalid data payload key");
            return false;
        }
        if (!json_object_is_type(value, json_type_string)) {
            invalid(visit, field, "Invalid value (TYPE_STRING)");
            return false;
        }
    }
    return true;
}

static bool is_duration(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return n > 0 && n <= 7 && strcmp(text + n, "s") == 0 && strtol(text, NULL, 10) <= 2419200;
}

static bool is_topic(const char *topic)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%";

    return *topic && !topic[strspn(topic, letters)];
}

static bool fields_are_right(struct sl_visit *visit, struct json_object *message)
{
    const char *priority = sl_json_text(message, "android.priority");
    const char *ttl = sl_json_text(message, "android.ttl");
    const char *topic = sl_json_text(message, "topic");
    const char *collapse = sl_json_text(message, "apns.headers.apns-collapse-id");

    if (!all_text(visit, sl_json_at(message, "data"), "message.data") ||
        !all_text(visit, sl_json_at(message, "apns.headers"), "message.apns.headers"))
        return false;
    if (sl_json_at(message, "android.priority") &&
        (!priority || (strcasecmp(priority, "high") != 0 && strcasecmp(priority, "normal") != 0)))
        invalid(visit, "message.android.priority", "Invalid value at 'message.android.priority'");
    else if (sl_json_at(message, "android.ttl") && (!ttl || !is_duration(ttl)))
        invalid(visit, "message.android.ttl", "Invalid duration format");
    else if (topic && !is_topic(topic))
        invalid(visit, "message.topic", "Malformed topic name");
    else if (collapse && strlen(collapse) > MOST_COLLAPSE)
        invalid(visit, "message.apns.headers", "apns-collapse-id is too long");
    else
        return true;
    return false;
}

/* ---- Its recipient -------------------------------------------------------------------- */

static void name_it(struct sl_visit *visit, const char *project, bool validate)
{
    sl_visit_begin(visit, 200, json_body);
    if (validate)
        sl_buf_printf(&visit->answer, "{\"name\":\"projects/%s/messages/fake_message_id\"}",
                      project);
    else
        sl_buf_printf(&visit->answer, "{\"name\":\"projects/%s/messages/0:%016llu%%%016llx\"}",
                      project, (unsigned long long)(sl_box_id(visit->box) % 10000000000000000),
                      (unsigned long long)sl_box_id(visit->box));
    sl_visit_spoil(visit);
}

static void deliver(struct sl_visit *visit, struct json_object *message, const char *project,
                    bool validate)
{
    static const struct sl_seen_kind kind = { .operation = "send",
                                              .names = { "token", "topic", "title", "body", "tag",
                                                         "data", "validate_only" },
                                              .numbers = 1 << 5 | 1 << 6 };
    const char *token = sl_json_text(message, "token"), *topic = sl_json_text(message, "topic");
    const char *title = sl_json_text(message, "notification.title");
    const char *body = sl_json_text(message, "notification.body");
    struct json_object *data = sl_json_at(message, "data");

    sl_seen_add(visit, &kind,
                (const char *const[]){
                    token, topic, title, body, sl_json_text(message, "android.notification.tag"),
                    data ? sl_json_print(visit->arena, data) : NULL, validate ? "true" : "false" });
    if (!validate)
        sl_sms_count(visit->box,
                     token   ? token
                     : topic ? topic
                             : "condition",
                     sl_arena_printf(visit->arena, "%s\n%s", title ? title : "", body ? body : ""));
    name_it(visit, project, validate);
}

/* Whether the token gets it; else it is answered. */
static bool is_registered(struct sl_visit *visit, const char *token)
{
    if (!strchr(token, ':') || token[strcspn(token, " \t\r\n")])
        invalid(visit, "message.token",
                "The registration token is not a valid FCM registration token");
    else if (strncmp(token, "DEAD", 4) == 0)
        refuse(visit, 404, "NOT_FOUND", "UNREGISTERED", NULL, "Requested entity was not found.");
    else if (strncmp(token, "FOREIGN", 7) == 0)
        refuse(visit, 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", NULL, "SenderId mismatch");
    else if (strncmp(token, "THIRDPARTY", 10) == 0)
        refuse(visit, 401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", NULL,
               "Auth error from APNS or Web Push Service");
    else
        return true;
    return false;
}

static void read_scenario(struct sl_visit *visit, const char *token)
{
    int64_t number;

    if (token && strncmp(token, "SCENARIO", 8) == 0 &&
        sl_parse_int(sl_arena_printf(visit->arena, "%.2s", token + 8), 0, SL_N_SCENARIOS - 1,
                     &number))
        visit->scenario = (enum sl_scenario)number;
}

static bool expires_once(struct sl_visit *visit, const char *what)
{
    uint64_t hash = sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "fcm-expired"), what);

    return visit->scenario == SL_PLAY_TOKEN_EXPIRED && sl_table_first(&visit->box->once, hash);
}

static void take(struct sl_visit *visit, struct json_object *doc, const char *project)
{
    struct json_object *message = sl_json_at(doc, "message");
    const char *token = sl_json_text(message, "token"), *topic = sl_json_text(message, "topic");
    bool validate = json_object_get_boolean(sl_json_at(doc, "validate_only")) ||
                    json_object_get_boolean(sl_json_at(doc, "validateOnly"));
    int targets = (token != NULL) + (topic != NULL) + (sl_json_text(message, "condition") != NULL);

    read_scenario(visit, token);
    if (expires_once(visit, token ? token : "topic"))
        refuse(visit, 401, "UNAUTHENTICATED", NULL, NULL,
               "Request had invalid authentication credentials.");
    else if (refused_by_scenario(visit) || !members_are_known(visit, doc))
        return;
    else if (targets != 1)
        invalid(visit, "message", "Exactly one of token, topic or condition is required");
    else if (strlen(sl_json_print(visit->arena, message)) > MOST_BYTES)
        invalid(visit, "message", "Message is too big");
    else if (fields_are_right(visit, message) && (!token || is_registered(visit, token)))
        deliver(visit, message, project, validate);
}

/* ---- The simulator -------------------------------------------------------------------- */

static bool owns(const char *path)
{
    return strncmp(path, paths, sizeof paths - 1) == 0;
}

/* "demo-school" of "/v1/projects/demo-school/messages:send", or NULL. */
static const char *project_of(struct sl_visit *visit)
{
    const char *project = visit->path + sizeof paths - 1;
    size_t n = strcspn(project, "/");

    return n > 0 && strcmp(project + n, send_word) == 0 ? sl_arena_memdup(visit->arena, project, n)
                                                        : NULL;
}

static void answer(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *type = sl_visit_header(visit, "Content-Type"), *project = project_of(visit);

    if (!project || strcmp(visit->method, "POST") != 0)
        sl_visit_answer(visit, 404, "text/html; charset=UTF-8",
                        "<!DOCTYPE html>\n<html><title>Error 404 (Not Found)!!1</title></html>\n");
    else if (!sl_google_knows(visit, scope))
        refuse(visit, 401, "UNAUTHENTICATED", NULL, NULL,
               "Request had invalid authentication credentials. Expected OAuth 2 access token.");
    else if (strcmp(project, "demo-school") != 0)
        refuse(visit, 404, "NOT_FOUND", NULL, NULL, "Requested entity was not found.");
    else if (!type || strncasecmp(type, "application/json", 16) != 0 || !doc)
        refuse(visit, 400, "INVALID_ARGUMENT", NULL, NULL,
               "Invalid JSON payload received. Unexpected token.");
    else
        take(visit, doc, project);
}

/* It remembers nothing between visits. */
static void *open_nothing(void)
{
    return NULL;
}

static void forget_nothing(void *state)
{
    (void)state;
}

const struct sl_simulator sl_sim_fcm = {
    .code = "fcm",
    .owns = owns,
    .open = open_nothing,
    .close = forget_nothing,
    .reset = forget_nothing,
    .answer = answer,
};
