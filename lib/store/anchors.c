#include "lib/store/anchors.h"

#include "lib/store/sql.h"

#define ANCHOR "SELECT id, last_id, hash, removed, signature, created_at FROM log_anchors"

static const char newest_sql[] = ANCHOR " ORDER BY id DESC LIMIT 1";
static const char list_sql[] = ANCHOR " ORDER BY id";

int sl_anchors_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_NO_PARAMS, err);
}

int sl_anchors_next(struct sl_rows *rows, struct sl_anchor *anchor, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *anchor = (struct sl_anchor){
        .id = sl_row_int(rows, 0),
        .last_id = sl_row_int(rows, 1),
        .hash = sl_row_text(rows, 2),
        .removed = sl_row_int(rows, 3),
        .signature = sl_row_text(rows, 4),
        .created_at = sl_row_int(rows, 5),
    };
    return 1;
}

int sl_anchors_newest(struct sl_db *db, struct sl_arena *arena, struct sl_anchor *anchor,
                      struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found;

    if (sl_db_query(&rows, db, newest_sql, SL_NO_PARAMS, err) < 0)
        return -1;
    found = sl_anchors_next(&rows, anchor, err);
    if (found > 0) {
        anchor->hash = sl_arena_strdup(arena, anchor->hash);
        anchor->signature = sl_arena_strdup(arena, anchor->signature);
    }
    return found;
}

static const char insert_sql[] =
    "INSERT INTO log_anchors (last_id, hash, removed, signature, created_at)"
    " VALUES ($1, $2, $3, $4, $5)";
static const char update_sql[] =
    "UPDATE log_anchors SET last_id = $1, hash = $2, removed = $3, signature = $4, created_at = $5"
    " WHERE id = $6";

int sl_anchors_put(struct sl_db *db, struct sl_anchor *anchor, struct sl_err *err)
{
    const struct sl_value values[] = {
        SL_INT(anchor->last_id),    SL_TEXT(anchor->hash),      SL_INT(anchor->removed),
        SL_TEXT(anchor->signature), SL_INT(anchor->created_at), SL_INT(anchor->id),
    };

    if (anchor->id)
        return sl_db_run(db, update_sql, values, SL_COUNT(values), err) < 0 ? -1 : 0;
    return sl_db_insert(db, insert_sql, values, SL_COUNT(values) - 1, &anchor->id, err) < 0 ? -1
                                                                                            : 0;
}

/* ---- Old rows ---------------------------------------------------------------------------- */

static const char first_sql[] = "SELECT id FROM integration_logs ORDER BY id LIMIT 1";
static const char last_sql[] = "SELECT id FROM integration_logs ORDER BY id DESC LIMIT 1";
static const char first_young_sql[] =
    "SELECT min(id) FROM integration_logs WHERE created_at >= $1 HAVING count(*) > 0";

int sl_logs_old(struct sl_db *db, int64_t before, struct sl_old_logs *old, struct sl_err *err)
{
    int64_t first, last;
    int found = sl_db_number(db, first_sql, SL_NO_PARAMS, &first, err);

    *old = (struct sl_old_logs){ 0 };
    if (found <= 0)
        return found;
    found = sl_db_number(db, first_young_sql, SL_PARAMS(SL_INT(before)), &last, err);
    if (found < 0)
        return -1;
    last--;
    if (found == 0 && sl_db_number(db, last_sql, SL_NO_PARAMS, &last, err) < 0)
        return -1;
    if (last >= first)
        *old = (struct sl_old_logs){ first, last, last - first + 1 };
    return 0;
}

static const char remove_sql[] = "DELETE FROM integration_logs WHERE id <= $1";

int sl_logs_remove(struct sl_db *db, int64_t last_id, struct sl_err *err)
{
    return sl_db_run(db, remove_sql, SL_PARAMS(SL_INT(last_id)), err);
}
