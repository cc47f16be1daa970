/* What an account may send in a day: counted from the first message for 24 hours. A day outlasts a
 * boot, so these times are UTC; a day that ends later than one from now can is void, as where the
 * clock was set back. */
#ifndef SL_STORE_DAYS_H
#define SL_STORE_DAYS_H

#include "lib/store/db.h"

/* How many may still leave: *left, and until when the day lasts (0: none has begun). `most` is the
 * account's limit, more than 0. */
int sl_days_left(struct sl_db *db, const char *account, int64_t most, int64_t now_ms, int64_t *left,
                 int64_t *ends_at, struct sl_err *err);

/* Counts n of them, which may begin a day. Returns 1; 0 if they are more than is left: then nothing
 * leaves until the day is over, as what comes behind them would overtake; or -1. More than the limit
 * go at the beginning of a day. Inside a transaction. */
int sl_days_take(struct sl_db *db, const char *account, int64_t n, int64_t most, int64_t now_ms,
                 struct sl_err *err);

#endif
