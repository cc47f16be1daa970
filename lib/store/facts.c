#include "lib/store/facts.h"

#include "lib/store/sql.h"

static const char get_sql[] = "SELECT value FROM facts WHERE account = $1 AND kind = $2"
                              " AND key = $3 AND (until IS NULL OR until > $4)";
static const char put_sql[] =
    "INSERT INTO facts (account, kind, key, value, until) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (account, kind, key) DO UPDATE SET value = excluded.value,"
    " until = excluded.until";
static const char put_first_sql[] =
    "INSERT INTO facts (account, kind, key, value, until) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (account, kind, key) DO UPDATE SET value = excluded.value,"
    " until = excluded.until WHERE facts.until <= $6";
static const char forget_sql[] = "DELETE FROM facts WHERE account = $1 AND kind = $2 AND key = $3";

int sl_facts_get(struct sl_db *db, struct sl_arena *arena, const char *account, const char *kind,
                 const char *key, int64_t now_ms, const char **value, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more;

    if (sl_db_query(&rows, db, get_sql,
                    SL_PARAMS(SL_TEXT(account), SL_TEXT(kind), SL_TEXT(key), SL_INT(now_ms)),
                    err) < 0)
        return -1;
    more = sl_rows_next(&rows, err);
    if (more > 0)
        *value = sl_arena_strdup(arena, sl_row_text(&rows, 0));
    return more;
}

int sl_facts_put(struct sl_db *db, const char *account, const char *kind, const char *key,
                 const char *value, int64_t until, struct sl_err *err)
{
    return sl_db_run(db, put_sql,
                     SL_PARAMS(SL_TEXT(account), SL_TEXT(kind), SL_TEXT(key), SL_TEXT(value),
                               SL_ID(until)),
                     err) < 0
               ? -1
               : 0;
}

int sl_facts_put_first(struct sl_db *db, const char *account, const char *kind, const char *key,
                       const char *value, int64_t until, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, put_first_sql,
                     SL_PARAMS(SL_TEXT(account), SL_TEXT(kind), SL_TEXT(key), SL_TEXT(value),
                               SL_ID(until), SL_INT(now_ms)),
                     err) < 0
               ? -1
               : 0;
}

int sl_facts_forget(struct sl_db *db, const char *account, const char *kind, const char *key,
                    struct sl_err *err)
{
    return sl_db_run(db, forget_sql, SL_PARAMS(SL_TEXT(account), SL_TEXT(kind), SL_TEXT(key)),
                     err) < 0
               ? -1
               : 0;
}
