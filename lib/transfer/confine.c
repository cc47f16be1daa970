#include "lib/transfer/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_PART = 255 };

/* glibc 2.36 has no openat2(). */
static int open_beneath(int folder, const char *path, int flags, mode_t mode)
{
    bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    const struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = makes ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

int sl_confine_open(int folder, const char *path, int flags, mode_t mode)
{
    int fd = open_beneath(folder, path, flags, mode);

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
    return sl_confine_walk(folder, path, flags, mode); /* EPERM: an old filter of system calls */
}

static int close_keeping_errno(int fd)
{
    int error = errno;

    (void)close(fd);
    errno = error;
    return -1;
}

/* The next part of a path, and how long it is; 0 at its end, -1 if it may not be. */
static int next_part(const char **path, char part[MOST_PART + 1])
{
    size_t n;

    *path += strspn(*path, "/");
    n = strcspn(*path, "/");
    if (n > MOST_PART) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(part, *path, n);
    part[n] = '\0';
    *path += n;
    if (strcmp(part, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    return (int)n;
}

/* A link that is not followed is no folder: what it was has to be asked. */
static void tell_links(int at, const char *part)
{
    struct stat status;

    if (errno != ENOTDIR)
        return;
    errno = fstatat(at, part, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)
                ? ELOOP
                : ENOTDIR;
}

int sl_confine_walk(int folder, const char *path, int flags, mode_t mode)
{
    enum { STEP = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    char part[MOST_PART + 1];
    int at, next;

    if (*path == '/') {
        errno = EXDEV;
        return -1;
    }
    at = openat(folder, ".", STEP);
    while (at >= 0) {
        int n = next_part(&path, part);
        bool last = !path[strspn(path, "/")];

        if (n < 0)
            return close_keeping_errno(at);
        if (last)
            next = openat(at, n > 0 ? part : ".", flags | O_NOFOLLOW | O_CLOEXEC, mode);
        else
            next = openat(at, part, STEP);
        if (next < 0)
            tell_links(at, part);
        (void)close_keeping_errno(at);
        if (last)
            return next;
        at = next;
    }
    return -1;
}
