#include "lib/store/queue.h"

#include <stdlib.h>
#include <string.h>

#include "lib/store/sql.h"

#define ITEM_COLUMNS                                                                               \
    "id, school_id, provider_id, operation, payload, public_id, account, lane, status, priority,"  \
    " attempts, max_attempts, next_attempt_at, last_attempt_at, completed_at, created_at,"         \
    " expires_at, batch_id, subject_id, step, asks, memory, idempotency_key, payload_hash,"        \
    " callback_token, dedupe_key, in_flight, waits_for, error_log, result, runner, accepted"

static struct sl_item item_at(const struct sl_rows *rows, struct sl_arena *arena)
{
    return (struct sl_item){
        .id = sl_row_int(rows, 0),
        .school_id = sl_row_int(rows, 1),
        .provider_id = sl_row_int(rows, 2),
        .operation = sl_arena_strdup(arena, sl_row_text(rows, 3)),
        .payload = sl_arena_strdup(arena, sl_row_text(rows, 4)),
        .public_id = sl_arena_strdup(arena, sl_row_text(rows, 5)),
        .account = sl_arena_strdup(arena, sl_row_text(rows, 6)),
        .lane = sl_arena_strdup(arena, sl_row_text(rows, 7)),
        .status = sl_arena_strdup(arena, sl_row_text(rows, 8)),
        .priority = sl_row_int(rows, 9),
        .attempts = sl_row_int(rows, 10),
        .max_attempts = sl_row_int(rows, 11),
        .next_attempt_at = sl_row_int(rows, 12),
        .last_attempt_at = sl_row_int(rows, 13),
        .completed_at = sl_row_int(rows, 14),
        .created_at = sl_row_int(rows, 15),
        .expires_at = sl_row_int(rows, 16),
        .batch_id = sl_row_int(rows, 17),
        .subject_id = sl_row_int(rows, 18),
        .step = sl_row_int(rows, 19),
        .asks = sl_row_int(rows, 20),
        .memory = sl_arena_strdup(arena, sl_row_text(rows, 21)),
        .idempotency_key = sl_arena_strdup(arena, sl_row_text(rows, 22)),
        .payload_hash = sl_arena_strdup(arena, sl_row_text(rows, 23)),
        .callback_token = sl_arena_strdup(arena, sl_row_text(rows, 24)),
        .dedupe_key = sl_arena_strdup(arena, sl_row_text(rows, 25)),
        .in_flight = sl_row_int(rows, 26) != 0,
        .waits_for = sl_arena_strdup(arena, sl_row_text(rows, 27)),
        .error_log = sl_arena_strdup(arena, sl_row_text(rows, 28)),
        .result = sl_arena_strdup(arena, sl_row_text(rows, 29)),
        .runner = sl_row_int(rows, 30),
        .accepted = sl_row_int(rows, 31) != 0,
    };
}

/* Up to n rows of an answer. Returns how many, or -1. */
static int read_items(struct sl_rows *rows, struct sl_arena *arena, struct sl_item *items, size_t n,
                      struct sl_err *err)
{
    size_t found = 0;
    int more = 1;

    while (found < n && (more = sl_rows_next(rows, err)) > 0)
        items[found++] = item_at(rows, arena);
    if (more < 0)
        return -1;
    while (more > 0 && (more = sl_rows_next(rows, err)) > 0)
        ; /* an UPDATE … RETURNING is not over before its last row was read */
    return more < 0 ? -1 : (int)found;
}

/* ---- Putting in ------------------------------------------------------------------------ */

static const char add_sql[] =
    "INSERT INTO integration_queue (school_id, provider_id, operation, payload, public_id, account,"
    " lane, priority, max_attempts, next_attempt_at, created_at, expires_at, batch_id, subject_id,"
    " idempotency_key, payload_hash, callback_token, dedupe_key)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
static const char by_dedupe_sql[] = "SELECT id FROM integration_queue WHERE dedupe_key = $1"
                                    " AND status IN ('pending', 'processing')";

