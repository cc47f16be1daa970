/* What Drive's answers say. It decides by a reason, not by the status: limits are 403. */
#include <stdio.h>
#include <string.h>

#include "adapters/storage/gdrive.h"
#include "lib/adapter/listing.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { SLOW_MS = 2000, DAY_MS = 86400000, PACIFIC_MS = 8 * 3600000 };

void gdrive_fail(struct sl_result *result, enum sl_verdict verdict, const char *text)
{
    sl_result_all(result, (struct sl_outcome){ .verdict = verdict, .text = text });
}

/* ---- Refusals -------------------------------------------------------------------------- */

static const struct {
    const char *reason;
    enum sl_verdict verdict;
    const char *text; /* NULL: Drive's own */
} refusals[] = {
    { "userRateLimitExceeded", SL_RATE_LIMITED, NULL },
    { "rateLimitExceeded", SL_RATE_LIMITED, NULL },
    { "RESOURCE_EXHAUSTED", SL_RATE_LIMITED, NULL },
    { "dailyLimitExceeded", SL_RATE_LIMITED, "the project's limit for today is reached" },
    { "authError", SL_AUTH, NULL },
    { "UNAUTHENTICATED", SL_AUTH, NULL },
    { "backendError", SL_RETRY, NULL },
    { "internalError", SL_RETRY, NULL },
    { "transientError", SL_RETRY, NULL },
    { "storageQuotaExceeded", SL_PERMANENT,
      "there is no room: a service account has none of its own and needs a shared drive, or "
      "impersonate" },
    { "teamDriveFileLimitExceeded", SL_PERMANENT, "the shared drive has as many files as it may" },
    { "insufficientPermissions", SL_PERMANENT, "the scope does not allow it" },
    { "ACCESS_TOKEN_SCOPE_INSUFFICIENT", SL_PERMANENT, "the scope does not allow it" },
    { "insufficientFilePermissions", SL_PERMANENT,
      "the account may not write there: share the folder with it" },
    { "accessNotConfigured", SL_PERMANENT, "enable the Drive API in the project" },
    { "SERVICE_DISABLED", SL_PERMANENT, "enable the Drive API in the project" },
    { "fileNotDownloadable", SL_PERMANENT, "it is a Google document, which has no bytes" },
    { "notFound", SL_PERMANENT, "it is not there, or the account may not see it" },
    { "NOT_FOUND", SL_PERMANENT, "it is not there, or the account may not see it" },
};

static struct json_object *first_of(struct json_object *doc, const char *path)
{
    struct json_object *list = sl_json_at(doc, path);

    return sl_json_length(list) > 0 ? json_object_array_get_idx(list, 0) : NULL;
}

/* The old shape has errors[].reason, the new one details[].reason or only a status. */
static const char *reason_of(struct json_object *doc)
{
    const char *reason = sl_json_text(first_of(doc, "error.errors"), "reason");

    if (!reason)
        reason = sl_json_text(first_of(doc, "error.details"), "reason");
    return reason ? reason : sl_json_text(doc, "error.status");
}

/* Tells no moment, as a rule; the jitter parts those who were refused together. The day of a limit
 * ends at midnight in California, where it is winter time for us. */
static int64_t wait_of(const struct sl_call *call, const struct sl_exchange *exchange,
                       const char *reason)
{
    if (strcmp(reason, "dailyLimitExceeded") == 0)
        return DAY_MS - (call->now_ms - PACIFIC_MS) % DAY_MS;
    if (exchange->retry_after_ms > 0)
        return exchange->retry_after_ms;
    return SLOW_MS + (call->nonce[0] << 2);
}

void gdrive_refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result)
{
    SL_AUTO(sl_json_free)
    struct json_object *doc = sl_json_parse(exchange->body, exchange->n_body);
    const char *reason = reason_of(doc), *text = sl_json_text(doc, "error.message");
    struct sl_outcome outcome;

    sl_result_from_status(exchange, NULL, result);
    sl_result_repeatable(result);
    outcome = result->items[0];
    if (exchange->status == 403)
        outcome = (struct sl_outcome){ .verdict = SL_PERMANENT };
    reason = reason ? sl_printable(call->arena, reason, strlen(reason), 60) : "";
    outcome.code = *reason ? reason : NULL;
    outcome.text = text ? sl_printable(call->arena, text, strlen(text), 200) : outcome.text;
    for (size_t i = 0; i < SL_COUNT(refusals); i++)
        if (strcmp(refusals[i].reason, reason) == 0) {
            outcome.verdict = refusals[i].verdict;
            outcome.text = refusals[i].text ? refusals[i].text : outcome.text;
        }
    outcome.concerns = SL_ITEM;
    if (outcome.verdict == SL_RATE_LIMITED)
        outcome.after_ms = wait_of(call, exchange, reason);
    if (outcome.verdict == SL_RATE_LIMITED || outcome.verdict == SL_AUTH)
        outcome.concerns = SL_ACCOUNT;
    sl_result_all(result, outcome);
}

bool gdrive_says(const struct sl_exchange *exchange, int status)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (exchange->reach != SL_ANSWERED || exchange->too_large || exchange->status != status)
        return false;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    return sl_json_int(doc, "error.code", 0) == status;
}

bool gdrive_good(const struct sl_call *call, const struct sl_exchange *exchange,
                 struct sl_result *result, struct json_object **doc)
{
    if (sl_result_unanswered(exchange, result))
        return false;
    if (exchange->status >= 200 && exchange->status < 300) {
        *doc = sl_json_parse(exchange->body, exchange->n_body);
        return true;
    }
    gdrive_refuse(call, exchange, result);
    return false;
}

/* ---- Files ------------------------------------------------------------------------------ */

static bool has_type(struct json_object *file, const char *type)
{
    const char *got = sl_json_text(file, "mimeType");

    return got && strncmp(got, type, strlen(type)) == 0;
}

bool gdrive_is_folder(struct json_object *file)
{
    return has_type(file, GDRIVE_FOLDER_TYPE);
}

bool gdrive_is_document(struct json_object *file)
{
    return has_type(file, "application/vnd.google-apps.");
}

bool gdrive_is_before(struct json_object *a, struct json_object *b)
{
    const char *at_a = sl_json_text(a, "createdTime"), *at_b = sl_json_text(b, "createdTime");
    const char *id_a = sl_json_text(a, "id"), *id_b = sl_json_text(b, "id");
    int order = strcmp(at_a ? at_a : "", at_b ? at_b : "");

    return order ? order < 0 : strcmp(id_a ? id_a : "", id_b ? id_b : "") < 0;
}

struct json_object *gdrive_record(const char *key, struct json_object *file)
{
    const char *size = sl_json_text(file, "size"), *modified = sl_json_text(file, "modifiedTime");
    const char *sha256 = sl_json_text(file, "sha256Checksum");
    const char *md5 = sl_json_text(file, "md5Checksum");
    int64_t bytes = -1, modified_ms = 0;
    struct json_object *record;

    if (size)
        (void)sl_parse_int(size, 0, INT64_MAX, &bytes);
    if (modified)
        (void)sl_time_parse(modified, "UTC", 0, &modified_ms);
    record =
        sl_listing_object(key, bytes,
                          gdrive_is_document(file) ? "google-doc" : sl_json_text(file, "mimeType"),
                          modified_ms);
    if (sha256)
        sl_listing_checksum(record, "sha256", sha256);
    else if (md5)
        sl_listing_checksum(record, "md5", md5);
    return record;
}
