/* An upload: one request, or an upload that is begun, gets its parts one by one, and is completed.
 *
 * What is remembered is {"upload", "part_size", "part": the next one, "etags": [those that are
 * there]}. A part that was sent and not remembered is sent again over itself. Where nobody knows
 * whether the completion arrived it is repeated; if there is no such upload any more it had arrived,
 * and the object itself is asked for. */
#include <string.h>

#include "adapters/storage/s3.h"
#include "lib/adapter/listing.h"
#include "lib/adapter/sigv4.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { MOST_PARTS = 10000, MIB = 1 << 20 };

static const struct sl_file *file_of(const struct sl_call *call)
{
    return call->in.storage->file;
}

/* Equal parts, whole MiB where the setting would make too many. */
static int64_t part_size_for(const struct sl_call *call)
{
    int64_t size = s3_part_size(call), least = (file_of(call)->size + MOST_PARTS - 1) / MOST_PARTS;

    return least <= size ? size : (least + MIB - 1) / MIB * MIB;
}

static bool in_one(const struct sl_call *call)
{
    return file_of(call)->size <= s3_part_size(call);
}

/* ---- Beginning ------------------------------------------------------------------------------------ */

static void add_object_headers(const struct sl_call *call, struct sl_request *request)
{
    static const struct {
        enum s3_field field;
        const char *header;
    } headers[] = {
        { S3_STORAGE_CLASS, "x-amz-storage-class" },
        { S3_SSE, "x-amz-server-side-encryption" },
        { S3_SSE_KMS_KEY_ID, "x-amz-server-side-encryption-aws-kms-key-id" },
    };

    sl_request_header(request, "Content-Type", file_of(call)->type);
    for (size_t i = 0; i < SL_COUNT(headers); i++)
        if (call->settings->values[headers[i].field])
            sl_request_header(request, headers[i].header, call->settings->values[headers[i].field]);
}

static void set_range(const struct sl_call *call, struct sl_request *request, int64_t offset,
                      int64_t n)
{
    struct sl_piece *piece = SL_NEW(call->arena, struct sl_piece, 1);

    *piece =
        (struct sl_piece){ .kind = SL_PIECE_FILE, .file = file_of(call), .offset = offset, .n = n };
    request->pieces = piece;
    request->n_pieces = n > 0;
}

static const char *base64_of_hex(struct sl_arena *arena, const char *hex)
{
    unsigned char bytes[32];

    return sl_unhex(hex, bytes, sizeof bytes) ? sl_base64(arena, bytes, sizeof bytes) : "";
}

/* Where the store does not know If-None-Match the key is looked for first, which is not the same:
 * somebody may come in between. */
static bool looks_first(const struct sl_call *call)
{
    return sl_json_text(call->memory, "look") != NULL;
}

static bool has_looked(const struct sl_call *call)
{
    return sl_json_text(call->memory, "looked") != NULL;
}

static void build_whole(const struct sl_call *call, struct sl_request *request)
{
    const struct sl_file *file = file_of(call);

    request->method = "PUT";
    s3_address(call, request, call->in.storage->key, NULL);
    set_range(call, request, 0, file->size);
    add_object_headers(call, request);
    if (call->in.storage->no_clobber && !has_looked(call))
        sl_request_header(request, "If-None-Match", "*");
    if (strcmp(call->settings->values[S3_CHECKSUMS], "sha256") == 0)
        sl_request_header(request, "x-amz-checksum-sha256",
                          base64_of_hex(call->arena, file->sha256));
    s3_sign(call, request, file->sha256);
}

static void build_upload(const struct sl_call *call, struct sl_request *request)
{
    struct sl_buf query = sl_buf_new(call->arena);

    sl_sigv4_query_add(&query, "uploads", "");
    request->method = "POST";
    s3_address(call, request, call->in.storage->key, &query);
    add_object_headers(call, request);
    s3_sign(call, request, NULL);
}

