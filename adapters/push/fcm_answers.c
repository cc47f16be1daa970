/* FCM: what its answers mean (docs/providers/fcm.md, 4.4 and 5). */
#include "adapters/push/fcm.h"

#include <string.h>

#include "lib/adapter/push.h"
#include "lib/base/text.h"

enum { QUOTA_MS = 60000, OVERLOAD_MS = 10000 };

/* ---- What stands in an error --------------------------------------------------------- */

/* The member of `details` of that type, or NULL. */
static struct json_object *detail(struct json_object *doc, const char *type)
{
    struct json_object *details = sl_json_at(doc, "error.details");

    for (size_t i = 0; i < sl_json_length(details); i++) {
        struct json_object *one = json_object_array_get_idx(details, i);
        const char *name = sl_json_text(one, "@type");

        if (name && strstr(name, type))
            return one;
    }
    return NULL;
}

/* "message.data: must be text; …": the first violation tells enough. */
static const char *violation(const struct sl_call *call, struct json_object *doc,
                             const char **field)
{
    struct json_object *list = sl_json_at(detail(doc, "google.rpc.BadRequest"), "fieldViolations");
    struct json_object *first =
        sl_json_length(list) > 0 ? json_object_array_get_idx(list, 0) : NULL;
    const char *text = sl_json_text(first, "description");

    *field = sl_json_text(first, "field");
    if (!*field || !text)
        return NULL;
    text = sl_arena_printf(call->arena, "%s: %s", *field, text);
    return sl_printable(call->arena, text, strlen(text), 200);
}

static const char *message_of(const struct sl_call *call, struct json_object *doc)
{
    const char *text = sl_json_text(doc, "error.message");

    return text && *text ? sl_printable(call->arena, text, strlen(text), 200) : NULL;
}

/* ---- What it says -------------------------------------------------------------------- */

static struct sl_outcome invalid_argument(const struct sl_call *call, struct json_object *doc)
{
    const char *field, *why = violation(call, doc, &field), *text = message_of(call, doc);

    if (text && strstr(text, "registration token") &&
        (!field || strcmp(field, "message.token") == 0))
        return sl_push_unregistered("INVALID_ARGUMENT",
                                    "unregistered: this is no registration token");
    return (struct sl_outcome){ .verdict = SL_PERMANENT, .text = why ? why : text };
}

/* Ten seconds at least, and not everybody at once. */
static int64_t overload_ms(const struct sl_call *call)
{
    return OVERLOAD_MS + call->nonce[0] * 40;
}

/* By errorCode of the detail that is FCM's own. A project that does not exist and a dead token are
 * both 404, a bad key of ours and one of the app's both 401: only this tells them apart. */
static bool read_code(const struct sl_call *call, struct json_object *doc, const char *code,
                      struct sl_outcome *outcome)
{
    *outcome = (struct sl_outcome){ .verdict = SL_PERMANENT };
    if (strcmp(code, "UNREGISTERED") == 0)
        *outcome = sl_push_unregistered(NULL, "unregistered: the app was removed, or its token "
                                              "replaced");
    else if (strcmp(code, "INVALID_ARGUMENT") == 0)
        *outcome = invalid_argument(call, doc);
    else if (strcmp(code, "SENDER_ID_MISMATCH") == 0)
        outcome->text = "the token belongs to another project";
    else if (strcmp(code, "THIRD_PARTY_AUTH_ERROR") == 0)
        outcome->text = "Firebase was refused by Apple or the web push service: mend the APNs key "
                        "or web push certificate in the Firebase console";
    else if (strcmp(code, "QUOTA_EXCEEDED") == 0 || strcmp(code, "RESOURCE_EXHAUSTED") == 0)
        *outcome = (struct sl_outcome){ .verdict = SL_RATE_LIMITED,
                                        .concerns = SL_ACCOUNT,
                                        .after_ms = QUOTA_MS };
    else if (strcmp(code, "UNAVAILABLE") == 0)
        *outcome = (struct sl_outcome){ .verdict = SL_RETRY, .after_ms = overload_ms(call) };
    else if (strcmp(code, "INTERNAL") == 0)
        *outcome = (struct sl_outcome){ .verdict = SL_RETRY };
    else
        return false;
    return true;
}

/* By status and its word, where FCM itself says nothing. */
static struct sl_outcome read_status(const struct sl_call *call, const struct sl_exchange *exchange,
                                     struct json_object *doc, struct sl_result *result)
{
    struct sl_outcome outcome;
    const char *text = message_of(call, doc);

    sl_result_from_status(exchange, text, result);
    outcome = result->items[0];
    if (exchange->status == 403 || exchange->status == 404) {
        outcome = (struct sl_outcome){ .verdict = SL_PERMANENT, .concerns = SL_BATCH };
        outcome.text = text ? text
                            : sl_arena_printf(call->arena,
                                              "HTTP %d: project_id or base_url is "
                                              "wrong, or a role is missing",
                                              exchange->status);
    }
    if (outcome.verdict == SL_RATE_LIMITED && outcome.after_ms == 0)
        outcome.after_ms = QUOTA_MS;
    return outcome;
}

static void read_error(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct json_object *doc, struct sl_result *result)
{
    const char *own = sl_json_text(detail(doc, "firebase.fcm.v1.FcmError"), "errorCode");
    const char *status = sl_json_text(doc, "error.status");
    const char *code = own ? own : status;
    struct sl_outcome outcome;

    if (exchange->status / 100 == 2)
        outcome = (struct sl_outcome){ .text = "the answer names no message" };
    else if (code &&
             (own || exchange->status == 400 || exchange->status == 429 ||
              exchange->status >= 500) &&
             read_code(call, doc, code, &outcome))
        outcome.text = outcome.text ? outcome.text : message_of(call, doc);
    else
        outcome = read_status(call, exchange, doc, result);
    if (exchange->retry_after_ms > 0 &&
        (outcome.verdict == SL_RETRY || outcome.verdict == SL_RATE_LIMITED))
        outcome.after_ms = exchange->retry_after_ms;
    if (code)
        outcome.code = sl_printable(call->arena, code, strlen(code), 60);
    sl_result_all(result, outcome);
}

/* "projects/demo-school/messages/0:1700…": what the console and support ask for. */
static const char *name_of(struct json_object *doc)
{
    const char *name = sl_json_text(doc, "name");

    return name && strncmp(name, "projects/", 9) == 0 && strstr(name, "/messages/") ? name : NULL;
}

void sl_fcm_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *name;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    name = exchange->status == 200 ? name_of(doc) : NULL;
    if (name)
        sl_result_all(result,
                      (struct sl_outcome){ .verdict = SL_OK,
                                           .external = sl_arena_strdup(call->arena, name) });
    else
        read_error(call, exchange, doc, result);
}

void sl_fcm_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    sl_fcm_parse_send(call, exchange, result);
    sl_result_repeatable(result);
    result->items[0].external = NULL;
    if (result->items[0].verdict == SL_OK)
        sl_result_found(result,
                        (struct sl_finding){ SL_FINDING_GOOD, "a message was looked at and not "
                                                              "delivered" });
}
