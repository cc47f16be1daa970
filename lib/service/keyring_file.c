#include "lib/service/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 65536 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ---- Reading ------------------------------------------------------------------------ */

static bool is_credential(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t n = folder ? strlen(folder) : 0;

    return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/';
}

static int check(int fd, const char *path, struct sl_err *err)
{
    struct stat about;
    mode_t refused = is_credential(path) ? 0037 : 0077;

    if (fstat(fd, &about) < 0)
        return sl_err_set(err, SL_ERR_CONFIG, "key ring %s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return sl_err_set(err, SL_ERR_CONFIG, "key ring %s is not a file", path);
    if (about.st_uid != geteuid() && about.st_uid != 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG,
                         "key ring %s belongs to user %u, not to us (%u) or root", path,
                         about.st_uid, geteuid());
        return sl_err_hint(err, "chown %u %s", geteuid(), path);
    }
    if (about.st_mode & refused) {
        (void)sl_err_set(err, SL_ERR_CONFIG,
                         "key ring %s can be read or written by others (mode %04o)", path,
                         about.st_mode & 07777);
        return sl_err_hint(err, "chmod 600 %s", path);
    }
    return 0;
}

static int read_all(int fd, const char *path, char *text, size_t *n, struct sl_err *err)
{
    ssize_t got;

    for (*n = 0; *n <= MAX_BYTES; *n += (size_t)got) {
        got = read(fd, text + *n, MAX_BYTES + 1 - *n);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return sl_err_set(err, SL_ERR_CONFIG, "cannot read key ring %s: %s", path,
                              strerror(errno));
        got = got < 0 ? 0 : got;
    }
    return sl_err_set(err, SL_ERR_CONFIG, "key ring %s is damaged: more than %d bytes", path,
                      MAX_BYTES);
}

int sl_keyring_file_read(struct sl_arena *arena, const char *path, char **text, size_t *n,
                         struct sl_err *err)
{
    /* O_NONBLOCK: a pipe that lies there is refused, not waited for. */
    SL_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char *bytes;

    if (fd < 0 && errno == ENOENT)
        return sl_err_set(
            err, SL_ERR_CONFIG,
            "no key ring at %s; put back a copy of it, or make one with sl-config init", path);
    if (fd < 0)
        return sl_err_set(err, SL_ERR_CONFIG, "cannot open key ring %s: %s", path, strerror(errno));
    if (check(fd, path, err) < 0)
        return -1;
    bytes = sl_arena_alloc(arena, MAX_BYTES + 2, 1);
    if (read_all(fd, path, bytes, n, err) < 0)
        return -1;
    *text = bytes;
    return 0;
}

/* ---- Writing ------------------------------------------------------------------------ */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

void sl_keyring_folder_unlock(int *folder)
{
    close_fd(folder);
}

int sl_keyring_folder_lock(int *folder, const char *path, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *name = name_of(path), *where = ".";
    SL_AUTO(close_fd) int fd = -1;
    int wrong;

    if (name > path)
        where = sl_arena_memdup(arena, path, (size_t)(name - path));
    fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sl_err_set(err, SL_ERR_CREATE, "cannot open %s, the folder of the key ring: %s",
                          where, strerror(errno));
    do {
        wrong = flock(fd, LOCK_EX) < 0 ? errno : 0;
    } while (wrong == EINTR);
    if (wrong)
        return sl_err_set(err, SL_ERR_CREATE, "cannot lock %s, the folder of the key ring: %s",
                          where, strerror(wrong));
    *folder = fd;
    fd = -1;
    return 0;
}

static int write_all(int fd, const struct sl_buf *text)
{
    ssize_t done;

    for (size_t n = 0; n < text->len; n += (size_t)done) {
        done = write(fd, text->data + n, text->len - n);
        if (done < 0 && errno != EINTR)
            return -1;
        done = done < 0 ? 0 : done;
    }
    return 0;
}

/* Under the lock a file of this name is what a killed process left. */
static int write_new(int folder, const char *name, const struct sl_buf *text)
{
    SL_AUTO(close_fd) int fd = -1;

    if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
        return -1;
    fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0600) < 0 || write_all(fd, text) < 0 || fsync(fd) < 0)
        return -1;
    return 0;
}

int sl_keyring_file_write(int folder, const char *path, const struct sl_buf *text,
                          enum sl_keyring_write how, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *name = name_of(path), *new_name = sl_arena_printf(arena, "%s.new", name);
    unsigned flags = how == SL_KEYRING_NEW ? RENAME_NOREPLACE : 0;
    struct stat about;
    bool there = fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
    int wrong;

    if (there && how == SL_KEYRING_NEW)
        return 1;
    if (there && S_ISLNK(about.st_mode))
        return sl_err_set(err, SL_ERR_CREATE,
                          "key ring %s is a symbolic link; name the file itself to change it",
                          path);
    if (write_new(folder, new_name, text) == 0 &&
        renameat2(folder, new_name, folder, name, flags) == 0 && fsync(folder) == 0)
        return 0;
    wrong = errno;
    (void)unlinkat(folder, new_name, 0);
    return sl_err_set(err, wrong == ENOSPC || wrong == EIO ? SL_ERR_IO : SL_ERR_CREATE,
                      "cannot write key ring %s: %s", path, strerror(wrong));
}