int sl_queue_open(struct sl_db *db, const char *dedupe_key, int64_t *id, struct sl_err *err)
{
    *id = 0;
    return sl_db_number(db, by_dedupe_sql, SL_PARAMS(SL_TEXT(dedupe_key)), id, err);
}

int sl_queue_add(struct sl_db *db, struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    int there = 0;

    if (item->dedupe_key)
        there = sl_queue_open(db, item->dedupe_key, &item->id, err);
    if (there != 0)
        return there < 0 ? -1 : 0;
    return sl_db_insert(
        db, add_sql,
        SL_PARAMS(SL_INT(item->school_id), SL_ID(item->provider_id), SL_TEXT(item->operation),
                  SL_TEXT(item->payload), SL_TEXT(item->public_id),
                  SL_TEXT(item->account ? item->account : ""),
                  SL_TEXT(item->lane ? item->lane : "urgent"), SL_INT(item->priority),
                  SL_INT(item->max_attempts ? item->max_attempts : 5),
                  SL_INT(item->next_attempt_at ? item->next_attempt_at : now_ms), SL_INT(now_ms),
                  SL_ID(item->expires_at), SL_ID(item->batch_id), SL_ID(item->subject_id),
                  SL_TEXT(item->idempotency_key), SL_TEXT(item->payload_hash),
                  SL_TEXT(item->callback_token), SL_TEXT(item->dedupe_key)),
        &item->id, err);
}

static const char rehome_sql[] =
    "UPDATE integration_queue SET provider_id = $2, account = $3, callback_token = $4,"
    " memory = NULL, step = 0 WHERE id = $1";

int sl_queue_rehome(struct sl_db *db, const struct sl_item *item, struct sl_err *err)
{
    return sl_db_run(db, rehome_sql,
                     SL_PARAMS(SL_INT(item->id), SL_INT(item->provider_id), SL_TEXT(item->account),
                               SL_TEXT(item->callback_token)),
                     err) < 0
               ? -1
               : 0;
}

static const char remember_sql[] = "UPDATE integration_queue SET memory = $2 WHERE id = $1";

int sl_queue_remember(struct sl_db *db, int64_t id, const char *sealed, struct sl_err *err)
{
    return sl_db_run(db, remember_sql, SL_PARAMS(SL_INT(id), SL_TEXT(sealed)), err) < 0 ? -1 : 0;
}

static const char keep_sql[] = "UPDATE integration_queue SET result = $2 WHERE id = $1";

int sl_queue_keep(struct sl_db *db, int64_t id, const char *result, struct sl_err *err)
{
    return sl_db_run(db, keep_sql, SL_PARAMS(SL_INT(id), SL_TEXT(result)), err) < 0 ? -1 : 0;
}

static const char get_sql[] = "SELECT " ITEM_COLUMNS " FROM integration_queue WHERE id = $1";
static const char by_key_sql[] =
    "SELECT " ITEM_COLUMNS " FROM integration_queue"
    " WHERE school_id = $1 AND operation = $2 AND idempotency_key = $3";
static const char by_callback_sql[] =
    "SELECT " ITEM_COLUMNS " FROM integration_queue WHERE callback_token = $1";

static int read_one(struct sl_db *db, struct sl_arena *arena, const char *sql,
                    const struct sl_value *params, size_t n, struct sl_item *item,
                    struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, sql, params, n, err) < 0)
        return -1;
    return read_items(&rows, arena, item, 1, err);
}

int sl_queue_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_item *item,
                 struct sl_err *err)
{
    return read_one(db, arena, get_sql, SL_PARAMS(SL_INT(id)), item, err);
}

int sl_queue_by_key(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                    const char *operation, const char *key, struct sl_item *item,
                    struct sl_err *err)
{
    return read_one(db, arena, by_key_sql,
                    SL_PARAMS(SL_INT(school_id), SL_TEXT(operation), SL_TEXT(key)), item, err);
}

