#include "lib/store/spool.h"

#include "lib/store/sql.h"

static const char add_sql[] = "INSERT INTO spool (sha256, size, used_at) VALUES ($1, $2, $3)"
                              " ON CONFLICT (sha256) DO UPDATE SET used_at = excluded.used_at";
static const char use_sql[] = "INSERT INTO spool_users (sha256, queue_id) VALUES ($1, $2)"
                              " ON CONFLICT (sha256, queue_id) DO NOTHING";
static const char share_sql[] =
    "INSERT INTO spool_users (sha256, queue_id) SELECT sha256, $2 FROM spool_users"
    " WHERE queue_id = $1 ON CONFLICT (sha256, queue_id) DO NOTHING";
static const char unused_sql[] =
    "SELECT sha256 FROM spool s WHERE used_at < $1 AND NOT EXISTS"
    " (SELECT 1 FROM spool_users u JOIN integration_queue q ON q.id = u.queue_id"
    "  WHERE u.sha256 = s.sha256 AND q.status IN ('pending', 'processing', 'failed')) LIMIT 1";
static const char known_sql[] = "SELECT 1 FROM spool WHERE sha256 = $1";
static const char forget_sql[] = "DELETE FROM spool WHERE sha256 = $1";

int sl_spool_files_add(struct sl_db *db, const char *sha256, int64_t size, int64_t now_ms,
                       struct sl_err *err)
{
    return sl_db_run(db, add_sql, SL_PARAMS(SL_TEXT(sha256), SL_INT(size), SL_INT(now_ms)), err) < 0
               ? -1
               : 0;
}

int sl_spool_files_use(struct sl_db *db, const char *sha256, int64_t queue_id, struct sl_err *err)
{
    return sl_db_run(db, use_sql, SL_PARAMS(SL_TEXT(sha256), SL_INT(queue_id)), err) < 0 ? -1 : 0;
}

int sl_spool_files_share(struct sl_db *db, int64_t queue_id, int64_t other_id, struct sl_err *err)
{
    return sl_db_run(db, share_sql, SL_PARAMS(SL_INT(queue_id), SL_INT(other_id)), err) < 0 ? -1
                                                                                            : 0;
}

int sl_spool_files_unused(struct sl_db *db, struct sl_arena *arena, int64_t before,
                          const char **sha256, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, unused_sql, SL_PARAMS(SL_INT(before)), err);

    if (more > 0)
        *sha256 = sl_arena_strdup(arena, sl_row_text(&rows, 0));
    return more;
}

int sl_spool_files_known(struct sl_db *db, const char *sha256, struct sl_err *err)
{
    int64_t one;

    return sl_db_number(db, known_sql, SL_PARAMS(SL_TEXT(sha256)), &one, err);
}

int sl_spool_files_forget(struct sl_db *db, const char *sha256, struct sl_err *err)
{
    return sl_db_run(db, forget_sql, SL_PARAMS(SL_TEXT(sha256)), err);
}
