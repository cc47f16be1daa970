#include "cmd/common/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sl_beside_open(struct sl_arena *arena, const char *path, char **beside)
{
    *beside = sl_arena_printf(arena, "%s.XXXXXX", path);
    return mkostemp(*beside, O_CLOEXEC);
}

/* The folder that `path` is in. A file system that cannot sync folders (EINVAL) needs no sync. */
static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    int fd, status, why;

    if (slash)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES; /* a folder that may be written and not read */
    status = fsync(fd);
    why = errno;
    (void)close(fd);
    errno = why;
    return status == 0 || why == EINVAL;
}

bool sl_beside_name(int fd, const char *beside, const char *path, mode_t mode)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return fchmod(fd, mode & ~mask) == 0 && fsync(fd) == 0 && rename(beside, path) == 0 &&
           sync_folder(path);
}
