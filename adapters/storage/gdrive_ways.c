/* What is done with a file once it is found: get, stat, remove, url. */
#include <string.h>

#include "adapters/storage/gdrive.h"
#include "lib/adapter/form.h"
#include "lib/adapter/listing.h"

static void no_such_file(const struct sl_call *call, struct sl_result *result)
{
    (void)call;
    gdrive_fail(result, SL_PERMANENT, "there is no such file");
}

static const char *id_of(const struct sl_call *call)
{
    return sl_percent_encode(call->arena, sl_json_text(call->memory, "id"));
}

/* ---- get -------------------------------------------------------------------------------- */

static void get_found(const struct sl_call *call, struct sl_result *result,
                      struct json_object *file)
{
    struct json_object *memory;

    if (gdrive_is_document(file)) {
        gdrive_fail(result, SL_PERMANENT, "it is a Google document, which has no bytes");
        return;
    }
    memory = gdrive_next(call, result, "fetch");
    sl_json_put_text(memory, "id", sl_json_text(file, "id"));
    sl_json_put(memory, "record", gdrive_record(gdrive_key(call), file));
    gdrive_learn(call, result, "file", gdrive_path(call, gdrive_n_folders(call) + 1),
                 sl_json_text(file, "id"));
}

static void build_fetch(const struct sl_call *call, struct sl_request *request)
{
    gdrive_request(call, request, "GET",
                   sl_arena_printf(call->arena,
                                   "/drive/v3/files/%s?alt=media&supportsAllDrives=true",
                                   id_of(call)));
    request->sink = call->in.storage->sink;
}

static void parse_fetch(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *record = sl_json_at(call->memory, "record");

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    if (sl_json_int(record, "size", -1) != exchange->n_sunk) {
        gdrive_fail(result, SL_RETRY, "the file did not arrive whole");
        return;
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_listing_add(result, json_object_get(record));
}

static const struct gdrive_phase get_phases[] = { { "fetch", build_fetch, parse_fetch } };
static const struct gdrive_way get_way = { .phases = get_phases,
                                           .n_phases = SL_COUNT(get_phases),
                                           .found = get_found,
                                           .missing = no_such_file };

/* ---- stat --------------------------------------------------------------------------------- */

static void stat_found(const struct sl_call *call, struct sl_result *result,
                       struct json_object *file)
{
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_listing_add(result, gdrive_record(gdrive_key(call), file));
    gdrive_learn(call, result, "file", gdrive_path(call, gdrive_n_folders(call) + 1),
                 sl_json_text(file, "id"));
}

static const struct gdrive_way stat_way = { .found = stat_found, .missing = no_such_file };

/* ---- remove --------------------------------------------------------------------------------- */

static void was_not_there(const struct sl_call *call, struct sl_result *result)
{
    (void)call;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK, .text = "it was not there" });
}

static void remove_found(const struct sl_call *call, struct sl_result *result,
                         struct json_object *file)
{
    sl_json_put_text(gdrive_next(call, result, "drop"), "id", sl_json_text(file, "id"));
}

static bool deletes(const struct sl_call *call)
{
    return strcmp(call->settings->values[GDRIVE_DELETE_MODE], "delete") == 0;
}

static void build_drop(const struct sl_call *call, struct sl_request *request)
{
    if (deletes(call))
        gdrive_request(call, request, "DELETE",
                       sl_arena_printf(call->arena, "/drive/v3/files/%s?supportsAllDrives=true",
                                       id_of(call)));
    else
        gdrive_trash(call, request, sl_json_text(call->memory, "id"));
}

static void parse_drop(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *path = gdrive_path(call, gdrive_n_folders(call) + 1);

    if (gdrive_says(exchange, 404))
        was_not_there(call, result);
    else if (!gdrive_good(call, exchange, result, &doc))
        return;
    else if (!deletes(call) && !json_object_get_boolean(sl_json_at(doc, "trashed"))) {
        gdrive_fail(result, SL_RETRY, NULL);
        return;
    } else
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_result_learned(result, (struct sl_fact){ .kind = "file", .key = path });
    sl_result_learned(result, (struct sl_fact){ .kind = "new", .key = path });
}

