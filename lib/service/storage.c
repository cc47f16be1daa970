#include "lib/service/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/json.h"
#include "lib/service/job.h"
#include "lib/service/spool.h"
#include "lib/text/key.h"
#include "lib/transfer/pieces.h"

/* ---- Sources ------------------------------------------------------------------------------ */

static void close_fd(int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd);
}

static int64_t modified_ns(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* It is read once now, for its hash, and again when it is sent. */
static int take_named(struct sl_arena *arena, const char *path, const struct stat *status,
                      struct sl_put_source *source, struct sl_err *err)
{
    char absolute[PATH_MAX];

    if (!realpath(path, absolute))
        return sl_err_set(err, SL_ERR_IO, "%s: %s", path, strerror(errno));
    source->file.path = sl_arena_strdup(arena, absolute);
    source->file.size = status->st_size;
    source->modified_ns = modified_ns(status);
    source->file.sha256 = sl_pieces_digest(arena, &source->file, 0, status->st_size, err);
    return source->file.sha256 ? 0 : -1;
}

int sl_storage_source(struct sl_service *service, struct sl_arena *arena, const char *path,
                      const char *key, struct sl_put_source *source, struct sl_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    SL_AUTO(close_fd)
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    const char *slash = strrchr(key, '/');
    struct stat status;

    *source = (struct sl_put_source){ .modified_ns = -1 };
    source->file.name = slash ? slash + 1 : key;
    if (fd < 0 || fstat(fd, &status) != 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return sl_err_set(err, SL_ERR_DATA, "%s is a folder: put its files one by one", path);
    if (S_ISREG(status.st_mode) && !standard)
        return take_named(arena, path, &status, source, err);
    return sl_spool_take(service, arena, fd, INT64_MAX, &source->file, err);
}

/* ---- Payloads ------------------------------------------------------------------------------ */

const char *sl_storage_put_json(struct sl_arena *arena, const char *key,
                                const struct sl_put_source *source, bool no_clobber)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct json_object *file = sl_spool_json(&source->file);

    sl_json_put_text(doc, "key", key);
    if (source->modified_ns >= 0) {
        sl_json_put_text(file, "path", source->file.path);
        sl_json_put_int(file, "modified_ns", source->modified_ns);
    }
    sl_json_put(doc, "file", file);
    sl_json_put(doc, "no_clobber", sl_json_new_bool(no_clobber));
    return sl_json_print(arena, doc);
}

const char *sl_storage_get_json(struct sl_arena *arena, const char *key, const char *sink)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put_text(doc, "key", key);
    sl_json_put_text(doc, "sink", sink);
    return sl_json_print(arena, doc);
}

const char *sl_storage_key_json(struct sl_arena *arena, const char *key)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put_text(doc, "key", key);
    return sl_json_print(arena, doc);
}

const char *sl_storage_keys_json(struct sl_arena *arena, const char *const *keys, size_t n)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct json_object *list = sl_json_new_array();

    for (size_t i = 0; i < n; i++)
        sl_json_append(list, sl_json_new_text(keys[i]));
    sl_json_put(doc, "keys", list);
    return sl_json_print(arena, doc);
}

const char *sl_storage_url_json(struct sl_arena *arena, const char *key, int64_t expires_s,
                                bool is_public)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put_text(doc, "key", key);
    sl_json_put_int(doc, "expires_s", expires_s);
    sl_json_put(doc, "public", sl_json_new_bool(is_public));
    return sl_json_print(arena, doc);
}

/* ---- The domain ------------------------------------------------------------------------------ */

/* The file must still be the one that was accepted: its SHA-256 was taken then. */
static int find_file(struct sl_service *service, struct sl_job *job, struct json_object *json,
                     struct sl_file *file, struct sl_err *err)
{
    const char *path = sl_json_text(json, "path");
    struct stat status;

    if (sl_spool_find(service, job->arena, json, file, err) < 0)
        return -1;
    if (!path)
        return 0;
    file->path = path;
    if (stat(path, &status) != 0)
        return sl_err_set(err, SL_ERR_DATA, "%s: %s", path, strerror(errno));
    if (status.st_size != file->size ||
        modified_ns(&status) != sl_json_int(json, "modified_ns", -1))
        return sl_err_set(err, SL_ERR_DATA, "%s has changed since it was to be put", path);
    return 0;
}

static void read_keys(struct sl_job *job, struct sl_storage_ask *ask)
{
    struct json_object *keys = sl_json_at(job->payload, "keys");
    const char **list;

    ask->n_keys = sl_json_length(keys);
    list = SL_NEW(job->arena, const char *, ask->n_keys + 1);
    for (size_t i = 0; i < ask->n_keys; i++)
        list[i] = json_object_get_string(json_object_array_get_idx(keys, i));
    ask->keys = list;
}

static int load(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    struct sl_storage_ask *ask = SL_NEW(job->arena, struct sl_storage_ask, 1);
    struct json_object *json = sl_json_at(job->payload, "file");
    struct sl_file *file;

    *ask = (struct sl_storage_ask){
        .key = sl_json_text(job->payload, "key"),
        .sink = sl_json_text(job->payload, "sink"),
        .expires_s = sl_json_int(job->payload, "expires_s", 0),
        .is_public = json_object_get_boolean(sl_json_at(job->payload, "public")),
        .no_clobber = json_object_get_boolean(sl_json_at(job->payload, "no_clobber")),
    };
    read_keys(job, ask);
    if (json) {
        file = SL_NEW(job->arena, struct sl_file, 1);
        if (find_file(service, job, json, file, err) < 0)
            return -1;
        ask->file = file;
    }
    job->n_items = ask->n_keys > 0 ? ask->n_keys : 1;
    job->call.in.storage = ask;
    return ask->key || ask->n_keys > 0 ? 1 : sl_err_set(err, SL_ERR_DATA, "the row has no key");
}

static const char *reference(const struct sl_job *job)
{
    const char *key = job->call.in.storage->key;

    return key && *key ? key : job->item.public_id;
}

const struct sl_domain sl_storage_domain = {
    .operation = "storage.",
    .reference_type = "object",
    .load = load,
    .reference = reference,
};
