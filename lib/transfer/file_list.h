/* Reading folders, for files.c alone. */
#ifndef SL_TRANSFER_FILE_LIST_H
#define SL_TRANSFER_FILE_LIST_H

#include <time.h>

#include "lib/adapter/adapter.h"

/* What a LIST answers, in the arena: regular files alone, none whose name begins with `ours`, in
 * the order of their keys' bytes. NULL and errno if a folder cannot be read. */
const char *file_list(struct sl_arena *arena, int root, const char *ours,
                      const struct sl_file_step *step);

/* Removes what a copy that was killed has left behind since before `before`. */
void file_list_sweep(int folder, const char *ours, time_t before);

#endif
