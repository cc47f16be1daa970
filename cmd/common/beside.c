#include "cmd/common/beside.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/folder.h"

int sl_beside_open(struct sl_arena *arena, const char *path, char **beside)
{
    *beside = sl_arena_printf(arena, "%s.XXXXXX", path);
    return mkostemp(*beside, O_CLOEXEC);
}

bool sl_beside_name(int fd, const char *beside, const char *path, mode_t mode)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return fchmod(fd, mode & ~mask) == 0 && fsync(fd) == 0 && rename(beside, path) == 0 &&
           sl_folder_sync(path);
}
