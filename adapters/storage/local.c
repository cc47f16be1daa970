/* Local storage: files beneath one folder of this machine.
 *
 * Wire: the kernel's (open(2), openat2(2), rename(2), fsync(2)). The adapter names the step and
 * reads what it told; lib/transfer/files.c does it. Everything may be repeated: a put is atomic and
 * the last one stays, removing what is gone is no failure. */
#include <errno.h>
#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/listing.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

enum { ROOT, FILE_MODE, DIR_MODE, MAX_BYTES, MIN_FREE, SYNC, PUBLIC_BASE_URL, N_FIELDS };

enum { PAGE = 1000, FULL_MS = 15 * 60 * 1000 };

static const struct sl_field fields[N_FIELDS] = {
    [ROOT] = { .name = "root",
               .help = "Folder of this school's files: absolute, of its own, writable by us alone",
               .kind = SL_FIELD_FOLDER,
               .required = true,
               .identity = true },
    [FILE_MODE] = { .name = "file_mode",
                    .help = "Permissions of files, octal",
                    .otherwise = "0640" },
    [DIR_MODE] = { .name = "dir_mode",
                   .help = "Permissions of folders, octal",
                   .otherwise = "0750" },
    [MAX_BYTES] = { .name = "max_bytes",
                    .help = "Longest file; 0: any",
                    .otherwise = "0",
                    .kind = SL_FIELD_INT,
                    .most = INT64_MAX },
    [MIN_FREE] = { .name = "min_free_bytes",
                   .help = "What must stay free on the disk",
                   .otherwise = "67108864",
                   .kind = SL_FIELD_INT,
                   .most = INT64_MAX },
    [SYNC] = { .name = "fsync",
               .help = "On the disk before it is told; false only for what may be lost",
               .otherwise = "true",
               .kind = SL_FIELD_BOOL },
    [PUBLIC_BASE_URL] = { .name = "public_base_url",
                          .help =
                              "Where a web server shows the folder; without it there are no URLs",
                          .kind = SL_FIELD_URL },
};

/* ---- Settings ------------------------------------------------------------------------------- */

/* "0640": read and write bits alone, and none for others to write. */
static bool read_mode(const char *text, unsigned *mode)
{
    *mode = 0;
    if (!*text || strlen(text) > 4 || text[strspn(text, "01234567")])
        return false;
    for (; *text; text++)
        *mode = *mode * 8 + (unsigned)(*text - '0');
    return *mode <= 0777 && !(*mode & 0002) && (*mode & 0600) == 0600;
}

static int check_mode(const struct sl_settings *settings, int field, struct sl_err *err)
{
    unsigned mode;

    if (!settings->values[field] || read_mode(settings->values[field], &mode))
        return 0;
    return sl_err_set(err, SL_ERR_CONFIG,
                      "%s '%s' is not octal like %s, or lets others write, or not ourselves",
                      fields[field].name, settings->values[field], fields[field].otherwise);
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *root = settings->values[ROOT];

    (void)arena;
    if (root && (*root != '/' || strstr(root, "/../") || strstr(root, "//") || strlen(root) < 2))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "root '%s' is not an absolute path of a folder below /", root);
    if (check_mode(settings, FILE_MODE, err) < 0)
        return -1;
    return check_mode(settings, DIR_MODE, err);
}

/* ---- Steps ------------------------------------------------------------------------------------ */

static int64_t number(const struct sl_call *call, int field)
{
    int64_t value = 0;

    (void)sl_parse_int(call->settings->values[field], 0, INT64_MAX, &value);
    return value;
}

