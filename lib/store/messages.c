#include "lib/store/messages.h"

#include <string.h>

#include "lib/store/sql.h"

/* ---- Loading ----------------------------------------------------------------------------- */

static const char add_sql[] =
    "INSERT INTO messages (batch_id, line, address_given, address, queue_id, place, dedupe, status,"
    " segments, error, created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING";
static const char has_line_sql[] = "SELECT 1 FROM messages WHERE batch_id = $1 AND line = $2";

int sl_messages_add(struct sl_db *db, const struct sl_message *message, int64_t now_ms,
                    bool *duplicate, struct sl_err *err)
{
    int64_t there;
    int n = sl_db_run(db, add_sql,
                      SL_PARAMS(SL_INT(message->batch_id), SL_INT(message->line),
                                SL_TEXT(message->address_given), SL_TEXT(message->address),
                                SL_ID(message->queue_id), SL_INT(message->place),
                                SL_ID(message->dedupe), SL_TEXT(message->status),
                                SL_ID(message->segments), SL_TEXT(message->error), SL_INT(now_ms)),
                      err);

    *duplicate = false;
    if (n != 0)
        return n;
    n = sl_db_number(db, has_line_sql, SL_PARAMS(SL_INT(message->batch_id), SL_INT(message->line)),
                     &there, err);
    *duplicate = n == 0;
    return n < 0 ? -1 : 0;
}

static const char has_sql[] = "SELECT 1 FROM messages WHERE batch_id = $1 AND dedupe = $2";

int sl_messages_has(struct sl_db *db, int64_t batch_id, int64_t dedupe, struct sl_err *err)
{
    int64_t one;

    return sl_db_number(db, has_sql, SL_PARAMS(SL_INT(batch_id), SL_INT(dedupe)), &one, err);
}

static const char loaded_sql[] =
    "SELECT coalesce(max(line), 0), count(*) FROM messages WHERE batch_id = $1";

int sl_messages_loaded(struct sl_db *db, int64_t batch_id, int64_t *line, int64_t *n,
                       struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, loaded_sql, SL_PARAMS(SL_INT(batch_id)), err) < 0 ||
        sl_rows_next(&rows, err) < 0)
        return -1;
    *line = sl_row_int(&rows, 0);
    *n = sl_row_int(&rows, 1);
    return 0;
}

/* ---- Sending ----------------------------------------------------------------------------- */

static const char of_row_sql[] =
    "SELECT m.id, m.address, m.place, m.line, m.segments, m.dedupe, m.external_reference,"
    " b.public_id FROM messages m JOIN message_batches b ON b.id = m.batch_id"
    " WHERE m.queue_id = $1 AND m.status = $2 ORDER BY m.place";

/* Room for one more: most rows have one message, some a thousand. */
static struct sl_message *grown(struct sl_arena *arena, struct sl_message *messages, size_t n,
                                size_t *size)
{
    struct sl_message *larger;

    if (n < *size)
        return messages;
    *size = *size ? *size * 8 : 1;
    larger = SL_NEW(arena, struct sl_message, *size);
    if (n > 0)
        memcpy(larger, messages, n * sizeof *larger);
    return larger;
}

int sl_messages_of_row(struct sl_db *db, struct sl_arena *arena, int64_t queue_id,
                       const char *status, struct sl_message **messages, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    size_t found = 0, size = 0;
    int more;

    if (sl_db_query(&rows, db, of_row_sql, SL_PARAMS(SL_INT(queue_id), SL_TEXT(status)), err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        *messages = grown(arena, found ? *messages : NULL, found, &size);
        (*messages)[found++] = (struct sl_message){
            .id = sl_row_int(&rows, 0),
            .address = sl_arena_strdup(arena, sl_row_text(&rows, 1)),
            .place = sl_row_int(&rows, 2),
            .line = sl_row_int(&rows, 3),
            .segments = sl_row_int(&rows, 4),
            .dedupe = sl_row_int(&rows, 5),
            .external_reference = sl_arena_strdup(arena, sl_row_text(&rows, 6)),
            .batch = sl_arena_strdup(arena, sl_row_text(&rows, 7)),
            .queue_id = queue_id,
        };
    }
    return more < 0 ? -1 : (int)found;
}

static const char move_sql[] = "UPDATE messages SET queue_id = $2, place = $3 WHERE id = $1";

int sl_messages_move(struct sl_db *db, int64_t id, int64_t queue_id, int64_t place,
                     struct sl_err *err)
{
    return sl_db_run(db, move_sql, SL_PARAMS(SL_INT(id), SL_INT(queue_id), SL_INT(place)), err) < 0
               ? -1
               : 0;
}

static const char skip_sql[] =
    "UPDATE messages SET status = 'skipped', error = 'opted out', updated_at = $4"
    " WHERE queue_id = $1 AND status = 'queued' AND EXISTS (SELECT 1 FROM optouts o"
    "  WHERE o.school_id = $2 AND o.channel = $3 AND o.address = messages.address)";

int sl_messages_skip_optouts(struct sl_db *db, int64_t queue_id, int64_t school_id,
                             const char *channel, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, skip_sql,
                     SL_PARAMS(SL_INT(queue_id), SL_INT(school_id), SL_TEXT(channel),
                               SL_INT(now_ms)),
                     err);
}

