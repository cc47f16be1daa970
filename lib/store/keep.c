#include "lib/store/keep.h"

#include "lib/store/queue.h"
#include "lib/store/sql.h"

/* ---- What may go ------------------------------------------------------------------------- */

#define MINE "school_id IS NOT DISTINCT FROM $1"
#define OVER "status IN ('completed', 'failed', 'cancelled')"
#define OPEN "status IN ('queued', 'sending', 'unknown')" /* a message */

/* One that is resumed has no time of its end. */
#define BATCH_ENDED(id)                                                                            \
    "EXISTS (SELECT 1 FROM message_batches b WHERE b.id = " id " AND b." MINE                      \
    " AND b.finished_at < $2)"

/* Acts of people stay: who did what is what the trail is for, and they tell what erased rows were. Rows
 * are looked at in the order of their ids (the plus signs), up to the last one that is old enough. */
#define LOGS                                                                                       \
    "+" MINE " AND +created_at < $2 AND id <= (SELECT x.id FROM integration_logs x"                \
    " WHERE x.created_at < $2 ORDER BY x.created_at DESC LIMIT 1) AND actor IS NULL"               \
    " AND (request_data IS NOT NULL OR response_data IS NOT NULL"                                  \
    " OR EXISTS (SELECT 1 FROM log_phones h WHERE h.log_id = integration_logs.id))"

#define PAYLOADS MINE " AND " OVER " AND payload <> '" SL_QUEUE_ERASED "'"
#define OF_ITEM "SELECT 1 FROM messages m WHERE m.queue_id = integration_queue.id"
#define TEXTS                                                                                      \
    PAYLOADS " AND NOT EXISTS (" OF_ITEM " AND m." OPEN ")"                                        \
             " AND EXISTS (" OF_ITEM " AND " BATCH_ENDED("m.batch_id") ")"
#define ITEMS                                                                                      \
    PAYLOADS " AND coalesce(completed_at, last_attempt_at, created_at) < $2"                       \
             " AND NOT EXISTS (" OF_ITEM ")"

#define ADDRESSES "address_given <> '' AND NOT (" OPEN ") AND " BATCH_ENDED("messages.batch_id")

/* What a callback says of a payment that is not over a person may still have to read. */
#define REQUESTS                                                                                   \
    MINE " AND received_at < $2 AND NOT EXISTS (SELECT 1 FROM webhook_events e"                    \
         " WHERE e.request_id = webhook_requests.id AND e.state IN ('new', 'held'))"               \
         " AND coalesce(queue_id, 0) NOT IN (SELECT p.queue_id FROM payments p"                    \
         " WHERE p.status IN ('initiated', 'pending', 'unknown') AND p.queue_id IS NOT NULL)"
#define CALLBACKS REQUESTS " AND (query <> '' OR length(body) > 0)"
#define NOTES                                                                                      \
    "state NOT IN ('new', 'held') AND (note IS NOT NULL OR external_reference IS NOT NULL)"        \
    " AND EXISTS (SELECT 1 FROM webhook_requests WHERE id = webhook_events.request_id"             \
    " AND " REQUESTS ")"

/* An event that is still told needs its payload: an item names it. */
#define EVENTS                                                                                     \
    MINE " AND created_at < $2 AND payload <> '{}' AND id NOT IN (SELECT q.subject_id"             \
         " FROM integration_queue q WHERE q.status IN ('pending', 'processing')"                   \
         " AND q.subject_id IS NOT NULL AND q.operation IN ('hook', 'alert'))"

/* ---- Statements -------------------------------------------------------------------------- */

#define COUNT(table, where) "SELECT count(*) FROM " table " WHERE " where
#define LAST(table, where)                                                                         \
    "SELECT coalesce(max(id), 0) FROM (SELECT id FROM " table " WHERE id > $3 AND " where          \
    " ORDER BY id LIMIT 1000)"
#define SPAN " WHERE id > $3 AND id <= $4 AND "
#define PART(kind_, table, set, where)                                                             \
    {                                                                                              \
        .kind = (kind_), .count = COUNT(table, where), .last = LAST(table, where),                 \
        .erase = "UPDATE " table " SET " set SPAN where                                            \
    }
_Static_assert(SL_KEEP_ROWS == 1000, "LAST() has this number");

#define NO_PAYLOAD "payload = '" SL_QUEUE_ERASED "', result = NULL, error_log = NULL"

