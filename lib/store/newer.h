/* A database that a newer version of the programs has used is refused, and left as it is to the byte.
 * For the files that open it. */
#ifndef SL_STORE_NEWER_H
#define SL_STORE_NEWER_H

#include <stdint.h>

#include "lib/base/err.h"

/* Of the schema that these programs know; SQLite's user_version. */
enum { SL_DB_VERSION = 3 };

struct sqlite3;

/* 0 if it is not newer, or -1 with SL_ERR_CONFIG. */
int sl_refuse_newer(int64_t version, struct sl_err *err);

/* The same of the file, before the first statement: that would recover its journal, and closing would fold
 * it into the file. Where nothing can be read of it, it is not newer. */
int sl_refuse_newer_file(struct sqlite3 *sqlite, struct sl_err *err);

#endif
