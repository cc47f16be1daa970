/* Google Drive v3, simulated: files in memory, in a shared drive (docs/providers/gdrive.md).
 *
 * Names of files ask for what becomes of them by how they begin: of "SHORT" half of each chunk is
 * kept, the session of "EXPIRED" ends once, "DAMAGED" is not what was sent, for "FULL" there is no
 * room, and "LAG" is in no search, as what was made just now. */
#include "sandbox/gdrive.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/google.h"
#include "sandbox/registry.h"

enum { MOST_BODY = 32 << 20, MOST_IDS = 1000, MOST_PROPERTY = 124 };

static const char json_body[] = "application/json; charset=UTF-8";
static const char files_path[] = "/drive/v3/files", upload_path[] = "/upload/drive/v3/files";
static const char drive_id[] = "0ASANDBOX", folder_type[] = "application/vnd.google-apps.folder";

void sl_drive_fail(struct sl_visit *visit, int status, const char *reason, const char *text)
{
    struct sl_buf *out = &visit->answer;

    sl_visit_begin(visit, status, json_body);
    sl_buf_printf(out, "{\"error\":{\"code\":%d,\"message\":", status);
    sl_json_quote(out, text);
    sl_buf_printf(out,
                  ",\"errors\":[{\"domain\":\"global\",\"reason\":\"%s\",\"message\":", reason);
    sl_json_quote(out, text);
    sl_buf_text(out, "}]}}");
}

void sl_drive_not_found(struct sl_visit *visit, const char *id)
{
    sl_drive_fail(visit, 404, "notFound", sl_arena_printf(visit->arena, "File not found: %s.", id));
}

/* ---- Files ------------------------------------------------------------------------------ */

struct sl_drive *sl_drive_of(struct sl_visit *visit)
{
    return visit->state;
}

bool sl_drive_asks(const struct sl_drive_file *file, const char *what)
{
    return strncmp(file->name, what, strlen(what)) == 0;
}

void sl_drive_add(struct sl_visit *visit, struct sl_drive_file *file)
{
    file->next = sl_drive_of(visit)->files;
    sl_drive_of(visit)->files = file;
}

static struct sl_drive_file *make(struct sl_visit *visit, const char *id, const char *name,
                                  const char *type, const char *parent)
{
    struct sl_arena *arena = sl_drive_of(visit)->arena;
    struct sl_drive_file *file = SL_NEW(arena, struct sl_drive_file, 1);

    *file = (struct sl_drive_file){ .id = sl_arena_strdup(arena, id),
                                    .name = sl_arena_strdup(arena, name),
                                    .type = sl_arena_strdup(arena, type),
                                    .parent = sl_arena_strdup(arena, parent),
                                    .created_ms = sl_now_ms() };
    file->modified_ms = file->created_ms;
    return file;
}

struct sl_drive_file *sl_drive_find(struct sl_visit *visit, const char *id)
{
    struct sl_drive_file *file = sl_drive_of(visit)->files;

    while (file && strcmp(file->id, id) != 0)
        file = file->next;
    if (!file && strncmp(id, "sandbox-", 8) == 0) {
        file = make(visit, id, id + 8, folder_type, NULL);
        sl_drive_add(visit, file);
    }
    return file;
}

bool sl_drive_trashed(struct sl_visit *visit, const struct sl_drive_file *file)
{
    while (file && !file->trashed)
        file = file->parent ? sl_drive_find(visit, file->parent) : NULL;
    return file != NULL;
}

static uint64_t hash_id(const char *id)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "drive"), id);
}

/* A second file of an id is refused; so is an id that was not given out here. */
static bool id_is_right(struct sl_visit *visit, const char *id)
{
    if (!sl_table_get(&sl_drive_of(visit)->ids, hash_id(id)))
        sl_drive_fail(visit, 400, "invalid", "The provided file ID is not usable.");
    else if (sl_drive_find(visit, id))
        sl_drive_fail(visit, 409, "fileIdInUse", "A file already exists with the provided ID.");
    else
        return true;
    return false;
}

static const char *new_id(struct sl_visit *visit)
{
    struct sl_drive *drive = sl_drive_of(visit);
    const char *id =
        sl_arena_printf(drive->arena, "1sb%016llx%08llx", (unsigned long long)sl_box_id(visit->box),
                        (unsigned long long)sl_box_id(visit->box) >> 32);

    sl_table_set(&drive->ids, hash_id(id), (void *)id);
    return id;
}