int sl_queue_by_callback(struct sl_db *db, struct sl_arena *arena, const char *token_hash,
                         struct sl_item *item, struct sl_err *err)
{
    return read_one(db, arena, by_callback_sql, SL_PARAMS(SL_TEXT(token_hash)), item, err);
}

/* ---- Working ---------------------------------------------------------------------------- */

static const char single_sources_sql[] =
    "SELECT DISTINCT lane, account, school_id, 0, 0 FROM integration_queue"
    " WHERE status = 'pending' AND batch_id IS NULL AND lane IN ('urgent', 'bulk') AND account >= ''"
    " AND ($1 = 0 OR school_id = $1)";
/* A batch of `send` is a person's or a program's one text: urgent. */
static const char batch_sources_sql[] =
    "SELECT CASE WHEN b.kind LIKE '%.send' THEN 'urgent' ELSE 'bulk' END AS lane, q.account,"
    " b.school_id, b.provider_id, b.id FROM message_batches b JOIN integration_queue q ON q.id ="
    "  (SELECT f.id FROM integration_queue f WHERE f.batch_id = b.id AND f.status = 'pending'"
    "   AND f.next_attempt_at <= $3 ORDER BY f.next_attempt_at LIMIT 1)"
    " WHERE b.state IN ('ready', 'sending') AND ($1 = 0 OR b.school_id = $1)"
    " AND ($2 = 0 OR b.id = $2) ORDER BY lane DESC, b.id";
static const char item_source_sql[] =
    "SELECT lane, account, school_id, 0, batch_id"
    " FROM integration_queue WHERE id = $1 AND status = 'pending'";

enum { MOST_SOURCES = 4096 };

struct sources {
    struct sl_arena *arena;
    struct sl_source *at;
    size_t n, size;
};

static void put_source(struct sources *sources, struct sl_source source)
{
    sources->at =
        sl_arena_grow(sources->arena, sources->at, sources->n, &sources->size, sizeof source);
    sources->at[sources->n++] = source;
}

