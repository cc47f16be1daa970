/* A backup: copied beside its name, synced, and only then called by it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/folder.h"
#include "lib/store/sql.h"

struct part {
    const char *path;
    int fd; /* -1: none */
};

static void part_end(struct part *part)
{
    if (part->fd < 0)
        return;
    (void)unlink(part->path); /* gone if it has its name */
    (void)close(part->fd);
}

/* One that a killed backup left is taken over: nobody has it locked. */
static int part_begin(struct part *part, struct sl_err *err)
{
    int fd = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return sl_err_set(err, SL_ERR_CREATE, "%s: %m", part->path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return sl_err_set(err, SL_ERR_CREATE, "%s: another backup is writing it", part->path);
    }
    part->fd = fd;
    if (fchmod(fd, 0600) != 0 || ftruncate(fd, 0) != 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %m", part->path);
    return 0;
}

int sl_db_backup(struct sl_db *db, const char *path, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(part_end)
    struct part part = { .path = sl_arena_printf(arena, "%s.part", path), .fd = -1 };

    if (access(path, F_OK) == 0)
        return sl_err_set(err, SL_ERR_CREATE, "%s: %s", path, strerror(EEXIST));
    if (part_begin(&part, err) < 0)
        return -1;
    if (sl_db_copy(db, part.path, err) < 0)
        return sl_err_context(err, "%s: the backup could not be written", path);
    if (fsync(part.fd) != 0)
        return sl_err_set(err, SL_ERR_IO, "%s: the backup could not be synced: %m", path);
    if (renameat2(AT_FDCWD, part.path, AT_FDCWD, path, RENAME_NOREPLACE) != 0)
        return sl_err_set(err, SL_ERR_CREATE, "%s: %m", path);
    if (!sl_folder_sync(path))
        return sl_err_set(err, SL_ERR_IO, "the folder of %s could not be synced: %m", path);
    return 0;
}