static int build_begin(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    if (looks_first(call))
        return s3_build_stat(call, request, err);
    if (in_one(call))
        build_whole(call, request);
    else
        build_upload(call, request);
    return 0;
}

static void remember(struct sl_result *result, enum sl_next next, const char *name,
                     const char *value)
{
    result->next = next;
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, name, value);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static void add_record(const struct sl_call *call, struct sl_result *result)
{
    const struct sl_file *file = file_of(call);
    struct json_object *record =
        sl_listing_object(call->in.storage->key, file->size, file->type, 0);

    sl_listing_checksum(record, "sha256", file->sha256);
    sl_listing_add(result, record);
    result->done_bytes = file->size;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static void parse_look(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    const struct sl_xml *doc;

    if (s3_good(call, exchange, result, &doc))
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT,
                                                   .text = "there is one of that key already" });
    else if (exchange->reach == SL_ANSWERED && !exchange->too_large && exchange->status == 404)
        remember(result, SL_STEP_AGAIN, "looked", "yes");
}

static void parse_begin(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    const char *code, *upload;
    const struct sl_xml *doc;

    if (looks_first(call)) {
        parse_look(call, exchange, result);
        return;
    }
    if (!s3_good(call, exchange, result, &doc)) {
        code = s3_code(call, exchange);
        if (call->in.storage->no_clobber && !has_looked(call) && code &&
            strcmp(code, "NotImplemented") == 0)
            remember(result, SL_STEP_AGAIN, "look", "yes");
        return;
    }
    if (in_one(call)) {
        if (sl_exchange_header(exchange, "ETag"))
            add_record(call, result);
        else
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY,
                                                       .text = "what answers there is no S3" });
        return;
    }
    upload = doc && strcmp(doc->name, "InitiateMultipartUploadResult") == 0
                 ? sl_xml_text(doc, "UploadId")
                 : NULL;
    if (!upload || !*upload) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    remember(result, SL_STEP_NEXT, "upload", upload);
    sl_json_put_int(result->memory, "part_size", part_size_for(call));
    sl_json_put_int(result->memory, "part", 1);
}

/* ---- Parts ------------------------------------------------------------------------------------------ */

struct part {
    int64_t number, offset, n;
    bool last;
};

static struct part part_of(const struct sl_call *call)
{
    int64_t size = sl_json_int(call->memory, "part_size", MIB);
    struct part part = { .number = sl_json_int(call->memory, "part", 1) };

    part.offset = (part.number - 1) * size;
    part.n = file_of(call)->size - part.offset;
    part.last = part.n <= size;
    if (!part.last)
        part.n = size;
    return part;
}

static const struct sl_file *digest_part(const struct sl_call *call, int64_t *offset, int64_t *n)
{
    const struct part part = part_of(call);

    *offset = part.offset;
    *n = part.n;
    return file_of(call);
}

static int build_part(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct part part = part_of(call);
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    sl_sigv4_query_add(&query, "partNumber",
                       sl_arena_printf(call->arena, "%lld", (long long)part.number));
    sl_sigv4_query_add(&query, "uploadId", sl_json_text(call->memory, "upload"));
    request->method = "PUT";
    s3_address(call, request, call->in.storage->key, &query);
    set_range(call, request, part.offset, part.n);
    s3_sign(call, request, call->digest);
    return 0;
}

/* The upload is gone: a completion whose answer was lost ended it, or the store or a person gave it
 * up. */
static bool is_gone(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const char *code = s3_code(call, exchange);

    return code && strcmp(code, "NoSuchUpload") == 0;
}

