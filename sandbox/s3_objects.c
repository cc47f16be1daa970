/* Objects of the simulated S3, and lists of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/s3.h"

enum { MOST_KEYS = 1000 };

struct sl_s3_object *sl_s3_find(struct sl_visit *visit, const struct sl_s3_target *target)
{
    struct sl_s3_object *object = sl_s3_of(visit)->objects;

    while (object &&
           (strcmp(object->bucket, target->bucket) != 0 || strcmp(object->key, target->key) != 0))
        object = object->next;
    return object;
}

const char *sl_s3_etag(struct sl_visit *visit, const char *bytes, size_t n, size_t n_parts)
{
    unsigned char sum[SL_MD5_SIZE];
    char hex[2 * SL_MD5_SIZE + 1];

    sl_md5(bytes, n, sum);
    sl_hex(sum, sizeof sum, hex);
    if (n_parts > 0)
        return sl_arena_printf(sl_s3_of(visit)->arena, "\"%s-%zu\"", hex, n_parts);
    return sl_arena_printf(sl_s3_of(visit)->arena, "\"%s\"", hex);
}

void sl_s3_store(struct sl_visit *visit, const struct sl_s3_object *object)
{
    static const struct sl_seen_kind kind = { .operation = "put",
                                              .names = { "bucket", "key", "size", "etag" },
                                              .numbers = 1 << 2 };
    const struct sl_s3_target target = { object->bucket, object->key };
    struct sl_s3 *s3 = sl_s3_of(visit);
    struct sl_s3_object *place = sl_s3_find(visit, &target), *next;

    if (!place) {
        place = SL_NEW(s3->arena, struct sl_s3_object, 1);
        place->next = s3->objects;
        s3->objects = place;
    }
    next = place->next;
    *place = *object;
    place->next = next;
    place->modified_ms = sl_now_ms();
    sl_seen_add(visit, &kind,
                (const char *const[]){ place->bucket, place->key,
                                       sl_arena_printf(visit->arena, "%zu", place->size),
                                       place->etag });
}

/* ---- One ------------------------------------------------------------------------------------ */

static bool may_be_put(struct sl_visit *visit, const struct sl_s3_target *target)
{
    const char *match = sl_visit_header(visit, "If-None-Match");
    const char *sum = sl_visit_header(visit, "x-amz-checksum-sha256");
    unsigned char digest[SL_SHA256_SIZE];

    sl_sha256(visit->body, visit->n_body, digest);
    if (match && strcmp(match, "*") == 0 && sl_s3_find(visit, target))
        sl_s3_fail(visit, 412, "PreconditionFailed",
                   "At least one of the pre-conditions you specified did not hold");
    else if (sum && strcmp(sum, sl_base64(visit->arena, digest, sizeof digest)) != 0)
        sl_s3_fail(visit, 400, "BadDigest", "The SHA256 you specified did not match.");
    else
        return true;
    return false;
}

void sl_s3_put(struct sl_visit *visit, const struct sl_s3_target *target)
{
    struct sl_arena *arena = sl_s3_of(visit)->arena;
    const char *type = sl_visit_header(visit, "Content-Type");
    struct sl_s3_object object = { .size = visit->n_body };

    if (!may_be_put(visit, target))
        return;
    object.bucket = sl_arena_strdup(arena, target->bucket);
    object.key = sl_arena_strdup(arena, target->key);
    object.type = sl_arena_strdup(arena, type ? type : "binary/octet-stream");
    object.bytes = sl_arena_memdup(arena, visit->body, visit->n_body);
    object.etag = sl_s3_etag(visit, object.bytes, object.size, 0);
    sl_s3_store(visit, &object);
    sl_visit_answer(visit, 200, NULL, "");
    sl_visit_add_header(visit, "ETag", object.etag);
}