/* A report that came first has the last word about the status; what else is told is new. Not
 * `status IN (…)`: see schema.sql. */
static const char settle_sql[] =
    "UPDATE messages SET external_reference = coalesce($3, external_reference),"
    " segments = coalesce($4, segments), cost_text = coalesce($5, cost_text),"
    " cost_micro = coalesce($6, cost_micro), currency = coalesce($7, currency),"
    " status = CASE WHEN status IN ('queued', 'unknown') THEN $2 ELSE status END,"
    " error = CASE WHEN status IN ('queued', 'unknown') THEN $8 ELSE error END,"
    " updated_at = $9 WHERE id = $1"
    " AND status <> 'failed' AND status <> 'skipped' AND status <> 'cancelled'";

int sl_messages_settle(struct sl_db *db, int64_t id, const struct sl_message_news *news,
                       int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, settle_sql,
                     SL_PARAMS(SL_INT(id), SL_TEXT(news->status), SL_TEXT(news->external_reference),
                               SL_ID(news->segments), SL_TEXT(news->cost_text),
                               news->has_cost ? SL_INT(news->cost_micro) : SL_NULL,
                               SL_TEXT(news->currency), SL_TEXT(news->error), SL_INT(now_ms)),
                     err) < 0
               ? -1
               : 0;
}

static const char all_sql[] = "UPDATE messages SET status = $3, error = coalesce($4, error),"
                              " updated_at = $5 WHERE queue_id = $1 AND status = $2";

int sl_messages_all(struct sl_db *db, int64_t queue_id, const char *from, const char *status,
                    const char *error, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, all_sql,
                     SL_PARAMS(SL_INT(queue_id), SL_TEXT(from), SL_TEXT(status), SL_TEXT(error),
                               SL_INT(now_ms)),
                     err);
}

static const char with_sql[] = "SELECT count(*) FROM messages WHERE queue_id = $1 AND status = $2";

int sl_messages_with(struct sl_db *db, int64_t queue_id, const char *status, int64_t *n,
                     struct sl_err *err)
{
    int more = sl_db_number(db, with_sql, SL_PARAMS(SL_INT(queue_id), SL_TEXT(status)), n, err);

    return more < 0 ? -1 : 0;
}

static const char resend_rows_sql[] =
    "UPDATE integration_queue SET status = 'pending', waits_for = NULL, in_flight = 0,"
    " runner = NULL, next_attempt_at = $2, max_attempts = attempts + 5, completed_at = NULL"
    " WHERE id IN (SELECT DISTINCT queue_id FROM messages WHERE batch_id = $1"
    "  AND status = 'unknown' AND queue_id IS NOT NULL) AND runner IS NULL";
static const char resend_sql[] =
    "UPDATE messages SET status = 'queued', error = NULL, updated_at = $2 WHERE batch_id = $1"
    " AND status = 'unknown' AND queue_id IN (SELECT id FROM integration_queue"
    "  WHERE id = messages.queue_id AND status = 'pending')";

int64_t sl_messages_resend_unknown(struct sl_db *db, int64_t batch_id, int64_t now_ms,
                                   struct sl_err *err)
{
    if (sl_db_run(db, resend_rows_sql, SL_PARAMS(SL_INT(batch_id), SL_INT(now_ms)), err) < 0)
        return -1;
    return sl_db_run(db, resend_sql, SL_PARAMS(SL_INT(batch_id), SL_INT(now_ms)), err);
}

/* ---- Delivery reports --------------------------------------------------------------------- */

static const char by_external_sql[] =
    "SELECT m.id, m.address, m.status FROM messages m JOIN message_batches b ON b.id = m.batch_id"
    " LEFT JOIN integration_queue q ON q.id = m.queue_id WHERE m.external_reference = $1"
    " AND b.school_id = $2 AND coalesce(q.provider_id, b.provider_id) = $3";
static const char report_sql[] =
    "UPDATE messages SET status = $2, error = $3, updated_at = $4 WHERE id = $1";

static const struct {
    const char *status;
    int rank;
} ranks[] = {
    { "queued", 0 },      { "sending", 0 }, { "unknown", 1 },   { "sent", 2 },
    { "undelivered", 3 }, { "failed", 3 },  { "delivered", 4 },
};

/* -1: no report changes it. */
static int rank_of(const char *status)
{
    for (size_t i = 0; i < SL_COUNT(ranks); i++)
        if (strcmp(ranks[i].status, status) == 0)
            return ranks[i].rank;
    return -1;
}

