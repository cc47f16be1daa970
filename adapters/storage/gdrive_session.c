/* A session: an address that takes a long file in chunks, for a week.
 *
 * Whoever has the address can write there; it is in the memory, which is sealed. How much of the
 * file is there is what the server says, never what we sent: after anything that is in doubt it is
 * asked. */
#include <string.h>

#include "adapters/storage/gdrive.h"
#include "lib/base/text.h"

enum { MOST_SESSIONS = 5 };

void gdrive_build_begin(const struct sl_call *call, struct sl_request *request)
{
    SL_AUTO(sl_json_free) struct json_object *doc = gdrive_metadata(call);

    gdrive_upload(call, request, "resumable");
    gdrive_body(call, request, doc);
    sl_request_header(request, "X-Upload-Content-Type", gdrive_file(call)->type);
    sl_request_header(request, "X-Upload-Content-Length",
                      sl_arena_printf(call->arena, "%lld", (long long)gdrive_file(call)->size));
}

/* Path and query of the session's address, if it is where we are already; else NULL. */
static const char *session_of(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const char *location = sl_exchange_header(exchange, "Location");
    struct sl_request ours = { 0 };
    size_t n;

    gdrive_request(call, &ours, "PUT", "");
    n = strlen(ours.base);
    if (!location || strncmp(location, ours.base, n) != 0 ||
        strncmp(location + n, "/upload/drive/v3/files", 22) != 0)
        return NULL;
    return location + n;
}

void gdrive_parse_begin(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *session = session_of(call, exchange);
    struct json_object *memory;

    if (gdrive_is_taken(call, exchange, result))
        return;
    if (!gdrive_good(call, exchange, result, &doc)) {
        if (gdrive_says(exchange, 404))
            gdrive_lost(call, result);
        return;
    }
    if (!session) {
        gdrive_fail(result, SL_PERMANENT, "the upload was to go to another address than base_url");
        return;
    }
    memory = gdrive_next(call, result, "piece");
    sl_json_put_text(memory, "session", session);
    sl_json_put_text(memory, "new", gdrive_replaced(call) ? NULL : call->facts[GDRIVE_FACT_NEW]);
    sl_json_put_int(memory, "offset", 0);
    sl_json_put_int(memory, "sessions", sl_json_int(call->memory, "sessions", 0) + 1);
}

static int64_t offset_of(const struct sl_call *call)
{
    return sl_json_int(call->memory, "offset", 0);
}

static void session(const struct sl_call *call, struct sl_request *request, const char *range)
{
    gdrive_request(call, request, "PUT", sl_json_text(call->memory, "session"));
    sl_request_header(request, "Content-Range",
                      sl_arena_printf(call->arena, "bytes %s/%lld", range,
                                      (long long)gdrive_file(call)->size));
}

void gdrive_build_piece(const struct sl_call *call, struct sl_request *request)
{
    struct sl_piece *piece = SL_NEW(call->arena, struct sl_piece, 1);
    int64_t offset = offset_of(call), left = gdrive_file(call)->size - offset, n = 0;

    (void)sl_parse_int(call->settings->values[GDRIVE_CHUNK_SIZE], 0, INT64_MAX, &n);
    n = n < left ? n : left;
    *piece = (struct sl_piece){
        .kind = SL_PIECE_FILE, .file = gdrive_file(call), .offset = offset, .n = n
    };
    session(call, request,
            sl_arena_printf(call->arena, "%lld-%lld", (long long)offset,
                            (long long)(offset + n - 1)));
    request->pieces = piece;
    request->n_pieces = 1;
}

void gdrive_build_ask(const struct sl_call *call, struct sl_request *request)
{
    session(call, request, "*");
}

/* "bytes=0-524287" is 524288; no header: nothing is there. -1 for what makes no sense. */
static int64_t stored_of(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const char *range = sl_exchange_header(exchange, "Range");
    int64_t last;

    if (!range)
        return 0;
    if (strncmp(range, "bytes=0-", 8) != 0 ||
        !sl_parse_int(range + 8, 0, gdrive_file(call)->size - 2, &last))
        return -1;
    return last + 1;
}

static void go_on(const struct sl_call *call, struct sl_result *result, int64_t stored)
{
    sl_json_put_int(gdrive_next(call, result, "piece"), "offset", stored);
    result->done_bytes = stored;
}

/* An expired session begins anew; but not for ever. */
static void begin_anew(const struct sl_call *call, struct sl_result *result)
{
    struct json_object *memory;

    if (sl_json_int(call->memory, "sessions", 0) >= MOST_SESSIONS) {
        gdrive_fail(result, SL_PERMANENT, "the upload was given up by Drive again and again");
        return;
    }
    memory = gdrive_next(call, result, "make");
    json_object_object_del(memory, "session");
    json_object_object_del(memory, "offset");
    json_object_object_del(memory, "new");
}

static void parse_session(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result, int64_t before)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    int64_t stored = exchange->status == 308 ? stored_of(call, exchange) : -1;

    if (gdrive_is_taken(call, exchange, result))
        return;
    if (sl_result_unanswered(exchange, result)) {
        (void)gdrive_remember(call, result, "ask");
    } else if (stored > before) {
        go_on(call, result, stored);
    } else if (exchange->status == 404 || exchange->status == 410) {
        begin_anew(call, result);
    } else if (exchange->status == 308) {
        gdrive_fail(result, SL_RETRY, "Drive keeps nothing of what it is sent");
        (void)gdrive_remember(call, result, "ask");
    } else if (!gdrive_good(call, exchange, result, &doc)) {
        (void)gdrive_remember(call, result, "ask");
    } else if (doc) {
        gdrive_finish(call, result, doc);
    } else {
        gdrive_fail(result, SL_RETRY, NULL);
        (void)gdrive_remember(call, result, "ask");
    }
}

void gdrive_parse_piece(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    parse_session(call, exchange, result, offset_of(call));
}

void gdrive_parse_ask(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    parse_session(call, exchange, result, -1);
}
