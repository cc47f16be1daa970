/* From a key to its file: folder by folder, from the deepest one that is known. */
#include <string.h>

#include "adapters/storage/gdrive.h"
#include "lib/adapter/form.h"
#include "lib/base/text.h"

enum { PAGE = 100, HOUR_MS = 3600000 };

/* ---- Keys ---------------------------------------------------------------------------------- */

const char *gdrive_key(const struct sl_call *call)
{
    const struct sl_storage_ask *ask = call->in.storage;

    return ask->n_keys > 0 ? ask->keys[0] : ask->key;
}

size_t gdrive_n_folders(const struct sl_call *call)
{
    size_t n = 0;

    for (const char *at = gdrive_key(call); *at; at++)
        n += *at == '/';
    return n;
}

/* Where the part ends that is behind the first n of them. */
static const char *behind(const char *key, size_t n)
{
    for (; n > 0; n--)
        key = strchr(key, '/') + 1;
    return key;
}

const char *gdrive_part(const struct sl_call *call, size_t i)
{
    const char *part = behind(gdrive_key(call), i);

    return sl_arena_memdup(call->arena, part, strcspn(part, "/"));
}

const char *gdrive_path(const struct sl_call *call, size_t n)
{
    const char *key = gdrive_key(call), *last = n > 0 ? behind(key, n - 1) : key;
    size_t length = n > 0 ? (size_t)(last - key) + strcspn(last, "/") : 0;

    return sl_arena_printf(call->arena, "%s/%.*s", call->settings->values[GDRIVE_FOLDER_ID],
                           (int)length, key);
}

/* ---- Where the walk stands ------------------------------------------------------------------- */

struct gdrive_place gdrive_place(const struct sl_call *call)
{
    const char *parent = sl_json_text(call->memory, "parent");
    size_t n = gdrive_n_folders(call);

    if (parent)
        return (struct gdrive_place){ (size_t)sl_json_int(call->memory, "depth", 0), parent };
    if (n > 0 && call->facts[GDRIVE_FACT_FOLDER])
        return (struct gdrive_place){ n, call->facts[GDRIVE_FACT_FOLDER] };
    if (n > 1 && call->facts[GDRIVE_FACT_ABOVE])
        return (struct gdrive_place){ n - 1, call->facts[GDRIVE_FACT_ABOVE] };
    return (struct gdrive_place){ 0, call->settings->values[GDRIVE_FOLDER_ID] };
}

static size_t want(struct sl_fact *wanted, const char *kind, const char *key)
{
    *wanted = (struct sl_fact){ .kind = kind, .key = key };
    return 1;
}

size_t gdrive_folder_facts(const struct sl_call *call, struct sl_fact *wanted)
{
    size_t n = gdrive_n_folders(call);

    return want(&wanted[GDRIVE_FACT_FOLDER], "folder", gdrive_path(call, n)) +
           want(&wanted[GDRIVE_FACT_ABOVE], "folder", gdrive_path(call, n > 0 ? n - 1 : 0));
}

size_t gdrive_facts(const struct sl_call *call, struct sl_fact *wanted)
{
    size_t n = gdrive_n_folders(call), depth = (size_t)sl_json_int(call->memory, "depth", 0);

    return gdrive_folder_facts(call, wanted) +
           want(&wanted[GDRIVE_FACT_FILE], "file", gdrive_path(call, n + 1)) +
           want(&wanted[GDRIVE_FACT_NEW], "new", gdrive_path(call, depth + 1));
}

struct json_object *gdrive_remember(const struct sl_call *call, struct sl_result *result,
                                    const char *name)
{
    const struct gdrive_place place = gdrive_place(call);
    struct json_object *memory = sl_json_new_object();

    if (call->memory) {
        json_object_object_foreach(call->memory, member, value)
        {
            sl_json_put(memory, member, json_object_get(value));
        }
    }
    json_object_object_del(memory, "page");
    sl_json_put_text(memory, "do", name);
    sl_json_put_int(memory, "depth", (int64_t)place.depth);
    sl_json_put_text(memory, "parent", place.parent);
    sl_json_put_int(memory, "attempts", call->attempts);
    json_object_put(result->memory);
    result->memory = memory;
    return memory;
}

struct json_object *gdrive_next(const struct sl_call *call, struct sl_result *result,
                                const char *name)
{
    result->next = SL_STEP_AGAIN;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    return gdrive_remember(call, result, name);
}

void gdrive_learn(const struct sl_call *call, struct sl_result *result, const char *kind,
                  const char *key, const char *id)
{
    sl_result_learned(result, (struct sl_fact){ .kind = kind,
                                                .key = key,
                                                .value = sl_arena_strdup(call->arena, id),
                                                .lives_ms = HOUR_MS });
}