static struct sl_file_step *new_step(const struct sl_call *call, struct sl_request *request,
                                     const char *method, enum sl_file_act act, const char *key)
{
    struct sl_file_step *step = SL_NEW(call->arena, struct sl_file_step, 1);

    *step = (struct sl_file_step){
        .act = act,
        .root = call->settings->values[ROOT],
        .key = key,
        .sync = strcmp(call->settings->values[SYNC], "true") == 0,
        .min_free = number(call, MIN_FREE),
    };
    (void)read_mode(call->settings->values[FILE_MODE], &step->file_mode);
    (void)read_mode(call->settings->values[DIR_MODE], &step->dir_mode);
    request->method = method;
    request->base = sl_arena_printf(call->arena, "file://%s", step->root);
    request->path = sl_arena_printf(call->arena, "/%s", key);
    request->files = step;
    return step;
}

static int build_put(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_storage_ask *ask = call->in.storage;
    struct sl_file_step *step = new_step(call, request, "PUT", SL_FILE_PUT, ask->key);
    int64_t most = number(call, MAX_BYTES);

    if (most > 0 && ask->file->size > most)
        return sl_err_set(err, SL_ERR_DATA, "%s has %lld bytes, and max_bytes is %lld", ask->key,
                          (long long)ask->file->size, (long long)most);
    step->file = ask->file;
    step->no_clobber = ask->no_clobber;
    return 0;
}

static int build_get(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    (void)new_step(call, request, "GET", SL_FILE_GET, call->in.storage->key);
    request->sink = call->in.storage->sink;
    return 0;
}

static int build_stat(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    (void)new_step(call, request, "STAT", SL_FILE_STAT, call->in.storage->key);
    return 0;
}

static int build_list(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_file_step *step =
        new_step(call, request, "LIST", SL_FILE_LIST, call->in.storage->key);

    (void)err;
    step->after = sl_json_text(call->memory, "after");
    step->most = PAGE;
    return 0;
}

static int build_remove(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    (void)new_step(call, request, "DELETE", SL_FILE_REMOVE, call->in.storage->keys[0]);
    return 0;
}

static int build_probe(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    (void)new_step(call, request, "PROBE", SL_FILE_PROBE, "");
    return 0;
}

/* Nothing is sent: the address is known without asking. */
static int build_url(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)request;
    if (call->settings->values[PUBLIC_BASE_URL])
        return 0;
    return sl_err_set(err, SL_ERR_CONFIG,
                      "local storage has no URLs without the setting public_base_url");
}

/* ---- What they told ----------------------------------------------------------------------------- */

static struct sl_outcome outcome_of(int error)
{
    struct sl_outcome outcome = { .verdict = SL_PERMANENT,
                                  .text = strerrordesc_np(error),
                                  .code = strerrorname_np(error) };

    switch (error) {
    case 0: return (struct sl_outcome){ .verdict = SL_OK };
    case ENOENT: outcome.text = "there is no such file"; break;
    case EEXIST: outcome.text = "there is one of that key already"; break;
    case EXDEV:
    case ELOOP: outcome.text = "the key leads out of the folder, or over a symbolic link"; break;
    case ESTALE: outcome.text = "the file changed while it was read"; break;
    case EPERM: outcome.text = "the folder is not ours, or others may write to it"; break;
    case ENOSPC:
    case EDQUOT:
        outcome.text = "the disk is full";
        outcome.verdict = SL_RETRY;
        outcome.after_ms = FULL_MS;
        break;
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: outcome.verdict = SL_RETRY; break;
    default: break;
    }
    return outcome;
}

/* True if it was done; *doc is what it told then. */
static bool was_done(const struct sl_exchange *exchange, struct sl_result *result,
                     struct json_object **doc)
{
    if (sl_result_unanswered(exchange, result))
        return false;
    *doc = sl_json_parse(exchange->body, exchange->n_body);
    if (exchange->error == 0 && !json_object_is_type(*doc, json_type_object))
        return false;
    sl_result_all(result, outcome_of(exchange->error));
    return exchange->error == 0;
}

static struct json_object *record(const char *key, struct json_object *doc, const char *type)
{
    const char *sha256 = sl_json_text(doc, "sha256");
    struct json_object *row = sl_listing_object(key, sl_json_int(doc, "size", -1), type,
                                                sl_json_int(doc, "modified_at", 0));

