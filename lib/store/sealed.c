#include "lib/store/sealed.h"

#include "lib/base/arena.h"
#include "lib/store/sql.h"

/* "sl1:KEYID:" stands in front of every sealed text: $2 is a key, and this is its heading. */
#define LIST(columns, table, column)                                                               \
    "SELECT " columns ", " column " FROM " table " WHERE id > $1 AND " column " LIKE 'sl1:%'"      \
    " AND substr(" column ", 1, length($2) + 5) <> 'sl1:' || $2 || ':' ORDER BY id LIMIT $3"
#define SWAP(table, column) "UPDATE " table " SET " column " = $1 WHERE id = $2 AND " column " = $3"
#define COUNT(table, column)                                                                       \
    "SELECT count(*) FROM " table " WHERE " column " LIKE 'sl1:%' AND ($1 IS NULL"                 \
    " OR substr(" column ", 1, length($1) + 5) = 'sl1:' || $1 || ':')"

#define STATEMENTS(columns, table, column)                                                         \
    {                                                                                              \
        LIST(columns, table, column), SWAP(table, column), COUNT(table, column)                    \
    }

#define BOTH "id, school_id, provider_id"

static const struct {
    const char *list, *swap, *count;
} statements[] = {
    [SL_SEALED_SETTINGS] = STATEMENTS(BOTH, "integration_configs", "config_encrypted"),
    [SL_SEALED_ACCESS_TOKENS] = STATEMENTS(BOTH, "oauth_tokens", "access_token"),
    [SL_SEALED_REFRESH_TOKENS] = STATEMENTS(BOTH, "oauth_tokens", "refresh_token"),
    [SL_SEALED_QUEUE_MEMORY] = STATEMENTS(BOTH, "integration_queue", "memory"),
    [SL_SEALED_HOOK_SECRETS] = STATEMENTS("id, school_id, 0", "hooks", "secret"),
    [SL_SEALED_WEBHOOK_SECRETS] = STATEMENTS(BOTH, "integration_webhooks", "secret_key"),
};

static const struct sl_sealed_place places[] = {
    [SL_SEALED_SETTINGS] = { "settings", "integration_configs", "config_encrypted", "seal" },
    [SL_SEALED_ACCESS_TOKENS] = { "access tokens", "oauth_tokens", "access_token", "seal" },
    [SL_SEALED_REFRESH_TOKENS] = { "refresh tokens", "oauth_tokens", "refresh_token", "seal" },
    [SL_SEALED_QUEUE_MEMORY] = { "queue items", "integration_queue", "memory", "seal" },
    [SL_SEALED_HOOK_SECRETS] = { "hooks", "hooks", "secret", "seal" },
    [SL_SEALED_WEBHOOK_SECRETS] = { "webhooks", "integration_webhooks", "secret_key", "webhook" },
};

const struct sl_sealed_place *sl_sealed_place(enum sl_sealed_column column)
{
    return &places[column];
}

int sl_sealed_list(struct sl_rows *rows, struct sl_db *db, enum sl_sealed_column column,
                   int64_t after_id, const char *key_id, int64_t most, struct sl_err *err)
{
    return sl_db_query(rows, db, statements[column].list,
                       SL_PARAMS(SL_INT(after_id), SL_TEXT(key_id), SL_INT(most)), err);
}

int sl_sealed_next(struct sl_rows *rows, struct sl_sealed *sealed, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *sealed = (struct sl_sealed){ sl_row_int(rows, 0), sl_row_int(rows, 1), sl_row_int(rows, 2),
                                      sl_row_text(rows, 3) };
    return more;
}

int sl_sealed_swap(struct sl_db *db, enum sl_sealed_column column, int64_t id, const char *was,
                   const char *text, struct sl_err *err)
{
    return sl_db_run(db, statements[column].swap,
                     SL_PARAMS(SL_TEXT(text), SL_INT(id), SL_TEXT(was)), err);
}

int sl_sealed_count(struct sl_db *db, const char *key_id, int64_t *count, struct sl_err *err)
{
    int64_t sum = 0, n = 0;

    for (size_t i = 0; i < SL_COUNT(statements); i++) {
        if (sl_db_number(db, statements[i].count, SL_PARAMS(SL_TEXT(key_id)), &n, err) < 0)
            return -1;
        sum += n;
    }
    *count = sum;
    return 0;
}

/* ---- key_ids ------------------------------------------------------------------------- */

static const char add_sql[] = "INSERT INTO key_ids (key_id, purpose, first_seen)"
                              " VALUES ($1, $2, $3) ON CONFLICT (key_id) DO NOTHING";

int sl_key_ids_add(struct sl_db *db, const char *key_id, const char *purpose, int64_t now_ms,
                   struct sl_err *err)
{
    return sl_db_run(db, add_sql, SL_PARAMS(SL_TEXT(key_id), SL_TEXT(purpose), SL_INT(now_ms)),
                     err) < 0
               ? -1
               : 0;
}

static const char retire_sql[] =
    "UPDATE key_ids SET retired_at = $1 WHERE key_id = $2 AND retired_at IS NULL";

int sl_key_ids_retire(struct sl_db *db, const char *key_id, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, retire_sql, SL_PARAMS(SL_INT(now_ms), SL_TEXT(key_id)), err);
}

static const char get_sql[] = "SELECT coalesce(retired_at, 0) FROM key_ids WHERE key_id = $1";

int sl_key_ids_get(struct sl_db *db, const char *key_id, int64_t *retired_at, struct sl_err *err)
{
    return sl_db_number(db, get_sql, SL_PARAMS(SL_TEXT(key_id)), retired_at, err);
}

static const char holders_sql[] =
    "SELECT count(*) FROM runners WHERE started_at < $1 AND boot_id = $2 AND lease_boot_ms > $3";

int sl_key_ids_holders(struct sl_db *db, int64_t before_ms, const struct sl_boot_now *now,
                       int64_t *count, struct sl_err *err)
{
    return sl_db_number(db, holders_sql,
                        SL_PARAMS(SL_INT(before_ms), SL_TEXT(now->id), SL_INT(now->ms)), count,
                        err) < 0
               ? -1
               : 0;
}
