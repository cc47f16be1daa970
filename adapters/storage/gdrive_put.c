/* An upload: one request up to 5 MB, else a session (gdrive_session.c).
 *
 * What is made gets its id before it is made, from Drive, and the id is a fact: a creation that is
 * repeated, or made by two at once, is refused the second time (409), and looked at. */
#include <string.h>

#include "adapters/storage/gdrive.h"
#include "lib/adapter/form.h"
#include "lib/adapter/listing.h"
#include "lib/base/text.h"

enum {
    MOST_AT_ONCE = 5000000,
    MOST_PROPERTY = 124,
    BOUNDARY = 32,
    WEEK_MS = 7 * 86400000, /* so long lives a session */
};

const struct sl_file *gdrive_file(const struct sl_call *call)
{
    return call->in.storage->file;
}

/* The file that is replaced; NULL: a new one is made. */
const char *gdrive_replaced(const struct sl_call *call)
{
    return sl_json_text(call->memory, "id");
}

/* The one that it will have; a session was begun with its own. */
const char *gdrive_new_id(const struct sl_call *call)
{
    const char *begun = sl_json_text(call->memory, "new");

    return begun ? begun : call->facts[GDRIVE_FACT_NEW];
}

static bool makes_folder(const struct sl_call *call)
{
    return gdrive_place(call).depth < gdrive_n_folders(call);
}

/* After the search: what is made, and whether its id is known. A search that began anew asks for
 * another id too. */
static const char *next_phase(const struct sl_call *call, const char *name)
{
    bool fresh = sl_json_at(call->memory, "fresh") && !sl_json_at(call->memory, "asked");

    if (strcmp(name, "piece") == 0) /* a program that ended meanwhile may have sent it */
        return call->attempts == sl_json_int(call->memory, "attempts", -1) ? name : "ask";
    if (strcmp(name, "make") != 0)
        return name;
    if (!gdrive_replaced(call) && (fresh || !call->facts[GDRIVE_FACT_NEW]))
        return "ids";
    if (makes_folder(call))
        return "folder";
    return gdrive_file(call)->size <= MOST_AT_ONCE ? "whole" : "begin";
}

/* ---- Ids ---------------------------------------------------------------------------------- */

static void build_ids(const struct sl_call *call, struct sl_request *request)
{
    gdrive_request(call, request, "GET",
                   "/drive/v3/files/generateIds?count=1&space=drive&type=files");
}

static void parse_ids(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *ids, *id;

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    ids = sl_json_at(doc, "ids");
    id = sl_json_length(ids) > 0 ? json_object_array_get_idx(ids, 0) : NULL;
    if (!json_object_is_type(id, json_type_string)) {
        gdrive_fail(result, SL_RETRY, NULL);
        return;
    }
    sl_result_learned(result, (struct sl_fact){
                                  .kind = "new",
                                  .key = gdrive_path(call, gdrive_place(call).depth + 1),
                                  .value = sl_arena_strdup(call->arena, json_object_get_string(id)),
                                  .lives_ms = WEEK_MS,
                                  .first = !sl_json_at(call->memory, "fresh") });
    sl_json_put_int(gdrive_next(call, result, "make"), "asked", 1);
}

/* ---- Folders -------------------------------------------------------------------------------- */

static void add_parent(const struct sl_call *call, struct json_object *doc)
{
    struct json_object *parents = sl_json_new_array();

    sl_json_append(parents, sl_json_new_text(gdrive_place(call).parent));
    sl_json_put(doc, "parents", parents);
}

static void build_folder(const struct sl_call *call, struct sl_request *request)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put_text(doc, "id", call->facts[GDRIVE_FACT_NEW]);
    sl_json_put_text(doc, "name", gdrive_part(call, gdrive_place(call).depth));
    sl_json_put_text(doc, "mimeType", GDRIVE_FOLDER_TYPE);
    add_parent(call, doc);
    gdrive_request(call, request, "POST", "/drive/v3/files?supportsAllDrives=true&fields=id");
    gdrive_body(call, request, doc);
}

