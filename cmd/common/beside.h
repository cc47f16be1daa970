/* A file that is written beside its name and gets it when it is whole: a half one never stands there. */
#ifndef SL_CMD_COMMON_BESIDE_H
#define SL_CMD_COMMON_BESIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/arena.h"

/* Makes an empty file that only its owner can read, in the folder of `path`. *beside is its name, in
 * the arena. Returns its descriptor, which the caller closes, or -1 with errno. */
int sl_beside_open(struct sl_arena *arena, const char *path, char **beside);

/* Gives what was written to `fd` the name `path`, in place of what has it, with `mode` as far as the
 * umask lets. It survives a power cut from here on: file and folder are synced. `fd` stays open.
 * Returns false with errno; the caller then unlinks `beside`, which may be gone. */
bool sl_beside_name(int fd, const char *beside, const char *path, mode_t mode);

#endif
