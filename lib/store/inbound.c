#include "lib/store/inbound.h"

#include "lib/store/sql.h"

/* ---- Requests ------------------------------------------------------------------------- */

static const char add_request_sql[] =
    "INSERT INTO webhook_requests (webhook_id, school_id, provider_id, queue_id, hook, method,"
    " query, content_type, body, ip_address, received_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

int sl_webhook_requests_add(struct sl_db *db, struct sl_webhook_request *request,
                            struct sl_err *err)
{
    return sl_db_insert(db, add_request_sql,
                        SL_PARAMS(SL_ID(request->webhook_id), SL_ID(request->school_id),
                                  SL_ID(request->provider_id), SL_ID(request->queue_id),
                                  SL_TEXT(request->hook), SL_TEXT(request->method),
                                  SL_TEXT(request->query), SL_TEXT(request->content_type),
                                  SL_BLOB(request->body, request->n_body),
                                  SL_TEXT(request->ip_address), SL_INT(request->received_at)),
                        &request->id, err) < 0
               ? -1
               : 0;
}

/* ---- Events --------------------------------------------------------------------------- */

static const char add_sql[] =
    "INSERT INTO webhook_events (request_id, scope, event_key, place, kind, external_reference,"
    " note, created_at, updated_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
    " CASE WHEN $9 IS NULL THEN 0 ELSE $8 END, coalesce($9, 'new'))"
    " ON CONFLICT (scope, event_key) WHERE event_key IS NOT NULL DO NOTHING";
static const char note_sql[] =
    "SELECT note FROM webhook_events WHERE scope = $1 AND event_key = $2";

int sl_webhook_events_add(struct sl_db *db, const struct sl_webhook_event *event, int64_t now_ms,
                          struct sl_err *err)
{
    return sl_db_run(db, add_sql,
                     SL_PARAMS(SL_INT(event->request_id), SL_TEXT(event->scope),
                               SL_TEXT(event->key), SL_INT(event->place), SL_TEXT(event->kind),
                               SL_TEXT(event->external_reference), SL_TEXT(event->note),
                               SL_INT(now_ms), SL_TEXT(event->state)),
                     err);
}

int sl_webhook_events_note(struct sl_db *db, struct sl_arena *arena, const char *scope,
                           const char *key, const char **note, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, note_sql, SL_PARAMS(SL_TEXT(scope), SL_TEXT(key)), err);

    if (more > 0)
        *note = sl_arena_strdup(arena, sl_row_text(&rows, 0));
    return more;
}

#define EVENT_COLUMNS                                                                              \
    "e.id, e.request_id, e.scope, e.event_key, e.place, e.kind, e.external_reference, e.state,"    \
    " e.note, e.created_at, e.updated_at, p.code, s.code"
#define EVENT_TABLES                                                                               \
    " FROM webhook_events e JOIN webhook_requests r ON r.id = e.request_id"                        \
    " LEFT JOIN integration_providers p ON p.id = r.provider_id"                                   \
    " LEFT JOIN schools s ON s.id = r.school_id"

enum { BEHIND_EVENT = 13 };

/* Borrows the row's text. */
static struct sl_webhook_event event_at(const struct sl_rows *rows)
{
    return (struct sl_webhook_event){
        .id = sl_row_int(rows, 0),
        .request_id = sl_row_int(rows, 1),
        .scope = sl_row_text(rows, 2),
        .key = sl_row_text(rows, 3),
        .place = sl_row_int(rows, 4),
        .kind = sl_row_text(rows, 5),
        .external_reference = sl_row_text(rows, 6),
        .state = sl_row_text(rows, 7),
        .note = sl_row_text(rows, 8),
        .created_at = sl_row_int(rows, 9),
        .updated_at = sl_row_int(rows, 10),
        .provider = sl_row_text(rows, 11),
        .school = sl_row_text(rows, 12),
    };
}

static struct sl_webhook_event keep(struct sl_arena *arena, struct sl_webhook_event event)
{
    event.scope = sl_arena_strdup(arena, event.scope);
    event.key = sl_arena_strdup(arena, event.key);
    event.kind = sl_arena_strdup(arena, event.kind);
    event.external_reference = sl_arena_strdup(arena, event.external_reference);
    event.state = sl_arena_strdup(arena, event.state);
    event.note = sl_arena_strdup(arena, event.note);
    event.provider = sl_arena_strdup(arena, event.provider);
    event.school = sl_arena_strdup(arena, event.school);
    return event;
}

static struct sl_webhook_request request_at(const struct sl_rows *rows, struct sl_arena *arena)
{
    enum { AT = BEHIND_EVENT };
    size_t n_body;
    const char *body = sl_row_blob(rows, AT + 9, &n_body);

    return (struct sl_webhook_request){
        .id = sl_row_int(rows, 1),
        .webhook_id = sl_row_int(rows, AT),
        .school_id = sl_row_int(rows, AT + 1),
        .provider_id = sl_row_int(rows, AT + 2),
        .queue_id = sl_row_int(rows, AT + 3),
        .hook = sl_arena_strdup(arena, sl_row_text(rows, AT + 4)),
        .method = sl_arena_strdup(arena, sl_row_text(rows, AT + 5)),
        .query = sl_arena_strdup(arena, sl_row_text(rows, AT + 6)),
        .content_type = sl_arena_strdup(arena, sl_row_text(rows, AT + 7)),
        .ip_address = sl_arena_strdup(arena, sl_row_text(rows, AT + 8)),
        .body = sl_arena_memdup(arena, body ? body : "", n_body),
        .n_body = n_body,
        .received_at = sl_row_int(rows, AT + 10),
    };
}

