#include "lib/store/queue_view.h"

#include <string.h>

#include "lib/base/arena.h"
#include "lib/store/sql.h"

/* ---- Rows ------------------------------------------------------------------------------ */

#define ROW                                                                                        \
    "SELECT q.id, s.code, p.code, q.operation, q.status, q.priority, q.attempts, q.max_attempts,"  \
    " q.next_attempt_at, q.last_attempt_at, q.in_flight, json_extract(q.error_log,"                \
    " '$[#-1].error'), q.created_at, q.completed_at, q.waits_for, q.error_log, q.payload,"         \
    " s.timezone FROM integration_queue q JOIN schools s ON s.id = q.school_id"                    \
    " LEFT JOIN integration_providers p ON p.id = q.provider_id"

static const char list_sql[] =
    ROW " WHERE ($1 = 0 OR q.school_id = $1) AND ($2 IS NULL OR q.operation = $2)"
        " ORDER BY q.id DESC";
/* By the index of the status: there may be many rows, and few of them failed. */
static const char by_status_sql[] = ROW " WHERE q.status = $3 AND ($1 = 0 OR q.school_id = $1)"
                                        " AND ($2 IS NULL OR q.operation = $2) ORDER BY q.id DESC";
static const char waiting_sql[] =
    ROW " WHERE q.waits_for IS NOT NULL AND ($1 = 0 OR q.school_id = $1)"
        " AND ($2 IS NULL OR q.operation = $2) ORDER BY q.id DESC";
static const char one_sql[] = ROW " WHERE q.id = $1";

int sl_queue_view_list(struct sl_rows *rows, struct sl_db *db, const struct sl_queue_filter *filter,
                       struct sl_err *err)
{
    struct sl_value school = SL_INT(filter->school_id), operation = SL_TEXT(filter->operation);

    if (!filter->status)
        return sl_db_query(rows, db, list_sql, SL_PARAMS(school, operation), err);
    if (strcmp(filter->status, "waiting") == 0)
        return sl_db_query(rows, db, waiting_sql, SL_PARAMS(school, operation), err);
    return sl_db_query(rows, db, by_status_sql,
                       SL_PARAMS(school, operation, SL_TEXT(filter->status)), err);
}

int sl_queue_view_one(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err)
{
    return sl_db_query(rows, db, one_sql, SL_PARAMS(SL_INT(id)), err);
}

int sl_queue_view_next(struct sl_rows *rows, struct sl_queue_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *row = (struct sl_queue_row){
        .id = sl_row_int(rows, 0),
        .school = sl_row_text(rows, 1),
        .provider = sl_row_text(rows, 2),
        .operation = sl_row_text(rows, 3),
        .status = sl_row_text(rows, 4),
        .priority = sl_row_int(rows, 5),
        .attempts = sl_row_int(rows, 6),
        .max_attempts = sl_row_int(rows, 7),
        .next_attempt_at = sl_row_int(rows, 8),
        .last_attempt_at = sl_row_int(rows, 9),
        .in_flight = sl_row_int(rows, 10) != 0,
        .error = sl_row_text(rows, 11),
        .created_at = sl_row_int(rows, 12),
        .completed_at = sl_row_int(rows, 13),
        .waits_for = sl_row_text(rows, 14),
        .error_log = sl_row_text(rows, 15),
        .payload = sl_row_text(rows, 16),
        .zone = sl_row_text(rows, 17),
    };
    return 1;
}

static const char wait_sql[] =
    "SELECT q.status, q.waits_for, q.account, json_extract(q.error_log, '$[#-1].error'),"
    " q.next_attempt_at, q.in_flight, coalesce(b.state = 'loading', 0), q.school_id,"
    " q.provider_id, q.accepted FROM integration_queue q"
    " LEFT JOIN message_batches b ON b.id = q.batch_id"
    " WHERE q.id = $1 AND q.status IN ('pending', 'processing')";

int sl_queue_view_wait(struct sl_db *db, struct sl_arena *arena, int64_t id,
                       struct sl_queue_wait *wait, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, wait_sql, SL_PARAMS(SL_INT(id)), err);

    if (more <= 0)
        return more;
    *wait = (struct sl_queue_wait){
        .status = sl_arena_strdup(arena, sl_row_text(&rows, 0)),
        .waits_for = sl_arena_strdup(arena, sl_row_text(&rows, 1)),
        .account = sl_arena_strdup(arena, sl_row_text(&rows, 2)),
        .error = sl_arena_strdup(arena, sl_row_text(&rows, 3)),
        .next_attempt_at = sl_row_int(&rows, 4),
        .in_flight = sl_row_int(&rows, 5) != 0,
        .loading = sl_row_int(&rows, 6) != 0,
        .school_id = sl_row_int(&rows, 7),
        .provider_id = sl_row_int(&rows, 8),
        .accepted = sl_row_int(&rows, 9) != 0,
    };
    return 1;
}

static const char failed_sql[] =
    "SELECT q.id FROM integration_queue q WHERE q.status = 'failed' AND q.id > $1"
    " AND ($2 = 0 OR q.school_id = $2) AND ($3 IS NULL OR q.operation = $3)"
    " AND (q.expires_at IS NULL OR q.expires_at > $5 OR q.provider_id IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM message_batches b WHERE b.id = q.batch_id"
    "  AND b.state = 'cancelled') ORDER BY q.id LIMIT $4";

