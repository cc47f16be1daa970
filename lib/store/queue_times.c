/* Times of the queue that a clock has told which was set back since. */
#include "lib/base/clock.h"
#include "lib/store/queue.h"
#include "lib/store/sql.h"

/* From when a row's times are reckoned: its last attempt, or its beginning. */
#define FROM "coalesce(last_attempt_at, created_at)"

static const char rebase_sql[] =
    "UPDATE integration_queue SET next_attempt_at = next_attempt_at - (" FROM " - $1),"
    " expires_at = expires_at - (" FROM " - $1),"
    " last_attempt_at = CASE WHEN last_attempt_at IS NOT NULL THEN $1 END,"
    " created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END"
    " WHERE ((status = 'pending' AND next_attempt_at > $1)"
    "  OR (waits_for IS NOT NULL AND next_attempt_at > $1)) AND " FROM " > $2";

int sl_queue_rebase(struct sl_db *db, int64_t now_ms, struct sl_err *err)
{
    return sl_db_run(db, rebase_sql, SL_PARAMS(SL_INT(now_ms), SL_INT(now_ms + SL_SET_BACK_MS)),
                     err);
}
