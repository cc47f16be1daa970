/* Files, their unsynced changes, and what is left of them after a power cut. */
#include "tests/sim/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

enum { SECTOR = 512 };

static void *more(void *old, size_t n, size_t size)
{
    void *bytes = reallocarray(old, n, size);

    if (!bytes)
        sl_out_of_memory();
    return bytes;
}

/* ---- Files ---------------------------------------------------------------------------------- */

struct disk_file *disk_find(struct disk *disk, const char *name)
{
    for (struct disk_file *file = disk->files; file; file = file->next)
        if (file->named && strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

struct disk_file *disk_make(struct disk *disk, const char *name)
{
    struct disk_file *file = calloc(1, sizeof *file);

    if (!file)
        sl_out_of_memory();
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    file->named = true;
    file->next = disk->files;
    disk->files = file;
    return file;
}

static void grow(struct disk_file *file, int64_t size)
{
    if (size > file->room) {
        file->room = size + size / 4;
        file->bytes = more(file->bytes, (size_t)file->room, 1);
    }
    if (size > file->size) {
        memset(file->bytes + file->size, 0, (size_t)(size - file->size));
        file->size = size;
    }
}

static void put(struct disk_file *file, const void *bytes, size_t n, int64_t at)
{
    grow(file, at + (int64_t)n);
    memcpy(file->bytes + at, bytes, n);
}

/* Remembers what is about to be changed from `at` on: n bytes are written, or (0) all is cut off. */
static struct disk_change *remember(struct disk_file *file, int64_t at, size_t n)
{
    struct disk_change *change;
    int64_t n_old = file->size - at;

    if (n > 0 && n_old > (int64_t)n)
        n_old = (int64_t)n;
    n_old = n_old > 0 ? n_old : 0;
    if (file->n_changes == file->n_room) {
        file->n_room = file->n_room ? 2 * file->n_room : 32;
        file->changes = more(file->changes, file->n_room, sizeof *file->changes);
    }
    change = &file->changes[file->n_changes++];
    *change = (struct disk_change){ .at = at, .old_size = file->size, .n_old = n_old, .n = n };
    change->old = more(NULL, (size_t)n_old + n + 1, 1);
    change->now = change->old + n_old;
    if (n_old > 0)
        memcpy(change->old, file->bytes + at, (size_t)n_old);
    return change;
}

void disk_write(struct disk_file *file, const void *bytes, size_t n, int64_t at)
{
    memcpy(remember(file, at, n)->now, bytes, n);
    put(file, bytes, n, at);
}

void disk_truncate(struct disk_file *file, int64_t size)
{
    if (size >= file->size)
        return;
    (void)remember(file, size, 0);
    file->size = size;
}

static void forget_changes(struct disk_file *file)
{
    for (size_t i = 0; i < file->n_changes; i++)
        free(file->changes[i].old);
    file->n_changes = 0;
}

/* What is done to the file from here to the next call is done to what the disk has of it. */
static void swap_platter(struct disk_file *file)
{
    const struct disk_image seen = { file->bytes, file->size, file->room };

    file->bytes = file->platter.bytes;
    file->size = file->platter.size;
    file->room = file->platter.room;
    file->platter = seen;
}

static void write_to_platter(struct disk_file *file)
{
    swap_platter(file);
    for (size_t i = 0; i < file->n_changes; i++) {
        const struct disk_change *change = &file->changes[i];

        if (change->n > 0)
            put(file, change->now, change->n, change->at);
        else if (change->at < file->size)
            file->size = change->at;
    }
    swap_platter(file);
}

/* The first sync of a new file keeps its name too: SQLite syncs the folder then. */
void disk_sync(struct disk_file *file)
{
    if (file->dropped)
        write_to_platter(file);
    forget_changes(file);
    file->kept = file->named;
}

void disk_remove(struct disk_file *file, bool synced)
{
    file->named = false;
    if (synced)
        file->kept = false;
}

void disk_unshare(struct disk_file *file)
{
    for (size_t i = 0; i < DISK_SHM_REGIONS; i++) {
        free(file->regions[i]);
        file->regions[i] = NULL;
    }
}

void disk_put(struct disk *disk, const char *name, const void *bytes, size_t n)
{
    struct disk_file *file = disk_make(disk, name);

    put(file, bytes, n, 0);
    file->kept = true;
}

/* ---- Ends ----------------------------------------------------------------------------------- */

void disk_kill(struct disk *disk, int owner)
{
    for (struct disk_file *file = disk->files; file; file = file->next)
        disk_release(file, owner);
}

static void undo_changes(struct disk_file *file)
{
    for (size_t i = file->n_changes; i > 0; i--) {
        const struct disk_change *change = &file->changes[i - 1];

        if (change->n_old > 0)
            put(file, change->old, (size_t)change->n_old, change->at);
        file->size = change->old_size;
    }
}

void disk_drop(struct disk_file *file)
{
    if (!file->dropped) {
        const int64_t size = file->size;
        unsigned char *seen = more(NULL, (size_t)size + 1, 1);

        if (size > 0)
            memcpy(seen, file->bytes, (size_t)size);
        undo_changes(file);
        file->platter = (struct disk_image){ seen, size, size };
        swap_platter(file);
        file->dropped = true;
    }
    forget_changes(file);
}

static void forget_platter(struct disk_file *file)
{
    free(file->platter.bytes);
    file->platter = (struct disk_image){ 0 };
    file->dropped = false;
}

/* To what the disk has without the changes. */
static void undo(struct disk_file *file)
{
    if (!file->dropped) {
        undo_changes(file);
        return;
    }
    swap_platter(file);
    forget_platter(file);
}

/* A sector of a write: there, not there, or only its beginning. One cut in eight loses whatever was
 * not synced, one keeps all of it. */
static void redo(struct disk *disk, struct disk_file *file, const struct disk_change *change,
                 uint64_t mood)
{
    for (size_t done = 0, n; done < change->n; done += n) {
        uint64_t chance = disk->random(disk->opaque);
        size_t left = SECTOR - (size_t)(change->at + (int64_t)done) % SECTOR, written;

        n = left < change->n - done ? left : change->n - done;
        written = n;
        if (mood == 0 || (mood > 1 && chance % 8 < 3))
            written = 0;
        else if (mood > 1 && chance % 8 == 3)
            written = (size_t)(chance >> 8) % n;
        if (written > 0)
            put(file, change->now + done, written, change->at + (int64_t)done);
    }
    if (change->n == 0 && mood > 0 && change->at < file->size &&
        (mood == 1 || disk->random(disk->opaque) % 2 == 0))
        file->size = change->at;
}

/* In the order in which they were made, or (mood 2 and 3) in any other. */
static void redo_all(struct disk *disk, struct disk_file *file)
{
    uint64_t mood = file->n_changes > 0 ? disk->random(disk->opaque) % 8 : 0;

    for (size_t i = file->n_changes; i > 1 && (mood == 2 || mood == 3); i--) {
        size_t j = disk->random(disk->opaque) % i;
        struct disk_change swap = file->changes[i - 1];

        file->changes[i - 1] = file->changes[j];
        file->changes[j] = swap;
    }
    for (size_t i = 0; i < file->n_changes; i++)
        redo(disk, file, &file->changes[i], mood);
    forget_changes(file);
}

static bool has_another(const struct disk *disk, const struct disk_file *file)
{
    for (const struct disk_file *other = disk->files; other; other = other->next)
        if (other != file && other->named && strcmp(other->name, file->name) == 0)
            return true;
    return false;
}

void disk_cut(struct disk *disk)
{
    for (struct disk_file *file = disk->files; file; file = file->next) {
        disk_release_all(file);
        undo(file);
        redo_all(disk, file);
        if (file->named != file->kept && !has_another(disk, file))
            file->named = disk->random(disk->opaque) % 2 == 0;
        file->kept = file->named;
    }
}

void disk_clear(struct disk *disk)
{
    struct disk_file *file, *next;

    for (file = disk->files; file; file = next) {
        next = file->next;
        disk_release_all(file);
        forget_changes(file);
        forget_platter(file);
        free(file->changes);
        free(file->bytes);
        free(file);
    }
    disk->files = NULL;
}