static void parse_part(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    const struct part part = part_of(call);
    struct json_object *etags = sl_json_at(call->memory, "etags"), *grown;
    const struct sl_xml *doc;
    const char *etag;

    if (!s3_good(call, exchange, result, &doc))
        return;
    etag = sl_exchange_header(exchange, "ETag");
    if (!etag) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    remember(result, part.last ? SL_STEP_NEXT : SL_STEP_AGAIN, "upload",
             sl_json_text(call->memory, "upload"));
    sl_json_put_int(result->memory, "part_size", sl_json_int(call->memory, "part_size", MIB));
    sl_json_put_int(result->memory, "part", part.number + 1);
    grown = sl_json_new_array();
    for (size_t i = 0; i < sl_json_length(etags); i++)
        sl_json_append(grown, json_object_get(json_object_array_get_idx(etags, i)));
    sl_json_append(grown, sl_json_new_text(etag));
    sl_json_put(result->memory, "etags", grown);
    result->done_bytes = part.offset + part.n;
}

/* ---- Completing -------------------------------------------------------------------------------------- */

static const char *quoted(struct sl_arena *arena, const char *etag)
{
    struct sl_buf out = sl_buf_new(arena);

    for (; *etag; etag++) {
        if (strchr("<>&\"", *etag))
            sl_buf_printf(&out, "&#%d;", *etag);
        else
            sl_buf_add(&out, etag, 1);
    }
    return out.data;
}

static int build_complete(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    struct json_object *etags = sl_json_at(call->memory, "etags");
    struct sl_buf query = sl_buf_new(call->arena), body = sl_buf_new(call->arena);
    char *digest = sl_arena_alloc(call->arena, 65, 1);
    unsigned char sum[32];

    (void)err;
    sl_buf_text(&body,
                "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < sl_json_length(etags); i++)
        sl_buf_printf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>%s</ETag></Part>", i + 1,
                      quoted(call->arena,
                             json_object_get_string(json_object_array_get_idx(etags, i))));
    sl_buf_text(&body, "</CompleteMultipartUpload>");
    sl_sigv4_query_add(&query, "uploadId", sl_json_text(call->memory, "upload"));
    request->method = "POST";
    s3_address(call, request, call->in.storage->key, &query);
    sl_request_header(request, "Content-Type", "application/xml");
    if (call->in.storage->no_clobber)
        sl_request_header(request, "If-None-Match", "*");
    request->body = body.data;
    request->n_body = body.len;
    sl_sha256(body.data, body.len, sum);
    sl_hex(sum, sizeof sum, digest);
    s3_sign(call, request, digest);
    return 0;
}

static void parse_complete(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    const struct sl_xml *doc;

    if (!s3_good(call, exchange, result, &doc)) {
        if (is_gone(call, exchange))
            remember(result, SL_STEP_NEXT, "upload", sl_json_text(call->memory, "upload"));
        return;
    }
    if (doc && strcmp(doc->name, "CompleteMultipartUploadResult") == 0)
        add_record(call, result);
    else
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
}

/* Only after a completion of an upload that is gone: the object of that size, made of parts, is what
 * the completion made whose answer was lost. */
static void parse_found(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    const char *etag = sl_exchange_header(exchange, "ETag");
    const char *length = sl_exchange_header(exchange, "Content-Length");
    const struct sl_xml *doc;
    int64_t size = -1;

    if (!s3_good(call, exchange, result, &doc))
        return;
    if (etag && strchr(etag, '-') && length && sl_parse_int(length, 0, INT64_MAX, &size) &&
        size == file_of(call)->size)
        add_record(call, result);
    else
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT,
                                                   .text = "the upload was given up" });
}

/* An answer to a completion may take minutes: the store puts the parts together. */
const struct sl_step s3_put_steps[S3_PUT_STEPS] = {
    { build_begin, parse_begin, .answer_headers = s3_headers, .answer_s = 3600,
      .ambiguous = { .last = SL_RESEND } },
    { build_part, parse_part, .digest = digest_part, .answer_headers = s3_headers, .answer_s = 3600,
      .ambiguous = { .last = SL_RESEND } },
    { build_complete, parse_complete, .answer_headers = s3_headers, .answer_s = 600,
      .ambiguous = { .last = SL_RESEND } },
    { s3_build_stat, parse_found, .answer_headers = s3_headers,
      .ambiguous = { .last = SL_RESEND } },
};
