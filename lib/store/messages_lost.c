/* Messages of which nobody knows whether they left: found again by what a provider tells. */
#include "lib/store/messages.h"
#include "lib/store/sql.h"

static const char find_sql[] =
    "SELECT m.id, m.address, m.queue_id, m.dedupe, m.status FROM messages m"
    " JOIN message_batches b ON b.id = m.batch_id"
    " LEFT JOIN integration_queue q ON q.id = m.queue_id WHERE b.public_id = $1 AND m.line = $2"
    " AND b.school_id = $3 AND coalesce(q.provider_id, b.provider_id) = $4 AND m.status IN ('queued', 'unknown')";

int sl_messages_find_lost(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                          int64_t provider_id, const char *batch, int64_t line,
                          struct sl_message *message, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more =
        sl_db_first(&rows, db, find_sql,
                    SL_PARAMS(SL_TEXT(batch), SL_INT(line), SL_INT(school_id), SL_INT(provider_id)),
                    err);

    if (more <= 0)
        return more;
    *message = (struct sl_message){
        .id = sl_row_int(&rows, 0),
        .line = line,
        .address = sl_arena_strdup(arena, sl_row_text(&rows, 1)),
        .queue_id = sl_row_int(&rows, 2),
        .dedupe = sl_row_int(&rows, 3),
        .status = sl_arena_strdup(arena, sl_row_text(&rows, 4)),
        .batch = sl_arena_strdup(arena, batch),
    };
    return 1;
}

static const char row_of_sql[] =
    "SELECT m.queue_id FROM message_batches b JOIN messages m ON m.batch_id = b.id"
    " WHERE b.public_id = $1 AND m.line = $2 AND b.school_id = $3 AND b.provider_id = $4"
    " AND m.queue_id IS NOT NULL";

int sl_messages_row_of(struct sl_db *db, int64_t school_id, int64_t provider_id, const char *batch,
                       int64_t line, int64_t *queue_id, struct sl_err *err)
{
    return sl_db_number(db, row_of_sql,
                        SL_PARAMS(SL_TEXT(batch), SL_INT(line), SL_INT(school_id),
                                  SL_INT(provider_id)),
                        queue_id, err);
}

static const char told_sql[] =
    "SELECT m.address, m.line, m.external_reference, b.public_id FROM messages m"
    " JOIN message_batches b ON b.id = m.batch_id WHERE m.id = $1"
    " AND m.external_reference IS NOT NULL AND m.address IS NOT NULL";

int sl_messages_find_told(struct sl_db *db, struct sl_arena *arena, int64_t id,
                          struct sl_message *message, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, told_sql, SL_PARAMS(SL_INT(id)), err);

    if (more <= 0)
        return more;
    *message = (struct sl_message){
        .id = id,
        .address = sl_arena_strdup(arena, sl_row_text(&rows, 0)),
        .line = sl_row_int(&rows, 1),
        .external_reference = sl_arena_strdup(arena, sl_row_text(&rows, 2)),
        .batch = sl_arena_strdup(arena, sl_row_text(&rows, 3)),
    };
    return 1;
}

static const char has_external_sql[] =
    "SELECT 1 FROM messages m JOIN message_batches b ON b.id = m.batch_id"
    " LEFT JOIN integration_queue q ON q.id = m.queue_id"
    " WHERE m.external_reference = $1 AND coalesce(q.provider_id, b.provider_id) = $2 LIMIT 1";

int sl_messages_has_external(struct sl_db *db, int64_t provider_id, const char *external_reference,
                             struct sl_err *err)
{
    int64_t one;

    return sl_db_number(db, has_external_sql,
                        SL_PARAMS(SL_TEXT(external_reference), SL_INT(provider_id)), &one, err);
}

static const char alike_sql[] =
    "SELECT count(*), coalesce(sum(CASE WHEN at < $5 OR (at = $5 AND id < $6) THEN 1 ELSE 0 END), 0)"
    " FROM (SELECT m.id, q.last_attempt_at AS at FROM messages m"
    "  JOIN integration_queue q ON q.id = m.queue_id WHERE m.dedupe = $1 AND m.status = 'unknown'"
    "  AND q.account = $2 AND q.last_attempt_at BETWEEN $3 AND $4"
    " UNION SELECT m.id, q.last_attempt_at FROM integration_queue q"
    "  JOIN messages m ON m.queue_id = q.id WHERE q.runner IS NOT NULL AND q.in_flight = 1"
    "  AND q.account = $2 AND m.dedupe = $1 AND m.status = 'queued') AS alike";

int sl_messages_count_alike(struct sl_db *db, const struct sl_message *message,
                            struct sl_messages_alike *alike, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, alike_sql,
                    SL_PARAMS(SL_ID(message->dedupe), SL_TEXT(alike->account),
                              SL_INT(alike->since_ms), SL_INT(alike->until_ms),
                              SL_INT(alike->sent_ms), SL_INT(message->id)),
                    err) < 0 ||
        sl_rows_next(&rows, err) < 0)
        return -1;
    alike->n = sl_row_int(&rows, 0);
    alike->place = sl_row_int(&rows, 1);
    return 0;
}
