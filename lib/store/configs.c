#include "lib/store/configs.h"

#include <inttypes.h>

#include "lib/store/nearest.h"
#include "lib/store/sql.h"

#define CONFIG_COLUMNS                                                                             \
    "c.id, c.school_id, c.provider_id, c.config_encrypted, c.environment, c.is_enabled,"           \
    " c.is_primary, c.rank, c.account, c.last_tested_at, c.last_test_status, c.created_at,"        \
    " c.updated_at, p.code, s.code, p.category, s.status = 'closed'"
#define CONFIG_TABLES                                                                              \
    " FROM integration_configs c JOIN integration_providers p ON p.id = c.provider_id"             \
    " JOIN schools s ON s.id = c.school_id"

/* Borrows the row's text. */
static struct sl_config_row config_at(const struct sl_rows *rows)
{
    return (struct sl_config_row){
        .id = sl_row_int(rows, 0),
        .school_id = sl_row_int(rows, 1),
        .provider_id = sl_row_int(rows, 2),
        .sealed = sl_row_text(rows, 3),
        .environment = sl_row_text(rows, 4),
        .is_enabled = sl_row_int(rows, 5) != 0,
        .is_primary = sl_row_int(rows, 6) != 0,
        .rank = (int)sl_row_int(rows, 7),
        .account = sl_row_text(rows, 8),
        .last_tested_at = sl_row_int(rows, 9),
        .last_test_status = sl_row_text(rows, 10),
        .created_at = sl_row_int(rows, 11),
        .updated_at = sl_row_int(rows, 12),
        .provider_code = sl_row_text(rows, 13),
        .school_code = sl_row_text(rows, 14),
        .category = sl_row_text(rows, 15),
        .is_closed = sl_row_int(rows, 16) != 0,
    };
}

static struct sl_config_row keep(struct sl_arena *arena, struct sl_config_row row)
{
    row.sealed = sl_arena_strdup(arena, row.sealed);
    row.environment = sl_arena_strdup(arena, row.environment);
    row.account = sl_arena_strdup(arena, row.account);
    row.last_test_status = sl_arena_strdup(arena, row.last_test_status);
    row.provider_code = sl_arena_strdup(arena, row.provider_code);
    row.school_code = sl_arena_strdup(arena, row.school_code);
    row.category = sl_arena_strdup(arena, row.category);
    return row;
}

static int get_one(struct sl_db *db, struct sl_arena *arena, const char *sql,
                   const struct sl_value *params, size_t n, struct sl_config_row *row,
                   struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, params, n, err);

    if (more > 0)
        *row = keep(arena, config_at(&rows));
    return more;
}

/* ---- Reading ------------------------------------------------------------------------- */

#define SCHOOLS_OR_EVERYONES " (c.school_id = $1 OR (p.is_global = 1 AND s.code = 'everyone'))"

static const char get_sql[] = "SELECT " CONFIG_COLUMNS CONFIG_TABLES " WHERE" SCHOOLS_OR_EVERYONES
                              " AND c.provider_id = $2 ORDER BY c.school_id = $1 DESC LIMIT 1";

int sl_configs_get(struct sl_db *db, struct sl_arena *arena, int64_t school_id, int64_t provider_id,
                   struct sl_config_row *row, struct sl_err *err)
{
    return get_one(db, arena, get_sql, SL_PARAMS(SL_INT(school_id), SL_INT(provider_id)), row, err);
}

static const char primary_sql[] =
    "SELECT " CONFIG_COLUMNS CONFIG_TABLES " WHERE" SCHOOLS_OR_EVERYONES
    " AND p.category = $2 AND c.is_primary = 1 AND c.is_enabled = 1"
    " ORDER BY c.school_id = $1 DESC LIMIT 1";

int sl_configs_primary(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                       const char *category, struct sl_config_row *row, struct sl_err *err)
{
    return get_one(db, arena, primary_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(category)), row,
                   err);
}

static const char list_sql[] =
    "SELECT " CONFIG_COLUMNS CONFIG_TABLES " WHERE ($1 = 0 OR c.school_id = $1)"
    " ORDER BY s.code, p.category, c.is_primary DESC, c.rank = 0,"
    " c.rank, p.code";

int sl_configs_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_INT(school_id)), err);
}

int sl_configs_next(struct sl_rows *rows, struct sl_config_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *row = config_at(rows);
    return more;
}

static const char ranked_sql[] =
    "SELECT " CONFIG_COLUMNS CONFIG_TABLES " WHERE c.school_id = $1 AND p.category = $2"
    " AND c.is_enabled = 1 AND c.rank > 0 ORDER BY c.rank LIMIT $3";

int sl_configs_ranked(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                      const char *category, struct sl_config_row *rows, size_t most,
                      struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows found = { 0 };
    int more, n = 0;

    if (sl_db_query(&found, db, ranked_sql,
                    SL_PARAMS(SL_INT(school_id), SL_TEXT(category), SL_INT((int64_t)most)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&found, err)) > 0)
        rows[n++] = keep(arena, config_at(&found));
    return more < 0 ? -1 : n;
}

