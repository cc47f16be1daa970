#include "lib/store/queue_view.h"

#include <string.h>

#include "lib/store/sql.h"

/* ---- Rows --------------------------------------------------------------------------------- */

#define ROW                                                                                        \
    "SELECT q.id, s.code, s.timezone, p.code, q.operation, q.status, q.priority, q.attempts,"      \
    " q.max_attempts, q.next_attempt_at, q.last_attempt_at, q.created_at, q.completed_at,"         \
    " q.in_flight, q.waits_for, b.public_id, json_extract(q.error_log, '$[#-1].error')"            \
    " FROM integration_queue q JOIN schools s ON s.id = q.school_id"                               \
    " LEFT JOIN integration_providers p ON p.id = q.provider_id"                                   \
    " LEFT JOIN message_batches b ON b.id = q.batch_id"

/* Each by another index: a part of a queue of millions is found without reading the rest. */
#define AND_REST                                                                                   \
    " AND ($3 IS NULL OR q.operation = $3) AND ($4 IS NULL OR q.waits_for = $4)"                   \
    " ORDER BY q.id DESC LIMIT $5"
static const char list_sql[] = ROW " WHERE $1 IS NULL AND $2 IS NULL" AND_REST;
static const char list_school_sql[] = ROW " WHERE q.school_id = $1 AND $2 IS NULL" AND_REST;
static const char list_status_sql[] =
    ROW " WHERE ($1 IS NULL OR q.school_id = $1) AND q.status = $2" AND_REST;
static const char list_waiting_sql[] =
    ROW " WHERE ($1 IS NULL OR q.school_id = $1) AND ($2 IS NULL OR q.status = $2)"
        " AND q.waits_for IS NOT NULL" AND_REST;

static const char *choose_list(const struct sl_queue_filter *filter)
{
    if (filter->waits_for)
        return list_waiting_sql;
    if (filter->status)
        return list_status_sql;
    return filter->school_id ? list_school_sql : list_sql;
}

int sl_queue_list(struct sl_rows *rows, struct sl_db *db, const struct sl_queue_filter *filter,
                  struct sl_err *err)
{
    return sl_db_query(rows, db, choose_list(filter),
                       SL_PARAMS(SL_ID(filter->school_id), SL_TEXT(filter->status),
                                 SL_TEXT(filter->operation), SL_TEXT(filter->waits_for),
                                 SL_INT(filter->limit ? filter->limit : INT64_MAX)),
                       err);
}

static const char find_sql[] = ROW " WHERE q.id = $1";

int sl_queue_find(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err)
{
    return sl_db_query(rows, db, find_sql, SL_PARAMS(SL_INT(id)), err);
}

int sl_queue_next(struct sl_rows *rows, struct sl_queue_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *row = (struct sl_queue_row){
        .id = sl_row_int(rows, 0),
        .school = sl_row_text(rows, 1),
        .zone = sl_row_text(rows, 2),
        .provider = sl_row_text(rows, 3),
        .operation = sl_row_text(rows, 4),
        .status = sl_row_text(rows, 5),
        .priority = sl_row_int(rows, 6),
        .attempts = sl_row_int(rows, 7),
        .max_attempts = sl_row_int(rows, 8),
        .next_attempt_at = sl_row_int(rows, 9),
        .last_attempt_at = sl_row_int(rows, 10),
        .created_at = sl_row_int(rows, 11),
        .completed_at = sl_row_int(rows, 12),
        .in_flight = sl_row_int(rows, 13) != 0,
        .waits_for = sl_row_text(rows, 14),
        .batch = sl_row_text(rows, 15),
        .error = sl_row_text(rows, 16),
    };
    return 1;
}

/* ---- What a person brings back -------------------------------------------------------------- */

static const char failed_sql[] =
    "SELECT id FROM integration_queue WHERE status = 'failed' AND id > $1"
    " AND ($2 IS NULL OR school_id = $2) AND ($3 IS NULL OR operation = $3)"
    " AND (expires_at IS NULL OR expires_at > $4) ORDER BY id LIMIT $5";

