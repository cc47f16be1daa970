/* Batches of messages. */
#include "lib/store/messages.h"
#include "lib/store/sql.h"

#define BATCH_COLUMNS                                                                               \
    "id, public_id, school_id, provider_id, kind, state, idempotency_key, content_hash, text_hash," \
    " stopped, total, created_at, finished_at"

static const char add_sql[] =
    "INSERT INTO message_batches (public_id, school_id, provider_id, kind, idempotency_key,"
    " text_hash, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";

int sl_batches_add(struct sl_db *db, struct sl_batch *batch, int64_t now_ms, struct sl_err *err)
{
    int added =
        sl_db_insert(db, add_sql,
                     SL_PARAMS(SL_TEXT(batch->public_id), SL_INT(batch->school_id),
                               SL_INT(batch->provider_id), SL_TEXT(batch->kind),
                               SL_TEXT(batch->key), SL_TEXT(batch->text_hash), SL_INT(now_ms)),
                     &batch->id, err);

    if (added < 0)
        return -1;
    batch->state = "loading";
    batch->created_at = now_ms;
    return 0;
}

static struct sl_batch batch_at(const struct sl_rows *rows)
{
    return (struct sl_batch){
        .id = sl_row_int(rows, 0),
        .public_id = sl_row_text(rows, 1),
        .school_id = sl_row_int(rows, 2),
        .provider_id = sl_row_int(rows, 3),
        .kind = sl_row_text(rows, 4),
        .state = sl_row_text(rows, 5),
        .key = sl_row_text(rows, 6),
        .content_hash = sl_row_text(rows, 7),
        .text_hash = sl_row_text(rows, 8),
        .stopped = sl_row_text(rows, 9),
        .total = sl_row_int(rows, 10),
        .created_at = sl_row_int(rows, 11),
        .finished_at = sl_row_int(rows, 12),
    };
}

static int find(struct sl_db *db, struct sl_arena *arena, const char *sql,
                const struct sl_value *params, size_t n, struct sl_batch *batch, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, params, n, err);

    if (more <= 0)
        return more;
    *batch = batch_at(&rows);
    batch->public_id = sl_arena_strdup(arena, batch->public_id);
    batch->kind = sl_arena_strdup(arena, batch->kind);
    batch->state = sl_arena_strdup(arena, batch->state);
    batch->key = sl_arena_strdup(arena, batch->key);
    batch->content_hash = sl_arena_strdup(arena, batch->content_hash);
    batch->text_hash = sl_arena_strdup(arena, batch->text_hash);
    batch->stopped = sl_arena_strdup(arena, batch->stopped);
    return 1;
}

static const char find_sql[] = "SELECT " BATCH_COLUMNS " FROM message_batches WHERE public_id = $1";
static const char get_sql[] = "SELECT " BATCH_COLUMNS " FROM message_batches WHERE id = $1";
static const char by_key_sql[] = "SELECT " BATCH_COLUMNS " FROM message_batches"
                                 " WHERE school_id = $1 AND kind = $2 AND idempotency_key = $3";

int sl_batches_find(struct sl_db *db, struct sl_arena *arena, const char *public_id,
                    struct sl_batch *batch, struct sl_err *err)
{
    return find(db, arena, find_sql, SL_PARAMS(SL_TEXT(public_id)), batch, err);
}

int sl_batches_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_batch *batch,
                   struct sl_err *err)
{
    return find(db, arena, get_sql, SL_PARAMS(SL_INT(id)), batch, err);
}

int sl_batches_by_key(struct sl_db *db, struct sl_arena *arena, int64_t school_id, const char *kind,
                      const char *key, struct sl_batch *batch, struct sl_err *err)
{
    return find(db, arena, by_key_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(kind), SL_TEXT(key)),
                batch, err);
}

/* ---- Its states ------------------------------------------------------------------------- */

static const char ready_sql[] =
    "UPDATE message_batches SET state = 'ready', content_hash = $2, updated_at = $3, total ="
    " (SELECT count(*) FROM messages WHERE batch_id = $1) WHERE id = $1 AND state = 'loading'";

int sl_batches_ready(struct sl_db *db, int64_t id, const char *content_hash, int64_t now_ms,
                     struct sl_err *err)
{
    return sl_db_run(db, ready_sql, SL_PARAMS(SL_INT(id), SL_TEXT(content_hash), SL_INT(now_ms)),
                     err);
}

static const char fail_messages_sql[] =
    "UPDATE messages SET status = 'failed', error = $2, updated_at = $3 WHERE batch_id = $1"
    " AND status = 'queued' AND queue_id IN (SELECT id FROM integration_queue"
    "  WHERE id = messages.queue_id AND in_flight = 0)";
