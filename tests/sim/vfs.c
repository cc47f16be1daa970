/* What SQLite sees of the disk: its VFS (sqlite.org/vfs.html), with the locks of a file and those of
 * the shared memory that a WAL wants. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "tests/sim/disk.h"

enum { REGION = 32768 /* of shared memory, as SQLite asks for it */ };

struct disk_handle {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
    struct disk_handle *next;   /* of the same file */
    int owner, level;           /* SQLITE_LOCK_… */
    unsigned shared, exclusive; /* locks of the shared memory, one bit each */
    bool maps, deletes, rests;
};

static struct disk_handle *handle_of(sqlite3_file *file)
{
    return (struct disk_handle *)(void *)file;
}

static bool steps(const struct disk_handle *handle, enum disk_op op)
{
    return handle->disk->step(handle->disk->opaque, op, handle->file->name);
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static int on_read(sqlite3_file *base, void *bytes, int n, sqlite3_int64 at)
{
    struct disk_handle *handle = handle_of(base);
    int64_t left = handle->file->size - at;
    size_t got = left < 0 ? 0 : left < n ? (size_t)left : (size_t)n;

    if (!steps(handle, DISK_READ))
        return SQLITE_IOERR_READ;
    if (got > 0)
        memcpy(bytes, handle->file->bytes + at, got);
    memset((char *)bytes + got, 0, (size_t)n - got);
    return got < (size_t)n ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int on_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 at)
{
    struct disk_handle *handle = handle_of(base);

    if (!steps(handle, DISK_WRITE))
        return SQLITE_IOERR_WRITE;
    disk_write(handle->file, bytes, (size_t)n, at);
    return SQLITE_OK;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct disk_handle *handle = handle_of(base);

    if (!steps(handle, DISK_TRUNCATE))
        return SQLITE_IOERR_TRUNCATE;
    disk_truncate(handle->file, size);
    return SQLITE_OK;
}

static int on_sync(sqlite3_file *base, int flags)
{
    struct disk_handle *handle = handle_of(base);

    (void)flags;
    if (!steps(handle, DISK_SYNC)) {
        if (handle->disk->drops)
            disk_drop(handle->file);
        return SQLITE_IOERR_FSYNC;
    }
    disk_sync(handle->file);
    return SQLITE_OK;
}

static int on_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = handle_of(base)->file->size;
    return SQLITE_OK;
}

/* ---- Locks of the file ------------------------------------------------------------------------ */

static bool others_have(const struct disk_handle *handle, int level)
{
    for (const struct disk_handle *at = handle->file->handles; at; at = at->next)
        if (at != handle && at->level >= level)
            return true;
    return false;
}

