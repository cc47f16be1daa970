/* S3 and what speaks like it: MinIO, R2, Spaces, Wasabi, Ceph, Swift.
 *
 * Wire: HTTP signed with Signature Version 4, objects as bodies, all else in XML. Whatever is sent
 * has its SHA-256 in its signature, so that damage on the way is refused. Everything may be
 * repeated: the same key gets the same bytes. A file of more than one part is uploaded part by
 * part (s3_put.c): what is remembered is the upload and the next part. */
#include "adapters/storage/s3.h"

#include <ctype.h>
#include <string.h>

#include "adapters/registry.h"
#include "lib/base/text.h"

static const struct sl_field fields[S3_FIELDS] = {
    [S3_ACCESS_KEY_ID] = { .name = "access_key_id",
                           .help = "AKIA…, or what your store calls the access key",
                           .required = true,
                           .identity = true },
    [S3_SECRET] = { .name = "secret_access_key",
                    .help = "Shown once, when the key is made",
                    .required = true,
                    .secret = true,
                    .identity = true },
    [S3_SESSION_TOKEN] = { .name = "session_token",
                           .help = "Of temporary keys (ASIA…)",
                           .secret = true },
    [S3_REGION] = { .name = "region",
                    .help = "af-south-1, eu-west-1 …; auto for R2",
                    .otherwise = "us-east-1",
                    .identity = true },
    [S3_BUCKET] = { .name = "bucket",
                    .help = "3 to 63 characters: a-z 0-9 . -",
                    .required = true,
                    .identity = true },
    [S3_PREFIX] = { .name = "prefix",
                    .help = "Put before every key: greenhill/ where schools share a bucket" },
    [S3_PATH_STYLE] = { .name = "path_style",
                        .help = "https://HOST/BUCKET/KEY; auto: only with base_url",
                        .otherwise = "auto",
                        .choices = "auto true false",
                        .kind = SL_FIELD_CHOICE },
    [S3_STORAGE_CLASS] = { .name = "storage_class",
                           .help = "STANDARD_IA …; many stores know STANDARD alone" },
    [S3_SSE] = { .name = "sse",
                 .help = "Encryption at rest",
                 .choices = "AES256 aws:kms",
                 .kind = SL_FIELD_CHOICE },
    [S3_SSE_KMS_KEY_ID] = { .name = "sse_kms_key_id", .help = "With sse=aws:kms" },
    [S3_CHECKSUMS] = { .name = "checksums",
                       .help = "sha256: the store keeps it beside the object",
                       .otherwise = "none",
                       .choices = "none sha256",
                       .kind = SL_FIELD_CHOICE },
    [S3_PART_SIZE] = { .name = "part_size",
                       .help = "Bytes of a part; longer files are uploaded in parts",
                       .otherwise = "16777216",
                       .kind = SL_FIELD_INT,
                       .least = 5 << 20,
                       .most = 1 << 30 },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "x-amz-security-token", SL_SHOW_SECRET },
    { "X-Amz-Signature", SL_SHOW_SECRET },
    { "X-Amz-Security-Token", SL_SHOW_SECRET },
};

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *bucket = settings->values[S3_BUCKET], *prefix = settings->values[S3_PREFIX];
    const char *key = settings->values[S3_ACCESS_KEY_ID];
    size_t n = bucket ? strlen(bucket) : 0;

    (void)arena;
    if (bucket &&
        (n < 3 || n > 63 || bucket[strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-")]))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "bucket '%s' is not 3 to 63 characters of a-z 0-9 . -", bucket);
    if (prefix && *prefix == '/')
        return sl_err_set(err, SL_ERR_CONFIG, "prefix '%s' begins with /, which keys do not",
                          prefix);
    if (key && strncmp(key, "ASIA", 4) == 0 && !settings->values[S3_SESSION_TOKEN])
        return sl_err_set(
            err, SL_ERR_CONFIG,
            "access_key_id is one of temporary keys (ASIA…), which need session_token");
    if (settings->values[S3_SSE_KMS_KEY_ID] &&
        (!settings->values[S3_SSE] || strcmp(settings->values[S3_SSE], "aws:kms") != 0))
        return sl_err_set(err, SL_ERR_CONFIG, "sse_kms_key_id needs sse=aws:kms");
    return 0;
}

static const struct sl_step steps_get[] = {
    { s3_build_get, s3_parse_get, .answer_headers = s3_headers, .answer_s = 3600,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_stat[] = {
    { s3_build_stat, s3_parse_stat, .answer_headers = s3_headers,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_list[] = {
    { s3_build_list, s3_parse_list, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_remove[] = {
    { s3_build_remove, s3_parse_remove, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_url[] = {
    { s3_build_url, s3_parse_url, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { s3_build_test, s3_parse_test, .answer_headers = s3_headers,
      .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "storage.put",
      .input = SL_INPUT_STORAGE,
      .steps = s3_put_steps,
      .n_steps = S3_PUT_STEPS,
      .keeps = true },
    { .name = "storage.get", .input = SL_INPUT_STORAGE, .steps = steps_get, .n_steps = 1 },
    { .name = "storage.stat", .input = SL_INPUT_STORAGE, .steps = steps_stat, .n_steps = 1 },
    { .name = "storage.list", .input = SL_INPUT_STORAGE, .steps = steps_list, .n_steps = 1 },
    { .name = "storage.remove", .input = SL_INPUT_STORAGE, .steps = steps_remove, .n_steps = 1 },
    { .name = "storage.url", .input = SL_INPUT_STORAGE, .steps = steps_url, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

const struct sl_adapter sl_s3 = {
    .code = "s3",
    .name = "S3",
    .adapter_class = "S3Adapter",
    .category = SL_STORAGE,
    .environment = "production",
    .limits = { .max_in_flight = 8, .batch_size = 1000, .most_items = 1000 },
    .fields = fields,
    .n_fields = S3_FIELDS,
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