    if (sha256)
        sl_listing_checksum(row, "sha256", sha256);
    return row;
}

static void parse_object(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const struct sl_storage_ask *ask = call->in.storage;

    if (!was_done(exchange, result, &doc))
        return;
    if (sl_json_int(doc, "size", -1) < 0) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    sl_listing_add(result, record(ask->key, doc, ask->file ? ask->file->type : NULL));
}

static void parse_list(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *entries, *entry = NULL;

    (void)call;
    if (!was_done(exchange, result, &doc))
        return;
    entries = sl_json_at(doc, "entries");
    if (!json_object_is_type(entries, json_type_array)) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    for (size_t i = 0; i < sl_json_length(entries); i++) {
        entry = json_object_array_get_idx(entries, i);
        sl_listing_add(result, record(sl_json_text(entry, "key"), entry, NULL));
    }
    if (!entry || !json_object_get_boolean(sl_json_at(doc, "more")))
        return;
    result->next = SL_STEP_AGAIN;
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, "after", sl_json_text(entry, "key"));
}

static void parse_remove(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    (void)call;
    if (was_done(exchange, result, &doc) && !json_object_get_boolean(sl_json_at(doc, "removed")))
        result->items[0].text = "it was not there";
}

static void parse_url(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct sl_result *result)
{
    const char *base = call->settings->values[PUBLIC_BASE_URL], *key = call->in.storage->key;
    struct json_object *row;

    (void)exchange;
    if (!base)
        return;
    row = sl_listing_object(key, -1, NULL, 0);
    sl_json_put_text(row, "url",
                     sl_arena_printf(call->arena, "%s%s%s", base,
                                     base[strlen(base) - 1] == '/' ? "" : "/",
                                     sl_listing_path(call->arena, key)));
    sl_listing_add(result, row);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static void parse_probe(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    int64_t free_bytes;

    if (!was_done(exchange, result, &doc))
        return;
    free_bytes = sl_json_int(doc, "free", -1);
    if (free_bytes < 0) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY });
        return;
    }
    sl_result_found(result,
                    (struct sl_finding){ free_bytes > number(call, MIN_FREE) ? SL_FINDING_GOOD
                                                                             : SL_FINDING_WARN,
                                         sl_arena_printf(call->arena, "%lld MiB are free",
                                                         (long long)(free_bytes >> 20)) });
}

/* ---- The table ------------------------------------------------------------------------------------- */

static const struct sl_step steps_put[] = {
    { build_put, parse_object, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_get[] = {
    { build_get, parse_object, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_stat[] = {
    { build_stat, parse_object, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_list[] = {
    { build_list, parse_list, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_remove[] = {
    { build_remove, parse_remove, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_url[] = {
    { build_url, parse_url, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { build_probe, parse_probe, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "storage.put",
      .input = SL_INPUT_STORAGE,
      .steps = steps_put,
      .n_steps = 1,
      .keeps = true },
    { .name = "storage.get", .input = SL_INPUT_STORAGE, .steps = steps_get, .n_steps = 1 },
    { .name = "storage.stat", .input = SL_INPUT_STORAGE, .steps = steps_stat, .n_steps = 1 },
    { .name = "storage.list", .input = SL_INPUT_STORAGE, .steps = steps_list, .n_steps = 1 },
    { .name = "storage.remove", .input = SL_INPUT_STORAGE, .steps = steps_remove, .n_steps = 1 },
    { .name = "storage.url", .input = SL_INPUT_STORAGE, .steps = steps_url, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

const struct sl_adapter sl_local = {
    .code = "local",
    .name = "Local storage",
    .adapter_class = "LocalStorageAdapter",
    .category = SL_STORAGE,
    .environment = "production",
    .limits = { .max_in_flight = 4, .batch_size = 1, .most_items = 1 },
    .fields = fields,
    .n_fields = N_FIELDS,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
