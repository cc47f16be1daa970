#include "lib/store/hooks.h"

#include <string.h>

#include "lib/store/sql.h"

#define HOOK_COLUMNS                                                                               \
    "h.id, h.school_id, s.code, h.purpose, h.event, h.kind, h.target, h.secret, h.is_active,"      \
    " h.created_at"
#define HOOK_TABLES " FROM hooks h JOIN schools s ON s.id = h.school_id WHERE h.removed_at IS NULL"

/* Borrows the row's text. */
static struct sl_hook_row hook_at(const struct sl_rows *rows)
{
    return (struct sl_hook_row){
        .id = sl_row_int(rows, 0),
        .school_id = sl_row_int(rows, 1),
        .school = sl_row_text(rows, 2),
        .purpose = sl_row_text(rows, 3),
        .event = sl_row_text(rows, 4),
        .kind = sl_row_text(rows, 5),
        .target = sl_row_text(rows, 6),
        .secret = sl_row_text(rows, 7),
        .is_active = sl_row_int(rows, 8) != 0,
        .created_at = sl_row_int(rows, 9),
    };
}

static struct sl_hook_row keep(struct sl_arena *arena, struct sl_hook_row hook)
{
    hook.school = sl_arena_strdup(arena, hook.school);
    hook.purpose = sl_arena_strdup(arena, hook.purpose);
    hook.event = sl_arena_strdup(arena, hook.event);
    hook.kind = sl_arena_strdup(arena, hook.kind);
    hook.target = sl_arena_strdup(arena, hook.target);
    hook.secret = sl_arena_strdup(arena, hook.secret);
    return hook;
}

static const char add_sql[] = "INSERT INTO hooks (school_id, purpose, event, kind, target,"
                              " created_at) VALUES ($1, $2, $3, $4, $5, $6)";

int sl_hooks_add(struct sl_db *db, struct sl_hook_row *hook, int64_t now_ms, struct sl_err *err)
{
    int status = sl_db_insert(db, add_sql,
                              SL_PARAMS(SL_INT(hook->school_id), SL_TEXT(hook->purpose),
                                        SL_TEXT(hook->event), SL_TEXT(hook->kind),
                                        SL_TEXT(hook->target), SL_INT(now_ms)),
                              &hook->id, err);

    return status < 0 ? -1 : 0;
}

static const char seal_sql[] = "UPDATE hooks SET secret = $2 WHERE id = $1";

int sl_hooks_seal(struct sl_db *db, int64_t id, const char *sealed, struct sl_err *err)
{
    return sl_db_run(db, seal_sql, SL_PARAMS(SL_INT(id), SL_TEXT(sealed)), err) < 0 ? -1 : 0;
}

static const char get_sql[] = "SELECT " HOOK_COLUMNS HOOK_TABLES " AND h.id = $1";

int sl_hooks_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_hook_row *hook,
                 struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, get_sql, SL_PARAMS(SL_INT(id)), err);

    if (more > 0)
        *hook = keep(arena, hook_at(&rows));
    return more;
}

static const char list_sql[] = "SELECT " HOOK_COLUMNS HOOK_TABLES
                               " AND h.purpose = $1 AND ($2 = 0 OR h.school_id = $2) ORDER BY h.id";

int sl_hooks_list(struct sl_rows *rows, struct sl_db *db, const char *purpose, int64_t school_id,
                  struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_TEXT(purpose), SL_INT(school_id)), err);
}

int sl_hooks_next(struct sl_rows *rows, struct sl_hook_row *hook, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *hook = hook_at(rows);
    return more;
}

/* ---- No more ------------------------------------------------------------------------------ */

static const char cancel_sql[] =
    "UPDATE integration_queue SET status = 'cancelled', runner = NULL, next_attempt_at = NULL,"
    " completed_at = $2 WHERE provider_id IS NULL AND account = $1 AND in_flight = 0"
    " AND status IN ('pending', 'processing', 'failed')";
static const char remove_sql[] =
    "UPDATE hooks SET removed_at = $3, is_active = 0, secret = NULL WHERE id = $1 AND purpose = $2"
    " AND removed_at IS NULL";