static const struct {
    enum sl_keep_kind kind;
    const char *count, *last, *erase;
} parts[SL_KEEP_PARTS] = {
    [SL_KEEP_LOGS] =
        PART(SL_KEEP_BODIES, "integration_logs", "request_data = NULL, response_data = NULL", LOGS),
    [SL_KEEP_TEXTS] = PART(SL_KEEP_MESSAGES, "integration_queue", NO_PAYLOAD, TEXTS),
    [SL_KEEP_ADDRESSES] =
        PART(SL_KEEP_MESSAGES, "messages",
             "address_given = '', address = NULL, dedupe = NULL, external_reference = NULL,"
             " error = CASE WHEN error IS NULL THEN NULL ELSE 'erased' END",
             ADDRESSES),
    [SL_KEEP_NOTES] =
        PART(SL_KEEP_CALLBACKS, "webhook_events", "note = NULL, external_reference = NULL", NOTES),
    [SL_KEEP_REQUESTS] =
        PART(SL_KEEP_CALLBACKS, "webhook_requests", "query = '', body = X''", CALLBACKS),
    [SL_KEEP_ITEMS] = PART(SL_KEEP_QUEUE, "integration_queue", NO_PAYLOAD, ITEMS),
    [SL_KEEP_HOOK_EVENTS] = PART(SL_KEEP_EVENTS, "hook_events", "payload = '{}'", EVENTS),
};

static const char span_logs_sql[] = "SELECT id FROM integration_logs" SPAN LOGS " ORDER BY id";
static const char erase_phones_sql[] = "DELETE FROM log_phones WHERE log_id = $1";

enum { OF_SCHOOL = 2, BEHIND = 3, WITHIN = 4 }; /* how many parameters */
#define SPAN_PARAMS(span)                                                                          \
    (const struct sl_value[])                                                                      \
    {                                                                                              \
        SL_ID((span)->school_id), SL_INT((span)->before), SL_INT((span)->after_id),                \
            SL_INT((span)->last_id)                                                                \
    }

enum sl_keep_kind sl_keep_kind_of(enum sl_keep_part part)
{
    return parts[part].kind;
}

int sl_keep_count(struct sl_db *db, enum sl_keep_part part, const struct sl_keep_span *span,
                  int64_t *n, struct sl_err *err)
{
    return sl_db_number(db, parts[part].count, SPAN_PARAMS(span), OF_SCHOOL, n, err) < 0 ? -1 : 0;
}

int sl_keep_find(struct sl_db *db, enum sl_keep_part part, struct sl_keep_span *span,
                 struct sl_err *err)
{
    if (sl_db_number(db, parts[part].last, SPAN_PARAMS(span), BEHIND, &span->last_id, err) < 0)
        return -1;
    return span->last_id > 0;
}

int sl_keep_erase(struct sl_db *db, enum sl_keep_part part, const struct sl_keep_span *span,
                  struct sl_err *err)
{
    return sl_db_run(db, parts[part].erase, SPAN_PARAMS(span), WITHIN, err);
}

static int find_logs(struct sl_db *db, const struct sl_keep_span *span, int64_t *ids,
                     struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int n = 0, more = 0;

    if (sl_db_query(&rows, db, span_logs_sql, SPAN_PARAMS(span), WITHIN, err) < 0)
        return -1;
    while (n < SL_KEEP_ROWS && (more = sl_rows_next(&rows, err)) > 0)
        ids[n++] = sl_row_int(&rows, 0);
    return more < 0 ? -1 : n;
}

int sl_keep_erase_logs(struct sl_db *db, const struct sl_keep_span *span, int64_t *ids,
                       struct sl_err *err)
{
    int n = find_logs(db, span, ids, err);

    if (n < 0 || sl_keep_erase(db, SL_KEEP_LOGS, span, err) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        if (sl_db_run(db, erase_phones_sql, SL_PARAMS(SL_INT(ids[i])), err) < 0)
            return -1;
    return n;
}

/* ---- Whose ------------------------------------------------------------------------------- */

static const char schools_sql[] =
    "SELECT id, keep_days FROM schools UNION ALL SELECT 0, NULL ORDER BY 1";

int sl_keep_schools(struct sl_db *db, struct sl_arena *arena, struct sl_keeper **keepers,
                    struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    size_t n = 0, room = 0;
    int more;

    *keepers = NULL;
    if (sl_db_query(&rows, db, schools_sql, SL_NO_PARAMS, err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        *keepers = sl_arena_grow(arena, *keepers, n, &room, sizeof **keepers);
        (*keepers)[n++] = (struct sl_keeper){ sl_row_int(&rows, 0),
                                              sl_arena_strdup(arena, sl_row_text(&rows, 1)) };
    }
    return more < 0 ? -1 : (int)n;
}