static bool properties_fit(struct json_object *doc)
{
    struct json_object *properties = sl_json_at(doc, "appProperties");

    if (!properties)
        return true;
    json_object_object_foreach(properties, name, value)
    {
        if (strlen(name) + strlen(json_object_get_string(value)) > MOST_PROPERTY)
            return false;
    }
    return true;
}

struct sl_drive_file *sl_drive_new(struct sl_visit *visit, struct json_object *doc)
{
    const char *id = sl_json_text(doc, "id"), *name = sl_json_text(doc, "name");
    const char *type = sl_json_text(doc, "mimeType"), *parent;
    struct json_object *parents = sl_json_at(doc, "parents");
    const struct sl_drive_file *folder;

    parent = sl_json_length(parents) == 1
                 ? json_object_get_string(json_object_array_get_idx(parents, 0))
                 : NULL;
    folder = parent ? sl_drive_find(visit, parent) : NULL;
    if (!name || !*name || !parent)
        sl_drive_fail(visit, 400, "required", "name and one of parents are required");
    else if (!folder || folder->bytes)
        sl_drive_not_found(visit, parent);
    else if (!properties_fit(doc))
        sl_drive_fail(visit, 400, "invalid", "A property is longer than 124 bytes.");
    else if (strncmp(name, "FULL", 4) == 0)
        sl_drive_fail(visit, 403, "storageQuotaExceeded",
                      "Service Accounts do not have storage quota.");
    else if (!id || id_is_right(visit, id))
        return make(visit, id ? id : new_id(visit), name, type ? type : "application/octet-stream",
                    parent);
    return NULL;
}

/* ---- Showing ------------------------------------------------------------------------------ */

static void hash_file(struct sl_visit *visit, const struct sl_drive_file *file, char **md5,
                      char **sha256)
{
    unsigned char sum[SL_SHA256_SIZE];

    *md5 = sl_arena_alloc(visit->arena, 2 * SL_MD5_SIZE + 1, 1);
    *sha256 = sl_arena_alloc(visit->arena, 2 * SL_SHA256_SIZE + 1, 1);
    sl_md5(file->bytes, file->size, sum);
    sl_hex(sum, SL_MD5_SIZE, *md5);
    sl_sha256(file->bytes, file->size, sum);
    sl_hex(sum, SL_SHA256_SIZE, *sha256);
}

static struct json_object *all_of(struct sl_visit *visit, const struct sl_drive_file *file)
{
    struct json_object *doc = sl_json_new_object();
    char created[SL_TIME_SIZE], modified[SL_TIME_SIZE], *md5, *sha256;

    sl_time_utc(file->created_ms, created);
    sl_time_utc(file->modified_ms, modified);
    sl_json_put_text(doc, "id", file->id);
    sl_json_put_text(doc, "name", file->name);
    sl_json_put_text(doc, "mimeType", file->type);
    sl_json_put_text(doc, "createdTime", created);
    sl_json_put_text(doc, "modifiedTime", modified);
    sl_json_put_text(doc, "driveId", drive_id);
    sl_json_put(doc, "trashed", sl_json_new_bool(sl_drive_trashed(visit, file)));
    sl_json_put(sl_json_put_object(doc, "capabilities"), "canAddChildren",
                sl_json_new_bool(!file->bytes));
    if (file->everybody)
        sl_json_put_text(doc, "webContentLink",
                         sl_arena_printf(visit->arena,
                                         "https://drive.google.com/uc?id=%s&export=download",
                                         file->id));
    if (!file->bytes)
        return doc;
    hash_file(visit, file, &md5, &sha256);
    sl_json_put_text(doc, "size", sl_arena_printf(visit->arena, "%zu", file->size));
    sl_json_put_text(doc, "md5Checksum", md5);
    sl_json_put_text(doc, "sha256Checksum", sha256);
    return doc;
}

/* Whether a mask like "id,files(name,capabilities(canAddChildren))" has the member. */
static bool names(const char *mask, const char *member)
{
    size_t n = strlen(member);

    for (const char *at = strstr(mask, member); at; at = strstr(at + 1, member))
        if ((at == mask || strchr(",(", at[-1])) && (!at[n] || strchr(",()", at[n])))
            return true;
    return false;
}

struct json_object *sl_drive_shown(struct sl_visit *visit, const struct sl_drive_file *file)
{
    const char *mask = sl_visit_query(visit, "fields");
    struct json_object *doc = all_of(visit, file), *out = sl_json_new_object();

