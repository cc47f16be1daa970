#include "lib/store/runners.h"

#include <unistd.h>

#include "lib/store/sql.h"

enum { LONGEST_LEASE_MS = 60000, FORGET_AFTER_MS = 86400000 };

/* A dead runner is forgotten only when nothing names it any more. */
static const char forget_sql[] =
    "DELETE FROM runners WHERE started_at < $1 AND lease_boot_ms < $2"
    " AND NOT EXISTS (SELECT 1 FROM integration_queue q WHERE q.runner = runners.id)";
static const char start_sql[] =
    "INSERT INTO runners (boot_id, pid, program, lease_boot_ms, started_at)"
    " VALUES ($1, $2, $3, $4, $5)";

int sl_runners_start(struct sl_db *db, const char *program, const struct sl_boot_now *now,
                     int64_t now_ms, int64_t lease_ms, int64_t *runner, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, db, err) < 0 ||
        sl_db_run(db, forget_sql, SL_PARAMS(SL_INT(now_ms - FORGET_AFTER_MS), SL_INT(now->ms)),
                  err) < 0 ||
        sl_db_insert(db, start_sql,
                     SL_PARAMS(SL_TEXT(now->id), SL_INT(getpid()), SL_TEXT(program),
                               SL_INT(now->ms + lease_ms), SL_INT(now_ms)),
                     runner, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static const char renew_sql[] = "UPDATE runners SET lease_boot_ms = $3 WHERE id = $1"
                                " AND lease_boot_ms > $2";

int sl_runners_renew(struct sl_db *db, int64_t runner, const struct sl_boot_now *now,
                     int64_t lease_ms, struct sl_err *err)
{
    return sl_db_run(db, renew_sql,
                     SL_PARAMS(SL_INT(runner), SL_INT(now->ms), SL_INT(now->ms + lease_ms)), err);
}

static const char give_back_sql[] =
    "UPDATE integration_queue SET status = 'pending', runner = NULL"
    " WHERE runner = $1 AND status = 'processing' AND in_flight = 0";
static const char stop_sql[] = "UPDATE runners SET lease_boot_ms = 0 WHERE id = $1";

int sl_runners_stop(struct sl_db *db, int64_t runner, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, db, err) < 0 ||
        sl_db_run(db, give_back_sql, SL_PARAMS(SL_INT(runner)), err) < 0 ||
        sl_db_run(db, stop_sql, SL_PARAMS(SL_INT(runner)), err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

/* Dead: of another boot, its lease over, or one that no clock can have given. */
static const char reap_sql[] =
    "UPDATE integration_queue SET status = 'pending', runner = NULL"
    " WHERE runner IN (SELECT DISTINCT q.runner FROM integration_queue q"
    "   LEFT JOIN runners r ON r.id = q.runner WHERE q.runner IS NOT NULL AND (r.id IS NULL"
    "   OR r.boot_id <> $1 OR r.lease_boot_ms <= $2 OR r.lease_boot_ms > $3))"
    " AND status = 'processing' AND in_flight = 0";

int sl_runners_reap(struct sl_db *db, const struct sl_boot_now *now, struct sl_err *err)
{
    return sl_db_run(db, reap_sql,
                     SL_PARAMS(SL_TEXT(now->id), SL_INT(now->ms),
                               SL_INT(now->ms + LONGEST_LEASE_MS)),
                     err);
}