int sl_queue_view_failed(struct sl_db *db, const struct sl_queue_filter *filter, int64_t after_id,
                         int64_t now_ms, size_t n, int64_t *ids, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found = 0, more;

    if (sl_db_query(&rows, db, failed_sql,
                    SL_PARAMS(SL_INT(after_id), SL_INT(filter->school_id),
                              SL_TEXT(filter->operation), SL_INT((int64_t)n), SL_INT(now_ms)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0)
        ids[found++] = sl_row_int(&rows, 0);
    return more < 0 ? -1 : found;
}

/* ---- Trying again ---------------------------------------------------------------------- */

static const char expire_sql[] = "UPDATE integration_queue SET expires_at = $2 WHERE id = $1";

int sl_queue_view_expire(struct sl_db *db, int64_t id, int64_t expires_at, struct sl_err *err)
{
    return sl_db_run(db, expire_sql, SL_PARAMS(SL_INT(id), SL_INT(expires_at)), err) < 0 ? -1 : 0;
}

/* ---- Statistics ------------------------------------------------------------------------ */

static const char count_sql[] = "SELECT status, count(*) FROM integration_queue GROUP BY status";
static const char count_school_sql[] =
    "SELECT status, count(*) FROM integration_queue WHERE school_id = $1 GROUP BY status";
static const char waits_sql[] =
    "SELECT waits_for, count(*) FROM integration_queue WHERE waits_for IS NOT NULL"
    " AND ($1 = 0 OR school_id = $1) GROUP BY waits_for";
/* Rows of a batch that is loading or was cancelled are nobody's to send: next_due_sql of queue.c.
 * What a runner has is not over: it may be dead, and nobody comes to take its place. */
static const char oldest_sql[] =
    "SELECT coalesce(min(at), $2) FROM ("
    " SELECT min(next_attempt_at) AS at FROM integration_queue WHERE status = 'pending'"
    "  AND batch_id IS NULL AND ($1 = 0 OR school_id = $1)"
    " UNION ALL SELECT min(CASE WHEN in_flight = 1 THEN last_attempt_at ELSE next_attempt_at END)"
    "  FROM integration_queue WHERE runner IS NOT NULL AND ($1 = 0 OR school_id = $1)"
    " UNION ALL SELECT (SELECT min(next_attempt_at) FROM integration_queue"
    "  WHERE status = 'pending' AND batch_id = b.id) FROM message_batches b"
    "  WHERE b.state IN ('ready', 'sending') AND ($1 = 0 OR b.school_id = $1))";

static int64_t *count_of(struct sl_queue_stats *stats, const char *status)
{
    const struct {
        const char *status;
        int64_t *count;
    } counts[] = {
        { "pending", &stats->pending },     { "processing", &stats->processing },
        { "completed", &stats->completed }, { "failed", &stats->failed },
        { "cancelled", &stats->cancelled },
    };

    for (size_t i = 0; i < SL_COUNT(counts); i++)
        if (strcmp(counts[i].status, status) == 0)
            return counts[i].count;
    return NULL;
}

static int count_states(struct sl_db *db, int64_t school_id, struct sl_queue_stats *stats,
                        struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more;

    if (school_id ? sl_db_query(&rows, db, count_school_sql, SL_PARAMS(SL_INT(school_id)), err) < 0
                  : sl_db_query(&rows, db, count_sql, SL_NO_PARAMS, err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        int64_t *count = count_of(stats, sl_row_text(&rows, 0));

        if (count)
            *count = sl_row_int(&rows, 1);
    }
    return more;
}

static int count_waiting(struct sl_db *db, int64_t school_id, struct sl_queue_stats *stats,
                         struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more;

    if (sl_db_query(&rows, db, waits_sql, SL_PARAMS(SL_INT(school_id)), err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        stats->waiting += sl_row_int(&rows, 1);
        if (strcmp(sl_row_text(&rows, 0), "person") == 0)
            stats->for_person = sl_row_int(&rows, 1);
    }
    return more;
}

int sl_queue_view_overdue(struct sl_db *db, int64_t school_id, int64_t now_ms, int64_t *seconds,
                          struct sl_err *err)
{
    int64_t oldest_ms = now_ms;

    if (sl_db_number(db, oldest_sql, SL_PARAMS(SL_INT(school_id), SL_INT(now_ms)), &oldest_ms,
                     err) < 0)
        return -1;
    *seconds = oldest_ms < now_ms ? (now_ms - oldest_ms) / 1000 : 0;
    return 0;
}

int sl_queue_view_stats(struct sl_db *db, int64_t school_id, int64_t now_ms,
                        struct sl_queue_stats *stats, struct sl_err *err)
{
    struct sl_queue_stats found = { 0 };

    if (count_states(db, school_id, &found, err) < 0 ||
        count_waiting(db, school_id, &found, err) < 0 ||
        sl_queue_view_overdue(db, school_id, now_ms, &found.oldest_due_seconds, err) < 0)
        return -1;
    /* the two counts are two moments: a row may have come back between them */
    found.processing = found.processing > found.waiting ? found.processing - found.waiting : 0;
    *stats = found;
    return 0;
}

static const char uses_sql[] =
    "SELECT 1 FROM integration_configs WHERE account = $2 AND is_enabled = 1 AND ($1 = 0"
    " OR school_id = $1 OR school_id = (SELECT id FROM schools WHERE code = 'everyone')) LIMIT 1";

int sl_queue_view_uses(struct sl_db *db, int64_t school_id, const char *account, struct sl_err *err)
{
    int64_t one;

    return sl_db_number(db, uses_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(account)), &one, err);
}