    json_object_object_foreach(doc, member, value)
    {
        if (names(mask ? mask : "id,name,mimeType", member))
            sl_json_put(out, member, json_object_get(value));
    }
    json_object_put(doc);
    return out;
}

void sl_drive_tell(struct sl_visit *visit, struct json_object *doc)
{
    sl_visit_answer(visit, 200, json_body, sl_json_print(visit->arena, doc));
    json_object_put(doc);
}

void sl_drive_show(struct sl_visit *visit, const struct sl_drive_file *file)
{
    sl_drive_tell(visit, sl_drive_shown(visit, file));
}

/* ---- One file --------------------------------------------------------------------------------- */

static void get(struct sl_visit *visit, const struct sl_drive_file *file)
{
    const char *alt = sl_visit_query(visit, "alt");

    if (!alt || strcmp(alt, "media") != 0) {
        sl_drive_show(visit, file);
        return;
    }
    if (!file->bytes) {
        sl_drive_fail(visit, 403, "fileNotDownloadable",
                      "Only files with binary content can be "
                      "downloaded.");
        return;
    }
    sl_visit_begin(visit, 200, file->type);
    sl_buf_add(&visit->answer, file->bytes, file->size);
}

static void change(struct sl_visit *visit, struct sl_drive_file *file)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    struct json_object *trashed = sl_json_at(doc, "trashed");

    if (!json_object_is_type(trashed, json_type_boolean)) {
        sl_drive_fail(visit, 400, "badRequest", "Bad Request");
        return;
    }
    file->trashed = json_object_get_boolean(trashed);
    sl_drive_show(visit, file);
}

/* For good: it has no id any more by which it could be found. */
static void drop(struct sl_visit *visit, struct sl_drive_file *file)
{
    struct sl_drive_file **at = &sl_drive_of(visit)->files;

    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    sl_visit_answer(visit, 204, NULL, "");
}

static void share(struct sl_visit *visit, struct sl_drive_file *file)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *type = sl_json_text(doc, "type"), *role = sl_json_text(doc, "role");

    if (!type || strcmp(type, "anyone") != 0 || !role || strcmp(role, "reader") != 0) {
        sl_drive_fail(visit, 400, "invalid", "Only anyone may read here.");
        return;
    }
    file->everybody = true;
    sl_visit_answer(visit, 200, json_body, "{\"id\":\"anyoneWithLink\"}");
}

static void create(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    static const struct sl_seen_kind kind = { .operation = "folder",
                                              .names = { "id", "name", "parent" } };
    struct sl_drive_file *file = sl_drive_new(visit, doc);

    if (!file)
        return;
    sl_drive_add(visit, file);
    sl_seen_add(visit, &kind, (const char *const[]){ file->id, file->name, file->parent });
    sl_drive_show(visit, file);
}

static void about(struct sl_visit *visit)
{
    sl_visit_answer(
        visit, 200, json_body,
        "{\"user\":{\"emailAddress\":\"shulelabs-test@demo-school.iam.gserviceaccount.com\","
        "\"displayName\":\"Sandbox\"},\"storageQuota\":{\"usage\":\"0\"}}");
}

static void give_ids(struct sl_visit *visit)
{
    const char *count = sl_visit_query(visit, "count");
    struct json_object *doc = sl_json_new_object(), *ids = sl_json_new_array();
    int64_t n = 10;

    if (count)
        (void)sl_parse_int(count, 1, MOST_IDS, &n);
    for (int64_t i = 0; i < n; i++)
        sl_json_append(ids, sl_json_new_text(new_id(visit)));
    sl_json_put(doc, "ids", ids);
    sl_drive_tell(visit, doc);
}

/* ---- Requests --------------------------------------------------------------------------------- */

static bool is(const struct sl_visit *visit, const char *method)
{
    return strcmp(visit->method, method) == 0;
}