static void parse_folder(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *id = call->facts[GDRIVE_FACT_NEW];
    size_t depth = gdrive_place(call).depth + 1;
    struct json_object *memory;

    if (!gdrive_says(exchange, 409)) {
        if (!gdrive_good(call, exchange, result, &doc))
            return;
        if (!sl_json_text(doc, "id")) {
            gdrive_fail(result, SL_RETRY, NULL);
            return;
        }
        id = sl_json_text(doc, "id");
    }
    memory = gdrive_next(call, result, "find");
    json_object_object_del(memory, "asked");
    sl_json_put_int(memory, "depth", (int64_t)depth);
    sl_json_put_text(memory, "parent", id);
    gdrive_learn(call, result, "folder", gdrive_path(call, depth), id);
}

/* ---- What the file will be -------------------------------------------------------------------- */

/* Of a file that is there only the content changes. */
struct json_object *gdrive_metadata(const struct sl_call *call)
{
    struct json_object *doc = sl_json_new_object();
    const char *key = gdrive_key(call);

    if (gdrive_replaced(call))
        return doc;
    sl_json_put_text(doc, "id", call->facts[GDRIVE_FACT_NEW]);
    sl_json_put_text(doc, "name", gdrive_part(call, gdrive_n_folders(call)));
    add_parent(call, doc);
    if (strlen("sl_key") + strlen(key) <= MOST_PROPERTY)
        sl_json_put_text(sl_json_put_object(doc, "appProperties"), "sl_key", key);
    return doc;
}

void gdrive_upload(const struct sl_call *call, struct sl_request *request, const char *how)
{
    const char *id = gdrive_replaced(call);

    gdrive_request(
        call, request, id ? "PATCH" : "POST",
        sl_arena_printf(call->arena,
                        "/upload/drive/v3/files%s%s?supportsAllDrives=true&fields=%s&uploadType=%s",
                        id ? "/" : "", id ? sl_percent_encode(call->arena, id) : "",
                        sl_percent_encode(call->arena, GDRIVE_FILE), how));
}

/* ---- Afterwards --------------------------------------------------------------------------------- */

static bool is_ours(const struct sl_call *call, struct json_object *file)
{
    const char *sha256 = sl_json_text(file, "sha256Checksum"), *size = sl_json_text(file, "size");
    int64_t bytes = -1;

    if (sha256)
        return strcmp(sha256, gdrive_file(call)->sha256) == 0;
    return size && sl_parse_int(size, 0, INT64_MAX, &bytes) && bytes == gdrive_file(call)->size;
}

static void add_record(const struct sl_call *call, struct sl_result *result,
                       struct json_object *file)
{
    struct json_object *record = gdrive_record(gdrive_key(call), file);