int sl_hooks_remove(struct sl_db *db, int64_t id, const char *purpose, const char *account,
                    int64_t now_ms, struct sl_err *err)
{
    int removed =
        sl_db_run(db, remove_sql, SL_PARAMS(SL_INT(id), SL_TEXT(purpose), SL_INT(now_ms)), err);

    if (removed <= 0)
        return removed;
    return sl_db_run(db, cancel_sql, SL_PARAMS(SL_TEXT(account), SL_INT(now_ms)), err) < 0 ? -1 : 1;
}

static const char disable_sql[] = "UPDATE hooks SET is_active = 0 WHERE id = $1";

int sl_hooks_disable(struct sl_db *db, int64_t id, const char *account, int64_t now_ms,
                     struct sl_err *err)
{
    if (sl_db_run(db, disable_sql, SL_PARAMS(SL_INT(id)), err) < 0)
        return -1;
    return sl_db_run(db, cancel_sql, SL_PARAMS(SL_TEXT(account), SL_INT(now_ms)), err) < 0 ? -1 : 0;
}

/* ---- Events ------------------------------------------------------------------------------ */

#define EVERYONE "(SELECT id FROM schools WHERE code = 'everyone')"

static const char match_sql[] =
    "SELECT " HOOK_COLUMNS HOOK_TABLES " AND h.is_active = 1"
    " AND (h.event IN ('*', $2) OR h.event = $3 OR (h.purpose = 'alert' AND h.event = $4))"
    " AND (h.purpose = 'alert' OR h.school_id = $1 OR h.school_id = " EVERYONE
    "  OR EXISTS (SELECT 1 FROM integration_configs c WHERE c.account = $5 AND c.is_enabled = 1"
    "   AND (c.school_id = h.school_id OR c.school_id = " EVERYONE "))) ORDER BY h.id";

int sl_hooks_match(struct sl_db *db, struct sl_arena *arena, const struct sl_hook_match *match,
                   struct sl_hook_row **hooks, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    size_t n = 0, size = 0;
    int more;

    *hooks = NULL;
    if (sl_db_query(&rows, db, match_sql,
                    SL_PARAMS(SL_INT(match->school_id), SL_TEXT(match->event),
                              SL_TEXT(match->group), SL_TEXT(match->ends), SL_TEXT(match->account)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0) {
        *hooks = sl_arena_grow(arena, *hooks, n, &size, sizeof **hooks);
        (*hooks)[n++] = keep(arena, hook_at(&rows));
    }
    return more < 0 ? -1 : (int)n;
}

static const char add_event_sql[] =
    "INSERT INTO hook_events (public_id, event_key, school_id, event, payload, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
static const char told_sql[] = "SELECT id FROM hook_events WHERE event_key = $1";

int sl_hook_events_add(struct sl_db *db, struct sl_hook_event *event, int64_t now_ms,
                       struct sl_err *err)
{
    int told = sl_db_number(db, told_sql, SL_PARAMS(SL_TEXT(event->key)), &event->id, err);

    if (told != 0)
        return told < 0 ? -1 : 0;
    return sl_db_insert(db, add_event_sql,
                        SL_PARAMS(SL_TEXT(event->public_id), SL_TEXT(event->key),
                                  SL_INT(event->school_id), SL_TEXT(event->event),
                                  SL_TEXT(event->payload), SL_INT(now_ms)),
                        &event->id, err) < 0
               ? -1
               : 1;
}

static const char get_event_sql[] =
    "SELECT id, public_id, event_key, school_id, event, payload FROM hook_events WHERE id = $1";

int sl_hook_events_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                       struct sl_hook_event *event, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, get_event_sql, SL_PARAMS(SL_INT(id)), err);

    if (more > 0)
        *event = (struct sl_hook_event){
            .id = sl_row_int(&rows, 0),
            .public_id = sl_arena_strdup(arena, sl_row_text(&rows, 1)),
            .key = sl_arena_strdup(arena, sl_row_text(&rows, 2)),
            .school_id = sl_row_int(&rows, 3),
            .event = sl_arena_strdup(arena, sl_row_text(&rows, 4)),
            .payload = sl_arena_strdup(arena, sl_row_text(&rows, 5)),
        };
    return more;
}