void gdrive_lost(const struct sl_call *call, struct sl_result *result)
{
    static const char *const stale[] = { "id", "session", "offset", "check", "asked", "new" };
    struct sl_fact known[SL_MOST_FACTS] = { 0 };
    size_t n = gdrive_facts(call, known);
    struct json_object *memory;

    if (sl_json_at(call->memory, "fresh")) {
        gdrive_fail(result, SL_PERMANENT, "it is in the trash, or somebody else is changing it");
        return;
    }
    for (size_t i = 0; i < n; i++)
        sl_result_learned(result, known[i]);
    memory = gdrive_next(call, result, "find");
    for (size_t i = 0; i < SL_COUNT(stale); i++)
        json_object_object_del(memory, stale[i]);
    sl_json_put_int(memory, "fresh", 1);
    sl_json_put_int(memory, "depth", 0);
    sl_json_put_text(memory, "parent", call->settings->values[GDRIVE_FOLDER_ID]);
}

/* ---- Requests --------------------------------------------------------------------------------- */

void gdrive_request(const struct sl_call *call, struct sl_request *request, const char *method,
                    const char *path)
{
    request->method = method;
    request->base =
        call->settings->base_url ? call->settings->base_url : "https://www.googleapis.com";
    request->path = path;
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", call->token));
}

void gdrive_body(const struct sl_call *call, struct sl_request *request, struct json_object *doc)
{
    request->body = sl_json_print(call->arena, doc);
    request->n_body = strlen(request->body);
    sl_request_header(request, "Content-Type", "application/json; charset=UTF-8");
}

void gdrive_trash(const struct sl_call *call, struct sl_request *request, const char *id)
{
    gdrive_request(call, request, "PATCH",
                   sl_arena_printf(call->arena,
                                   "/drive/v3/files/%s?supportsAllDrives=true&fields=id%%2Ctrashed",
                                   sl_percent_encode(call->arena, id)));
    request->body = "{\"trashed\":true}";
    request->n_body = strlen(request->body);
    sl_request_header(request, "Content-Type", "application/json; charset=UTF-8");
}

void gdrive_search(const struct sl_call *call, struct sl_request *request, const char *query,
                   const char *order, int most)
{
    static const char fields[] =
        "nextPageToken,incompleteSearch,files(" GDRIVE_FILE ",createdTime)";
    const char *drive = call->settings->values[GDRIVE_DRIVE_ID];
    const char *page = sl_json_text(call->memory, "page");
    struct sl_buf path = sl_buf_new(call->arena);

    sl_buf_printf(&path, "/drive/v3/files?q=%s&pageSize=%d&orderBy=%s&fields=%s",
                  sl_percent_encode(call->arena, query), most, order,
                  sl_percent_encode(call->arena, fields));
    sl_buf_text(&path, "&supportsAllDrives=true&includeItemsFromAllDrives=true");
    if (drive)
        sl_buf_printf(&path, "&corpora=drive&driveId=%s", sl_percent_encode(call->arena, drive));
    if (page)
        sl_buf_printf(&path, "&pageToken=%s", sl_percent_encode(call->arena, page));
    gdrive_request(call, request, "GET", path.data);
}

/* ---- Searching ---------------------------------------------------------------------------------- */

static const char *quoted(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            sl_buf_text(&out, "\\");
        sl_buf_add(&out, text, 1);
    }
    sl_buf_text(&out, "'");
    return out.data;
}

static void build_find(const struct sl_call *call, struct sl_request *request)
{
    const struct gdrive_place place = gdrive_place(call);

    gdrive_search(call, request,
                  sl_arena_printf(call->arena, "%s in parents and name = %s and trashed = false",
                                  quoted(call->arena, place.parent),
                                  quoted(call->arena, gdrive_part(call, place.depth))),
                  "createdTime", PAGE);
}

/* Its search does not mind the case of letters; names of ours differ by it. */
static struct json_object *oldest(const struct sl_call *call, struct json_object *files)
{
    const struct gdrive_place place = gdrive_place(call);
    const char *part = gdrive_part(call, place.depth);
    bool folder = place.depth < gdrive_n_folders(call);
    struct json_object *best = NULL;

    for (size_t i = 0; i < sl_json_length(files); i++) {
        struct json_object *file = json_object_array_get_idx(files, i);
        const char *name = sl_json_text(file, "name");

        if (!name || strcmp(name, part) != 0 || gdrive_is_folder(file) != folder ||
            !sl_json_text(file, "id"))
            continue;
        if (!best || gdrive_is_before(file, best))
            best = file;
    }
    return best;
}