static int read_sources(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
                        struct sources *sources, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more;

    if (sl_db_query(&rows, db, sql, params, n, err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0 && sources->n < MOST_SOURCES)
        put_source(sources,
                   (struct sl_source){
                       .lane = strcmp(sl_row_text(&rows, 0), "urgent") == 0 ? "urgent" : "bulk",
                       .account = sl_arena_strdup(sources->arena, sl_row_text(&rows, 1)),
                       .school_id = sl_row_int(&rows, 2),
                       .provider_id = sl_row_int(&rows, 3),
                       .batch_id = sl_row_int(&rows, 4),
                   });
    return more < 0 ? -1 : 0;
}

static int urgent_first(const void *a, const void *b)
{
    const struct sl_source *left = a, *right = b;

    return strcmp(right->lane, left->lane);
}

static int find_sources(struct sl_db *db, const struct sl_work_filter *filter, int64_t now_ms,
                        struct sources *sources, struct sl_err *err)
{
    if (filter->item_id)
        return read_sources(db, item_source_sql, SL_PARAMS(SL_INT(filter->item_id)), sources, err);
    if (!filter->batch_id && read_sources(db, single_sources_sql,
                                          SL_PARAMS(SL_INT(filter->school_id)), sources, err) < 0)
        return -1;
    return read_sources(db, batch_sources_sql,
                        SL_PARAMS(SL_INT(filter->school_id), SL_INT(filter->batch_id),
                                  SL_INT(now_ms)),
                        sources, err);
}

int sl_queue_sources(struct sl_db *db, struct sl_arena *arena, const struct sl_work_filter *filter,
                     int64_t now_ms, struct sl_source **found, struct sl_err *err)
{
    struct sources sources = { .arena = arena };

    if (find_sources(db, filter, now_ms, &sources, err) < 0)
        return -1;
    if (sources.n > 1)
        qsort(sources.at, sources.n, sizeof *sources.at, urgent_first);
    *found = sources.at;
    return (int)sources.n;
}

static const char peek_sql[] =
    "SELECT " ITEM_COLUMNS " FROM integration_queue WHERE status = 'pending' AND batch_id IS NULL"
    " AND lane = $1 AND account = $2 AND school_id = $3 LIMIT 1";

int sl_queue_peek(struct sl_db *db, struct sl_arena *arena, const struct sl_source *source,
                  struct sl_item *item, struct sl_err *err)
{
    return read_one(db, arena, peek_sql,
                    SL_PARAMS(SL_TEXT(source->lane), SL_TEXT(source->account),
                              SL_INT(source->school_id)),
                    item, err);
}

#define CLAIM                                                                                      \
    "UPDATE integration_queue SET status = 'processing', runner = $1 WHERE id IN (SELECT id FROM integration_queue WHERE "

/* "+ 0": not by the index of status and time, which would look at every row of every batch. */
static const char claim_single_sql[] = CLAIM
    "status = 'pending' AND batch_id IS NULL AND lane = $2 AND account = $3 AND school_id = $4"
    " AND next_attempt_at + 0 <= $5 ORDER BY priority DESC, next_attempt_at LIMIT $6)"
    " RETURNING " ITEM_COLUMNS;
static const char claim_batch_sql[] =
    CLAIM "status = 'pending' AND batch_id IS NOT NULL AND batch_id = $2 AND next_attempt_at <= $3"
          " ORDER BY next_attempt_at LIMIT $4) RETURNING " ITEM_COLUMNS;
static const char claim_item_sql[] =
    "UPDATE integration_queue SET status = 'processing', runner = $1 WHERE id = $2"
    " AND status = 'pending' AND next_attempt_at <= $3 RETURNING " ITEM_COLUMNS;

int sl_queue_claim(struct sl_db *db, struct sl_arena *arena, const struct sl_source *source,
                   const struct sl_work_filter *filter, int64_t runner, int64_t now_ms, size_t n,
                   struct sl_item *items, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int status;

    if (filter->item_id)
        status =
            sl_db_query(&rows, db, claim_item_sql,
                        SL_PARAMS(SL_INT(runner), SL_INT(filter->item_id), SL_INT(now_ms)), err);
    else if (source->batch_id)
        status = sl_db_query(&rows, db, claim_batch_sql,
                             SL_PARAMS(SL_INT(runner), SL_INT(source->batch_id), SL_INT(now_ms),
                                       SL_INT((int64_t)n)),
                             err);
    else
        status =
            sl_db_query(&rows, db, claim_single_sql,
                        SL_PARAMS(SL_INT(runner), SL_TEXT(source->lane), SL_TEXT(source->account),
                                  SL_INT(source->school_id), SL_INT(now_ms), SL_INT((int64_t)n)),
                        err);
    return status < 0 ? -1 : read_items(&rows, arena, items, n, err);
}

static const char mark_sql[] =
    "UPDATE integration_queue SET in_flight = 1, attempts = attempts + 1, last_attempt_at = $3,"
    " asks = 0 WHERE id = $1 AND runner = $2 AND status = 'processing' AND in_flight = 0"
    " AND (expires_at IS NULL OR expires_at > $3)";

int sl_queue_mark(struct sl_db *db, int64_t id, int64_t runner, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, mark_sql, SL_PARAMS(SL_INT(id), SL_INT(runner), SL_INT(now_ms)), err);
}

static const char release_sql[] =
    "UPDATE integration_queue SET status = 'pending', runner = NULL, next_attempt_at = $3"
    " WHERE id = $1 AND runner = $2 AND status = 'processing' AND in_flight = 0";

int sl_queue_release(struct sl_db *db, int64_t id, int64_t runner, int64_t next_attempt_at,
                     struct sl_err *err)
{
    return sl_db_run(db, release_sql,
                     SL_PARAMS(SL_INT(id), SL_INT(runner), SL_INT(next_attempt_at)), err) < 0
               ? -1
               : 0;
}

