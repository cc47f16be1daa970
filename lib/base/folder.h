/* Folders: what gives a new name its life. */
#ifndef SL_BASE_FOLDER_H
#define SL_BASE_FOLDER_H

#include <stdbool.h>

/* Syncs the folder that `path` is in, so that a name made, moved or removed there survives a power cut. A folder
 * that may be written and not read, and a file system that cannot sync folders, need none. Returns false with
 * errno. */
bool sl_folder_sync(const char *path);

#endif
