/* The list that a verb reads: a file, or stdin. */
#ifndef SL_CMD_COMMON_LIST_H
#define SL_CMD_COMMON_LIST_H

#include <stdio.h>

#include "lib/base/err.h"

/* NULL and "-" are stdin. A file that cannot be read, or is a folder, is SL_ERR_DATA. */
int sl_list_open(const char *path, FILE **list, struct sl_err *err);
void sl_list_close(FILE **list); /* for SL_AUTO(); *list may be NULL */

#endif