/* The reasons of every attempt stay; of more than fifty the oldest goes. */
static const char settle_sql[] =
    "UPDATE integration_queue SET status = $3, waits_for = $4, next_attempt_at = $5,"
    " in_flight = CASE WHEN $3 = 'processing' THEN 1 ELSE 0 END, runner = NULL,"
    " accepted = $13, memory = coalesce($7, memory), result = coalesce($8, result), step = $9,"
    " attempts = attempts - $10, max_attempts = CASE WHEN $11 > 0 THEN $11 ELSE max_attempts END,"
    " completed_at = CASE WHEN $3 IN ('completed', 'failed') THEN $12 END,"
    " error_log = CASE WHEN $6 IS NULL THEN error_log ELSE json_insert(CASE WHEN"
    " json_array_length(coalesce(error_log, '[]')) >= 50 THEN json_remove(error_log, '$[0]')"
    " ELSE coalesce(error_log, '[]') END, '$[#]', json_object('attempt', attempts, 'at', $12,"
    " 'error', $6)) END"
    " WHERE id = $1 AND runner = $2 AND status = 'processing'";

int sl_queue_settle(struct sl_db *db, const struct sl_item *item, int64_t runner,
                    const struct sl_settlement *settlement, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, settle_sql,
                     SL_PARAMS(SL_INT(item->id), SL_INT(runner), SL_TEXT(settlement->status),
                               SL_TEXT(settlement->waits_for), SL_ID(settlement->next_attempt_at),
                               SL_TEXT(settlement->error), SL_TEXT(settlement->memory),
                               SL_TEXT(settlement->result), SL_INT(settlement->step),
                               SL_INT(settlement->uncounted), SL_INT(settlement->max_attempts),
                               SL_INT(now_ms), SL_INT(settlement->accepted)),
                     err);
}

enum { LONGEST_LEASE_MS = 60000 };

static const char orphans_sql[] =
    "UPDATE integration_queue SET runner = $1 WHERE id IN (SELECT q.id FROM integration_queue q"
    "  LEFT JOIN runners r ON r.id = q.runner WHERE q.runner IS NOT NULL AND q.in_flight = 1"
    "  AND (r.id IS NULL OR r.boot_id <> $2 OR r.lease_boot_ms <= $3"
    "  OR r.lease_boot_ms > $4) LIMIT $5) RETURNING " ITEM_COLUMNS;

int sl_queue_orphans(struct sl_db *db, struct sl_arena *arena, int64_t runner,
                     const struct sl_boot_now *now, size_t n, struct sl_item *items,
                     struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, orphans_sql,
                    SL_PARAMS(SL_INT(runner), SL_TEXT(now->id), SL_INT(now->ms),
                              SL_INT(now->ms + LONGEST_LEASE_MS), SL_INT((int64_t)n)),
                    err) < 0)
        return -1;
    return read_items(&rows, arena, items, n, err);
}

static const char waiting_sql[] = "SELECT " ITEM_COLUMNS " FROM integration_queue"
                                  " WHERE waits_for IS NOT NULL AND next_attempt_at <= $1"
                                  " AND ($3 = 0 OR school_id = $3)"
                                  " ORDER BY next_attempt_at LIMIT $2";

int sl_queue_waiting(struct sl_db *db, struct sl_arena *arena, int64_t school_id, int64_t now_ms,
                     size_t n, struct sl_item *items, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, waiting_sql,
                    SL_PARAMS(SL_INT(now_ms), SL_INT((int64_t)n), SL_INT(school_id)), err) < 0)
        return -1;
    return read_items(&rows, arena, items, n, err);
}

static const char wait_on_sql[] =
    "UPDATE integration_queue SET waits_for = $2, next_attempt_at = $3, asks = asks + $4"
    " WHERE id = $1 AND waits_for IS NOT NULL";