/* "Mon, 23 Nov 2026 08:55:04 GMT" */
static const char *http_date(struct sl_visit *visit, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    char *text = sl_arena_alloc(visit->arena, 40, 1);
    struct tm tm;

    (void)gmtime_r(&seconds, &tm);
    (void)strftime(text, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return text;
}

void sl_s3_get(struct sl_visit *visit, const struct sl_s3_target *target)
{
    const struct sl_s3_object *object = sl_s3_find(visit, target);

    if (!object) {
        sl_s3_fail(visit, 404, "NoSuchKey", "The specified key does not exist.");
        return;
    }
    sl_visit_begin(visit, 200, object->type);
    sl_visit_add_header(visit, "ETag", object->etag);
    sl_visit_add_header(visit, "Last-Modified", http_date(visit, object->modified_ms));
    sl_buf_add(&visit->answer, object->bytes, object->size);
}

static void drop(struct sl_visit *visit, const struct sl_s3_target *target)
{
    struct sl_s3_object *object = sl_s3_find(visit, target), **at = &sl_s3_of(visit)->objects;

    if (!object)
        return;
    while (*at != object)
        at = &(*at)->next;
    *at = object->next;
}

/* What is not there is no failure. */
void sl_s3_remove(struct sl_visit *visit, const struct sl_s3_target *target)
{
    drop(visit, target);
    sl_visit_answer(visit, 204, NULL, "");
}

void sl_s3_remove_many(struct sl_visit *visit, const struct sl_s3_target *target)
{
    const char *sum = sl_visit_header(visit, "Content-MD5"), *at = visit->body;
    unsigned char md5[SL_MD5_SIZE];
    struct sl_s3_target one = { .bucket = target->bucket };

    sl_md5(visit->body, visit->n_body, md5);
    if (!sum || strcmp(sum, sl_base64(visit->arena, md5, sizeof md5)) != 0) {
        sl_s3_fail(visit, 400, "InvalidRequest",
                   "Missing required header for this request: "
                   "Content-MD5");
        return;
    }
    while ((one.key = sl_s3_element(visit, &at, "Key")) != NULL)
        drop(visit, &one);
    sl_visit_answer(visit, 200, "application/xml", "<DeleteResult></DeleteResult>");
}

/* ---- A list --------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct sl_s3_object *const *x = a, *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

/* Those that begin with the prefix and come behind the token, which is the last key before. */
static const struct sl_s3_object **choose(struct sl_visit *visit, const char *bucket, size_t *n)
{
    const char *prefix = sl_visit_query(visit, "prefix");
    const char *after = sl_visit_query(visit, "continuation-token");
    const struct sl_s3_object **all;
    size_t most = 1;

    for (const struct sl_s3_object *o = sl_s3_of(visit)->objects; o; o = o->next)
        most++;
    all = SL_NEW(visit->arena, const struct sl_s3_object *, most);
    *n = 0;
    for (const struct sl_s3_object *o = sl_s3_of(visit)->objects; o; o = o->next)
        if (strcmp(o->bucket, bucket) == 0 &&
            (!prefix || strncmp(o->key, prefix, strlen(prefix)) == 0) &&
            (!after || strcmp(o->key, after) > 0))
            all[(*n)++] = o;
    qsort(all, *n, sizeof *all, by_key);
    return all;
}

static void add_object(struct sl_visit *visit, const struct sl_s3_object *object)
{
    struct sl_buf *out = &visit->answer;
    char modified[SL_TIME_SIZE];

    sl_time_utc(object->modified_ms, modified);
    sl_buf_text(out, "<Contents><Key>");
    for (const char *at = object->key; *at; at++) /* encoding-type=url */
        if (strchr("-_.~/", *at) || (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
            (*at >= 'a' && *at <= 'z'))
            sl_buf_add(out, at, 1);
        else
            sl_buf_printf(out, "%%%02X", (unsigned char)*at);
    sl_buf_printf(out, "</Key><LastModified>%s</LastModified><ETag>", modified);
    sl_s3_escape(out, object->etag);
    sl_buf_printf(out, "</ETag><Size>%zu</Size></Contents>", object->size);
}

void sl_s3_list(struct sl_visit *visit, const struct sl_s3_target *target)
{
    const char *most = sl_visit_query(visit, "max-keys"),
               *type = sl_visit_query(visit, "encoding-type");
    int64_t page = MOST_KEYS;
    size_t n, shown = 0;
    const struct sl_s3_object **all = choose(visit, target->bucket, &n);

    if ((most && !sl_parse_int(most, 1, MOST_KEYS, &page)) || !type || strcmp(type, "url") != 0) {
        sl_s3_fail(visit, 400, "InvalidArgument", "max-keys or encoding-type");
        return;
    }
    sl_visit_begin(visit, 200, "application/xml");
    sl_buf_text(&visit->answer, "<ListBucketResult>");
    for (; shown < n && shown < (size_t)page; shown++)
        add_object(visit, all[shown]);
    sl_buf_printf(&visit->answer, "<IsTruncated>%s</IsTruncated>", shown < n ? "true" : "false");
    if (shown < n) {
        sl_buf_text(&visit->answer, "<NextContinuationToken>");
        sl_s3_escape(&visit->answer, all[shown - 1]->key);
        sl_buf_text(&visit->answer, "</NextContinuationToken>");
    }
    sl_buf_text(&visit->answer, "</ListBucketResult>");
}