    sl_json_put_text(record, "type", gdrive_file(call)->type);
    sl_json_put_int(record, "size", gdrive_file(call)->size);
    sl_listing_checksum(record, "sha256", gdrive_file(call)->sha256);
    sl_listing_add(result, record);
    result->done_bytes = gdrive_file(call)->size;
    gdrive_learn(call, result, "file", gdrive_path(call, gdrive_n_folders(call) + 1),
                 sl_json_text(file, "id"));
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static const char damaged[] = "what arrived there was not what was sent";

/* A new file that is damaged is not left where somebody may take it for the real one. */
void gdrive_finish(const struct sl_call *call, struct sl_result *result, struct json_object *file)
{
    const char *id = sl_json_text(file, "id");

    if (!id)
        gdrive_fail(result, SL_RETRY, NULL);
    else if (!sl_json_at(file, "size")) /* that is all it tells */
        sl_json_put_text(gdrive_next(call, result, "look"), "check", id);
    else if (json_object_get_boolean(sl_json_at(file, "trashed")))
        gdrive_lost(call, result);
    else if (is_ours(call, file))
        add_record(call, result, file);
    else if (gdrive_replaced(call))
        gdrive_fail(result, SL_PERMANENT, damaged);
    else
        sl_json_put_text(gdrive_next(call, result, "discard"), "damaged", id);
}

static void build_discard(const struct sl_call *call, struct sl_request *request)
{
    gdrive_trash(call, request, sl_json_text(call->memory, "damaged"));
}

static void parse_discard(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    gdrive_fail(result, SL_PERMANENT, damaged);
    sl_result_learned(result,
                      (struct sl_fact){ .kind = "new",
                                        .key = gdrive_path(call, gdrive_n_folders(call) + 1) });
}

/* An id that is taken: by an earlier try of ours, or by another put of this key. */
bool gdrive_is_taken(const struct sl_call *call, const struct sl_exchange *exchange,
                     struct sl_result *result)
{
    if (gdrive_replaced(call) || !gdrive_says(exchange, 409))
        return false;
    sl_json_put_text(gdrive_next(call, result, "look"), "check", gdrive_new_id(call));
    return true;
}

/* ---- In one request ------------------------------------------------------------------------------- */

static struct sl_piece bytes_piece(const char *bytes)
{
    return (struct sl_piece){ .kind = SL_PIECE_BYTES, .bytes = bytes, .n = (int64_t)strlen(bytes) };
}

static void build_whole(const struct sl_call *call, struct sl_request *request)
{
    SL_AUTO(sl_json_free) struct json_object *doc = gdrive_metadata(call);
    struct sl_piece *pieces = SL_NEW(call->arena, struct sl_piece, 3);
    char boundary[2 * BOUNDARY + 1];

    sl_hex(call->nonce, BOUNDARY, boundary);
    gdrive_upload(call, request, "multipart");
    pieces[0] = bytes_piece(sl_arena_printf(
        call->arena,
        "--%s\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%s\r\n--%s\r\n"
        "Content-Type: %s\r\n\r\n",
        boundary, sl_json_print(call->arena, doc), boundary, gdrive_file(call)->type));
    pieces[1] = (struct sl_piece){ .kind = SL_PIECE_FILE,
                                   .file = gdrive_file(call),
                                   .n = gdrive_file(call)->size };
    pieces[2] = bytes_piece(sl_arena_printf(call->arena, "\r\n--%s--", boundary));
    request->pieces = pieces;
    request->n_pieces = 3;
    sl_request_header(request, "Content-Type",
                      sl_arena_printf(call->arena, "multipart/related; boundary=%s", boundary));
}

static void parse_whole(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (gdrive_is_taken(call, exchange, result))
        return;
    if (gdrive_good(call, exchange, result, &doc))
        gdrive_finish(call, result, doc);
    else if (gdrive_says(exchange, 404))
        gdrive_lost(call, result);
}

/* ---- The way ------------------------------------------------------------------------------------------ */

static void found(const struct sl_call *call, struct sl_result *result, struct json_object *file)
{
    bool checked = sl_json_at(call->memory, "check") != NULL;
    struct json_object *memory;

    if (checked && is_ours(call, file))
        add_record(call, result, file);
    else if (checked && gdrive_replaced(call))
        gdrive_fail(result, SL_PERMANENT, damaged);
    else if (call->in.storage->no_clobber)
        gdrive_fail(result, SL_PERMANENT, "there is one of that key already");
    else if (gdrive_is_document(file))
        gdrive_fail(result, SL_PERMANENT, "there is a Google document of that name");
    else {
        memory = gdrive_next(call, result, "make");
        json_object_object_del(memory, "check");
        sl_json_put_text(memory, "id", sl_json_text(file, "id"));
    }
}

static void missing(const struct sl_call *call, struct sl_result *result)
{
    (void)gdrive_next(call, result, "make");
}

static const struct gdrive_phase phases[] = {
    { "ids", build_ids, parse_ids },
    { "folder", build_folder, parse_folder },
    { "whole", build_whole, parse_whole },
    { "begin", gdrive_build_begin, gdrive_parse_begin },
    { "piece", gdrive_build_piece, gdrive_parse_piece },
    { "ask", gdrive_build_ask, gdrive_parse_ask },
    { "discard", build_discard, parse_discard },
};

static const struct gdrive_way way = { .phases = phases,
                                       .n_phases = SL_COUNT(phases),
                                       .next = next_phase,
                                       .found = found,
                                       .missing = missing };

static int build_put(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    return gdrive_build(&way, call, request);
}

static void parse_put(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    gdrive_parse(&way, call, exchange, result);
}

static const char *const headers[] = { "Location", "Range", NULL };

const struct sl_step gdrive_put_steps[1] = {
    { build_put, parse_put, .facts = gdrive_facts, .answer_headers = headers, .answer_s = 3600,
      .ambiguous = { .last = SL_RESEND } },
};
