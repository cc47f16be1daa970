/* The files of the key ring: who may see them, and how they change on disk. */
#ifndef SL_SERVICE_KEYRING_FILE_H
#define SL_SERVICE_KEYRING_FILE_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

/* The whole file, in the arena, with a NUL behind it. Refuses with SL_ERR_CONFIG one that is
 * missing, no plain file, too long for a ring, readable or writable by group or others, or
 * owned by neither us nor root. In $CREDENTIALS_DIRECTORY the group may read: systemd gives
 * its user the file by an ACL, whose mask shows there (systemd.exec(5)). */
int sl_keyring_file_read(struct sl_arena *arena, const char *path, char **text, size_t *n,
                         struct sl_err *err);

/* Opens the folder of the file and locks it (flock(2)): who holds it alone changes rings.
 * Waits for another holder. */
int sl_keyring_folder_lock(int *folder, const char *path, struct sl_err *err);
void sl_keyring_folder_unlock(int *folder); /* *folder may be -1; for SL_AUTO() */

enum sl_keyring_write {
    SL_KEYRING_NEW,     /* leaves alone what is there */
    SL_KEYRING_REPLACE, /* in one step, by rename */
};

/* Writes the file through a temporary one, PATH.new, in the locked folder, and syncs both it
 * and the folder. Returns 0, 1 if it was there and SL_KEYRING_NEW was asked for, or -1. */
int sl_keyring_file_write(int folder, const char *path, const struct sl_buf *text,
                          enum sl_keyring_write how, struct sl_err *err);

#endif
