#include "lib/store/optouts.h"

#include "lib/store/sql.h"

static const char add_sql[] = "INSERT INTO optouts (school_id, channel, address, source, since)"
                              " VALUES ($1, $2, $3, $4, $5)"
                              " ON CONFLICT (school_id, channel, address) DO NOTHING";
static const char remove_sql[] =
    "DELETE FROM optouts WHERE school_id = $1 AND channel = $2 AND address = $3";
static const char has_sql[] =
    "SELECT 1 FROM optouts WHERE school_id = $1 AND channel = $2 AND address = $3";
static const char any_sql[] = "SELECT 1 FROM optouts WHERE school_id = $1 AND channel = $2 LIMIT 1";
static const char list_sql[] = "SELECT address, source, since FROM optouts"
                               " WHERE school_id = $1 AND channel = $2 ORDER BY since, address";

int sl_optouts_add(struct sl_db *db, int64_t school_id, const char *channel, const char *address,
                   const char *source, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, add_sql,
                     SL_PARAMS(SL_INT(school_id), SL_TEXT(channel), SL_TEXT(address),
                               SL_TEXT(source), SL_INT(now_ms)),
                     err);
}

int sl_optouts_remove(struct sl_db *db, int64_t school_id, const char *channel, const char *address,
                      struct sl_err *err)
{
    return sl_db_run(db, remove_sql,
                     SL_PARAMS(SL_INT(school_id), SL_TEXT(channel), SL_TEXT(address)), err);
}

int sl_optouts_has(struct sl_db *db, int64_t school_id, const char *channel, const char *address,
                   struct sl_err *err)
{
    int64_t one;

    return sl_db_number(db, has_sql,
                        SL_PARAMS(SL_INT(school_id), SL_TEXT(channel), SL_TEXT(address)), &one,
                        err);
}

int sl_optouts_any(struct sl_db *db, int64_t school_id, const char *channel, struct sl_err *err)
{
    int64_t one;

    return sl_db_number(db, any_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(channel)), &one, err);
}

int sl_optouts_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id, const char *channel,
                    struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(channel)), err);
}

int sl_optouts_next(struct sl_rows *rows, struct sl_optout *optout, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *optout =
            (struct sl_optout){ sl_row_text(rows, 0), sl_row_text(rows, 1), sl_row_int(rows, 2) };
    return more;
}
