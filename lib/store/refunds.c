/* Refunds. */
#include "lib/store/payments.h"
#include "lib/store/sql.h"

#define REFUND_COLUMNS                                                                             \
    "id, public_id, payment_id, status, amount_minor, reason, external_reference, error,"          \
    " queue_id, created_at, updated_at"

static const char add_sql[] =
    "INSERT INTO refunds (public_id, payment_id, status, amount_minor, reason, created_at,"
    " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)";

int sl_refunds_add(struct sl_db *db, struct sl_refund *refund, int64_t now_ms, struct sl_err *err)
{
    int added = sl_db_insert(db, add_sql,
                             SL_PARAMS(SL_TEXT(refund->public_id), SL_INT(refund->payment_id),
                                       SL_TEXT(refund->status), SL_INT(refund->amount_minor),
                                       SL_TEXT(refund->reason), SL_INT(now_ms)),
                             &refund->id, err);

    if (added < 0)
        return -1;
    refund->created_at = refund->updated_at = now_ms;
    return 0;
}

static const char write_sql[] = "UPDATE refunds SET status = $2, external_reference = $3,"
                                " error = $4, queue_id = $5, updated_at = $6 WHERE id = $1";

int sl_refunds_write(struct sl_db *db, const struct sl_refund *refund, int64_t now_ms,
                     struct sl_err *err)
{
    return sl_db_run(db, write_sql,
                     SL_PARAMS(SL_INT(refund->id), SL_TEXT(refund->status),
                               SL_TEXT(refund->external_reference), SL_TEXT(refund->error),
                               SL_ID(refund->queue_id), SL_INT(now_ms)),
                     err) < 0
               ? -1
               : 0;
}

static int read_one(struct sl_db *db, struct sl_arena *arena, const char *sql,
                    struct sl_value param, struct sl_refund *refund, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, &param, 1, err);

    if (more > 0)
        *refund = (struct sl_refund){
            .id = sl_row_int(&rows, 0),
            .public_id = sl_arena_strdup(arena, sl_row_text(&rows, 1)),
            .payment_id = sl_row_int(&rows, 2),
            .status = sl_arena_strdup(arena, sl_row_text(&rows, 3)),
            .amount_minor = sl_row_int(&rows, 4),
            .reason = sl_arena_strdup(arena, sl_row_text(&rows, 5)),
            .external_reference = sl_arena_strdup(arena, sl_row_text(&rows, 6)),
            .error = sl_arena_strdup(arena, sl_row_text(&rows, 7)),
            .queue_id = sl_row_int(&rows, 8),
            .created_at = sl_row_int(&rows, 9),
            .updated_at = sl_row_int(&rows, 10),
        };
    return more;
}

static const char get_sql[] = "SELECT " REFUND_COLUMNS " FROM refunds WHERE id = $1";
static const char find_sql[] = "SELECT " REFUND_COLUMNS " FROM refunds WHERE public_id = $1";

int sl_refunds_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_refund *refund,
                   struct sl_err *err)
{
    return read_one(db, arena, get_sql, SL_INT(id), refund, err);
}

int sl_refunds_find(struct sl_db *db, struct sl_arena *arena, const char *public_id,
                    struct sl_refund *refund, struct sl_err *err)
{
    return read_one(db, arena, find_sql, SL_TEXT(public_id), refund, err);
}

static const char sum_sql[] =
    "SELECT coalesce(sum(CASE WHEN status = 'succeeded' THEN amount_minor END), 0),"
    " coalesce(sum(CASE WHEN status NOT IN ('succeeded', 'failed') THEN amount_minor END), 0)"
    " FROM refunds WHERE payment_id = $1";

int sl_refunds_sum(struct sl_db *db, int64_t payment_id, int64_t *done_minor, int64_t *open_minor,
                   struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, sum_sql, SL_PARAMS(SL_INT(payment_id)), err) < 0 ||
        sl_rows_next(&rows, err) < 0)
        return -1;
    *done_minor = sl_row_int(&rows, 0);
    *open_minor = sl_row_int(&rows, 1);
    return 0;
}
