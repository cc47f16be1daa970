/* Runners: processes that work the queue, each with one lease, on the clock of its boot. */
#ifndef SL_STORE_RUNNERS_H
#define SL_STORE_RUNNERS_H

#include "lib/store/accounts.h"

/* A new one, with its first lease. Forgets those that have been gone for long. */
int sl_runners_start(struct sl_db *db, const char *program, const struct sl_boot_now *now,
                     int64_t now_ms, int64_t lease_ms, int64_t *runner, struct sl_err *err);

/* Prolongs the lease. Returns 1, 0 if it had run out (its rows may be another's by now), or -1. */
int sl_runners_renew(struct sl_db *db, int64_t runner, const struct sl_boot_now *now,
                     int64_t lease_ms, struct sl_err *err);

/* Gives up the lease and what is claimed but not in flight. */
int sl_runners_stop(struct sl_db *db, int64_t runner, struct sl_err *err);

/* Gives back what dead runners had claimed and not marked. What they had in flight is found with
 * sl_queue_orphans(). Returns how many rows, or -1. Inside a transaction. */
int sl_runners_reap(struct sl_db *db, const struct sl_boot_now *now, struct sl_err *err);

#endif
