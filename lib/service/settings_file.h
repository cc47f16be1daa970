/* The configuration file: YAML, names and values at its top level. */
#ifndef SL_SERVICE_SETTINGS_FILE_H
#define SL_SERVICE_SETTINGS_FILE_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

struct sl_file_setting {
    const char *name;
    const char *value; /* NULL: `name:` with nothing behind it, or null */
    size_t line;
};

/* All of them, in the file's order, in the arena; none and *n 0 if there is no such file.
 * SL_ERR_CONFIG for a file that cannot be read, is no YAML, or is more than names with plain
 * values; the line is named. */
int sl_settings_file_read(struct sl_arena *arena, const char *path,
                          const struct sl_file_setting **settings, size_t *n, struct sl_err *err);

#endif
