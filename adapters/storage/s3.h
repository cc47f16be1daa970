/* What the files of S3 share. Nobody else includes this. */
#ifndef ADAPTERS_STORAGE_S3_H
#define ADAPTERS_STORAGE_S3_H

#include "lib/adapter/adapter.h"
#include "lib/adapter/xml.h"

enum s3_field {
    S3_ACCESS_KEY_ID,
    S3_SECRET,
    S3_SESSION_TOKEN,
    S3_REGION,
    S3_BUCKET,
    S3_PREFIX,
    S3_PATH_STYLE,
    S3_STORAGE_CLASS,
    S3_SSE,
    S3_SSE_KMS_KEY_ID,
    S3_CHECKSUMS,
    S3_PART_SIZE,
    S3_FIELDS
};

/* ---- s3_requests.c -------------------------------------------------------------------- */

/* Address of an object (key NULL: the bucket), with a query in canonical form or NULL. */
void s3_address(const struct sl_call *call, struct sl_request *request, const char *key,
                const struct sl_buf *query);
/* Signs; `digest` is the body's SHA-256, NULL for none. */
void s3_sign(const struct sl_call *call, struct sl_request *request, const char *digest);
const char *s3_url(const struct sl_call *call, const char *key, int64_t expires_s);
int64_t s3_part_size(const struct sl_call *call);

int s3_build_get(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
int s3_build_stat(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
int s3_build_list(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
int s3_build_remove(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
int s3_build_url(const struct sl_call *call, struct sl_request *request, struct sl_err *err);
int s3_build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err);

/* ---- s3_answers.c ----------------------------------------------------------------------- */

/* What an answer that is no success says, for all items. True if it was one; *doc is its XML
 * then, or NULL if it has none. */
bool s3_good(const struct sl_call *call, const struct sl_exchange *exchange,
             struct sl_result *result, const struct sl_xml **doc);
/* "NoSuchKey", from the body; or NULL. */
const char *s3_code(const struct sl_call *call, const struct sl_exchange *exchange);

extern const char *const s3_headers[]; /* that answers are read for */

void s3_parse_get(const struct sl_call *call, const struct sl_exchange *exchange,
                  struct sl_result *result);
void s3_parse_stat(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result);
void s3_parse_list(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result);
void s3_parse_remove(const struct sl_call *call, const struct sl_exchange *exchange,
                     struct sl_result *result);
void s3_parse_url(const struct sl_call *call, const struct sl_exchange *exchange,
                  struct sl_result *result);
void s3_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result);

/* ---- s3_put.c: an upload, whole or in parts ------------------------------------------------ */

enum { S3_PUT_STEPS = 4 };
extern const struct sl_step s3_put_steps[S3_PUT_STEPS];

#endif
