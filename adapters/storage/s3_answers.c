#include <string.h>
#include <stdio.h>
#include <strings.h>

#include "adapters/storage/s3.h"
#include "lib/adapter/listing.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { SLOW_MS = 1000 };

const char *const s3_headers[] = { "ETag",          "Content-Length",
                                   "Last-Modified", "x-amz-bucket-region",
                                   "Date",          NULL };

/* ---- Refusals -------------------------------------------------------------------------------- */

static const struct {
    const char *code;
    enum sl_verdict verdict;
    const char *text; /* NULL: the store's own */
} refusals[] = {
    { "InternalError", SL_RETRY, NULL },
    { "OperationAborted", SL_RETRY, NULL },
    { "ServiceUnavailable", SL_RETRY, NULL },
    { "ConditionalRequestConflict", SL_RETRY, NULL },
    { "RequestTimeout", SL_RETRY, NULL },
    { "BadDigest", SL_RETRY, "what arrived was not what was sent" },
    { "XAmzContentSHA256Mismatch", SL_RETRY, "what arrived was not what was sent" },
    { "IncompleteBody", SL_RETRY, NULL },
    { "TemporaryRedirect", SL_RETRY, "the bucket is not at its address yet" },
    { "SlowDown", SL_RATE_LIMITED, NULL },
    { "RequestLimitExceeded", SL_RATE_LIMITED, NULL },
    { "Throttling", SL_RATE_LIMITED, NULL },
    { "ThrottlingException", SL_RATE_LIMITED, NULL },
    { "TooManyRequests", SL_RATE_LIMITED, NULL },
    { "RequestTimeTooSkewed", SL_AUTH, "this machine's clock is off by more than 15 minutes" },
    { "ExpiredToken", SL_AUTH, "the session token has expired" },
    { "InvalidToken", SL_AUTH, "the session token is refused" },
    { "TokenRefreshRequired", SL_AUTH, "the session token has expired" },
    { "InvalidAccessKeyId", SL_AUTH, "access_key_id is unknown to the store" },
    { "SignatureDoesNotMatch", SL_AUTH, "secret_access_key is not that of access_key_id" },
    { "AccessDenied", SL_AUTH, NULL },
    { "AccountProblem", SL_AUTH, NULL },
    { "AllAccessDisabled", SL_AUTH, NULL },
    { "NoSuchKey", SL_PERMANENT, "there is no such file" },
    { "NoSuchBucket", SL_PERMANENT, "there is no such bucket" },
    { "PreconditionFailed", SL_PERMANENT, "there is one of that key already" },
    { "InvalidStorageClass", SL_PERMANENT, "the store does not know that storage_class: unset it" },
    { "NotImplemented", SL_PERMANENT,
      "the store does not know what was asked: checksums=none and no storage_class may help" },
};

static const struct sl_xml *error_of(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const struct sl_xml *doc =
        exchange->n_body > 0 ? sl_xml_parse(call->arena, exchange->body, exchange->n_body) : NULL;

    return doc && strcmp(doc->name, "Error") == 0 ? doc : NULL;
}

const char *s3_code(const struct sl_call *call, const struct sl_exchange *exchange)
{
    if (exchange->reach != SL_ANSWERED || exchange->too_large)
        return NULL;
    return sl_xml_text(error_of(call, exchange), "Code");
}

/* "bucket is in region eu-west-1", where that is what is wrong. */
static const char *other_region(const struct sl_call *call, const struct sl_exchange *exchange,
                                const struct sl_xml *error, const char *code)
{
    const char *region = sl_xml_text(error, "Region");

    if (!region)
        region = sl_exchange_header(exchange, "x-amz-bucket-region");
    if (!region || strcmp(region, call->settings->values[S3_REGION]) == 0)
        return NULL;
    if (exchange->status != 301 && strcmp(code, "AuthorizationHeaderMalformed") != 0 &&
        strcmp(code, "PermanentRedirect") != 0 &&
        strcmp(code, "IllegalLocationConstraintException") != 0)
        return NULL;
    return sl_arena_printf(call->arena, "the bucket is in region %s: set region to it",
                           sl_printable(call->arena, region, strlen(region), 40));
}