static int on_lock(sqlite3_file *base, int level)
{
    struct disk_handle *handle = handle_of(base);

    if (level <= handle->level)
        return SQLITE_OK;
    if (!steps(handle, DISK_LOCK))
        return SQLITE_IOERR_LOCK;
    if (others_have(handle,
                    level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING : SQLITE_LOCK_RESERVED))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others_have(handle, SQLITE_LOCK_SHARED)) {
        handle->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int on_unlock(sqlite3_file *base, int level)
{
    handle_of(base)->level = level;
    return SQLITE_OK;
}

static int on_check(sqlite3_file *base, int *reserved)
{
    *reserved = others_have(handle_of(base), SQLITE_LOCK_RESERVED);
    return SQLITE_OK;
}

/* ---- Shared memory ---------------------------------------------------------------------------- */

static int on_map(sqlite3_file *base, int region, int size, int extend, void volatile **memory)
{
    struct disk_handle *handle = handle_of(base);
    void **place = &handle->file->regions[region];

    if (region >= DISK_SHM_REGIONS || size != REGION)
        return SQLITE_FULL;
    handle->maps = true;
    if (!*place && extend) {
        *place = calloc(1, REGION);
        if (!*place)
            return SQLITE_NOMEM;
    }
    *memory = *place;
    return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *base, int first, int n, int flags)
{
    struct disk_handle *handle = handle_of(base);
    unsigned mask = ((1u << n) - 1) << first;

    if (flags & SQLITE_SHM_UNLOCK) {
        handle->shared &= ~mask;
        handle->exclusive &= ~mask;
        return SQLITE_OK;
    }
    if (!steps(handle, DISK_SHARE))
        return SQLITE_IOERR_SHMLOCK;
    for (const struct disk_handle *at = handle->file->handles; at; at = at->next)
        if (at != handle &&
            (at->exclusive & mask || (flags & SQLITE_SHM_EXCLUSIVE && at->shared & mask)))
            return SQLITE_BUSY;
    if (flags & SQLITE_SHM_EXCLUSIVE)
        handle->exclusive |= mask;
    else
        handle->shared |= mask;
    return SQLITE_OK;
}

static void on_barrier(sqlite3_file *base)
{
    (void)base;
}

static void stop_sharing(struct disk_handle *handle)
{
    handle->shared = handle->exclusive = 0;
    handle->maps = false;
    for (const struct disk_handle *at = handle->file->handles; at; at = at->next)
        if (at->maps)
            return;
    disk_unshare(handle->file);
}

static int on_unmap(sqlite3_file *base, int deletes)
{
    (void)deletes;
    stop_sharing(handle_of(base));
    return SQLITE_OK;
}

/* ---- Open files ------------------------------------------------------------------------------- */

static void let_go(struct disk_handle *handle)
{
    struct disk_handle **at = &handle->file->handles;

    stop_sharing(handle);
    while (*at && *at != handle)
        at = &(*at)->next;
    if (*at)
        *at = handle->next;
}

static void release(struct disk_file *file, int owner, bool all)
{
    struct disk_handle *handle, *next;

    for (handle = file->handles; handle; handle = next) {
        next = handle->next;
        if (all ? !handle->rests : handle->owner == owner)
            let_go(handle);
    }
}

void disk_release(struct disk_file *file, int owner)
{
    release(file, owner, false);
}

/* Of the shared memory those that rest see that it is new. */
void disk_release_all(struct disk_file *file)
{
    release(file, 0, true);
    for (size_t i = 0; i < DISK_SHM_REGIONS; i++)
        if (file->regions[i])
            memset(file->regions[i], 0, REGION);
}

void disk_rest(struct disk *disk, int owner, bool rests)
{
    for (struct disk_file *file = disk->files; file; file = file->next)
        for (struct disk_handle *handle = file->handles; handle; handle = handle->next)
            if (handle->owner == owner)
                handle->rests = rests;
}

static int on_close(sqlite3_file *base)
{
    struct disk_handle *handle = handle_of(base);

    let_go(handle);
    if (handle->deletes)
        disk_remove(handle->file, false);
    return SQLITE_OK;
}

static int on_control(sqlite3_file *base, int what, void *argument)
{
    (void)base, (void)what, (void)argument;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

/* As the file systems of Linux are taken to be: what is not written over stays. */
static int on_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_device,
    .xShmMap = on_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_barrier,
    .xShmUnmap = on_unmap,
};

/* ---- The VFS ---------------------------------------------------------------------------------- */

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
    struct disk_handle *handle = handle_of(base);
    struct disk *disk = vfs->pAppData;

    *handle = (struct disk_handle){ .disk = disk, .owner = disk->owner };
    if (!disk->step(disk->opaque, DISK_OPEN, name ? name : ""))
        return SQLITE_CANTOPEN;
    handle->file = name ? disk_find(disk, name) : NULL;
    if (!handle->file && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    if (!handle->file)
        handle->file = disk_make(disk, name ? name : "");
    handle->deletes = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    handle->next = handle->file->handles;
    handle->file->handles = handle;
    handle->base.pMethods = &methods;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct disk *disk = vfs->pAppData;
    struct disk_file *file = disk_find(disk, name);

    if (!disk->step(disk->opaque, DISK_DELETE, name))
        return SQLITE_IOERR_DELETE;
    if (!file)
        return SQLITE_IOERR_DELETE_NOENT;
    disk_remove(file, sync != 0);
    return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *there)
{
    const struct disk_file *file = disk_find(vfs->pAppData, name);

    (void)flags;
    *there = file && file->size > 0;
    return SQLITE_OK;
}

static int on_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    (void)sqlite3_snprintf(n, out, "%s", name);
    return SQLITE_OK;
}

static int on_random(sqlite3_vfs *vfs, int n, char *out)
{
    const struct disk *disk = vfs->pAppData;

    for (int i = 0; i < n; i++)
        out[i] = (char)disk->random(disk->opaque);
    return n;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
    const struct disk *disk = vfs->pAppData;

    if (disk->sleep)
        disk->sleep(disk->opaque, us);
    return us;
}

static int on_time(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
    (void)vfs;
    *ms = INT64_C(210866760000000); /* 1970, as nothing of ours asks SQLite for the time */
    return SQLITE_OK;
}

static sqlite3_vfs vfs_of_the_disk = {
    .iVersion = 2,
    .szOsFile = sizeof(struct disk_handle),
    .mxPathname = DISK_NAME,
    .zName = "disk",
    .xOpen = on_open,
    .xDelete = on_delete,
    .xAccess = on_access,
    .xFullPathname = on_path,
    .xRandomness = on_random,
    .xSleep = on_sleep,
    .xCurrentTimeInt64 = on_time,
};

void disk_mount(struct disk *disk)
{
    vfs_of_the_disk.pAppData = disk;
    if (sqlite3_vfs_register(&vfs_of_the_disk, 1) != SQLITE_OK)
        sl_out_of_memory();
}

void disk_unmount(void)
{
    (void)sqlite3_vfs_unregister(&vfs_of_the_disk);
}
