/* The tokens of accounts. */
#include "lib/store/accounts.h"

#include "lib/base/clock.h"
#include "lib/store/sql.h"

#define TOKEN_COLUMNS                                                                              \
    "id, school_id, provider_id, access_token, refresh_token, token_type, expires_at, version,"    \
    " renewed_at, account"

static struct sl_token_row row_at(const struct sl_rows *rows)
{
    return (struct sl_token_row){
        .id = sl_row_int(rows, 0),
        .school_id = sl_row_int(rows, 1),
        .provider_id = sl_row_int(rows, 2),
        .access_token = sl_row_text(rows, 3),
        .refresh_token = sl_row_text(rows, 4),
        .token_type = sl_row_text(rows, 5),
        .expires_at = sl_row_int(rows, 6),
        .version = sl_row_int(rows, 7),
        .renewed_at = sl_row_int(rows, 8),
        .account = sl_row_text(rows, 9),
    };
}

static const char get_sql[] = "SELECT " TOKEN_COLUMNS " FROM oauth_tokens WHERE account = $1"
                              " AND access_token <> ''";

int sl_tokens_get(struct sl_db *db, struct sl_arena *arena, const char *account,
                  struct sl_token_row *row, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, get_sql, SL_PARAMS(SL_TEXT(account)), err);

    if (more <= 0)
        return more;
    *row = row_at(&rows);
    row->access_token = sl_arena_strdup(arena, row->access_token);
    row->refresh_token = sl_arena_strdup(arena, row->refresh_token);
    row->token_type = sl_arena_strdup(arena, row->token_type);
    row->account = sl_arena_strdup(arena, row->account);
    return 1;
}

/* A school whose credentials changed leaves the old account's token behind. */
static const char leave_sql[] = "DELETE FROM oauth_tokens WHERE school_id = $1 AND provider_id = $2"
                                " AND account <> $3";
static const char make_sql[] =
    "INSERT INTO oauth_tokens (school_id, provider_id, access_token, account, version, created_at,"
    " updated_at, renewed_at) VALUES ($1, $2, '', $3, 0, $4, $4, 0) ON CONFLICT (account) DO NOTHING";
static const char find_sql[] = "SELECT " TOKEN_COLUMNS " FROM oauth_tokens WHERE account = $1";

int sl_tokens_row(struct sl_db *db, const char *account, int64_t school_id, int64_t provider_id,
                  int64_t now_ms, struct sl_token_row *row, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_run(db, leave_sql,
                  SL_PARAMS(SL_INT(school_id), SL_INT(provider_id), SL_TEXT(account)), err) < 0 ||
        sl_db_run(db, make_sql,
                  SL_PARAMS(SL_INT(school_id), SL_INT(provider_id), SL_TEXT(account),
                            SL_INT(now_ms)),
                  err) < 0 ||
        sl_db_query(&rows, db, find_sql, SL_PARAMS(SL_TEXT(account)), err) < 0)
        return -1;
    if (sl_rows_next(&rows, err) <= 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "the token's row is not there");
    *row = row_at(&rows);
    row->access_token = row->refresh_token = row->token_type = NULL;
    row->account = account;
    return 0;
}

static const char put_sql[] =
    "UPDATE oauth_tokens SET access_token = $3, refresh_token = $4, token_type = $5,"
    " expires_at = $6, updated_at = $7, renewed_at = $7, version = version + 1"
    " WHERE id = $1 AND version = $2"
    " AND EXISTS (SELECT 1 FROM accounts WHERE account = $8 AND lock_runner = $9)";

int sl_tokens_put(struct sl_db *db, const struct sl_token_row *row, int64_t runner, int64_t now_ms,
                  struct sl_err *err)
{
    return sl_db_run(db, put_sql,
                     SL_PARAMS(SL_INT(row->id), SL_INT(row->version), SL_TEXT(row->access_token),
                               SL_TEXT(row->refresh_token),
                               SL_TEXT(row->token_type ? row->token_type : "Bearer"),
                               SL_ID(row->expires_at), SL_INT(now_ms), SL_TEXT(row->account),
                               SL_INT(runner)),
                     err);
}

static const char ending_sql[] =
    "SELECT " TOKEN_COLUMNS " FROM oauth_tokens WHERE access_token <> '' AND expires_at IS NOT NULL"
    " AND (expires_at <= $1 OR renewed_at > $3) AND ($2 = 0 OR school_id = $2)"
    " ORDER BY expires_at";

int sl_tokens_ending(struct sl_rows *rows, struct sl_db *db, int64_t school_id, int64_t now_ms,
                     int64_t within_ms, struct sl_err *err)
{
    return sl_db_query(rows, db, ending_sql,
                       SL_PARAMS(SL_INT(now_ms + within_ms), SL_INT(school_id),
                                 SL_INT(now_ms + SL_SET_BACK_MS)),
                       err);
}

int sl_tokens_next(struct sl_rows *rows, struct sl_token_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *row = row_at(rows);
    return more;
}

static const char count_sql[] = "SELECT count(*) FROM oauth_tokens WHERE access_token <> ''"
                                " AND ($1 = 0 OR school_id = $1)";

int sl_tokens_count(struct sl_db *db, int64_t school_id, int64_t *n, struct sl_err *err)
{
    return sl_db_number(db, count_sql, SL_PARAMS(SL_INT(school_id)), n, err) < 0 ? -1 : 0;
}
