/* A disk in memory, for SQLite, that does to unsynced writes what a power cut may do: it forgets
 * some, keeps others, tears some in the middle, and lets an older one win over a newer.
 *
 * SQLite works on it through a VFS (vfs.c) that has locks and shared memory as on a file system:
 * several connections of one process are as good as several processes. One of those may die
 * (disk_kill), or the power may go (disk_cut), which is every process and what was not synced. */
#ifndef SL_TESTS_SIM_DISK_H
#define SL_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_op {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_TRUNCATE,
    DISK_SYNC,
    DISK_DELETE,
    DISK_LOCK,
    DISK_SHARE, /* a lock of the shared memory */
};

struct disk {
    struct disk_file *files; /* disk.c's own, like … */
    int owner;               /* whose what is opened from now on is */

    /* Before every operation; false: it fails, and changes nothing. */
    bool (*step)(void *opaque, enum disk_op op, const char *name);
    uint64_t (*random)(void *opaque);        /* decides what becomes of unsynced writes */
    void (*sleep)(void *opaque, int64_t us); /* where SQLite waits; NULL: it does not */
    void *opaque;

    /* Of a sync that fails: what it had to write is never written, nor tried again by a later one. It can be
     * read until the power goes. (Linux does so: fsync(2) tells of an error once, and the pages count as
     * clean.) */
    bool drops;
};

/* Makes it what SQLite opens files on, until it is unmounted; one at a time. */
void disk_mount(struct disk *disk);
void disk_unmount(void);

/* A file as it lies on the disk: all of it is synced. `bytes` are copied. */
void disk_put(struct disk *disk, const char *name, const void *bytes, size_t n);

/* The process is gone: its locks are free, what it wrote is there, synced or not. Its connections
 * are never used again. */
void disk_kill(struct disk *disk, int owner);

/* What an owner has open is used by nobody now (or is again): for SQLite it is as good as opened
 * later, so a power cut leaves it as it is. */
void disk_rest(struct disk *disk, int owner, bool rests);

/* The power is gone: so are all processes, shared memory, and of the unsynced writes what chance
 * wants. */
void disk_cut(struct disk *disk);

/* Forgets everything. No connection may be used again. */
void disk_clear(struct disk *disk);

/* ---- For vfs.c ------------------------------------------------------------------------------ */

enum { DISK_SHM_LOCKS = 8, DISK_SHM_REGIONS = 16, DISK_NAME = 128 };

/* A write or a cut of the end that is not synced. */
struct disk_change {
    int64_t at, old_size, n_old; /* n_old bytes were there that it wrote over or cut off */
    size_t n;                    /* bytes that were written; 0: the end was cut off at `at` */
    unsigned char *old, *now;
};

struct disk_handle; /* an open file */

struct disk_image {
    unsigned char *bytes;
    int64_t size, room;
};

struct disk_file {
    struct disk_file *next;
    char name[DISK_NAME];
    unsigned char *bytes;
    int64_t size, room;
    struct disk_change *changes;
    size_t n_changes, n_room;
    struct disk_image
        platter;  /* what is on the disk without the changes, where writes were dropped … */
    bool dropped; /* … as they were here; else it is what the changes were made to */
    bool named;   /* its name leads to it … */
    bool kept;    /* … and would after a power cut */

    struct disk_handle *handles;
    void *regions[DISK_SHM_REGIONS]; /* its shared memory */
};

struct disk_file *disk_find(struct disk *disk, const char *name); /* NULL: there is none */
struct disk_file *disk_make(struct disk *disk, const char *name);
void disk_write(struct disk_file *file, const void *bytes, size_t n, int64_t at);
void disk_truncate(struct disk_file *file, int64_t size);
void disk_sync(struct disk_file *file);
void disk_drop(struct disk_file *file); /* instead: see disk.drops */
void disk_remove(struct disk_file *file, bool synced);
void disk_unshare(struct disk_file *file); /* its shared memory is gone */

/* vfs.c's: lets go of what an owner's open files of a file hold; everybody's but of those that rest. */
void disk_release(struct disk_file *file, int owner);
void disk_release_all(struct disk_file *file);

#endif