bool sl_messages_same_address(const char *a, const char *b)
{
    if (strchr(a, '@') || strchr(b, '@'))
        return strcasecmp(a, b) == 0;
    for (;; a++, b++) {
        a += strcspn(a, "0123456789");
        b += strcspn(b, "0123456789");
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

int sl_messages_report(struct sl_db *db, int64_t school_id, int64_t provider_id,
                       const char *external_reference, const char *address, const char *status,
                       const char *error, int64_t now_ms, int64_t *changed, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int64_t id;
    int more, known = 0;

    *changed = 0;
    if (sl_db_query(&rows, db, by_external_sql,
                    SL_PARAMS(SL_TEXT(external_reference), SL_INT(school_id), SL_INT(provider_id)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        known = 1;
        if (sl_row_text(&rows, 1) && /* a person who was forgotten stays so */
            (!address || sl_messages_same_address(address, sl_row_text(&rows, 1))))
            break;
    }
    if (more <= 0)
        return more < 0 ? -1 : known;
    id = sl_row_int(&rows, 0);
    if (rank_of(sl_row_text(&rows, 2)) < 0 || rank_of(status) <= rank_of(sl_row_text(&rows, 2)))
        return 1;
    *changed = id;
    if (strcmp(status, "undelivered") != 0 && strcmp(status, "failed") != 0)
        error = NULL; /* what went well has no reason */
    return sl_db_run(db, report_sql,
                     SL_PARAMS(SL_INT(id), SL_TEXT(status), SL_TEXT(error), SL_INT(now_ms)), err);
}

/* ---- What has just failed ------------------------------------------------------------------ */

static const char failed_sql[] =
    "SELECT id FROM messages WHERE queue_id = $1 AND status = 'failed' AND updated_at = $2";
static const char failed_batch_sql[] =
    "SELECT id FROM messages WHERE batch_id = $1 AND status = 'failed' AND updated_at = $2";

int sl_messages_failed(struct sl_rows *rows, struct sl_db *db, const struct sl_message_set *set,
                       int64_t now_ms, struct sl_err *err)
{
    if (set->batch_id)
        return sl_db_query(rows, db, failed_batch_sql,
                           SL_PARAMS(SL_INT(set->batch_id), SL_INT(now_ms)), err);
    return sl_db_query(rows, db, failed_sql, SL_PARAMS(SL_INT(set->queue_id), SL_INT(now_ms)), err);
}

int sl_messages_next_id(struct sl_rows *rows, int64_t *id, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *id = sl_row_int(rows, 0);
    return more;
}

/* ---- For people ---------------------------------------------------------------------------- */

#define MESSAGE                                                                                    \
    "SELECT m.id, m.batch_id, m.line, m.address_given, m.address, m.queue_id, m.place,"            \
    " CASE WHEN m.status = 'queued' AND q.in_flight = 1 THEN 'sending' ELSE m.status END,"         \
    " m.external_reference, m.segments, m.cost_micro, m.cost_text, m.currency, m.error,"           \
    " m.created_at, m.updated_at, b.public_id, b.school_id FROM messages m"                        \
    " JOIN message_batches b ON b.id = m.batch_id"                                                 \
    " LEFT JOIN integration_queue q ON q.id = m.queue_id"

static const char list_sql[] =
    MESSAGE " WHERE m.batch_id = $1 AND ($2 = 0 OR m.line = $2) ORDER BY m.line";
static const char one_sql[] = MESSAGE " WHERE m.id = $1";

int sl_messages_list(struct sl_rows *rows, struct sl_db *db, int64_t batch_id, int64_t line,
                     struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_INT(batch_id), SL_INT(line)), err);
}

int sl_messages_one(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err)
{
    return sl_db_query(rows, db, one_sql, SL_PARAMS(SL_INT(id)), err);
}

int sl_messages_next(struct sl_rows *rows, struct sl_message *message, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *message = (struct sl_message){
        .id = sl_row_int(rows, 0),
        .batch_id = sl_row_int(rows, 1),
        .line = sl_row_int(rows, 2),
        .address_given = sl_row_text(rows, 3),
        .address = sl_row_text(rows, 4),
        .queue_id = sl_row_int(rows, 5),
        .place = sl_row_int(rows, 6),
        .status = sl_row_text(rows, 7),
        .external_reference = sl_row_text(rows, 8),
        .segments = sl_row_int(rows, 9),
        .has_cost = !sl_row_null(rows, 10),
        .cost_micro = sl_row_int(rows, 10),
        .cost_text = sl_row_text(rows, 11),
        .currency = sl_row_text(rows, 12),
        .error = sl_row_text(rows, 13),
        .created_at = sl_row_int(rows, 14),
        .updated_at = sl_row_int(rows, 15),
        .batch = sl_row_text(rows, 16),
        .school_id = sl_row_int(rows, 17),
    };
    return 1;
}
