#include "lib/transfer/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/transfer/confine.h"
#include "lib/transfer/file_list.h"

enum { BLOCK = 128 * 1024, SLICE = 8 << 20, STALE_S = 24 * 60 * 60 };

static const char ours[] = ".sl-"; /* what the names of our own files begin with */

/* A copy on its way, or a step that is done at once. */
struct sl_files {
    struct sl_arena *arena;
    const struct sl_file_step *step;
    const char *sink;
    int root, folder, from, to; /* -1: closed. `folder` is the key's own */
    const char *name;           /* the last part of the key */
    const char *temporary;      /* in `folder`, to be removed; NULL: none has a name */
    int64_t size;
    struct sl_hash hash;
    bool begun;
};

/* ---- Opening ----------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void sl_files_end(struct sl_files **files)
{
    if (!*files)
        return;
    if ((*files)->temporary)
        (void)unlinkat((*files)->folder, (*files)->temporary, 0);
    close_fd(&(*files)->from);
    close_fd(&(*files)->to);
    close_fd(&(*files)->folder);
    close_fd(&(*files)->root);
    sl_hash_end(&(*files)->hash);
    *files = NULL;
}

struct sl_files *sl_files_start(struct sl_arena *arena, const struct sl_file_step *step,
                                const char *sink)
{
    struct sl_files *files = SL_NEW(arena, struct sl_files, 1);

    *files = (struct sl_files){
        .arena = arena, .step = step, .sink = sink, .root = -1, .folder = -1, .from = -1, .to = -1
    };
    return files;
}

/* The folder of files is ours or root's, and no others may write to it. It is made when the first
 * file comes, or a test. */
static int open_root(struct sl_files *files)
{
    const struct sl_file_step *step = files->step;
    struct stat status;

    if ((step->act == SL_FILE_PUT || step->act == SL_FILE_PROBE) &&
        mkdir(step->root, step->dir_mode) != 0 && errno != EEXIST)
        return -1;
    files->root = open(files->step->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->root < 0 || fstat(files->root, &status) != 0)
        return -1;
    if ((status.st_uid != geteuid() && status.st_uid != 0) || (status.st_mode & S_IWOTH)) {
        errno = EPERM;
        return -1;
    }
    return 0;
}

static int sync_fd(const struct sl_files *files, int fd)
{
    return files->step->sync ? fsync(fd) : 0;
}

/* Opens the folder of the key; with `make` it is made, part by part. */
static int open_folder(struct sl_files *files, bool make)
{
    enum { FOLDER = O_RDONLY | O_DIRECTORY };
    const char *key = files->step->key, *slash = strrchr(key, '/');

    files->name = slash ? slash + 1 : key;
    for (const char *end = slash && make ? strchr(key, '/') : NULL; end;
         end = strchr(end + 1, '/')) {
        char *path = sl_arena_memdup(files->arena, key, (size_t)(end - key));
        char *last = strrchr(path, '/');
        int above, made;

        if (last)
            *last = '\0';
        above = sl_confine_open(files->root, last ? path : ".", FOLDER, 0);
        if (above < 0)
            return -1;
        made = mkdirat(above, last ? last + 1 : path, files->step->dir_mode);
        if ((made != 0 && errno != EEXIST) || (made == 0 && sync_fd(files, above) != 0)) {
            close_fd(&above);
            return -1;
        }
        close_fd(&above);
    }
    files->folder =
        sl_confine_open(files->root,
                        slash ? sl_arena_memdup(files->arena, key, (size_t)(slash - key)) : ".",
                        FOLDER, 0);
    return files->folder < 0 ? -1 : 0;
}

/* ---- What is told ------------------------------------------------------------------------- */

static int64_t modified_ms(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
}

static bool tell(struct sl_exchange *exchange, const char *body)
{
    exchange->body = body;
    exchange->n_body = strlen(body);
    return true;
}

static bool fail(struct sl_exchange *exchange)
{
    exchange->error = errno ? errno : EIO;
    return true;
}

static const char *print_file(struct sl_files *files, const struct stat *status, bool hashed)
{
    unsigned char sum[SL_SHA256_SIZE];
    char digits[2 * SL_SHA256_SIZE + 1] = "";

    if (hashed) {
        sl_hash_result(&files->hash, sum);
        sl_hex(sum, sizeof sum, digits);
    }
    return sl_arena_printf(files->arena, "{\"size\":%lld,\"modified_at\":%lld%s%s%s}",
                           (long long)status->st_size, (long long)modified_ms(status),
                           hashed ? ",\"sha256\":\"" : "", digits, hashed ? "\"" : "");
}

