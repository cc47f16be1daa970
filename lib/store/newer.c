#include "lib/store/newer.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stddef.h>

enum {
    AT = 60
}; /* www.sqlite.org/fileformat.html, 1.3: where user_version stands, in four bytes */

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
    unsigned char bytes[4] = { 0 };
    sqlite3_file *file = NULL;

    (void)sqlite3_file_control(sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods ||
        file->pMethods->xRead(file, bytes, sizeof bytes, AT) != SQLITE_OK)
        return 0;
    return sl_refuse_newer((int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3],
                           err);
}