/* ---- Writing ------------------------------------------------------------------------- */

static const char insert_sql[] =
    "INSERT INTO integration_configs (school_id, provider_id, config_encrypted, environment,"
    " is_enabled, is_primary, rank, account, last_tested_at, last_test_status, created_at,"
    " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";

static int insert(struct sl_db *db, struct sl_config_row *row, int64_t now_ms, struct sl_err *err)
{
    const char *sealed = row->sealed ? row->sealed : "";

    return sl_db_insert(db, insert_sql,
                        SL_PARAMS(SL_INT(row->school_id), SL_INT(row->provider_id), SL_TEXT(sealed),
                                  SL_TEXT(row->environment), SL_INT(row->is_enabled),
                                  SL_INT(row->is_primary), SL_INT(row->rank), SL_TEXT(row->account),
                                  SL_ID(row->last_tested_at), SL_TEXT(row->last_test_status),
                                  SL_INT(now_ms)),
                        &row->id, err) < 0
               ? -1
               : 0;
}

static const char update_sql[] =
    "UPDATE integration_configs SET config_encrypted = $1, environment = $2, is_enabled = $3,"
    " is_primary = $4, rank = $5, account = $6, last_tested_at = $7, last_test_status = $8,"
    " updated_at = $9 WHERE id = $10";

static int update(struct sl_db *db, const struct sl_config_row *row, int64_t now_ms,
                  struct sl_err *err)
{
    return sl_db_run(db, update_sql,
                     SL_PARAMS(SL_TEXT(row->sealed), SL_TEXT(row->environment),
                               SL_INT(row->is_enabled), SL_INT(row->is_primary), SL_INT(row->rank),
                               SL_TEXT(row->account), SL_ID(row->last_tested_at),
                               SL_TEXT(row->last_test_status), SL_INT(now_ms), SL_INT(row->id)),
                     err) < 0
               ? -1
               : 0;
}

/* Those of schools that are served by everyone's settings follow everyone's. */
static const char move_sql[] =
    "UPDATE integration_queue SET account = $1 WHERE status = 'pending' AND provider_id = $2"
    " AND account <> $1 AND (school_id = $3 OR ("
    "  $3 = (SELECT id FROM schools WHERE code = 'everyone') AND school_id NOT IN"
    "  (SELECT school_id FROM integration_configs WHERE provider_id = $2)))";

int sl_configs_put(struct sl_db *db, struct sl_config_row *row, int64_t now_ms, struct sl_err *err)
{
    int status = row->id ? update(db, row, now_ms, err) : insert(db, row, now_ms, err);
    int moved;

    if (status < 0)
        return -1;
    moved = sl_db_run(db, move_sql,
                      SL_PARAMS(SL_TEXT(row->account), SL_INT(row->provider_id),
                                SL_INT(row->school_id)),
                      err);
    return moved < 0 ? -1 : 0;
}

static const char unmark_sql[] =
    "UPDATE integration_configs SET is_primary = 0, updated_at = $1 WHERE is_primary = 1"
    " AND school_id = $2 AND id <> $3 AND provider_id IN"
    " (SELECT id FROM integration_providers WHERE category ="
    "  (SELECT category FROM integration_providers WHERE id = $4))";
static const char mark_sql[] =
    "UPDATE integration_configs SET is_primary = 1, updated_at = $1 WHERE id = $2";

int sl_configs_make_primary(struct sl_db *db, const struct sl_config_row *row, int64_t now_ms,
                            struct sl_err *err)
{
    if (sl_db_run(db, unmark_sql,
                  SL_PARAMS(SL_INT(now_ms), SL_INT(row->school_id), SL_INT(row->id),
                            SL_INT(row->provider_id)),
                  err) < 0)
        return -1;
    return sl_db_run(db, mark_sql, SL_PARAMS(SL_INT(now_ms), SL_INT(row->id)), err) < 0 ? -1 : 0;
}

static const char count_sql[] =
    "SELECT count(*) FROM integration_configs c JOIN integration_providers p"
    " ON p.id = c.provider_id WHERE c.school_id = $1 AND p.category = $2"
    " AND (c.is_primary = 1 OR $3 = 0)";

int sl_configs_count(struct sl_db *db, int64_t school_id, const char *category,
                     enum sl_configs_which which, int64_t *count, struct sl_err *err)
{
    return sl_db_number(db, count_sql,
                        SL_PARAMS(SL_INT(school_id), SL_TEXT(category),
                                  SL_INT(which == SL_CONFIGS_PRIMARY)),
                        count, err) < 0
               ? -1
               : 0;
}

static const char tested_sql[] =
    "UPDATE integration_configs SET last_tested_at = $1, last_test_status = $2 WHERE id = $3";

int sl_configs_tested(struct sl_db *db, int64_t id, const char *status, int64_t now_ms,
                      struct sl_err *err)
{
    return sl_db_run(db, tested_sql, SL_PARAMS(SL_INT(now_ms), SL_TEXT(status), SL_INT(id)), err) <
                   0
               ? -1
               : 0;
}