int sl_queue_wait_on(struct sl_db *db, int64_t id, const char *waits_for, int64_t next_attempt_at,
                     int64_t asked, struct sl_err *err)
{
    return sl_db_run(db, wait_on_sql,
                     SL_PARAMS(SL_INT(id), SL_TEXT(waits_for), SL_ID(next_attempt_at),
                               SL_INT(asked)),
                     err);
}

static const char resend_sql[] =
    "UPDATE integration_queue SET status = 'pending', waits_for = NULL, in_flight = 0,"
    " accepted = 0, next_attempt_at = $2 WHERE id = $1 AND waits_for IS NOT NULL";

int sl_queue_resend(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, resend_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err);
}

static const char end_sql[] =
    "UPDATE integration_queue SET status = $2, waits_for = NULL, in_flight = 0, runner = NULL,"
    " next_attempt_at = NULL, completed_at = $5, result = coalesce($4, result),"
    " error_log = CASE WHEN $3 IS NULL THEN error_log ELSE json_insert(coalesce(error_log, '[]'),"
    " '$[#]', json_object('attempt', attempts, 'at', $5, 'error', $3)) END"
    " WHERE id = $1 AND status = 'processing' AND waits_for IS NOT NULL";

int sl_queue_end(struct sl_db *db, int64_t id, const char *status, const char *error,
                 const char *result, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, end_sql,
                     SL_PARAMS(SL_INT(id), SL_TEXT(status), SL_TEXT(error), SL_TEXT(result),
                               SL_INT(now_ms)),
                     err);
}

/* Rows of a batch that is still loading are nobody's to send. */
static const char next_due_sql[] =
    "SELECT min(at) FROM ("
    " SELECT min(next_attempt_at + 0) AS at FROM integration_queue WHERE status = 'pending'"
    "  AND batch_id IS NULL AND lane IN ('urgent', 'bulk') AND $2 = 0 AND ($1 = 0 OR school_id = $1) AND ($3 = 0 OR id = $3)"
    " UNION ALL SELECT (SELECT min(next_attempt_at) FROM integration_queue"
    "  WHERE status = 'pending' AND batch_id = b.id AND ($3 = 0 OR id = $3))"
    "  FROM message_batches b WHERE b.state IN ('ready', 'sending')"
    "  AND ($1 = 0 OR b.school_id = $1) AND ($2 = 0 OR b.id = $2)"
    " UNION ALL SELECT min(next_attempt_at) FROM integration_queue WHERE waits_for IS NOT NULL"
    "  AND next_attempt_at IS NOT NULL AND ($1 = 0 OR school_id = $1) AND $2 = 0 AND $3 = 0)";

int sl_queue_next_due(struct sl_db *db, const struct sl_work_filter *filter, int64_t *at_ms,
                      struct sl_err *err)
{
    *at_ms = 0;
    return sl_db_number(db, next_due_sql,
                        SL_PARAMS(SL_INT(filter->school_id), SL_INT(filter->batch_id),
                                  SL_INT(filter->item_id)),
                        at_ms, err) < 0
               ? -1
               : 0;
}

/* ---- By people --------------------------------------------------------------------------- */

static const char retry_sql[] =
    "UPDATE integration_queue SET status = 'pending', waits_for = NULL, in_flight = 0,"
    " runner = NULL, next_attempt_at = $2, max_attempts = attempts + 5, completed_at = NULL,"
    " expires_at = NULL WHERE id = $1 AND (status = 'failed' OR waits_for = 'person')";

int sl_queue_retry(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, retry_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err);
}

static const char cancel_sql[] =
    "UPDATE integration_queue SET status = 'cancelled', waits_for = NULL, in_flight = 0,"
    " runner = NULL, next_attempt_at = NULL, completed_at = $2 WHERE id = $1 AND"
    " (status = 'pending' OR waits_for = 'person' OR (status = 'processing' AND in_flight = 0))";

int sl_queue_cancel(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, cancel_sql, SL_PARAMS(SL_INT(id), SL_INT(now_ms)), err);
}