/* What is in a shared drive is found only by who asks for it. */
static void with_file(struct sl_visit *visit, const char *rest)
{
    size_t n = strcspn(rest, "/");
    const char *id = sl_arena_memdup(visit->arena, rest, n);
    const char *all = sl_visit_query(visit, "supportsAllDrives");
    struct sl_drive_file *file = all && strcmp(all, "true") == 0 ? sl_drive_find(visit, id) : NULL;

    if (!file)
        sl_drive_not_found(visit, id);
    else if (is(visit, "POST") && strcmp(rest + n, "/permissions") == 0)
        share(visit, file);
    else if (rest[n])
        sl_drive_not_found(visit, id);
    else if (is(visit, "GET"))
        get(visit, file);
    else if (is(visit, "PATCH"))
        change(visit, file);
    else if (is(visit, "DELETE"))
        drop(visit, file);
    else
        sl_drive_fail(visit, 405, "httpMethodNotAllowed", "Method not allowed");
}

static void route(struct sl_visit *visit)
{
    const char *path = visit->path;

    if (strncmp(path, upload_path, sizeof upload_path - 1) == 0)
        sl_drive_upload(visit);
    else if (is(visit, "GET") && strcmp(path, "/drive/v3/about") == 0)
        about(visit);
    else if (is(visit, "GET") && strcmp(path, "/drive/v3/files/generateIds") == 0)
        give_ids(visit);
    else if (is(visit, "GET") && strcmp(path, files_path) == 0)
        sl_drive_list(visit);
    else if (is(visit, "POST") && strcmp(path, files_path) == 0)
        create(visit);
    else if (strncmp(path, files_path, sizeof files_path - 1) == 0 && path[sizeof files_path - 1])
        with_file(visit, path + sizeof files_path);
    else
        sl_drive_fail(visit, 404, "notFound", "Not Found");
}

/* Limits are 403 here. */
static bool refused_by_scenario(struct sl_visit *visit)
{
    switch (sl_visit_refusal(visit)) {
    case SL_REFUSE_NOT: return false;
    case SL_REFUSE_RATE:
        sl_drive_fail(visit, 403, "userRateLimitExceeded", "User Rate Limit Exceeded");
        return true;
    case SL_REFUSE_BUSY: sl_drive_fail(visit, 503, "backendError", "Backend Error"); return true;
    case SL_REFUSE_BROKEN:
        sl_drive_fail(visit, 500, "internalError", "Internal Error");
        return true;
    }
    return false;
}

/* Where the scenario wants it, of each kind of change the first answer is lost, and of each path the
 * first request is refused its token. */
static bool first_time(struct sl_visit *visit)
{
    uint64_t hash = sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "gdrive"), visit->path);

    return sl_table_first(&visit->box->once, sl_hash_text(hash, visit->method));
}

static bool knows(struct sl_visit *visit)
{
    return sl_google_knows(visit, "https://www.googleapis.com/auth/drive") ||
           sl_google_knows(visit, "https://www.googleapis.com/auth/drive.file");
}

static void answer(struct sl_visit *visit)
{
    bool expired = visit->scenario == SL_PLAY_TOKEN_EXPIRED && first_time(visit);
    bool lost = visit->scenario == SL_PLAY_LOST_ANSWER && !is(visit, "GET") && first_time(visit);

    if (visit->scenario == SL_PLAY_LOST_ANSWER)
        visit->scenario = SL_PLAY_OK;
    if (expired || !knows(visit)) {
        sl_drive_fail(visit, 401, "authError", "Invalid Credentials");
        return;
    }
    if (refused_by_scenario(visit))
        return;
    route(visit);
    if (lost && visit->status < 400) {
        visit->ending = SL_ENDING_NONE;
        visit->box->counts.lost++;
    }
}

/* ---- The simulator ------------------------------------------------------------------------------ */

static bool owns(const char *path)
{
    return strncmp(path, "/drive/v3/", 10) == 0 ||
           strncmp(path, upload_path, sizeof upload_path - 1) == 0;
}

static void *open_drive(void)
{
    struct sl_drive *drive = calloc(1, sizeof *drive);

    if (!drive)
        sl_out_of_memory();
    drive->arena = sl_arena_new();
    return drive;
}

static void reset_drive(void *state)
{
    struct sl_drive *drive = state;

    sl_table_clear(&drive->ids);
    sl_table_clear(&drive->sessions);
    sl_arena_reset(drive->arena);
    drive->files = NULL;
}

static void close_drive(void *state)
{
    struct sl_drive *drive = state;

    reset_drive(drive);
    sl_arena_free(&drive->arena);
    free(drive);
}

const struct sl_simulator sl_sim_gdrive = {
    .code = "gdrive",
    .most_body = MOST_BODY,
    .owns = owns,
    .open = open_drive,
    .close = close_drive,
    .reset = reset_drive,
    .answer = answer,
};
