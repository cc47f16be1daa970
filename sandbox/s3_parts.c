/* Uploads in parts to the simulated S3. */
#include <string.h>

#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/s3.h"

enum { MOST_PARTS = 10000, LEAST_PART = 5 << 20 };

struct part {
    const char *bytes, *etag;
    size_t n;
};

struct upload {
    const char *bucket, *key, *type;
    struct part parts[MOST_PARTS + 1]; /* by their numbers */
    bool ended;
};

static uint64_t hash_upload(const char *id)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "s3-upload"), id);
}

void sl_s3_begin(struct sl_visit *visit, const struct sl_s3_target *target)
{
    struct sl_arena *arena = sl_s3_of(visit)->arena;
    struct upload *upload = SL_NEW(arena, struct upload, 1);
    const char *type = sl_visit_header(visit, "Content-Type");
    const char *id =
        sl_arena_printf(visit->arena, "%016llx+/=", (unsigned long long)sl_box_id(visit->box));

    upload->bucket = sl_arena_strdup(arena, target->bucket);
    upload->key = sl_arena_strdup(arena, target->key);
    upload->type = sl_arena_strdup(arena, type ? type : "binary/octet-stream");
    sl_table_set(&sl_s3_of(visit)->uploads, hash_upload(id), upload);
    sl_visit_begin(visit, 200, "application/xml");
    sl_buf_printf(&visit->answer,
                  "<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
                  "</InitiateMultipartUploadResult>",
                  id);
}

/* Given up once, after its first part. */
static bool is_gone(struct sl_visit *visit, struct upload *upload)
{
    const char *slash = strrchr(upload->key, '/'), *name = slash ? slash + 1 : upload->key;

    if (strncmp(name, "GONE", 4) == 0 && upload->parts[1].bytes &&
        sl_table_first(&visit->box->once, hash_upload(upload->key)))
        upload->ended = true;
    return upload->ended;
}

/* NULL, and answered, if there is no such upload of this key. */
static struct upload *find(struct sl_visit *visit, const struct sl_s3_target *target)
{
    const char *id = sl_visit_query(visit, "uploadId");
    struct upload *upload = id ? sl_table_get(&sl_s3_of(visit)->uploads, hash_upload(id)) : NULL;

    if (upload && !is_gone(visit, upload) && strcmp(upload->bucket, target->bucket) == 0 &&
        strcmp(upload->key, target->key) == 0)
        return upload;
    sl_s3_fail(visit, 404, "NoSuchUpload", "The specified upload does not exist.");
    return NULL;
}

void sl_s3_part(struct sl_visit *visit, const struct sl_s3_target *target)
{
    static const struct sl_seen_kind kind = { .operation = "part",
                                              .names = { "key", "number", "size" },
                                              .numbers = 1 << 1 | 1 << 2 };
    const char *number = sl_visit_query(visit, "partNumber");
    struct upload *upload = find(visit, target);
    struct part *part;
    int64_t i;

    if (!upload)
        return;
    if (!sl_parse_int(number, 1, MOST_PARTS, &i)) {
        sl_s3_fail(visit, 400, "InvalidArgument", "Part number must be between 1 and 10000");
        return;
    }
    part = &upload->parts[i];
    part->bytes = sl_arena_memdup(sl_s3_of(visit)->arena, visit->body, visit->n_body);
    part->n = visit->n_body;
    part->etag = sl_s3_etag(visit, part->bytes, part->n, 0);
    sl_seen_add(visit, &kind,
                (const char *const[]){ upload->key, number,
                                       sl_arena_printf(visit->arena, "%zu", part->n) });
    sl_visit_answer(visit, 200, NULL, "");
    sl_visit_add_header(visit, "ETag", part->etag);
}

/* The parts that the body names, in their order; false, and answered, if one is not as it was
 * stored. */
static bool gather(struct sl_visit *visit, const struct upload *upload, struct sl_buf *all,
                   size_t *n)
{
    const char *at = visit->body, *number, *etag;
    int64_t i, before = 0;

    *n = 0;
    while ((number = sl_s3_element(visit, &at, "PartNumber")) != NULL) {
        etag = sl_s3_element(visit, &at, "ETag");
        if (!sl_parse_int(number, 1, MOST_PARTS, &i) || !etag || !upload->parts[i].bytes ||
            strcmp(etag, upload->parts[i].etag) != 0) {
            sl_s3_fail(visit, 400, "InvalidPart", "One or more of the parts could not be found.");
            return false;
        }
        if (i <= before || (before > 0 && upload->parts[before].n < LEAST_PART)) {
            sl_s3_fail(visit, 400, i <= before ? "InvalidPartOrder" : "EntityTooSmall",
                       "The list of parts is not good.");
            return false;
        }
        sl_buf_add(all, upload->parts[i].bytes, upload->parts[i].n);
        before = i;
        ++*n;
    }
    if (*n == 0)
        sl_s3_fail(visit, 400, "MalformedXML", "The XML you provided was not well-formed.");
    return *n > 0;
}

void sl_s3_complete(struct sl_visit *visit, const struct sl_s3_target *target)
{
    const char *match = sl_visit_header(visit, "If-None-Match");
    struct upload *upload = find(visit, target);
    struct sl_buf all = sl_buf_new(sl_s3_of(visit)->arena);
    struct sl_s3_object object = { 0 };
    size_t n;

    if (!upload || !gather(visit, upload, &all, &n))
        return;
    if (match && sl_s3_find(visit, target)) {
        sl_s3_fail(visit, 412, "PreconditionFailed",
                   "At least one of the pre-conditions you specified did not hold");
        return;
    }
    upload->ended = true;
    object = (struct sl_s3_object){ .bucket = upload->bucket,
                                    .key = upload->key,
                                    .type = upload->type,
                                    .bytes = all.data,
                                    .size = all.len,
                                    .etag = sl_s3_etag(visit, all.data, all.len, n) };
    sl_s3_store(visit, &object);
    sl_visit_begin(visit, 200, "application/xml");
    sl_buf_text(&visit->answer, "<CompleteMultipartUploadResult><ETag>");
    sl_s3_escape(&visit->answer, object.etag);
    sl_buf_text(&visit->answer, "</ETag></CompleteMultipartUploadResult>");
}

void sl_s3_abort(struct sl_visit *visit, const struct sl_s3_target *target)
{
    struct upload *upload = find(visit, target);

    if (!upload)
        return;
    upload->ended = true;
    sl_visit_answer(visit, 204, NULL, "");
}
