/* The columns of a list, by name.
 *
 * Names are compared byte by byte: a list is somebody's file, and "Phone" beside "phone" may
 * mean two things. What was nearly meant goes into the hint. */
#ifndef SL_TEXT_COLUMNS_H
#define SL_TEXT_COLUMNS_H

#include <stddef.h>

#include "lib/base/err.h"

/* Borrowed from whoever read the header line; an empty name cannot be asked for. */
struct sl_columns {
    const char *const *names;
    size_t n;
};

/* Finds the column called `name` and sets *index. -1 with SL_ERR_DATA if there is none; the
 * hint then says which was probably meant, or which there are. */
int sl_columns_find(const struct sl_columns *columns, const char *name, size_t *index,
                    struct sl_err *err);

#endif
