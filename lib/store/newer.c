#include "lib/store/newer.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stddef.h>
#include <string.h>

/* www.sqlite.org/fileformat.html, 1.3: how a file begins, and where user_version stands in it, in
 * four bytes. */
static const char begins[] = "SQLite format 3";
enum { AT = 60, HEAD = AT + 4 };

int sl_refuse_newer(int64_t version, struct sl_err *err)
{
    if (version <= SL_DB_VERSION)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG,
                     "the database is of version %" PRId64 ", these programs know %d", version,
                     SL_DB_VERSION);
    return sl_err_hint(err,
                       "install the newer programs, or name another file; nothing was changed");
}

int sl_refuse_newer_file(struct sqlite3 *sqlite, struct sl_err *err)
{
    unsigned char head[HEAD] = { 0 };
    const unsigned char *at = head + AT;
    sqlite3_file *file = NULL;

    (void)sqlite3_file_control(sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods ||
        file->pMethods->xRead(file, head, sizeof head, 0) != SQLITE_OK ||
        memcmp(head, begins, sizeof begins) != 0)
        return 0; /* whoever reads on says what it is */
    return sl_refuse_newer((int64_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3], err);
}