static const struct gdrive_phase remove_phases[] = { { "drop", build_drop, parse_drop } };
static const struct gdrive_way remove_way = { .phases = remove_phases,
                                              .n_phases = SL_COUNT(remove_phases),
                                              .found = remove_found,
                                              .missing = was_not_there };

/* ---- url: only for everybody, and for good ------------------------------------------------------ */

static void url_found(const struct sl_call *call, struct sl_result *result,
                      struct json_object *file)
{
    sl_json_put_text(gdrive_next(call, result, "share"), "id", sl_json_text(file, "id"));
}

static void build_share(const struct sl_call *call, struct sl_request *request)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put_text(doc, "type", "anyone");
    sl_json_put_text(doc, "role", "reader");
    gdrive_request(
        call, request, "POST",
        sl_arena_printf(call->arena,
                        "/drive/v3/files/%s/permissions?supportsAllDrives=true&fields=id",
                        id_of(call)));
    gdrive_body(call, request, doc);
}

static void parse_share(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    if (sl_json_text(doc, "id"))
        (void)gdrive_next(call, result, "link");
    else
        gdrive_fail(result, SL_RETRY, NULL);
}

static void build_link(const struct sl_call *call, struct sl_request *request)
{
    gdrive_request(call, request, "GET",
                   sl_arena_printf(call->arena,
                                   "/drive/v3/files/%s?fields=id%%2CwebContentLink%%2CwebViewLink"
                                   "&supportsAllDrives=true",
                                   id_of(call)));
}

static void parse_link(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *record;
    const char *url;

    if (!gdrive_good(call, exchange, result, &doc))
        return;
    url = sl_json_text(doc, "webContentLink");
    url = url ? url : sl_json_text(doc, "webViewLink");
    if (!url) {
        gdrive_fail(result, SL_RETRY, NULL);
        return;
    }
    record = sl_listing_object(gdrive_key(call), -1, NULL, 0);
    sl_json_put_text(record, "url", url);
    sl_listing_add(result, record);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static const struct gdrive_phase url_phases[] = { { "share", build_share, parse_share },
                                                  { "link", build_link, parse_link } };
static const struct gdrive_way url_way = { .phases = url_phases,
                                           .n_phases = SL_COUNT(url_phases),
                                           .found = url_found,
                                           .missing = no_such_file };

/* ---- The steps ---------------------------------------------------------------------------------------- */

static int build_get(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    return gdrive_build(&get_way, call, request);
}

static void parse_get(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    gdrive_parse(&get_way, call, exchange, result);
}

static int build_stat(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    return gdrive_build(&stat_way, call, request);
}

static void parse_stat(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    gdrive_parse(&stat_way, call, exchange, result);
}

static int build_remove(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    return gdrive_build(&remove_way, call, request);
}

static void parse_remove(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    gdrive_parse(&remove_way, call, exchange, result);
}

static int build_url(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    if (call->in.storage->is_public)
        return gdrive_build(&url_way, call, request);
    return sl_err_set(err, SL_ERR_DATA,
                      "no address ends after a while there; with --public everybody who has it "
                      "can read the file, for good");
}

static void parse_url(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    gdrive_parse(&url_way, call, exchange, result);
}

const struct sl_step gdrive_get_steps[1] = {
    { build_get, parse_get, .facts = gdrive_facts, .answer_s = 3600,
      .ambiguous = { .last = SL_RESEND } },
};
const struct sl_step gdrive_stat_steps[1] = {
    { build_stat, parse_stat, .facts = gdrive_facts, .ambiguous = { .last = SL_RESEND } },
};
const struct sl_step gdrive_remove_steps[1] = {
    { build_remove, parse_remove, .facts = gdrive_facts, .ambiguous = { .last = SL_RESEND } },
};
const struct sl_step gdrive_url_steps[1] = {
    { build_url, parse_url, .facts = gdrive_facts, .ambiguous = { .last = SL_RESEND } },
};
