#include "lib/store/health.h"

#include <string.h>

#include "lib/store/facts.h"
#include "lib/store/sql.h"

/* The first row's first column, in the arena; NULL if there is no row. */
static int first_text(struct sl_db *db, struct sl_arena *arena, const char *sql, const char **text,
                      struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, SL_NO_PARAMS, err);

    *text = more > 0 ? sl_arena_strdup(arena, sl_row_text(&rows, 0)) : NULL;
    return more < 0 ? -1 : 0;
}

const char sl_health_restore[] = "put back a copy that `sl-config backup` made; without one,"
                                 " `sqlite3 DATABASE .recover` reads what is left";

static const char pages_sql[] = "PRAGMA quick_check(1)";

int sl_health_pages(struct sl_db *db, struct sl_arena *arena, const char **trouble,
                    struct sl_err *err)
{
    const char *text;

    if (first_text(db, arena, pages_sql, &text, err) < 0)
        return -1;
    *trouble = text && strcmp(text, "ok") != 0 ? text : NULL;
    return 0;
}

static const char references_sql[] = "PRAGMA foreign_key_check";

int sl_health_references(struct sl_db *db, int64_t *count, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int64_t n = 0;
    int more;

    if (sl_db_query(&rows, db, references_sql, SL_NO_PARAMS, err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0 && n < 100)
        n++;
    *count = n;
    return more < 0 ? -1 : 0;
}

static const char journal_sql[] = "PRAGMA journal_mode";

int sl_health_concurrent(struct sl_db *db, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *mode;

    if (first_text(db, arena, journal_sql, &mode, err) < 0)
        return -1;
    return mode && strcmp(mode, "wal") == 0;
}

static const char newest_sql[] = "SELECT coalesce(max(created_at), 0) FROM integration_logs";

int sl_health_newest(struct sl_db *db, int64_t *ms, struct sl_err *err)
{
    return sl_db_number(db, newest_sql, SL_NO_PARAMS, ms, err) < 0 ? -1 : 0;
}

static const char clock_sql[] =
    "SELECT p.code, CAST(f.value AS INTEGER) AS ahead FROM facts f"
    " JOIN accounts a ON a.account = f.account JOIN integration_providers p ON p.id = a.provider_id"
    " WHERE f.kind = $1 ORDER BY abs(CAST(f.value AS INTEGER)) DESC, p.code LIMIT 1";

int sl_health_clock(struct sl_db *db, struct sl_arena *arena, const char **provider,
                    int64_t *ahead_s, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, clock_sql, SL_PARAMS(SL_TEXT(SL_FACT_CLOCK)), err);

    *provider = more > 0 ? sl_arena_strdup(arena, sl_row_text(&rows, 0)) : NULL;
    *ahead_s = more > 0 ? sl_row_int(&rows, 1) : 0;
    return more < 0 ? -1 : 0;
}