int sl_queue_failed(struct sl_db *db, const struct sl_failed_filter *filter, int64_t now_ms,
                    size_t n, int64_t *ids, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more, found = 0;

    if (sl_db_query(&rows, db, failed_sql,
                    SL_PARAMS(SL_INT(filter->after_id), SL_ID(filter->school_id),
                              SL_TEXT(filter->operation), SL_INT(now_ms), SL_INT((int64_t)n)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0)
        ids[found++] = sl_row_int(&rows, 0);
    return more < 0 ? -1 : found;
}

static const char failed_late_sql[] =
    "SELECT count(*) FROM integration_queue WHERE status = 'failed'"
    " AND ($1 IS NULL OR school_id = $1) AND ($2 IS NULL OR operation = $2) AND expires_at <= $3";

int sl_queue_failed_late(struct sl_db *db, const struct sl_failed_filter *filter, int64_t now_ms,
                         int64_t *n, struct sl_err *err)
{
    return sl_db_number(
               db, failed_late_sql,
               SL_PARAMS(SL_ID(filter->school_id), SL_TEXT(filter->operation), SL_INT(now_ms)), n,
               err) < 0
               ? -1
               : 0;
}

static const char expire_sql[] = "UPDATE integration_queue SET expires_at = $2 WHERE id = $1";

int sl_queue_expire(struct sl_db *db, int64_t id, int64_t expires_at, struct sl_err *err)
{
    return sl_db_run(db, expire_sql, SL_PARAMS(SL_INT(id), SL_ID(expires_at)), err) < 0 ? -1 : 0;
}

static const char requeue_sql[] =
    "UPDATE messages SET status = 'queued', error = NULL, updated_at = $3 WHERE queue_id = $1"
    " AND (status = 'failed' OR (status = 'unknown' AND $2 = 1))";

int sl_queue_requeue_messages(struct sl_db *db, int64_t queue_id, enum sl_requeue which,
                              int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(
        db, requeue_sql,
        SL_PARAMS(SL_INT(queue_id), SL_INT(which == SL_UNKNOWN_TOO), SL_INT(now_ms)), err);
}

/* ---- Figures -------------------------------------------------------------------------------- */

static const char count_sql[] = "SELECT status, count(*) FROM integration_queue GROUP BY status";
static const char count_school_sql[] =
    "SELECT status, count(*) FROM integration_queue WHERE school_id = $1 GROUP BY status";
static const char count_waits_sql[] =
    "SELECT waits_for, count(*) FROM integration_queue WHERE waits_for IS NOT NULL"
    " AND ($1 IS NULL OR school_id = $1) GROUP BY waits_for";

/* Words, and the figures that they count. */
struct tally {
    const char *word;
    int64_t *n;
};

static int read_tallies(struct sl_rows *rows, const struct tally *tallies, size_t n,
                        struct sl_err *err)
{
    int more;

    while ((more = sl_rows_next(rows, err)) > 0)
        for (size_t i = 0; i < n; i++)
            if (strcmp(tallies[i].word, sl_row_text(rows, 0)) == 0)
                *tallies[i].n = sl_row_int(rows, 1);
    return more;
}

static int count_states(struct sl_db *db, int64_t school_id, struct sl_queue_stats *stats,
                        struct sl_err *err)
{
    const struct tally states[] = {
        { "pending", &stats->pending },     { "processing", &stats->processing },
        { "completed", &stats->completed }, { "failed", &stats->failed },
        { "cancelled", &stats->cancelled },
    };
    const struct tally waits[] = {
        { "callback", &stats->waits_callback },
        { "query", &stats->waits_query },
        { "person", &stats->waits_person },
    };
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 }, waiting = { 0 };
    int status = school_id
                     ? sl_db_query(&rows, db, count_school_sql, SL_PARAMS(SL_INT(school_id)), err)
                     : sl_db_query(&rows, db, count_sql, SL_NO_PARAMS, err);

    if (status < 0 || read_tallies(&rows, states, SL_COUNT(states), err) < 0 ||
        sl_db_query(&waiting, db, count_waits_sql, SL_PARAMS(SL_ID(school_id)), err) < 0)
        return -1;
    return read_tallies(&waiting, waits, SL_COUNT(waits), err);
}

/* Rows of a batch that is still loading are nobody's to send. */
static const char due_sql[] =
    "SELECT count(*), min(next_attempt_at) FROM integration_queue WHERE status = 'pending'"
    " AND next_attempt_at <= $1 AND ($2 IS NULL OR school_id = $2) AND (batch_id IS NULL"
    "  OR batch_id IN (SELECT id FROM message_batches WHERE state IN ('ready', 'sending')))";
static const char abandoned_sql[] =
    "SELECT count(*), min(CASE WHEN q.in_flight = 1 THEN q.last_attempt_at"
    "  ELSE q.next_attempt_at END) FROM integration_queue q"
    " LEFT JOIN runners r ON r.id = q.runner WHERE q.runner IS NOT NULL"
    " AND ($2 IS NULL OR q.school_id = $2)"
    " AND (r.id IS NULL OR r.boot_id <> $3 OR r.lease_boot_ms <= $1)";

static int count_oldest(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
                        int64_t *count, struct sl_queue_stats *stats, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int64_t at_ms;

    if (sl_db_query(&rows, db, sql, params, n, err) < 0 || sl_rows_next(&rows, err) < 0)
        return -1;
    *count = sl_row_int(&rows, 0);
    at_ms = sl_row_int(&rows, 1);
    if (at_ms > 0 && (stats->oldest_due_at == 0 || at_ms < stats->oldest_due_at))
        stats->oldest_due_at = at_ms;
    return 0;
}

int sl_queue_stats(struct sl_db *db, int64_t school_id, const struct sl_boot_now *now,
                   int64_t now_ms, struct sl_queue_stats *stats, struct sl_err *err)
{
    *stats = (struct sl_queue_stats){ 0 };
    if (count_states(db, school_id, stats, err) < 0 ||
        count_oldest(db, due_sql, SL_PARAMS(SL_INT(now_ms), SL_ID(school_id)), &stats->due, stats,
                     err) < 0)
        return -1;
    return count_oldest(db, abandoned_sql,
                        SL_PARAMS(SL_INT(now->ms), SL_ID(school_id), SL_TEXT(now->id)),
                        &stats->abandoned, stats, err);
}

static const char schools_sql[] =
    "SELECT s.code, s.id = $2 OR s.code = 'everyone' FROM integration_configs c JOIN schools s ON s.id = c.school_id"
    " WHERE c.account = $1 AND c.is_enabled = 1 ORDER BY s.code";

int sl_queue_account_schools(struct sl_db *db, struct sl_arena *arena, const char *account,
                             int64_t school_id, const char **schools, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_buf list = sl_buf_new(arena);
    bool wanted = school_id == 0;
    int more;

    if (sl_db_query(&rows, db, schools_sql, SL_PARAMS(SL_TEXT(account), SL_INT(school_id)), err) <
        0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        sl_buf_text(&list, list.len > 0 ? ", " : "");
        sl_buf_text(&list, sl_row_text(&rows, 0));
        wanted = wanted || sl_row_int(&rows, 1) != 0;
    }
    *schools = wanted && list.len > 0 ? list.data : NULL;
    return more;
}