static const char get_sql[] =
    "SELECT " EVENT_COLUMNS ", r.webhook_id, r.school_id, r.provider_id, r.queue_id, r.hook,"
    " r.method, r.query, r.content_type, r.ip_address, r.body, r.received_at" EVENT_TABLES
    " WHERE e.id = $1";

int sl_webhook_events_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                          struct sl_webhook_event *event, struct sl_webhook_request *request,
                          struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, get_sql, SL_PARAMS(SL_INT(id)), err);

    if (more > 0) {
        *event = keep(arena, event_at(&rows));
        *request = request_at(&rows, arena);
    }
    return more;
}

/* The first IN is what lets SQLite see that the index on open events has all of these. */
static const char new_sql[] =
    "SELECT id, created_at FROM webhook_events WHERE state IN ('new', 'held') AND state = 'new'"
    " AND (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3";

int sl_webhook_events_new(struct sl_db *db, struct sl_webhook_mark *mark, size_t n, int64_t *ids,
                          struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found = 0, more;

    if (sl_db_query(&rows, db, new_sql,
                    SL_PARAMS(SL_INT(mark->created_at), SL_INT(mark->id), SL_INT((int64_t)n)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        *mark = (struct sl_webhook_mark){ sl_row_int(&rows, 1), sl_row_int(&rows, 0) };
        ids[found++] = mark->id;
    }
    return more < 0 ? -1 : found;
}

static const char held_sql[] = "SELECT id FROM webhook_events"
                               " WHERE state = 'held' AND external_reference = $1"
                               " ORDER BY id LIMIT $2";

static const char of_sql[] = "SELECT id FROM webhook_events"
                             " WHERE scope = $1 AND event_key IS NOT NULL ORDER BY id LIMIT $2";

/* At most n ids of the events that belong to a text, which is $1. */
static int read_ids(struct sl_db *db, const char *sql, const char *text, size_t n, int64_t *ids,
                    struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found = 0, more;

    if (sl_db_query(&rows, db, sql, SL_PARAMS(SL_TEXT(text), SL_INT((int64_t)n)), err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0)
        ids[found++] = sl_row_int(&rows, 0);
    return more < 0 ? -1 : found;
}

int sl_webhook_events_held(struct sl_db *db, const char *external_reference, size_t n, int64_t *ids,
                           struct sl_err *err)
{
    return read_ids(db, held_sql, external_reference, n, ids, err);
}

int sl_webhook_events_of(struct sl_db *db, const char *scope, size_t n, int64_t *ids,
                         struct sl_err *err)
{
    return read_ids(db, of_sql, scope, n, ids, err);
}

/* ---- How they end ------------------------------------------------------------------------ */

static const char settle_sql[] =
    "UPDATE webhook_events SET state = $2, note = $3, updated_at = $4 WHERE id = $1";
static const char expire_sql[] =
    "UPDATE webhook_events SET state = 'ignored', note = 'nobody knew its reference within a day',"
    " updated_at = $2 WHERE state IN ('new', 'held') AND state = 'held' AND created_at < $1";

int sl_webhook_events_settle(struct sl_db *db, int64_t id, const char *state, const char *note,
                             int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, settle_sql,
                     SL_PARAMS(SL_INT(id), SL_TEXT(state), SL_TEXT(note), SL_INT(now_ms)), err) < 0
               ? -1
               : 0;
}

int sl_webhook_events_expire(struct sl_db *db, int64_t before_ms, int64_t now_ms,
                             struct sl_err *err)
{
    return sl_db_run(db, expire_sql, SL_PARAMS(SL_INT(before_ms), SL_INT(now_ms)), err);
}

/* ---- For people ---------------------------------------------------------------------------- */

static const char list_sql[] =
    "SELECT " EVENT_COLUMNS EVENT_TABLES
    " WHERE ($1 = 0 OR r.school_id = $1) AND ($2 = 0 OR r.provider_id = $2)"
    " AND ($3 = 0 OR e.request_id = $3) AND ($4 IS NULL OR e.state = $4) ORDER BY e.id DESC";

int sl_webhook_events_list(struct sl_rows *rows, struct sl_db *db,
                           const struct sl_webhook_filter *filter, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql,
                       SL_PARAMS(SL_INT(filter->school_id), SL_INT(filter->provider_id),
                                 SL_INT(filter->request_id), SL_TEXT(filter->state)),
                       err);
}

int sl_webhook_events_next(struct sl_rows *rows, struct sl_webhook_event *event, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *event = event_at(rows);
    return more;
}

/* ---- The endpoints' side of it --------------------------------------------------------------- */

static const char count_sql[] = "UPDATE integration_webhooks SET last_received_at = $2,"
                                " receive_count = receive_count + $3 WHERE id = $1";
static const char of_school_sql[] = "SELECT id FROM integration_webhooks WHERE school_id = $1"
                                    " AND provider_id = $2 AND is_active = 1 ORDER BY id LIMIT 1";

int sl_webhooks_count(struct sl_db *db, int64_t webhook_id, int64_t n, int64_t now_ms,
                      struct sl_err *err)
{
    return sl_db_run(db, count_sql, SL_PARAMS(SL_INT(webhook_id), SL_INT(now_ms), SL_INT(n)), err);
}

int sl_webhooks_of_school(struct sl_db *db, int64_t school_id, int64_t provider_id, int64_t *id,
                          struct sl_err *err)
{
    return sl_db_number(db, of_school_sql, SL_PARAMS(SL_INT(school_id), SL_INT(provider_id)), id,
                        err);
}