/* ---- Copying ------------------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

/* One slice. Returns 1 if there is more, 0 at the end, or -1. */
static int copy_slice(struct sl_files *files)
{
    char bytes[BLOCK];

    for (size_t done = 0; done < SLICE;) {
        ssize_t n = read(files->from, bytes, sizeof bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -1 : 0;
        sl_hash_add(&files->hash, bytes, (size_t)n);
        if (write_all(files->to, bytes, (size_t)n) < 0)
            return -1;
        done += (size_t)n;
        files->size += n;
    }
    return 1;
}

/* ---- PUT ------------------------------------------------------------------------------------ */

static int check_room(const struct sl_files *files)
{
    const struct sl_file_step *step = files->step;
    struct statvfs disk;

    if (fstatvfs(files->folder, &disk) != 0)
        return -1;
    if ((int64_t)(disk.f_bavail * disk.f_frsize) - step->file->size < step->min_free) {
        errno = ENOSPC;
        return -1;
    }
    return 0;
}

static const char *own_name(struct sl_files *files)
{
    unsigned char random[8];
    char digits[2 * sizeof random + 1];

    sl_random(random, sizeof random);
    sl_hex(random, sizeof random, digits);
    return sl_arena_printf(files->arena, "%s%s", ours, digits);
}

/* Without a name where the file system can: then nothing is left behind, however it ends. */
static int make_temporary(struct sl_files *files)
{
    enum { NEW = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC };
    mode_t mode = files->step->file_mode;

    files->to = openat(files->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (files->to >= 0)
        return 0;
    files->temporary = own_name(files);
    files->to = openat(files->folder, files->temporary, NEW, mode);
    if (files->to < 0)
        files->temporary = NULL;
    return files->to < 0 ? -1 : 0;
}

static int begin_put(struct sl_files *files)
{
    if (open_folder(files, true) < 0 || check_room(files) < 0)
        return -1;
    file_list_sweep(files->folder, ours, sl_now_ms() / 1000 - STALE_S);
    files->from = open(files->step->file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return files->from < 0 ? -1 : make_temporary(files);
}

/* linkat() never replaces: a file that has no name gets one of ours first. */
static int name_it(struct sl_files *files)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", files->to);
    if (!files->temporary && files->step->no_clobber)
        return linkat(AT_FDCWD, path, files->folder, files->name, AT_SYMLINK_FOLLOW);
    if (!files->temporary) {
        const char *name = own_name(files);

        if (linkat(AT_FDCWD, path, files->folder, name, AT_SYMLINK_FOLLOW) != 0)
            return -1;
        files->temporary = name;
    }
    if (files->step->no_clobber
            ? renameat2(files->folder, files->temporary, files->folder, files->name,
                        RENAME_NOREPLACE)
            : renameat(files->folder, files->temporary, files->folder, files->name))
        return -1;
    files->temporary = NULL;
    return 0;
}

static bool end_put(struct sl_files *files, struct sl_exchange *exchange)
{
    struct stat status;
    const char *told;
    int fd = files->to;

    if (fchmod(fd, files->step->file_mode) != 0 || sync_fd(files, fd) != 0 ||
        fstat(fd, &status) != 0)
        return fail(exchange);
    told = print_file(files, &status, true);
    if (!strstr(told, files->step->file->sha256)) { /* it changed while it was read */
        errno = ESTALE;
        return fail(exchange);
    }
    if (name_it(files) != 0)
        return fail(exchange);
    files->to = -1;
    if (close(fd) != 0 || sync_fd(files, files->folder) != 0)
        return fail(exchange);
    return tell(exchange, told);
}

/* ---- GET, STAT -------------------------------------------------------------------------------- */

/* Only what is a regular file is read: a pipe that lies there is not waited for. */
static int open_key(struct sl_files *files, struct stat *status)
{
    files->from =
        sl_confine_open(files->root, files->step->key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (files->from < 0 || fstat(files->from, status) != 0)
        return -1;
    if (!S_ISREG(status->st_mode)) {
        errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    return 0;
}

static int begin_get(struct sl_files *files)
{
    struct stat status;

    if (open_key(files, &status) < 0)
        return -1;
    (void)posix_fadvise(files->from, 0, 0, POSIX_FADV_SEQUENTIAL);
    files->to = open(files->sink, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return files->to < 0 ? -1 : 0;
}

static bool end_get(struct sl_files *files, struct sl_exchange *exchange)
{
    struct stat status;

    if (fstat(files->from, &status) != 0 || fsync(files->to) != 0)
        return fail(exchange);
    if (status.st_size != files->size) { /* it changed while it was read */
        errno = ESTALE;
        return fail(exchange);
    }
    exchange->n_sunk = files->size;
    return tell(exchange, print_file(files, &status, true));
}

static bool stat_key(struct sl_files *files, struct sl_exchange *exchange)
{
    struct stat status;

    if (open_key(files, &status) < 0)
        return fail(exchange);
    return tell(exchange, print_file(files, &status, false));
}

/* ---- REMOVE, LIST, PROBE ------------------------------------------------------------------------ */

/* Folders that are empty now go too; the first that is not ends it. */
static void remove_empty(const struct sl_files *files)
{
    char *path = sl_arena_strdup(files->arena, files->step->key), *slash;

    while ((slash = strrchr(path, '/')) != NULL) {
        char *above;
        int fd;

        *slash = '\0';
        above = strrchr(path, '/');
        if (above)
            *above = '\0';
        fd = sl_confine_open(files->root, above ? path : ".", O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
            return;
        if (unlinkat(fd, above ? above + 1 : path, AT_REMOVEDIR) != 0) {
            close_fd(&fd);
            return;
        }
        close_fd(&fd);
        if (!above)
            return;
        *above = '/';
    }
}

static bool remove_key(struct sl_files *files, struct sl_exchange *exchange)
{
    if (open_folder(files, false) < 0)
        return errno == ENOENT ? tell(exchange, "{\"removed\":false}") : fail(exchange);
    if (unlinkat(files->folder, files->name, 0) != 0)
        return errno == ENOENT ? tell(exchange, "{\"removed\":false}") : fail(exchange);
    if (sync_fd(files, files->folder) != 0)
        return fail(exchange);
    remove_empty(files);
    return tell(exchange, "{\"removed\":true}");
}

static bool list_keys(struct sl_files *files, struct sl_exchange *exchange)
{
    const char *told = file_list(files->arena, files->root, ours, files->step);

    return told ? tell(exchange, told) : fail(exchange);
}

static bool probe(struct sl_files *files, struct sl_exchange *exchange)
{
    const char *name = own_name(files);
    struct statvfs disk;

    files->folder = fcntl(files->root, F_DUPFD_CLOEXEC, 0);
    files->to = openat(files->root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (files->folder < 0 || files->to < 0)
        return fail(exchange);
    files->temporary = name;
    if (fsync(files->to) != 0 || fstatvfs(files->root, &disk) != 0)
        return fail(exchange);
    return tell(exchange, sl_arena_printf(files->arena, "{\"free\":%lld}",
                                          (long long)(disk.f_bavail * disk.f_frsize)));
}

/* ---- Going on ------------------------------------------------------------------------------------ */

static bool copies(const struct sl_files *files)
{
    return files->step->act == SL_FILE_PUT || files->step->act == SL_FILE_GET;
}

static bool begin(struct sl_files *files, struct sl_exchange *exchange)
{
    if (open_root(files) < 0)
        return fail(exchange);
    sl_hash_begin(&files->hash);
    switch (files->step->act) {
    case SL_FILE_PUT: return begin_put(files) < 0 && fail(exchange);
    case SL_FILE_GET: return begin_get(files) < 0 && fail(exchange);
    case SL_FILE_STAT: return stat_key(files, exchange);
    case SL_FILE_LIST: return list_keys(files, exchange);
    case SL_FILE_REMOVE: return remove_key(files, exchange);
    case SL_FILE_PROBE: return probe(files, exchange);
    }
    return true;
}

bool sl_files_go_on(struct sl_files *files, struct sl_exchange *exchange)
{
    int more;

    errno = 0;
    if (!files->begun) {
        files->begun = true;
        return begin(files, exchange);
    }
    more = copies(files) ? copy_slice(files) : 0;
    if (more != 0)
        return more < 0 && fail(exchange);
    return files->step->act == SL_FILE_PUT ? end_put(files, exchange) : end_get(files, exchange);
}