static const char fail_rows_sql[] =
    "UPDATE integration_queue SET status = 'failed', completed_at = $3, runner = NULL,"
    " error_log = json_insert(coalesce(error_log, '[]'), '$[#]', json_object('attempt', attempts,"
    "  'at', $3, 'error', $2)) WHERE batch_id = $1 AND in_flight = 0"
    " AND (status = 'pending' OR status = 'processing')";
static const char stopped_sql[] =
    "UPDATE message_batches SET stopped = $2, updated_at = $3 WHERE id = $1";

int sl_batches_fail_rest(struct sl_db *db, int64_t id, const char *why, int64_t now_ms,
                         struct sl_err *err)
{
    if (sl_db_run(db, fail_messages_sql, SL_PARAMS(SL_INT(id), SL_TEXT(why), SL_INT(now_ms)), err) <
            0 ||
        sl_db_run(db, fail_rows_sql, SL_PARAMS(SL_INT(id), SL_TEXT(why), SL_INT(now_ms)), err) < 0)
        return -1;
    return sl_db_run(db, stopped_sql, SL_PARAMS(SL_INT(id), SL_TEXT(why), SL_INT(now_ms)), err) < 0
               ? -1
               : 0;
}

static const char resume_sql[] = "UPDATE message_batches SET stopped = NULL, updated_at = $2,"
                                 " state = CASE WHEN state = 'done' THEN 'sending' ELSE state END,"
                                 " finished_at = NULL WHERE id = $1 AND state <> 'cancelled'";

int sl_batches_resume(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, resume_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err) < 0 ? -1 : 0;
}

static const char finish_sql[] =
    "UPDATE message_batches SET state = 'done', finished_at = $2, updated_at = $2 WHERE id = $1"
    " AND state IN ('ready', 'sending') AND NOT EXISTS (SELECT 1 FROM integration_queue"
    "  WHERE batch_id = $1 AND status = 'pending')"
    " AND NOT EXISTS (SELECT 1 FROM integration_queue WHERE runner IS NOT NULL AND batch_id = $1)";

int sl_batches_finish(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, finish_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err);
}

/* Open: pending, or some runner's. One that waits for a person is as far as it gets by itself. */
static const char finish_all_sql[] =
    "UPDATE message_batches SET state = 'done', finished_at = $1, updated_at = $1"
    " WHERE state IN ('ready', 'sending') AND NOT EXISTS (SELECT 1 FROM integration_queue"
    "  WHERE batch_id = message_batches.id AND status = 'pending')"
    " AND NOT EXISTS (SELECT 1 FROM integration_queue WHERE runner IS NOT NULL"
    "  AND batch_id = message_batches.id)";

int sl_batches_finish_all(struct sl_db *db, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, finish_all_sql, SL_PARAMS(SL_INT(now_ms)), err);
}

static const char cancel_messages_sql[] =
    "UPDATE messages SET status = 'cancelled', updated_at = $2 WHERE batch_id = $1"
    " AND status = 'queued' AND (queue_id IS NULL OR queue_id IN (SELECT id FROM integration_queue"
    "  WHERE id = messages.queue_id AND (status = 'pending' OR (status = 'processing'"
    "   AND in_flight = 0))))";
static const char cancel_rows_sql[] =
    "UPDATE integration_queue SET status = 'cancelled', completed_at = $2, runner = NULL,"
    " waits_for = NULL, in_flight = 0 WHERE id IN (SELECT DISTINCT queue_id FROM messages"
    "  WHERE batch_id = $1 AND queue_id IS NOT NULL) AND (status = 'pending'"
    "  OR waits_for = 'person' OR (status = 'processing' AND in_flight = 0))";
static const char cancel_sql[] =
    "UPDATE message_batches SET state = 'cancelled', finished_at = $2, updated_at = $2"
    " WHERE id = $1 AND state <> 'done'";

int64_t sl_batches_cancel(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err)
{
    int n = sl_db_run(db, cancel_messages_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err);

    if (n < 0 || sl_db_run(db, cancel_rows_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err) < 0 ||
        sl_db_run(db, cancel_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err) < 0)
        return -1;
    return n;
}

static const char discard_rows_sql[] =
    "DELETE FROM integration_queue WHERE batch_id = $1 AND status = 'pending'"
    " AND EXISTS (SELECT 1 FROM message_batches WHERE id = $1 AND state = 'loading')";
static const char discard_sql[] = "DELETE FROM message_batches WHERE id = $1 AND state = 'loading'";