/* An account is what identity and bucket make: what is refused to it is refused to all. */
static struct sl_outcome read_error(const struct sl_call *call, const struct sl_exchange *exchange,
                                    const struct sl_xml *error)
{
    const char *code = sl_xml_text(error, "Code"), *text = sl_xml_text(error, "Message");
    struct sl_outcome outcome = { .verdict = SL_AMBIGUOUS };

    code = code ? code : "";
    outcome.code = sl_printable(call->arena, code, strlen(code), 60);
    outcome.text = text ? sl_printable(call->arena, text, strlen(text), 200) : NULL;
    for (size_t i = 0; i < SL_COUNT(refusals); i++)
        if (strcmp(refusals[i].code, code) == 0) {
            outcome.verdict = refusals[i].verdict;
            outcome.text = refusals[i].text ? refusals[i].text : outcome.text;
        }
    if (outcome.verdict == SL_AMBIGUOUS && exchange->status < 500)
        outcome.verdict = SL_PERMANENT;
    if (outcome.verdict == SL_AMBIGUOUS)
        outcome.verdict = SL_RETRY; /* everything may be repeated */
    if (other_region(call, exchange, error, code)) {
        outcome.verdict = SL_PERMANENT;
        outcome.text = other_region(call, exchange, error, code);
    }
    if (outcome.verdict == SL_RATE_LIMITED)
        outcome.after_ms = exchange->retry_after_ms > 0 ? exchange->retry_after_ms : SLOW_MS;
    if (outcome.verdict == SL_RATE_LIMITED || outcome.verdict == SL_AUTH)
        outcome.concerns = SL_ACCOUNT;
    return outcome;
}

bool s3_good(const struct sl_call *call, const struct sl_exchange *exchange,
             struct sl_result *result, const struct sl_xml **doc)
{
    const struct sl_xml *error;

    *doc = NULL;
    if (sl_result_unanswered(exchange, result))
        return false;
    error = error_of(call, exchange); /* a 200 may carry one */
    if (error) {
        sl_result_all(result, read_error(call, exchange, error));
        return false;
    }
    if (exchange->status >= 200 && exchange->status < 300) {
        *doc = exchange->n_body > 0 ? sl_xml_parse(call->arena, exchange->body, exchange->n_body)
                                    : NULL;
        return true;
    }
    sl_result_from_status(exchange, NULL, result);
    if (exchange->status == 404 || exchange->status == 412)
        sl_result_all(result,
                      (struct sl_outcome){ .verdict = SL_PERMANENT,
                                           .text = exchange->status == 404
                                                       ? "there is no such file"
                                                       : "there is one of that key already" });
    sl_result_repeatable(result);
    return false;
}

/* ---- Records --------------------------------------------------------------------------------- */

/* "2026-11-23T08:55:04.000Z", or a date of HTTP (RFC 9110, section 5.6.7). */
static int64_t read_time(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second;
    const char *at;
    int64_t ms = 0;
    char month[4], iso[SL_TIME_SIZE];

    if (!text)
        return 0;
    if (sl_time_parse(text, "UTC", 0, &ms) == 0)
        return ms;
    if (sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month, &year, &hour, &minute,
               &second) != 6 ||
        !(at = strstr(months, month)) || (at - months) % 3 != 0)
        return 0;
    (void)snprintf(iso, sizeof iso, "%04d-%02d-%02dT%02d:%02d:%02dZ", year,
                   (int)(at - months) / 3 + 1, day, hour, minute, second);
    return sl_time_parse(iso, "UTC", 0, &ms) == 0 ? ms : 0;
}

/* "\"9b2c…\"" without its quotes. */
static const char *read_etag(struct sl_arena *arena, const char *etag)
{
    size_t n = etag ? strlen(etag) : 0;

    return n > 2 && *etag == '"' && etag[n - 1] == '"' ? sl_arena_memdup(arena, etag + 1, n - 2)
                                                       : etag;
}

static struct json_object *record_of(const struct sl_call *call, const struct sl_exchange *exchange,
                                     int64_t size)
{
    const char *etag = read_etag(call->arena, sl_exchange_header(exchange, "ETag"));
    const char *type = *exchange->content_type ? exchange->content_type : NULL;
    struct json_object *record =
        sl_listing_object(call->in.storage->key, size, type,
                          read_time(sl_exchange_header(exchange, "Last-Modified")));

    if (etag)
        sl_listing_checksum(record, "etag", etag);
    return record;
}

static bool read_length(const struct sl_exchange *exchange, int64_t *size)
{
    const char *text = sl_exchange_header(exchange, "Content-Length");

    return text && sl_parse_int(text, 0, INT64_MAX, size);
}

void s3_parse_stat(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result)
{
    const struct sl_xml *doc;
    int64_t size;

    if (!s3_good(call, exchange, result, &doc)) {
        if (exchange->reach == SL_ANSWERED && exchange->status == 403)
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT,
                                                       .text = "there is no such file, or it may "
                                                               "not be looked at" });
        return;
    }
    if (!read_length(exchange, &size)) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_listing_add(result, record_of(call, exchange, size));
}

/* Fewer bytes than were announced are no file. */
void s3_parse_get(const struct sl_call *call, const struct sl_exchange *exchange,
                  struct sl_result *result)
{
    const struct sl_xml *doc;
    int64_t size;