static void enter(const struct gdrive_way *way, const struct sl_call *call,
                  struct sl_result *result, struct json_object *folder)
{
    size_t depth = gdrive_place(call).depth + 1;
    const char *id = sl_json_text(folder, "id");
    bool there = way->folder && depth == gdrive_n_folders(call);
    struct json_object *memory = gdrive_next(call, result, there ? way->folder : "find");

    sl_json_put_int(memory, "depth", (int64_t)depth);
    sl_json_put_text(memory, "parent", id);
    gdrive_learn(call, result, "folder", gdrive_path(call, depth), id);
}

static void parse_find(const struct gdrive_way *way, const struct sl_call *call,
                       const struct sl_exchange *exchange, struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *files, *file;
    const char *page;

    if (!gdrive_good(call, exchange, result, &doc)) {
        if (gdrive_says(exchange, 404) && gdrive_place(call).depth > 0)
            gdrive_lost(call, result);
        return;
    }
    files = sl_json_at(doc, "files");
    if (!json_object_is_type(files, json_type_array) ||
        json_object_get_boolean(sl_json_at(doc, "incompleteSearch"))) {
        gdrive_fail(result, SL_RETRY, "the search was not whole");
        return;
    }
    page = sl_json_text(doc, "nextPageToken");
    file = oldest(call, files);
    if (file && gdrive_is_folder(file))
        enter(way, call, result, file);
    else if (file)
        way->found(call, result, file);
    else if (page)
        sl_json_put_text(gdrive_next(call, result, "find"), "page", page);
    else
        way->missing(call, result);
}

/* ---- Looking -------------------------------------------------------------------------------------- */

/* What was made, to see whether it is as it should be; else what is known of the key. */
static const char *known_id(const struct sl_call *call)
{
    const char *made = sl_json_text(call->memory, "check");

    return made ? made : call->facts[GDRIVE_FACT_FILE];
}

static void build_look(const struct sl_call *call, struct sl_request *request)
{
    const char *id = known_id(call);

    gdrive_request(call, request, "GET",
                   sl_arena_printf(call->arena,
                                   "/drive/v3/files/%s?fields=%s&supportsAllDrives=true",
                                   sl_percent_encode(call->arena, id ? id : ""),
                                   sl_percent_encode(call->arena, GDRIVE_FILE)));
}

static void parse_look(const struct gdrive_way *way, const struct sl_call *call,
                       const struct sl_exchange *exchange, struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!gdrive_good(call, exchange, result, &doc)) {
        if (gdrive_says(exchange, 404))
            gdrive_lost(call, result);
        return;
    }
    if (!sl_json_text(doc, "id") || !sl_json_text(doc, "mimeType"))
        gdrive_fail(result, SL_RETRY, NULL);
    else if (json_object_get_boolean(sl_json_at(doc, "trashed")))
        gdrive_lost(call, result);
    else
        way->found(call, result, doc);
}

/* ---- The walk --------------------------------------------------------------------------------------- */

static const char *phase_of(const struct gdrive_way *way, const struct sl_call *call)
{
    const char *name = sl_json_text(call->memory, "do");

    if (!name && way->folder && gdrive_place(call).depth == gdrive_n_folders(call))
        return way->folder;
    if (!name)
        return !way->folder && call->facts[GDRIVE_FACT_FILE] ? "look" : "find";
    if (strcmp(name, "look") == 0 && !known_id(call)) /* it was forgotten meanwhile */
        return "find";
    return way->next ? way->next(call, name) : name;
}

static const struct gdrive_phase *own_phase(const struct gdrive_way *way, const char *name)
{
    for (size_t i = 0; i < way->n_phases; i++)
        if (strcmp(way->phases[i].name, name) == 0)
            return &way->phases[i];
    return NULL;
}

int gdrive_build(const struct gdrive_way *way, const struct sl_call *call,
                 struct sl_request *request)
{
    const char *name = phase_of(way, call);
    const struct gdrive_phase *phase = own_phase(way, name);

    if (phase)
        phase->build(call, request);
    else if (strcmp(name, "look") == 0)
        build_look(call, request);
    else
        build_find(call, request);
    return 0;
}

void gdrive_parse(const struct gdrive_way *way, const struct sl_call *call,
                  const struct sl_exchange *exchange, struct sl_result *result)
{
    const char *name = phase_of(way, call);
    const struct gdrive_phase *phase = own_phase(way, name);

    if (phase)
        phase->parse(call, exchange, result);
    else if (strcmp(name, "look") == 0)
        parse_look(way, call, exchange, result);
    else
        parse_find(way, call, exchange, result);
}
