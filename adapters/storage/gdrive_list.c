/* A listing: Drive lists one folder, so folders are listed one after the other, page by page. What
 * is left is the memory's: {"folders": [{"id", "path": what its keys begin with}], "page"}. */
#include <string.h>

#include "adapters/storage/gdrive.h"
#include "lib/adapter/listing.h"

enum { PAGE = 1000 };

static const char *folder_at(struct json_object *folders, const char *member)
{
    return sl_json_text(sl_json_length(folders) > 0 ? json_object_array_get_idx(folders, 0) : NULL,
                        member);
}

/* The folders that are left, the one that is listed first: {"id", "path": what its keys begin with}. */
static struct json_object *folders_of(const struct sl_call *call)
{
    struct json_object *folders = sl_json_at(call->memory, "folders"), *first;
    const char *prefix = gdrive_key(call), *slash = strrchr(prefix, '/');

    if (folders)
        return json_object_get(folders);
    folders = sl_json_new_array();
    first = sl_json_new_object();
    sl_json_put_text(first, "id", gdrive_place(call).parent);
    sl_json_put_text(first, "path",
                     sl_arena_memdup(call->arena, prefix,
                                     slash ? (size_t)(slash - prefix) + 1 : 0));
    sl_json_append(folders, first);
    return folders;
}

static void build_walk(const struct sl_call *call, struct sl_request *request)
{
    SL_AUTO(sl_json_free) struct json_object *folders = folders_of(call);

    gdrive_search(call, request,
                  sl_arena_printf(call->arena, "'%s' in parents and trashed = false",
                                  folder_at(folders, "id")),
                  "name", PAGE);
}

/* Names may have a slash; keys made of them would be another's. */
static const char *key_of(const struct sl_call *call, const char *path, const char *name)
{
    struct sl_buf key = sl_buf_new(call->arena);

    sl_buf_text(&key, path);
    for (; *name; name++) {
        if (*name == '/')
            sl_buf_text(&key, "\xe2\x88\x95"); /* U+2215 */
        else
            sl_buf_add(&key, name, 1);
    }
    return key.data;
}

static bool is_twin(struct json_object *files, size_t place)
{
    struct json_object *file = json_object_array_get_idx(files, place);
    const char *name = sl_json_text(file, "name");

    for (size_t i = 0; i < sl_json_length(files); i++) {
        struct json_object *other = json_object_array_get_idx(files, i);
        const char *named = sl_json_text(other, "name");

        if (i != place && named && strcmp(named, name) == 0 &&
            gdrive_is_folder(other) == gdrive_is_folder(file) && gdrive_is_before(other, file))
            return true;
    }
    return false;
}

static void add_file(const struct sl_call *call, struct json_object *file, const char *path,
                     struct json_object *folders, struct sl_result *result)
{
    const char *key = key_of(call, path, sl_json_text(file, "name")), *prefix = gdrive_key(call);
    const char *type = sl_json_text(file, "mimeType");
    size_t n_key, n_prefix = strlen(prefix);
    struct json_object *folder;

    if (gdrive_is_folder(file)) {
        key = sl_arena_printf(call->arena, "%s/", key);
        n_key = strlen(key);
        if (strncmp(key, prefix, n_key < n_prefix ? n_key : n_prefix) != 0)
            return;
        folder = sl_json_new_object();
        sl_json_put_text(folder, "id", sl_json_text(file, "id"));
        sl_json_put_text(folder, "path", key);
        sl_json_append(folders, folder);
    } else if (strncmp(key, prefix, n_prefix) == 0 && type &&
               strcmp(type, "application/vnd.google-apps.shortcut") != 0) {
        sl_listing_add(result, gdrive_record(key, file));
    }
}

static void add_page(const struct sl_call *call, struct json_object *files,
                     struct json_object *folders, struct sl_result *result)
{
    const char *path = folder_at(folders, "path");

    for (size_t i = 0; i < sl_json_length(files); i++) {
        struct json_object *file = json_object_array_get_idx(files, i);

        if (sl_json_text(file, "name") && sl_json_text(file, "id") && !is_twin(files, i))
            add_file(call, file, path, folders, result);
    }
}

static void parse_walk(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    SL_AUTO(sl_json_free) struct json_object *folders = NULL;
    struct json_object *files, *copy = NULL, *memory;
    const char *page;

    if (!gdrive_good(call, exchange, result, &doc)) {
        if (gdrive_says(exchange, 404) && !sl_json_at(call->memory, "folders"))
            gdrive_lost(call, result);
        return;
    }
    files = sl_json_at(doc, "files");
    if (!json_object_is_type(files, json_type_array)) {
        gdrive_fail(result, SL_RETRY, NULL);
        return;
    }
    folders = folders_of(call);
    if (json_object_deep_copy(folders, &copy, NULL) != 0)
        sl_out_of_memory();
    add_page(call, files, copy, result);
    page = sl_json_text(doc, "nextPageToken");
    if (!page)
        (void)json_object_array_del_idx(copy, 0, 1);
    if (sl_json_length(copy) == 0) {
        json_object_put(copy);
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        return;
    }
    memory = gdrive_next(call, result, "walk");
    sl_json_put_text(memory, "page", page);
    sl_json_put(memory, "folders", copy);
}

static void nothing_there(const struct sl_call *call, struct sl_result *result)
{
    (void)call;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static const struct gdrive_phase list_phases[] = { { "walk", build_walk, parse_walk } };
static const struct gdrive_way list_way = { .phases = list_phases,
                                            .n_phases = SL_COUNT(list_phases),
                                            .missing = nothing_there,
                                            .folder = "walk" };

static int build_list(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    return gdrive_build(&list_way, call, request);
}

static void parse_list(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    gdrive_parse(&list_way, call, exchange, result);
}

const struct sl_step gdrive_list_steps[1] = {
    { build_list, parse_list, .facts = gdrive_folder_facts, .ambiguous = { .last = SL_RESEND } },
};
