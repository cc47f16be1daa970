/* APNs: what its answers mean (docs/providers/apns.md, 4.4 and 5). */
#include "adapters/push/apns.h"

#include <string.h>

#include "lib/adapter/push.h"
#include "lib/base/text.h"

enum { DEVICE_MS = 60000, TOKEN_AGE_MS = 20 * 60000, OUTAGE_MS = 15 * 60000 };

const char *const sl_apns_headers[] = { "apns-id", NULL };

#define CLOCK " (or the clock of this machine is wrong)"

static const struct reason {
    const char *name;
    int status;
    struct sl_outcome outcome;
} reasons[] = {
    { "Unregistered",
      410,
      { .verdict = SL_PERMANENT,
        .learned = SL_DEAD_ADDRESS,
        .text = "unregistered: the app was removed, or its token replaced" } },
    { "ExpiredToken",
      410,
      { .verdict = SL_PERMANENT,
        .learned = SL_DEAD_ADDRESS,
        .text = "unregistered: the token has expired" } },
    /* not called unregistered: with the wrong environment it is every token */
    { "BadDeviceToken",
      400,
      { .verdict = SL_PERMANENT,
        .learned = SL_DEAD_ADDRESS,
        .text = "bad_environment_or_token: no token of this environment" } },
    { "DeviceTokenNotForTopic",
      400,
      { .verdict = SL_PERMANENT, .text = "the token is of another app" } },
    { "MissingDeviceToken", 400, { .verdict = SL_PERMANENT } },
    { "BadCollapseId", 400, { .verdict = SL_PERMANENT } },
    { "BadExpirationDate", 400, { .verdict = SL_PERMANENT } },
    { "BadMessageId", 400, { .verdict = SL_PERMANENT } },
    { "BadPriority", 400, { .verdict = SL_PERMANENT } },
    { "DuplicateHeaders", 400, { .verdict = SL_PERMANENT } },
    { "InvalidPushType", 400, { .verdict = SL_PERMANENT } },
    { "PayloadEmpty", 400, { .verdict = SL_PERMANENT } },
    { "BadTopic",
      400,
      { .verdict = SL_PERMANENT, .concerns = SL_BATCH, .text = "topic is not the id of an app" } },
    { "MissingTopic", 400, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { "TopicDisallowed",
      400,
      { .verdict = SL_PERMANENT,
        .concerns = SL_BATCH,
        .text = "topic is not the app of this certificate or key" } },
    { "IdleTimeout", 400, { .verdict = SL_RETRY, .cure = SL_FRESH_CONNECTION } },
    { "BadCertificate", 403, { .verdict = SL_AUTH, .concerns = SL_ACCOUNT } },
    { "BadCertificateEnvironment",
      403,
      { .verdict = SL_AUTH,
        .concerns = SL_ACCOUNT,
        .text = "the certificate is for the other environment" } },
    { "Forbidden", 403, { .verdict = SL_AUTH, .concerns = SL_ACCOUNT } },
    { "ExpiredProviderToken",
      403,
      { .verdict = SL_AUTH, .concerns = SL_ACCOUNT, .text = "the token is too old" CLOCK } },
    { "InvalidProviderToken",
      403,
      { .verdict = SL_AUTH,
        .concerns = SL_ACCOUNT,
        .cure = SL_FRESH_CONNECTION,
        .text = "key_id, team_id or key_p8 is wrong, or the key was revoked" CLOCK } },
    { "MissingProviderToken",
      403,
      { .verdict = SL_AUTH, .concerns = SL_ACCOUNT, .cure = SL_FRESH_CONNECTION } },
    /* the one is documented, the other has been seen */
    { "BadEnvironmentKeyIdInToken",
      403,
      { .verdict = SL_AUTH,
        .concerns = SL_ACCOUNT,
        .text = "the key is for the other environment" } },
    { "BadEnvironmentKeyInToken",
      403,
      { .verdict = SL_AUTH,
        .concerns = SL_ACCOUNT,
        .text = "the key is for the other environment" } },
    { "UnrelatedKeyIdInToken",
      403,
      { .verdict = SL_AUTH,
        .concerns = SL_ACCOUNT,
        .cure = SL_FRESH_CONNECTION,
        .text = "the key is not one of this team or topic" } },
    { "BadPath", 404, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { "MethodNotAllowed", 405, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { "PayloadTooLarge", 413, { .verdict = SL_PERMANENT } },
    { "TooManyProviderTokenUpdates",
      429,
      { .verdict = SL_RATE_LIMITED, .concerns = SL_ACCOUNT, .after_ms = TOKEN_AGE_MS } },
    { "TooManyRequests",
      429,
      { .verdict = SL_RATE_LIMITED, .concerns = SL_ITEM, .after_ms = DEVICE_MS } },
    { "InternalServerError", 500, { .verdict = SL_RETRY } },
    { "ServiceUnavailable",
      503,
      { .verdict = SL_RETRY, .concerns = SL_ACCOUNT, .after_ms = OUTAGE_MS } },
    { "Shutdown", 503, { .verdict = SL_RETRY, .cure = SL_FRESH_CONNECTION } },
};

/* Reason and status belong together: one that comes with another status is not Apple's. */
static const struct reason *find_reason(const char *name, int status)
{
    for (size_t i = 0; name && i < SL_COUNT(reasons); i++)
        if (reasons[i].status == status && strcmp(reasons[i].name, name) == 0)
            return &reasons[i];
    return NULL;
}

static void read_reason(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free)
    struct json_object *doc = sl_json_parse(exchange->body, exchange->n_body);
    const char *name = sl_json_text(doc, "reason");
    const struct reason *reason = find_reason(name, exchange->status);
    struct sl_outcome outcome;

    sl_result_from_status(exchange, NULL, result);
    outcome = result->items[0];
    if (reason) {
        outcome = reason->outcome;
        outcome.code = reason->name;
    } else if (name) {
        outcome.code = sl_printable(call->arena, name, strlen(name), 60);
    } else if (outcome.verdict == SL_PERMANENT) {
        outcome.text = sl_arena_printf(call->arena, "HTTP %d", exchange->status);
    }
    if (exchange->retry_after_ms > 0 &&
        (outcome.verdict == SL_RETRY || outcome.verdict == SL_RATE_LIMITED))
        outcome.after_ms = exchange->retry_after_ms;
    sl_result_all(result, outcome);
}

void sl_apns_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    const char *id = sl_exchange_header(exchange, "apns-id");

    if (sl_result_unanswered(exchange, result))
        return;
    if (exchange->status == 200 && exchange->n_body == 0 && id && *id)
        sl_result_all(result, (struct sl_outcome){
                                  .verdict = SL_OK,
                                  .external = sl_printable(call->arena, id, strlen(id), 64) });
    else
        read_reason(call, exchange, result);
}

void sl_apns_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    const char *code;

    if (!sl_result_unanswered(exchange, result)) {
        read_reason(call, exchange, result);
        code = result->items[0].code;
        if (exchange->status == 400 && code && strcmp(code, "BadDeviceToken") == 0) {
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            sl_result_found(result, (struct sl_finding){ SL_FINDING_GOOD,
                                                         "credential and topic are taken; nobody "
                                                         "was notified" });
        }
    }
    sl_result_repeatable(result);
}
