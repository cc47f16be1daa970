#include "lib/service/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/store/spool.h"

enum { BLOCK = 64 * 1024, KEPT_MS = 24 * 60 * 60 * 1000, SHA256_DIGITS = 2 * SL_SHA256_SIZE };

/* A copy on its way: without a name of its own until it is whole. */
struct copy {
    const char *folder;
    const char *path; /* NULL: there is none to remove */
    int fd;           /* -1: closed */
    int64_t size;
    struct sl_hash hash;
};

static void copy_end(struct copy *copy)
{
    if (copy->fd >= 0)
        (void)close(copy->fd);
    if (copy->path)
        (void)unlink(copy->path);
    sl_hash_end(&copy->hash);
}

static const char *folder_of(const struct sl_service *service, struct sl_arena *arena)
{
    return sl_arena_printf(arena, "%s-spool", service->settings.database);
}

static int fail(const char *path, const char *what, struct sl_err *err)
{
    return sl_err_set(err, SL_ERR_IO, "%s cannot be %s: %s", path, what, strerror(errno));
}

static int begin(struct copy *copy, struct sl_arena *arena, struct sl_err *err)
{
    unsigned char random[8];
    char name[2 * sizeof random + 1];

    if (mkdir(copy->folder, 0700) != 0 && errno != EEXIST)
        return fail(copy->folder, "made", err);
    sl_random(random, sizeof random);
    sl_hex(random, sizeof random, name);
    copy->path = sl_arena_printf(arena, "%s/new-%s", copy->folder, name);
    copy->fd = open(copy->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (copy->fd < 0) {
        const char *path = copy->path;

        copy->path = NULL;
        return fail(path, "made", err);
    }
    sl_hash_begin(&copy->hash);
    return 0;
}

static int write_all(struct copy *copy, const char *bytes, size_t n, struct sl_err *err)
{
    while (n > 0) {
        ssize_t written = write(copy->fd, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(copy->path, "written", err);
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

static int fill(struct copy *copy, int fd, int64_t most, struct sl_err *err)
{
    char bytes[BLOCK];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof bytes)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sl_err_set(err, SL_ERR_IO, "it cannot be read: %s", strerror(errno));
        copy->size += n;
        if (copy->size > most)
            return sl_err_set(err, SL_ERR_DATA, "it is longer than %lld bytes", (long long)most);
        sl_hash_add(&copy->hash, bytes, (size_t)n);
        if (write_all(copy, bytes, (size_t)n, err) < 0)
            return -1;
    }
    return 0;
}

static int sync_folder(const char *folder, struct sl_err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

    if (fd < 0)
        return fail(folder, "opened", err);
    failed = fsync(fd);
    if (failed != 0)
        (void)fail(folder, "synced", err);
    (void)close(fd);
    return failed ? -1 : 0;
}

/* It is whole: its content is on the disk, and its name is known. */
static int finish(struct copy *copy, struct sl_arena *arena, struct sl_file *file,
                  struct sl_err *err)
{
    unsigned char sum[SL_SHA256_SIZE];
    char *digits = sl_arena_alloc(arena, SHA256_DIGITS + 1, 1);
    int fd = copy->fd;

    sl_hash_result(&copy->hash, sum);
    sl_hex(sum, sizeof sum, digits);
    file->path = sl_arena_printf(arena, "%s/%s", copy->folder, digits);
    file->sha256 = digits;
    file->size = copy->size;
    if (fsync(fd) != 0)
        return fail(copy->path, "synced", err);
    copy->fd = -1;
    return close(fd) == 0 ? 0 : fail(copy->path, "written", err);
}

/* In a transaction, so that a sweep sees either no file or one that was wanted now. */
static int give_name(struct sl_service *service, struct copy *copy, const struct sl_file *file,
                     struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    if (rename(copy->path, file->path) != 0)
        return fail(file->path, "made", err);
    copy->path = NULL;
    if (sync_folder(copy->folder, err) < 0 ||
        sl_spool_files_add(service->db, file->sha256, file->size, sl_now_ms(), err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_spool_take(struct sl_service *service, struct sl_arena *arena, int fd, int64_t most,
                  struct sl_file *file, struct sl_err *err)
{
    SL_AUTO(copy_end) struct copy copy = { .folder = folder_of(service, arena), .fd = -1 };

    if (begin(&copy, arena, err) < 0 || fill(&copy, fd, most, err) < 0 ||
        finish(&copy, arena, file, err) < 0)
        return -1;
    return give_name(service, &copy, file, err);
}

int sl_spool_use(struct sl_service *service, const struct sl_file *file, int64_t queue_id,
                 struct sl_err *err)
{
    return sl_spool_files_use(service->db, file->sha256, queue_id, err);
}

int sl_spool_use_all(struct sl_service *service, const struct sl_file *files, size_t n,
                     int64_t queue_id, struct sl_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (sl_spool_use(service, &files[i], queue_id, err) < 0)
            return -1;
    return 0;
}

/* ---- In payloads ---------------------------------------------------------------------- */

struct json_object *sl_spool_json(const struct sl_file *file)
{
    struct json_object *json = sl_json_new_object();

    sl_json_put_text(json, "name", file->name);
    sl_json_put_text(json, "type", file->type);
    sl_json_put_int(json, "size", file->size);
    sl_json_put_text(json, "sha256", file->sha256);
    return json;
}

int sl_spool_find(struct sl_service *service, struct sl_arena *arena, struct json_object *json,
                  struct sl_file *file, struct sl_err *err)
{
    *file = (struct sl_file){
        .name = sl_json_text(json, "name"),
        .type = sl_json_text(json, "type"),
        .size = sl_json_int(json, "size", -1),
        .sha256 = sl_json_text(json, "sha256"),
    };
    if (!file->name || !file->type || !file->sha256 || file->size < 0 ||
        strlen(file->sha256) != SHA256_DIGITS ||
        strspn(file->sha256, "0123456789abcdef") != SHA256_DIGITS)
        return sl_err_set(err, SL_ERR_DATA, "the row names no file of the spool");
    file->path = sl_arena_printf(arena, "%s/%s", folder_of(service, arena), file->sha256);
    return 0;
}

/* ---- Sweeping ------------------------------------------------------------------------- */

/* One, in a transaction: nobody can take it anew meanwhile. Returns 1, 0 or -1. */
static int sweep_one(struct sl_service *service, int64_t before, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const char *sha256, *path;
    int found;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = sl_spool_files_unused(service->db, arena, before, &sha256, err);
    if (found <= 0)
        return found;
    path = sl_arena_printf(arena, "%s/%s", folder_of(service, arena), sha256);
    if (unlink(path) != 0 && errno != ENOENT)
        return fail(path, "removed", err);
    if (sl_spool_files_forget(service->db, sha256, err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return 1;
}

/* What a killed process left: a copy without a name of its own, or one whose name no row has. Looked for in a
 * transaction, as names are given in one. */
static int sweep_stray(struct sl_service *service, const char *path, const char *name,
                       struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int known;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    known = sl_spool_files_known(service->db, name, err);
    if (known != 0)
        return known < 0 ? -1 : 0;
    return unlink(path) != 0 && errno != ENOENT ? fail(path, "removed", err) : 1;
}

static void close_folder(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
}

static int64_t sweep_strays(struct sl_service *service, int64_t before, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *folder = folder_of(service, arena), *path;
    SL_AUTO(close_folder) DIR *names = opendir(folder);
    struct dirent *read;
    struct stat status;
    int64_t removed = 0;

    if (!names)
        return errno == ENOENT ? 0 : fail(folder, "opened", err);
    while ((read = readdir(names)) != NULL) {
        int swept = 0;

        path = sl_arena_printf(arena, "%s/%s", folder, read->d_name);
        if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            (int64_t)status.st_mtime * 1000 < before)
            swept = sweep_stray(service, path, read->d_name, err);
        if (swept < 0)
            return -1;
        removed += swept;
    }
    return removed;
}

int64_t sl_spool_sweep(struct sl_service *service, int64_t now_ms, struct sl_err *err)
{
    int64_t removed = 0, strays;
    int status;

    while ((status = sweep_one(service, now_ms - KEPT_MS, err)) > 0)
        removed++;
    if (status < 0)
        return -1;
    strays = sweep_strays(service, now_ms - KEPT_MS, err);
    return strays < 0 ? -1 : removed + strays;
}