int sl_batches_discard(struct sl_db *db, int64_t id, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, db, err) < 0 ||
        sl_db_run(db, discard_rows_sql, SL_PARAMS(SL_INT(id)), err) < 0 ||
        sl_db_run(db, discard_sql, SL_PARAMS(SL_INT(id)), err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static const char held_sql[] =
    "SELECT count(*) FROM integration_queue WHERE runner IS NOT NULL AND batch_id = $1";

int sl_batches_held(struct sl_db *db, int64_t id, int64_t *n, struct sl_err *err)
{
    return sl_db_number(db, held_sql, SL_PARAMS(SL_INT(id)), n, err) < 0 ? -1 : 0;
}

static const char move_sql[] = "UPDATE message_batches SET provider_id = $2, updated_at = $3"
                               " WHERE id = $1 AND state IN ('ready', 'sending')";

int sl_batches_move(struct sl_db *db, int64_t id, int64_t provider_id, int64_t now_ms,
                    struct sl_err *err)
{
    return sl_db_run(db, move_sql, SL_PARAMS(SL_INT(id), SL_INT(provider_id), SL_INT(now_ms)), err);
}

static const char price_sql[] =
    "SELECT m.cost_micro / m.segments, m.currency FROM message_batches b"
    " JOIN messages m ON m.batch_id = b.id AND m.line = (SELECT max(line) FROM messages"
    "  WHERE batch_id = b.id AND cost_micro > 0 AND segments > 0)"
    " WHERE b.school_id = $1 AND b.provider_id = $2 AND m.currency IS NOT NULL"
    " ORDER BY b.id DESC LIMIT 1";

int sl_batches_price(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                     int64_t provider_id, int64_t *micro, const char **currency, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more;

    if (sl_db_query(&rows, db, price_sql, SL_PARAMS(SL_INT(school_id), SL_INT(provider_id)), err) <
        0)
        return -1;
    more = sl_rows_next(&rows, err);
    if (more > 0) {
        *micro = sl_row_int(&rows, 0);
        *currency = sl_arena_strdup(arena, sl_row_text(&rows, 1));
    }
    return more;
}

/* ---- For people ------------------------------------------------------------------------- */

static const char list_sql[] = "SELECT " BATCH_COLUMNS " FROM message_batches"
                               " WHERE ($1 = 0 OR school_id = $1) AND kind LIKE $2 || '.%'"
                               " ORDER BY id DESC";

int sl_batches_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id, const char *channel,
                    struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(channel)), err);
}

int sl_batches_next(struct sl_rows *rows, struct sl_batch *batch, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *batch = batch_at(rows);
    return more;
}

static const char count_sql[] =
    "SELECT count(*), sum(status IN ('queued', 'sending')), sum(status IN ('sent', 'delivered')),"
    " sum(status IN ('failed', 'undelivered')), sum(status = 'unknown'), sum(status = 'skipped'),"
    " sum(status = 'cancelled'), sum(CASE WHEN status NOT IN ('skipped', 'failed', 'cancelled')"
    "  THEN coalesce(segments, 0) ELSE 0 END) FROM messages WHERE batch_id = $1";
static const char cost_sql[] =
    "SELECT currency, sum(cost_micro) FROM messages WHERE batch_id = $1 AND currency IS NOT NULL"
    " AND cost_micro IS NOT NULL GROUP BY currency ORDER BY min(id) LIMIT 1";

int sl_batches_count(struct sl_db *db, struct sl_arena *arena, int64_t id,
                     struct sl_batch_counts *counts, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 }, costs = { 0 };
    int more;

    if (sl_db_query(&rows, db, count_sql, SL_PARAMS(SL_INT(id)), err) < 0 ||
        sl_rows_next(&rows, err) < 0 ||
        sl_db_query(&costs, db, cost_sql, SL_PARAMS(SL_INT(id)), err) < 0)
        return -1;
    *counts = (struct sl_batch_counts){
        .total = sl_row_int(&rows, 0),
        .queued = sl_row_int(&rows, 1),
        .sent = sl_row_int(&rows, 2),
        .failed = sl_row_int(&rows, 3),
        .unknown = sl_row_int(&rows, 4),
        .skipped = sl_row_int(&rows, 5),
        .cancelled = sl_row_int(&rows, 6),
        .segments = sl_row_int(&rows, 7),
    };
    more = sl_rows_next(&costs, err);
    if (more > 0) {
        counts->currency = sl_arena_strdup(arena, sl_row_text(&costs, 0));
        counts->cost_micro = sl_row_int(&costs, 1);
    }
    return more < 0 ? -1 : 0;
}