    if (!s3_good(call, exchange, result, &doc))
        return;
    if (!read_length(exchange, &size) || size != exchange->n_sunk) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY,
                                                   .text = "the file did not arrive whole" });
        return;
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_listing_add(result, record_of(call, exchange, size));
}

/* ---- Listings ---------------------------------------------------------------------------------- */

/* Only %XX is decoded: what a '+' stands for is not the same everywhere. */
static const char *decoded(struct sl_arena *arena, const char *text)
{
    char *copy = sl_arena_strdup(arena, text), *to = copy;

    for (; *text; text++) {
        char digits[3] = "";
        unsigned char byte;

        if (*text == '%' && text[1] && text[2])
            memcpy(digits, text + 1, 2);
        if (*digits && sl_unhex(digits, &byte, 1)) {
            *to++ = (char)byte;
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return copy;
}

static void add_entry(const struct sl_call *call, const struct sl_xml *entry,
                      struct sl_result *result)
{
    const char *ours = call->settings->values[S3_PREFIX], *size = sl_xml_text(entry, "Size");
    const char *key = sl_xml_text(entry, "Key"), *etag;
    struct json_object *record;
    int64_t bytes = -1;

    if (!key || !size || !sl_parse_int(size, 0, INT64_MAX, &bytes))
        return;
    key = decoded(call->arena, key);
    if (ours && strncmp(key, ours, strlen(ours)) == 0)
        key += strlen(ours);
    record = sl_listing_object(key, bytes, NULL, read_time(sl_xml_text(entry, "LastModified")));
    etag = read_etag(call->arena, sl_xml_text(entry, "ETag"));
    if (etag)
        sl_listing_checksum(record, "etag", etag);
    sl_listing_add(result, record);
}

static bool is_listing(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result, const struct sl_xml **doc)
{
    if (!s3_good(call, exchange, result, doc))
        return false;
    if (*doc && strcmp((*doc)->name, "ListBucketResult") == 0) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        return true;
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT,
                                               .text = "what answers there is no S3" });
    return false;
}

void s3_parse_list(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result)
{
    const struct sl_xml *doc, *entry;
    const char *token, *more;

    if (!is_listing(call, exchange, result, &doc))
        return;
    for (entry = sl_xml_child(doc, "Contents"); entry; entry = sl_xml_again(entry))
        add_entry(call, entry, result);
    more = sl_xml_text(doc, "IsTruncated");
    token = sl_xml_text(doc, "NextContinuationToken");
    if (!more || strcmp(more, "true") != 0 || !token)
        return;
    result->next = SL_STEP_AGAIN;
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, "token", token);
}

void s3_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result)
{
    const struct sl_xml *doc;

    if (is_listing(call, exchange, result, &doc))
        sl_result_found(result, (struct sl_finding){
                                    SL_FINDING_GOOD,
                                    sl_arena_printf(call->arena, "the bucket %s can be read",
                                                    call->settings->values[S3_BUCKET]) });
}

/* ---- Removing, addresses --------------------------------------------------------------------------- */

static void fail_key(const struct sl_call *call, const struct sl_exchange *exchange,
                     const struct sl_xml *error, struct sl_result *result)
{
    const char *key = sl_xml_text(error, "Key"), *ours = call->settings->values[S3_PREFIX];
    size_t n = ours ? strlen(ours) : 0;

    for (size_t i = 0; key && i < result->n_items; i++)
        if (strncmp(key, ours ? ours : "", n) == 0 &&
            strcmp(key + n, call->in.storage->keys[i]) == 0)
            result->items[i] = read_error(call, exchange, error);
}

void s3_parse_remove(const struct sl_call *call, const struct sl_exchange *exchange,
                     struct sl_result *result)
{
    const struct sl_xml *doc, *error;

    if (!s3_good(call, exchange, result, &doc)) {
        const char *code = s3_code(call, exchange);

        if (result->n_items == 1 && code && strcmp(code, "NoSuchKey") == 0)
            sl_result_all(result,
                          (struct sl_outcome){ .verdict = SL_OK, .text = "it was not there" });
        return;
    }
    if (result->n_items > 1 && (!doc || strcmp(doc->name, "DeleteResult") != 0)) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    for (error = sl_xml_child(doc, "Error"); error; error = sl_xml_again(error))
        fail_key(call, exchange, error, result);
}

void s3_parse_url(const struct sl_call *call, const struct sl_exchange *exchange,
                  struct sl_result *result)
{
    const struct sl_storage_ask *ask = call->in.storage;
    struct json_object *record = sl_listing_object(ask->key, -1, NULL, 0);

    (void)exchange;
    sl_json_put_text(record, "url", s3_url(call, ask->key, ask->expires_s));
    sl_listing_add(result, record);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}
