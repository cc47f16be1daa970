/* What an account is kept from, and what a row of the queue waits for, in words for a person. Times
 * are UTC. */
#ifndef SL_SERVICE_AWAITED_H
#define SL_SERVICE_AWAITED_H

#include "lib/store/accounts.h"

/* Why the account is not called now, and until when: "blocked: …", "held until …: …", "left alone
 * until …: it fails"; in the arena. NULL: nothing is in the way. */
const char *sl_awaited_account(struct sl_arena *arena, const struct sl_account_row *row,
                               int64_t now_ms);

#endif
