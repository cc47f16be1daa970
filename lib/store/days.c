#include "lib/store/days.h"

#include "lib/base/arena.h"
#include "lib/store/sql.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char get_sql[] = "SELECT sent, ends_at FROM account_days WHERE account = $1"
                              " AND ends_at > $2 AND ends_at <= $3";
static const char put_sql[] =
    "INSERT INTO account_days (account, sent, most, ends_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (account) DO UPDATE SET sent = excluded.sent, most = excluded.most,"
    " ends_at = excluded.ends_at";

int sl_days_left(struct sl_db *db, const char *account, int64_t most, int64_t now_ms, int64_t *left,
                 int64_t *ends_at, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more =
        sl_db_first(&rows, db, get_sql,
                    SL_PARAMS(SL_TEXT(account), SL_INT(now_ms), SL_INT(now_ms + DAY_MS)), err);
    int64_t sent = more > 0 ? sl_row_int(&rows, 0) : 0;

    if (more < 0)
        return -1;
    *left = sent < most ? most - sent : 0;
    *ends_at = more > 0 ? sl_row_int(&rows, 1) : 0;
    return 0;
}

int sl_days_take(struct sl_db *db, const char *account, int64_t n, int64_t most, int64_t now_ms,
                 struct sl_err *err)
{
    int64_t left, ends_at, sent;
    bool fits;

    if (sl_days_left(db, account, most, now_ms, &left, &ends_at, err) < 0)
        return -1;
    fits = n <= left || ends_at == 0;
    sent = fits && n <= left ? most - left + n : most;
    if (sl_db_run(db, put_sql,
                  SL_PARAMS(SL_TEXT(account), SL_INT(sent), SL_INT(most),
                            SL_INT(ends_at ? ends_at : now_ms + DAY_MS)),
                  err) < 0)
        return -1;
    return fits;
}
