/* Between the files of the simulated S3: requests in s3.c, signatures in s3_sign.c, objects and
 * lists in s3_objects.c, uploads in parts in s3_parts.c. */
#ifndef SL_SANDBOX_S3_H
#define SL_SANDBOX_S3_H

#include "sandbox/table.h"
#include "sandbox/visit.h"

#define SL_S3_KEY_ID "AKIASANDBOX000000000"
#define SL_S3_SECRET "sandbox+secret/0000000000000000000000000"
#define SL_S3_REGION "us-east-1"
#define SL_S3_BUCKET "sandbox-files"

struct sl_s3_object {
    struct sl_s3_object *next;
    const char *bucket, *key, *type, *etag; /* etag with its quotes */
    const char *bytes;
    size_t size;
    int64_t modified_ms;
};

struct sl_s3 {
    struct sl_arena *arena; /* all of it: until the reset */
    struct sl_s3_object *objects;
    struct sl_table uploads; /* by UploadId */
};

/* What a request names. */
struct sl_s3_target {
    const char *bucket, *key; /* key "": the bucket */
};

struct sl_s3 *sl_s3_of(struct sl_visit *visit);

/* The error envelope; and one with a region in it (NULL: none). */
void sl_s3_fail(struct sl_visit *visit, int status, const char *code, const char *text);
void sl_s3_fail_region(struct sl_visit *visit, int status, const char *code, const char *region);

/* False, and answered, unless header or query prove who asks, and that the body is what was signed. */
bool sl_s3_is_signed(struct sl_visit *visit);

/* Text between <NAME> and </NAME> at or behind *at, which moves behind it; NULL: no more of them. */
const char *sl_s3_element(struct sl_visit *visit, const char **at, const char *name);
/* Appends text to an answer in XML. */
void sl_s3_escape(struct sl_buf *out, const char *text);

/* The MD5 of bytes as an ETag, and with "-n" behind it for n parts; in the state's arena. */
const char *sl_s3_etag(struct sl_visit *visit, const char *bytes, size_t n, size_t n_parts);

struct sl_s3_object *sl_s3_find(struct sl_visit *visit, const struct sl_s3_target *target);
/* In the place of one that is there. `object` lasts, as all that it names. */
void sl_s3_store(struct sl_visit *visit, const struct sl_s3_object *object);

void sl_s3_put(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_get(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_remove(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_remove_many(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_list(struct sl_visit *visit, const struct sl_s3_target *target);

void sl_s3_begin(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_part(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_complete(struct sl_visit *visit, const struct sl_s3_target *target);
void sl_s3_abort(struct sl_visit *visit, const struct sl_s3_target *target);

#endif
