#include <string.h>

#include "adapters/storage/s3.h"
#include "lib/adapter/listing.h"
#include "lib/adapter/sigv4.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { MOST_EXPIRES_S = 604800, PAGE = 1000 };

static const char *value(const struct sl_call *call, enum s3_field field)
{
    return call->settings->values[field];
}

static struct sl_sigv4 keys_of(const struct sl_call *call)
{
    return (struct sl_sigv4){ .access_key_id = value(call, S3_ACCESS_KEY_ID),
                              .secret = value(call, S3_SECRET),
                              .session_token = value(call, S3_SESSION_TOKEN),
                              .region = value(call, S3_REGION),
                              .service = "s3",
                              .now_ms = call->now_ms };
}

int64_t s3_part_size(const struct sl_call *call)
{
    int64_t size = 0;

    (void)sl_parse_int(value(call, S3_PART_SIZE), 0, INT64_MAX, &size);
    return size;
}

/* ---- Addresses ----------------------------------------------------------------------------- */

/* A bucket with dots is no one name beneath the certificate's wildcard. */
static bool by_path(const struct sl_call *call)
{
    const char *style = value(call, S3_PATH_STYLE);

    if (strcmp(style, "auto") != 0)
        return strcmp(style, "true") == 0;
    return call->settings->base_url || strchr(value(call, S3_BUCKET), '.');
}

static const char *base_of(const struct sl_call *call)
{
    const char *bucket = value(call, S3_BUCKET), *region = value(call, S3_REGION);
    const char *base = call->settings->base_url, *host;

    if (!base)
        base = sl_arena_printf(call->arena, "https://s3.%s.amazonaws.com%s", region,
                               strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    if (by_path(call))
        return base;
    host = strstr(base, "://") + 3;
    return sl_arena_printf(call->arena, "%.*s%s.%s", (int)(host - base), base, bucket, host);
}

static const char *path_of(const struct sl_call *call, const char *key)
{
    const char *prefix = value(call, S3_PREFIX);
    const char *path =
        by_path(call) ? sl_arena_printf(call->arena, "/%s", value(call, S3_BUCKET)) : "";

    if (!key)
        return *path ? path : "/";
    return sl_arena_printf(call->arena, "%s/%s%s", path,
                           prefix ? sl_listing_path(call->arena, prefix) : "",
                           sl_listing_path(call->arena, key));
}

void s3_address(const struct sl_call *call, struct sl_request *request, const char *key,
                const struct sl_buf *query)
{
    request->base = base_of(call);
    request->path = path_of(call, key);
    if (query)
        request->path = sl_arena_printf(call->arena, "%s?%s", request->path, query->data);
}

void s3_sign(const struct sl_call *call, struct sl_request *request, const char *digest)
{
    const struct sl_sigv4 keys = keys_of(call);

    sl_sigv4_sign(call->arena, request, &keys, digest ? digest : sl_sigv4_empty);
}

const char *s3_url(const struct sl_call *call, const char *key, int64_t expires_s)
{
    const struct sl_sigv4 keys = keys_of(call);

    return sl_sigv4_url(call->arena, base_of(call), path_of(call, key), &keys, expires_s);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static int build_object(const struct sl_call *call, struct sl_request *request, const char *method)
{
    request->method = method;
    s3_address(call, request, call->in.storage->key, NULL);
    s3_sign(call, request, NULL);
    return 0;
}

int s3_build_get(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    request->sink = call->in.storage->sink;
    return build_object(call, request, "GET");
}

int s3_build_stat(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    return build_object(call, request, "HEAD");
}

/* In the order of the names, as the signature wants them. */
static void list(const struct sl_call *call, struct sl_request *request, const char *prefix,
                 const char *token, const char *most)
{
    const char *ours = value(call, S3_PREFIX);
    struct sl_buf query = sl_buf_new(call->arena);

    if (token)
        sl_sigv4_query_add(&query, "continuation-token", token);
    sl_sigv4_query_add(&query, "encoding-type", "url");
    sl_sigv4_query_add(&query, "list-type", "2");
    sl_sigv4_query_add(&query, "max-keys", most);
    sl_sigv4_query_add(&query, "prefix",
                       sl_arena_printf(call->arena, "%s%s", ours ? ours : "", prefix));
    request->method = "GET";
    s3_address(call, request, NULL, &query);
    s3_sign(call, request, NULL);
}

int s3_build_list(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    list(call, request, call->in.storage->key, sl_json_text(call->memory, "token"),
         sl_arena_printf(call->arena, "%d", PAGE));
    return 0;
}

/* HEAD of a bucket tells no reason: the shortest listing does. */
int s3_build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    list(call, request, "", NULL, "1");
    return 0;
}

static const char *xml_quoted(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);

    for (; *text; text++) {
        if (strchr("<>&\"'", *text))
            sl_buf_printf(&out, "&#%d;", *text);
        else
            sl_buf_add(&out, text, 1);
    }
    return out.data;
}

/* Content-MD5, because older stores demand it for this one. */
static void sum(const struct sl_call *call, struct sl_request *request, const struct sl_buf *body)
{
    char *digest = sl_arena_alloc(call->arena, 2 * SL_SHA256_SIZE + 1, 1);
    unsigned char bytes[SL_SHA256_SIZE];

    sl_md5(body->data, body->len, bytes);
    sl_request_header(request, "Content-MD5", sl_base64(call->arena, bytes, SL_MD5_SIZE));
    sl_request_header(request, "Content-Type", "application/xml");
    sl_sha256(body->data, body->len, bytes);
    sl_hex(bytes, sizeof bytes, digest);
    request->body = body->data;
    request->n_body = body->len;
    s3_sign(call, request, digest);
}

int s3_build_remove(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_storage_ask *ask = call->in.storage;
    const char *ours = value(call, S3_PREFIX);
    struct sl_buf body = sl_buf_new(call->arena), query = sl_buf_new(call->arena);

    (void)err;
    request->method = ask->n_keys > 1 ? "POST" : "DELETE";
    if (ask->n_keys == 1) {
        s3_address(call, request, ask->keys[0], NULL);
        s3_sign(call, request, NULL);
        return 0;
    }
    sl_buf_text(&body, "<Delete><Quiet>true</Quiet>");
    for (size_t i = 0; i < ask->n_keys; i++)
        sl_buf_printf(&body, "<Object><Key>%s%s</Key></Object>",
                      xml_quoted(call->arena, ours ? ours : ""),
                      xml_quoted(call->arena, ask->keys[i]));
    sl_buf_text(&body, "</Delete>");
    sl_sigv4_query_add(&query, "delete", "");
    s3_address(call, request, NULL, &query);
    sum(call, request, &body);
    return 0;
}

int s3_build_url(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)request;
    if (call->in.storage->expires_s <= MOST_EXPIRES_S)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "an S3 address opens for seven days at most");
}
