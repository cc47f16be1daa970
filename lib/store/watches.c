#include "lib/store/watches.h"

#include "lib/store/sql.h"

static const char turn_sql[] =
    "INSERT INTO watches (watch, about, school, since) VALUES ('looked', '', '', $1)"
    " ON CONFLICT (watch, about) DO UPDATE SET since = $1 WHERE since <= $1 - $2 OR since > $1";

int sl_watches_turn(struct sl_db *db, int64_t every_ms, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, turn_sql, SL_PARAMS(SL_INT(now_ms), SL_INT(every_ms)), err);
}

static const char add_sql[] = "INSERT INTO watches (watch, about, school, since)"
                              " VALUES ($1, $2, $3, $4) ON CONFLICT (watch, about) DO NOTHING";

int sl_watches_add(struct sl_db *db, const struct sl_watch_row *row, int64_t now_ms,
                   struct sl_err *err)
{
    return sl_db_run(db, add_sql,
                     SL_PARAMS(SL_TEXT(row->watch), SL_TEXT(row->about), SL_TEXT(row->school),
                               SL_INT(now_ms)),
                     err);
}

static const char remove_sql[] = "DELETE FROM watches WHERE watch = $1 AND about = $2";

int sl_watches_remove(struct sl_db *db, const struct sl_watch_row *row, struct sl_err *err)
{
    return sl_db_run(db, remove_sql, SL_PARAMS(SL_TEXT(row->watch), SL_TEXT(row->about)), err);
}

static const char list_sql[] =
    "SELECT watch, about, school FROM watches WHERE watch <> 'looked' ORDER BY watch, about";

int sl_watches_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_NO_PARAMS, err);
}

int sl_watches_next(struct sl_rows *rows, struct sl_watch_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *row = (struct sl_watch_row){
            .watch = sl_row_text(rows, 0),
            .about = sl_row_text(rows, 1),
            .school = sl_row_text(rows, 2),
        };
    return more;
}
