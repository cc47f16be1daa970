/* Removing old rows of the audit trail, so that it stays verifiable. */
#ifndef SL_SERVICE_PRUNE_H
#define SL_SERVICE_PRUNE_H

#include "lib/service/service.h"

struct sl_pruned {
    int64_t removed;
    int64_t last_id; /* the last row that was removed; 0: none was */
    char hash[SL_LOG_HASH_SIZE];
};

/* Removes the rows from the oldest one to the last before the first that was made at or after
 * `before`, a thousand a transaction: what is killed between two leaves a whole chain. One
 * anchor stands for all of a run; the run is a row itself. `dry` only counts. Needs the index
 * key. Fails as sl_prune_check_clock() does before it removes anything. */
int sl_prune(struct sl_service *service, int64_t before, bool dry, int64_t now_ms,
             struct sl_pruned *pruned, struct sl_err *err);

/* By a clock that is far ahead everything is old: SL_ERR_CONFIG if by a provider's last answer ours is more
 * than a day ahead. */
int sl_prune_check_clock(struct sl_service *service, struct sl_err *err);

#endif
